//! Shapes of agreements.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::posts::model::{Phase, PostStatus};
use crate::features::subsidies::model::{AgreementDocument, AgreementStatus, Category, LegalForm};
use crate::features::subsidies::service::File;
use crate::features::subsidies::store::agreements::{Agreement, AgreementSort, Amendment, Search};
use crate::features::subsidies::store::covered::Covered;
use crate::features::subsidies::store::scales::parse_all;
use crate::page_of;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::error::Result;
use crate::platform::ids::{AgreementId, PostId, StructureId, SubsidyScaleId, uuids};
use crate::platform::transitions::Transition;

/// A structure and the State are to sign an agreement for the posts of one phase.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"phase": "v1", "documents": ["rib", "avis_sirene"]}))]
pub struct NewAgreement {
    /// The structure; an employer may leave it out.
    pub structure_id: Option<StructureId>,
    pub phase: Phase,
    /// Legal form, on which the papers depend; that of most structures of the category by default.
    pub legal_form: Option<LegalForm>,
    /// Papers of the file that are there.
    #[schema(max_items = 8)]
    pub documents: Option<Vec<AgreementDocument>>,
}

/// Changes of an agreement that is not signed; absent members stay.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"documents": ["rib", "avis_sirene", "piece_identite", "acte_designation"]}))]
pub struct AgreementPatch {
    #[schema(nullable = false)]
    pub legal_form: Option<LegalForm>,
    /// All papers of the file that are there.
    #[schema(max_items = 8, nullable = false)]
    pub documents: Option<Vec<AgreementDocument>>,
}

/// An agreement is signed.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expected_cents": 10_000_000, "signed_on": "2021-09-15"}))]
pub struct Signature {
    /// The amount that is signed, in euro cents, as it was read: `estimate_cents` of the agreement, or, for a day before
    /// today, `amount_cents` of its calculation for that day. Another one is 412 `amount_changed`.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, example = 10_000_000)]
    pub expected_cents: i64,
    /// Day of the last signature, which decides upon the scale: today by default, never later, nor before the draft.
    #[schema(example = "2021-09-15")]
    pub signed_on: Option<NaiveDate>,
}

/// An agreement is amended.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expected_cents": 15_000_000}))]
pub struct AmendmentSignature {
    /// The whole amount of the agreement afterwards, in euro cents, as it was read: its `estimate_cents`. Another one is
    /// 412 `amount_changed`.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, example = 15_000_000)]
    pub expected_cents: i64,
}

/// Why an agreement comes to nothing.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Abandonment {
    #[schema(min_length = 10, max_length = 1000, format = "text", example = "La structure renonce à ses postes.")]
    pub reason: String,
}

/// An agreement in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgreementItem {
    pub id: AgreementId,
    #[schema(example = "CN-V-000123")]
    pub reference: String,
    pub status: AgreementStatus,
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    pub phase: Phase,
    pub category: Category,
    pub legal_form: LegalForm,
    #[schema(example = "2021-09-15")]
    pub signed_on: Option<NaiveDate>,
    /// Posts under it; before the signature, those that would be.
    #[schema(minimum = 0, example = 2)]
    pub posts_count: i64,
    /// What is agreed today, in euro cents: nothing before the signature.
    #[schema(minimum = 0, example = 10_000_000)]
    pub amount_cents: i64,
    /// What was paid, in euro cents.
    #[schema(minimum = 0, example = 2_000_000)]
    pub paid_cents: i64,
    /// What was asked back, in euro cents.
    #[schema(minimum = 0, example = 0)]
    pub credited_cents: i64,
    /// What remains to be paid, in euro cents: agreed, less paid, plus credited.
    #[schema(minimum = 0, example = 8_000_000)]
    pub remaining_cents: i64,
    /// Posts have come, or are occupied again: an amendment would agree on them.
    pub amendment_needed: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// A post under an agreement.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgreementPost {
    pub post_id: PostId,
    #[schema(example = "CN-P-000123")]
    pub post_reference: String,
    pub post_status: PostStatus,
    pub scale_id: SubsidyScaleId,
    pub bonus_scale_id: Option<SubsidyScaleId>,
    #[schema(example = "2021-09-15")]
    pub added_on: NaiveDate,
    /// Day on which it was returned, or went to another structure.
    pub removed_on: Option<NaiveDate>,
    /// Amount for its whole term, in euro cents.
    #[schema(minimum = 0, example = 5_000_000)]
    pub full_cents: i64,
    /// What is agreed today, in euro cents.
    #[schema(minimum = 0, example = 5_000_000)]
    pub amount_cents: i64,
    #[schema(minimum = 0, example = 1_000_000)]
    pub paid_cents: i64,
    #[schema(minimum = 0, example = 0)]
    pub credited_cents: i64,
}

/// An amendment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AmendmentView {
    #[schema(minimum = 1, example = 1)]
    pub number: i32,
    #[schema(example = "2022-02-01")]
    pub signed_on: NaiveDate,
    /// Posts that came.
    #[schema(minimum = 0, example = 1)]
    pub posts_added: i32,
    /// Posts on which more is agreed again, because somebody works there anew.
    #[schema(minimum = 0, example = 0)]
    pub posts_restored: i32,
    #[schema(minimum = 0, example = 5_000_000)]
    pub amount_before_cents: i64,
    #[schema(minimum = 0, example = 10_000_000)]
    pub amount_after_cents: i64,
}

/// An agreement.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgreementView {
    pub id: AgreementId,
    #[schema(example = "CN-V-000123")]
    pub reference: String,
    pub status: AgreementStatus,
    pub structure_id: StructureId,
    #[schema(example = "CN-S-000123")]
    pub structure_reference: String,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    pub phase: Phase,
    pub category: Category,
    pub legal_form: LegalForm,
    /// Papers of the file that are there.
    pub documents: Vec<AgreementDocument>,
    /// Papers without which it is not signed.
    pub documents_missing: Vec<AgreementDocument>,
    /// Whether the structure has said where it is paid.
    pub has_bank_details: bool,
    pub instructed_at: Option<DateTime<Utc>>,
    #[schema(example = "2021-09-15")]
    pub signed_on: Option<NaiveDate>,
    pub closed_on: Option<NaiveDate>,
    pub abandoned_on: Option<NaiveDate>,
    pub abandonment_reason: Option<String>,
    /// Posts under it; before the signature, those that would be.
    #[schema(minimum = 0, example = 2)]
    pub posts_count: i64,
    /// What would be agreed in all if it were signed or amended today, in euro cents: what `sign_agreement` and
    /// `amend_agreement` expect. Null with nothing to sign or amend, or without a scale in force.
    #[schema(minimum = 0, example = 10_000_000)]
    pub estimate_cents: Option<i64>,
    /// What is agreed today, in euro cents: nothing before the signature.
    #[schema(minimum = 0, example = 10_000_000)]
    pub amount_cents: i64,
    #[schema(minimum = 0, example = 2_000_000)]
    pub paid_cents: i64,
    /// What was asked back, in euro cents.
    #[schema(minimum = 0, example = 0)]
    pub credited_cents: i64,
    /// What remains to be paid, in euro cents: agreed, less paid, plus credited.
    #[schema(minimum = 0, example = 8_000_000)]
    pub remaining_cents: i64,
    /// Posts have come, or are occupied again: an amendment would agree on them.
    pub amendment_needed: bool,
    /// Posts under it, those that have left included.
    pub posts: Vec<AgreementPost>,
    pub amendments: Vec<AmendmentView>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// What may be done with it now, and by whom.
    pub transitions: Vec<Transition>,
}

page_of! {
    /// A page of agreements.
    AgreementPage of AgreementItem
}

/// Filters of agreements.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AgreementFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<AgreementId>>,
    /// Part of the structure's name or of the reference.
    #[param(min_length = 1, max_length = 100, example = "moissac")]
    pub q: Option<String>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<AgreementStatus>>,
    /// The structure.
    pub structure_id: Option<StructureId>,
    /// Phase of the scheme.
    #[param(inline)]
    pub phase: Option<Phase>,
    /// Public or private.
    #[param(inline)]
    pub category: Option<Category>,
    /// Codes of the structures' départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of the structures' regions.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// Whether an amendment would agree on more.
    pub amendment_needed: Option<bool>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<AgreementSort>>,
}

impl AgreementFilter {
    pub fn search(&self) -> Search {
        Search {
            ids: self.id.as_deref().map(uuids),
            text: self.q.clone(),
            statuses: self.status.clone(),
            structure: self.structure_id,
            phase: self.phase,
            category: self.category,
            departements: self.departement_code.clone(),
            region: self.region_code.clone(),
            amendment_needed: self.amendment_needed,
            updated_since: self.updated_since,
        }
    }
}

impl From<Agreement> for AgreementItem {
    fn from(row: Agreement) -> Self {
        Self {
            remaining_cents: remaining(&row),
            id: row.id,
            reference: row.reference,
            status: row.status,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            region_code: row.region_code,
            phase: row.phase,
            category: row.category,
            legal_form: row.legal_form,
            signed_on: row.signed_on,
            posts_count: row.posts_count,
            amount_cents: row.amount_cents,
            paid_cents: row.paid_cents,
            credited_cents: row.credited_cents,
            amendment_needed: row.amendment_needed,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

fn remaining(row: &Agreement) -> i64 {
    row.amount_cents - row.paid_cents + row.credited_cents
}

impl AgreementView {
    pub fn new(file: File) -> Result<Self> {
        let row = file.agreement;
        Ok(Self {
            remaining_cents: remaining(&row),
            id: row.id,
            reference: row.reference,
            status: row.status,
            structure_id: row.structure_id,
            structure_reference: row.structure_reference,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            region_code: row.region_code,
            phase: row.phase,
            category: row.category,
            legal_form: row.legal_form,
            documents: parse_all(&row.documents)?,
            documents_missing: file.missing,
            has_bank_details: row.has_bank_details,
            instructed_at: row.instructed_at,
            signed_on: row.signed_on,
            closed_on: row.closed_on,
            abandoned_on: row.abandoned_on,
            abandonment_reason: row.abandonment_reason,
            posts_count: row.posts_count,
            estimate_cents: file.estimate_cents,
            amount_cents: row.amount_cents,
            paid_cents: row.paid_cents,
            credited_cents: row.credited_cents,
            amendment_needed: row.amendment_needed,
            posts: file.posts.into_iter().map(Into::into).collect(),
            amendments: file.amendments.into_iter().map(Into::into).collect(),
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
            transitions: file.transitions,
        })
    }
}

impl From<Covered> for AgreementPost {
    fn from(row: Covered) -> Self {
        Self {
            post_id: row.post_id,
            post_reference: row.post_reference,
            post_status: row.post_status,
            scale_id: row.scale_id,
            bonus_scale_id: row.bonus_scale_id,
            added_on: row.added_on,
            removed_on: row.removed_on,
            full_cents: row.full_cents,
            amount_cents: row.amount_cents,
            paid_cents: row.paid_cents,
            credited_cents: row.credited_cents,
        }
    }
}

impl From<Amendment> for AmendmentView {
    fn from(row: Amendment) -> Self {
        Self {
            number: row.number,
            signed_on: row.signed_on,
            posts_added: row.posts_added,
            posts_restored: row.posts_restored,
            amount_before_cents: row.amount_before_cents,
            amount_after_cents: row.amount_after_cents,
        }
    }
}
