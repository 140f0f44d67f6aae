//! Shapes of calculations.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::features::posts::model::Phase;
use crate::features::subsidies::model::Category;
use crate::features::subsidies::service::{Calculation, CalculationLine, LineKind, PostCalculation};
use crate::platform::codes::DepartementCode;
use crate::platform::ids::{AgreementId, PostId, SubsidyScaleId};

/// For which day an agreement is calculated.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CalculationFilter {
    /// Before the signature: as if it were signed on this day; today by default.
    #[param(example = "2021-09-15")]
    pub signed_on: Option<NaiveDate>,
}

/// One line of a calculation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CalculationLineView {
    pub kind: LineKind,
    /// Rank in the plan, of a line of a scale.
    #[schema(minimum = 1, maximum = 12, example = 1)]
    pub rank: Option<i32>,
    /// In words, in French.
    #[schema(example = "Barème CN-B-000001 du 2020-11-17, versement 1")]
    pub text: String,
    /// Euro cents; what is taken off is negative.
    #[schema(minimum = -100_000_000, maximum = 100_000_000, example = 1_000_000)]
    pub amount_cents: i64,
}

/// Why one post is paid what it is paid.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PostCalculationView {
    pub post_id: PostId,
    #[schema(example = "CN-P-000123")]
    pub post_reference: String,
    pub scale_id: SubsidyScaleId,
    #[schema(example = "CN-B-000001")]
    pub scale_reference: String,
    /// First day in force of the scale: its version.
    #[schema(example = "2020-11-17")]
    pub scale_valid_from: NaiveDate,
    /// The bonus of a priority area, if there is one.
    pub bonus_scale_id: Option<SubsidyScaleId>,
    #[schema(example = "CN-B-000006")]
    pub bonus_scale_reference: Option<String>,
    /// Thirtieths of a month that the amount in full pays for.
    #[schema(minimum = 1, example = 720)]
    pub term_thirtieths: i32,
    /// Thirtieths of a month worked on the post before it came under this agreement.
    #[schema(minimum = 0, example = 0)]
    pub worked_before_thirtieths: i32,
    /// Thirtieths of a month worked under this agreement until today, at most the term. Whole months count thirty, the days
    /// that remain one each.
    #[schema(minimum = 0, example = 132)]
    pub worked_thirtieths: i32,
    /// Somebody works on it.
    pub occupied: bool,
    /// It was returned, or went to another structure.
    pub left: bool,
    /// Shares are rounded to the nearest cent, halves up.
    pub lines: Vec<CalculationLineView>,
    /// The sum of the lines, in euro cents.
    #[schema(minimum = 0, example = 5_000_000)]
    pub amount_cents: i64,
}

/// Why an agreement is worth what it is worth.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CalculationView {
    pub agreement_id: AgreementId,
    #[schema(example = "CN-V-000123")]
    pub agreement_reference: String,
    /// Day for which it is made.
    #[schema(example = "2021-12-01")]
    pub calculated_on: NaiveDate,
    /// Whether it explains what was signed, or what would be signed on that day.
    pub signed: bool,
    pub phase: Phase,
    pub category: Category,
    pub departement_code: DepartementCode,
    /// The structure lies in a priority area (`zrr` or `qpv`).
    pub priority_area: bool,
    pub posts: Vec<PostCalculationView>,
    /// The sum of its posts, in euro cents.
    #[schema(minimum = 0, example = 10_000_000)]
    pub amount_cents: i64,
}

impl From<CalculationLine> for CalculationLineView {
    fn from(line: CalculationLine) -> Self {
        Self { kind: line.kind, rank: line.rank, text: line.text, amount_cents: line.amount_cents }
    }
}

impl From<PostCalculation> for PostCalculationView {
    fn from(post: PostCalculation) -> Self {
        Self {
            post_id: post.post_id,
            post_reference: post.post_reference,
            scale_id: post.scale.id,
            scale_reference: post.scale.reference,
            scale_valid_from: post.scale.valid_from,
            bonus_scale_id: post.bonus.as_ref().map(|bonus| bonus.id),
            bonus_scale_reference: post.bonus.map(|bonus| bonus.reference),
            term_thirtieths: post.term_thirtieths,
            worked_before_thirtieths: post.worked_before_thirtieths,
            worked_thirtieths: post.worked_thirtieths,
            occupied: post.occupied,
            left: post.left,
            lines: post.lines.into_iter().map(Into::into).collect(),
            amount_cents: post.amount_cents,
        }
    }
}

impl From<Calculation> for CalculationView {
    fn from(calculation: Calculation) -> Self {
        let agreement = calculation.agreement;
        Self {
            agreement_id: agreement.id,
            agreement_reference: agreement.reference,
            calculated_on: calculation.on,
            signed: agreement.signed_on.is_some(),
            phase: agreement.phase,
            category: agreement.category,
            departement_code: agreement.departement_code,
            priority_area: agreement.priority_area,
            posts: calculation.posts.into_iter().map(Into::into).collect(),
            amount_cents: calculation.amount_cents,
        }
    }
}
