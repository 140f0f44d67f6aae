//! SQL of credit notes.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::instalments::Owner;
use super::known_to;
use crate::features::posts::model::Phase;
use crate::features::subsidies::model::{CreditReason, CreditStatus};
use crate::platform::auth::Actor;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::credit_notes;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{AgreementId, AgreementPostId, CreditNoteId, InstalmentId, PostId, StructureId};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = credit_notes)]
pub struct CreditNote {
    pub id: CreditNoteId,
    pub reference: String,
    pub agreement_id: AgreementId,
    pub agreement_post_id: AgreementPostId,
    pub structure_id: StructureId,
    pub post_id: PostId,
    pub amount_cents: i64,
    pub reason: CreditReason,
    pub status: CreditStatus,
    pub issued_on: NaiveDate,
    pub repaid_on: Option<NaiveDate>,
    pub bank_reference: Option<String>,
    pub offset_instalment_id: Option<InstalmentId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub agreement_reference: String,
    #[diesel(sql_type = st::Text)]
    pub phase: Phase,
    #[diesel(sql_type = st::Text)]
    pub post_reference: String,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
}

impl CreditNote {
    pub fn owner(&self) -> Owner {
        Owner {
            agreement_id: self.agreement_id,
            agreement_post_id: self.agreement_post_id,
            structure_id: self.structure_id,
            post_id: self.post_id,
            phase: self.phase,
        }
    }
}

const COLUMNS: &str = "n.*, a.reference as agreement_reference, a.phase, p.reference as post_reference, \
    s.name as structure_name, s.departement_code, s.region_code";
const TABLES: &str = "credit_notes n join agreements a on a.id = n.agreement_id join posts p on p.id = n.post_id \
    join structures s on s.id = n.structure_id";

sortable! {
    /// Sort keys of credit notes.
    pub enum CreditSort {
        "updated_at" = "n.updated_at"::"timestamptz",
        "issued_on" = "n.issued_on"::"date",
        "reference" = "n.reference"::"text",
    }
}

/// What credit notes are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub statuses: Option<Vec<CreditStatus>>,
    pub agreement: Option<AgreementId>,
    pub structure: Option<StructureId>,
    pub departements: Option<Vec<DepartementCode>>,
    pub updated_since: Option<DateTime<Utc>>,
}

pub fn list(conn: &mut PgConnection, actor: &Actor, search: &Search, page: &PageSpec) -> Result<Rows<CreditNote>> {
    Listing::new(COLUMNS, Sql::raw(TABLES), "n.id", "uuid")
        .filter(known_to(actor, false))
        .filter_some(search.ids.clone(), |ids| sql!("n.id = any({})", ids))
        .filter_some(search.statuses.clone(), |statuses| sql!("n.status = any({})", statuses))
        .filter_some(search.agreement, |id| sql!("n.agreement_id = {}", id))
        .filter_some(search.structure, |id| sql!("n.structure_id = {}", id))
        .filter_some(search.departements.clone(), |codes| sql!("s.departement_code = any({})", codes))
        .filter_some(search.updated_since, |since| sql!("n.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find(conn: &mut PgConnection, actor: &Actor, id: CreditNoteId) -> Result<Option<CreditNote>> {
    sql!("select {} from {} where n.id = {} and {}", Sql::raw(COLUMNS), Sql::raw(TABLES), id, known_to(actor, false))
        .first(conn)
}

pub fn lock(tx: &mut Tx<'_>, id: CreditNoteId) -> Result<Option<CreditNote>> {
    sql!("select 1 from credit_notes where id = {} for no key update", id).run(tx.conn())?;
    let actor = tx.actor().clone();
    find(tx.conn(), &actor, id)
}

pub fn insert(tx: &mut Tx<'_>, id: CreditNoteId, owner: &Owner, cents: i64, reason: CreditReason) -> Result<()> {
    let today = tx.today();
    sql!(
        "insert into credit_notes (id, agreement_id, agreement_post_id, structure_id, post_id, amount_cents, reason, issued_on)
         values ({}, {}, {}, {}, {}, {}, {}, {})",
        id,
        owner.agreement_id,
        owner.agreement_post_id,
        owner.structure_id,
        owner.post_id,
        cents,
        reason,
        today
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn repay(tx: &mut Tx<'_>, id: CreditNoteId, on: NaiveDate, bank_reference: &str) -> Result<()> {
    sql!(
        "update credit_notes set status = 'repaid', repaid_on = {}, bank_reference = {} where id = {}",
        on,
        bank_reference,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn offset(tx: &mut Tx<'_>, id: CreditNoteId, instalment: InstalmentId) -> Result<()> {
    sql!("update credit_notes set status = 'offset', offset_instalment_id = {} where id = {}", instalment, id)
        .run(tx.conn())
        .map(|_| ())
}

/// The credit notes that an instalment settles.
pub fn offset_against(conn: &mut PgConnection, instalment: InstalmentId) -> Result<Vec<CreditNote>> {
    sql!(
        "select {} from {} where n.offset_instalment_id = {} order by n.reference",
        Sql::raw(COLUMNS),
        Sql::raw(TABLES),
        instalment
    )
    .load(conn)
}

/// The instalment will not settle it: it is owed again.
pub fn release(tx: &mut Tx<'_>, id: CreditNoteId) -> Result<()> {
    sql!("update credit_notes set status = 'issued', offset_instalment_id = null where id = {}", id)
        .run(tx.conn())
        .map(|_| ())
}
