//! SQL of the ledger: lines are only ever added.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::instalments::Owner;
use super::known_to;
use crate::features::subsidies::model::{EnvelopeCode, LedgerKind};
use crate::platform::auth::Actor;
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::ledger_entries;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{
    AgreementId, CreditNoteId, InstalmentId, LedgerEntryId, PaymentBatchId, PostId, StructureId,
};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = ledger_entries)]
pub struct Entry {
    pub sequence: i64,
    pub id: LedgerEntryId,
    pub kind: LedgerKind,
    pub amount_cents: i64,
    pub envelope_code: EnvelopeCode,
    pub agreement_id: AgreementId,
    pub structure_id: StructureId,
    pub post_id: PostId,
    pub instalment_id: Option<InstalmentId>,
    pub credit_note_id: Option<CreditNoteId>,
    pub batch_id: Option<PaymentBatchId>,
    pub operation: String,
    pub booked_on: NaiveDate,
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = st::Text)]
    pub agreement_reference: String,
    #[diesel(sql_type = st::Text)]
    pub post_reference: String,
}

sortable! {
    /// Sort keys of the ledger.
    pub enum LedgerSort {
        "sequence" = "e.sequence"::"bigint",
    }
}

/// What lines are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub kinds: Option<Vec<LedgerKind>>,
    pub agreement: Option<AgreementId>,
    pub structure: Option<StructureId>,
    pub post: Option<PostId>,
    pub batch: Option<PaymentBatchId>,
    pub booked_from: Option<NaiveDate>,
    pub booked_before: Option<NaiveDate>,
    pub updated_since: Option<DateTime<Utc>>,
}

pub fn list(conn: &mut PgConnection, actor: &Actor, search: &Search, page: &PageSpec) -> Result<Rows<Entry>> {
    Listing::new(
        "e.*, a.reference as agreement_reference, p.reference as post_reference",
        Sql::raw(
            "ledger_entries e join agreements a on a.id = e.agreement_id join posts p on p.id = e.post_id \
             join structures s on s.id = e.structure_id",
        ),
        "e.id",
        "uuid",
    )
    .filter(known_to(actor, false))
    .filter_some(search.kinds.clone(), |kinds| sql!("e.kind = any({})", kinds))
    .filter_some(search.agreement, |id| sql!("e.agreement_id = {}", id))
    .filter_some(search.structure, |id| sql!("e.structure_id = {}", id))
    .filter_some(search.post, |id| sql!("e.post_id = {}", id))
    .filter_some(search.batch, |id| sql!("e.batch_id = {}", id))
    .filter_some(search.booked_from, |day| sql!("e.booked_on >= {}", day))
    .filter_some(search.booked_before, |day| sql!("e.booked_on < {}", day))
    .filter_some(search.updated_since, |since| sql!("e.created_at >= {}", since))
    .page(conn, page)
}

/// What a line is about, beside the post.
#[derive(Clone, Copy, Debug, Default)]
pub struct About {
    pub instalment: Option<InstalmentId>,
    pub credit_note: Option<CreditNoteId>,
    pub batch: Option<PaymentBatchId>,
}

pub fn book(tx: &mut Tx<'_>, kind: LedgerKind, cents: i64, owner: &Owner, about: About, on: NaiveDate) -> Result<()> {
    let operation = tx.request().operation;
    sql!(
        "insert into ledger_entries (id, kind, amount_cents, envelope_code, agreement_id, agreement_post_id, structure_id,
            post_id, instalment_id, credit_note_id, batch_id, operation, booked_on)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        Uuid::now_v7(),
        kind,
        cents,
        EnvelopeCode::Posts,
        owner.agreement_id,
        owner.agreement_post_id,
        owner.structure_id,
        owner.post_id,
        about.instalment,
        about.credit_note,
        about.batch,
        operation,
        on
    )
    .run(tx.conn())
    .map(|_| ())
}
