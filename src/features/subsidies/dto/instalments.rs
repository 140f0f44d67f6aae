//! Shapes of instalments.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::posts::model::Phase;
use crate::features::subsidies::model::{Condition, InstalmentStatus, RejectionReason};
use crate::features::subsidies::store::instalments::{Instalment, InstalmentSort, Search, Sum};
use crate::features::subsidies::store::scales::parse_all;
use crate::page_of;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::error::Result;
use crate::platform::ids::{AgreementId, InstalmentId, PaymentBatchId, PostId, StructureId, uuids};

/// One planned payment of a post's subsidy.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InstalmentView {
    pub id: InstalmentId,
    #[schema(example = "CN-T-000123")]
    pub reference: String,
    pub status: InstalmentStatus,
    /// Its months are over, and only `unmet` keeps it from falling due.
    pub blocked: bool,
    pub agreement_id: AgreementId,
    #[schema(example = "CN-V-000123")]
    pub agreement_reference: String,
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    pub post_id: PostId,
    #[schema(example = "CN-P-000123")]
    pub post_reference: String,
    pub phase: Phase,
    /// First, second, and so on.
    #[schema(minimum = 1, maximum = 100, example = 2)]
    pub rank: i32,
    /// Euro cents.
    #[schema(minimum = 1, example = 1_500_000)]
    pub amount_cents: i64,
    /// What credit notes settle of it, in euro cents: that much less is paid.
    #[schema(minimum = 0, example = 0)]
    pub offset_cents: i64,
    /// What must hold before it falls due.
    pub conditions: Vec<Condition>,
    /// What of it does not hold yet.
    pub unmet: Vec<Condition>,
    /// Conditions that the Banque des Territoires asks for no more, and why.
    pub waived: Vec<Condition>,
    pub waiver_reason: Option<String>,
    /// Months that must have been worked on the post.
    #[schema(minimum = 0, maximum = 60, example = 6)]
    pub months_elapsed: i32,
    /// What remains for time worked, after a contract ended or the post left: owed at once, without conditions.
    pub settlement: bool,
    /// Day on which its months will have been worked, if the contract goes on; null while nobody works on the post.
    #[schema(example = "2022-02-28")]
    pub expected_on: Option<NaiveDate>,
    /// Day on which it fell due.
    #[schema(example = "2022-03-01")]
    pub due_on: Option<NaiveDate>,
    #[schema(example = "2022-03-15")]
    pub paid_on: Option<NaiveDate>,
    #[schema(example = "BDT-20220315-000123")]
    pub bank_reference: Option<String>,
    pub cancelled_on: Option<NaiveDate>,
    /// Times that the bank rejected it.
    #[schema(minimum = 0, example = 0)]
    pub rejections_count: i32,
    pub last_rejection: Option<RejectionReason>,
    /// The batch that holds it, or paid it.
    pub batch_id: Option<PaymentBatchId>,
    /// Half-days of training that whoever works on the post missed without an excuse.
    #[schema(minimum = 0, example = 0)]
    pub unjustified_absences_count: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// A condition that is asked for no more.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"condition": "initial_training_completed", "reason": "Formation impossible : organisme fermé pendant le contrat."}))]
pub struct Waiver {
    /// Only `initial_training_completed`: the others are facts of the contract.
    pub condition: Condition,
    /// Why: kept with the instalment, and shown wherever it is.
    #[schema(min_length = 10, max_length = 1000, format = "text", example = "Organisme fermé pendant le contrat.")]
    pub reason: String,
}

page_of! {
    /// A page of instalments.
    InstalmentPage of InstalmentView
}

/// Instalments of one phase and state, summed up.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InstalmentSum {
    pub phase: Phase,
    pub status: InstalmentStatus,
    #[schema(minimum = 0, example = 120)]
    pub instalments_count: i64,
    /// Euro cents.
    #[schema(minimum = 0, example = 120_000_000)]
    pub amount_cents: i64,
}

/// Instalments summed up by phase and state.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InstalmentSums {
    pub sums: Vec<InstalmentSum>,
}

/// Filters of instalments.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InstalmentFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<InstalmentId>>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<InstalmentStatus>>,
    /// Whether something else than months keeps a planned one from falling due.
    pub blocked: Option<bool>,
    /// The agreement.
    pub agreement_id: Option<AgreementId>,
    /// The post.
    pub post_id: Option<PostId>,
    /// The structure.
    pub structure_id: Option<StructureId>,
    /// Phase of the scheme.
    #[param(inline)]
    pub phase: Option<Phase>,
    /// Codes of the structures' départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of the structures' regions.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// Those that a batch holds or held.
    pub batch_id: Option<PaymentBatchId>,
    /// Whether training was missed without an excuse.
    pub absence_flag: Option<bool>,
    /// Those expected before this day.
    #[param(example = "2022-07-01")]
    pub expected_before: Option<NaiveDate>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<InstalmentSort>>,
}

/// What to sum up.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InstalmentSumFilter {
    /// Of structures in these départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Of this structure.
    pub structure_id: Option<StructureId>,
}

impl InstalmentFilter {
    pub fn search(&self) -> Search {
        Search {
            ids: self.id.as_deref().map(uuids),
            statuses: self.status.clone(),
            blocked: self.blocked,
            agreement: self.agreement_id,
            post: self.post_id,
            structure: self.structure_id,
            phase: self.phase,
            departements: self.departement_code.clone(),
            region: self.region_code.clone(),
            batch: self.batch_id,
            absence: self.absence_flag,
            expected_before: self.expected_before,
            updated_since: self.updated_since,
        }
    }
}

impl InstalmentView {
    pub fn new(row: Instalment) -> Result<Self> {
        let unmet: Vec<Condition> = parse_all(&row.unmet)?;
        Ok(Self {
            blocked: !unmet.is_empty() && !unmet.contains(&Condition::MonthsElapsed),
            id: row.id,
            reference: row.reference,
            status: row.status,
            agreement_id: row.agreement_id,
            agreement_reference: row.agreement_reference,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            region_code: row.region_code,
            post_id: row.post_id,
            post_reference: row.post_reference,
            phase: row.phase,
            rank: row.rank,
            amount_cents: row.amount_cents,
            offset_cents: row.offset_cents,
            conditions: parse_all(&row.conditions)?,
            unmet,
            waived: parse_all(&row.waived)?,
            waiver_reason: row.waiver_reason,
            months_elapsed: row.months_elapsed,
            settlement: row.settlement,
            expected_on: row.expected_on,
            due_on: row.due_on,
            paid_on: row.paid_on,
            bank_reference: row.bank_reference,
            cancelled_on: row.cancelled_on,
            rejections_count: row.rejections_count,
            last_rejection: row.last_rejection,
            batch_id: row.batch_id,
            unjustified_absences_count: row.unjustified_absences_count,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}

impl From<Sum> for InstalmentSum {
    fn from(row: Sum) -> Self {
        Self {
            phase: row.phase,
            status: row.status,
            instalments_count: row.instalments_count,
            amount_cents: row.amount_cents,
        }
    }
}

impl From<Vec<Sum>> for InstalmentSums {
    fn from(rows: Vec<Sum>) -> Self {
        Self { sums: rows.into_iter().map(Into::into).collect() }
    }
}
