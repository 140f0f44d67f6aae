//! Shapes of the figures of training.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::features::trainings::model::PathKind;
use crate::features::trainings::store::figures::Figures;
use crate::platform::codes::RegionCode;
use crate::platform::ids::{TrainingBodyId, TrainingPathId};

/// What to count.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TrainingFigureFilter {
    /// Sessions that begin on or after this day.
    #[param(example = "2026-01-01")]
    pub from_on: Option<NaiveDate>,
    /// Sessions that begin on or before this day.
    #[param(example = "2026-12-31")]
    pub to_on: Option<NaiveDate>,
    /// Of counsellors in these regions.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
}

/// What one body did on one path.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrainingFigures {
    pub body_id: TrainingBodyId,
    #[schema(example = "Organisme de formation A (démonstration)")]
    pub body_name: String,
    pub path_id: TrainingPathId,
    #[schema(example = "Formation initiale, 105 heures")]
    pub path_name: String,
    pub kind: PathKind,
    /// Enrolments that were not cancelled.
    #[schema(minimum = 0, example = 40)]
    pub enrolments_count: i64,
    /// Of them, completed or dropped: what the completion rate is counted over.
    #[schema(minimum = 0, example = 30)]
    pub ended_count: i64,
    #[schema(minimum = 0, example = 27)]
    pub completed_count: i64,
    /// Completed among ended, in percent, to one decimal; null without any.
    #[schema(minimum = 0, maximum = 100, example = 90.0)]
    pub completion_rate: Option<f64>,
    /// Half-days for which attendance was recorded: what the attendance rate is counted over.
    #[schema(minimum = 0, example = 600)]
    pub half_days_recorded_count: i64,
    #[schema(minimum = 0, example = 570)]
    pub half_days_attended_count: i64,
    /// Attended among recorded, in percent, to one decimal; null without any.
    #[schema(minimum = 0, maximum = 100, example = 95.0)]
    pub attendance_rate: Option<f64>,
    /// Time delivered: the hours of the path, spread evenly over half-days, for each one attended.
    #[schema(minimum = 0, example = 119_700)]
    pub delivered_minutes: i64,
    /// Days from the start of the contract to the first day of the initial training, on average, to one decimal; null
    /// without any.
    #[schema(example = 45.5)]
    pub days_to_training: Option<f64>,
}

/// Figures of training, by body and path.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrainingStatistics {
    pub figures: Vec<TrainingFigures>,
}

/// A ratio to one decimal.
fn ratio(part: i64, whole: i64, factor: f64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 * factor * 10.0 / whole as f64).round() / 10.0)
}

impl From<Figures> for TrainingFigures {
    fn from(row: Figures) -> Self {
        Self {
            body_id: row.body_id,
            body_name: row.body_name,
            path_id: row.path_id,
            path_name: row.path_name,
            kind: row.kind,
            enrolments_count: row.enrolments_count,
            ended_count: row.ended_count,
            completed_count: row.completed_count,
            completion_rate: ratio(row.completed_count, row.ended_count, 100.0),
            half_days_recorded_count: row.half_days_recorded_count,
            half_days_attended_count: row.half_days_attended_count,
            attendance_rate: ratio(row.half_days_attended_count, row.half_days_recorded_count, 100.0),
            delivered_minutes: row.minutes_delivered,
            days_to_training: ratio(row.days_to_training, row.delays_count, 1.0),
        }
    }
}

impl From<Vec<Figures>> for TrainingStatistics {
    fn from(rows: Vec<Figures>) -> Self {
        Self { figures: rows.into_iter().map(Into::into).collect() }
    }
}
