//! Shapes of enrolments.

use chrono::{DateTime, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::trainings::model::{AttendanceStatus, CERTIFICATION_MONTHS, EnrolmentStatus, PathKind};
use crate::features::trainings::service::EnrolmentFile;
use crate::features::trainings::store::enrolments::{Attendance, Enrolment, EnrolmentSort, Search};
use crate::page_of;
use crate::platform::codes::DepartementCode;
use crate::platform::ids::{
    CounsellorId, EnrolmentId, RecruitmentId, StructureId, TrainingBodyId, TrainingPathId, TrainingSessionId, uuids,
};
use crate::platform::transitions::Transition;

/// Somebody is to be trained: in a session, or, while none was found, along a path.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"counsellor_id": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f", "session_id": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e70"}))]
pub struct NewEnrolment {
    /// The counsellor; counsellors may leave themselves out.
    pub counsellor_id: Option<CounsellorId>,
    /// The session, or else the path.
    pub session_id: Option<TrainingSessionId>,
    /// The path, or else the session.
    pub path_id: Option<TrainingPathId>,
}

/// Why somebody needs not be trained.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Exemption {
    /// What proves it.
    #[schema(
        min_length = 10,
        max_length = 1000,
        format = "text",
        example = "Titre REMN obtenu en 2020, copie versée au dossier."
    )]
    pub proof: String,
}

/// Whether somebody attended a half-day.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct AttendanceInput {
    pub status: AttendanceStatus,
}

/// An enrolment in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EnrolmentItem {
    pub id: EnrolmentId,
    #[schema(example = "CN-IF-000123")]
    pub reference: String,
    pub status: EnrolmentStatus,
    pub counsellor_id: CounsellorId,
    #[schema(example = "CN-CN-000123")]
    pub counsellor_reference: String,
    #[schema(example = "Camille")]
    pub first_name: String,
    #[schema(example = "Exemple")]
    pub last_name: String,
    /// Who employs the counsellor now, or did last.
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    pub path_id: TrainingPathId,
    #[schema(example = "Formation initiale, 105 heures")]
    pub path_name: String,
    pub kind: PathKind,
    pub session_id: Option<TrainingSessionId>,
    pub body_id: Option<TrainingBodyId>,
    #[schema(example = "2026-12-07")]
    pub starts_on: Option<NaiveDate>,
    #[schema(example = "2026-12-18")]
    pub ends_on: Option<NaiveDate>,
    pub completed_on: Option<NaiveDate>,
    /// Half-days missed without an excuse.
    #[schema(minimum = 0, example = 0)]
    pub unjustified_absences_count: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// One half-day of a session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttendanceView {
    #[schema(example = "2026-12-07-am")]
    pub half_day: String,
    /// Null while nothing is recorded.
    pub status: Option<AttendanceStatus>,
}

/// An enrolment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EnrolmentView {
    pub id: EnrolmentId,
    #[schema(example = "CN-IF-000123")]
    pub reference: String,
    pub status: EnrolmentStatus,
    pub counsellor_id: CounsellorId,
    #[schema(example = "CN-CN-000123")]
    pub counsellor_reference: String,
    #[schema(example = "Camille")]
    pub first_name: String,
    #[schema(example = "Exemple")]
    pub last_name: String,
    /// The contract that covers the first day.
    pub recruitment_id: RecruitmentId,
    /// Who employs the counsellor now, or did last.
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    pub path_id: TrainingPathId,
    #[schema(example = "Formation initiale, 105 heures")]
    pub path_name: String,
    pub kind: PathKind,
    #[schema(minimum = 1, maximum = 420, example = 105)]
    pub hours: i32,
    pub session_id: Option<TrainingSessionId>,
    #[schema(example = "CN-SF-000123")]
    pub session_reference: Option<String>,
    pub body_id: Option<TrainingBodyId>,
    #[schema(example = "Organisme de formation A (démonstration)")]
    pub body_name: Option<String>,
    #[schema(example = "2026-12-07")]
    pub starts_on: Option<NaiveDate>,
    #[schema(example = "2026-12-18")]
    pub ends_on: Option<NaiveDate>,
    pub completed_on: Option<NaiveDate>,
    pub dropped_out_on: Option<NaiveDate>,
    pub exempted_on: Option<NaiveDate>,
    pub exemption_proof: Option<String>,
    /// Every half-day of the session, in order.
    pub attendance: Vec<AttendanceView>,
    /// Half-days attended.
    #[schema(minimum = 0, example = 20)]
    pub attended_count: i64,
    /// Half-days missed without an excuse.
    #[schema(minimum = 0, example = 0)]
    pub unjustified_absences_count: i64,
    /// Some were: the Banque des Territoires sees it on the instalments of the post.
    pub absence_flag: bool,
    /// Of a completed initial training: day until which a certification is to be passed, six months after its end.
    #[schema(example = "2027-06-18")]
    pub certification_due_on: Option<NaiveDate>,
    /// That day has passed without one.
    pub certification_late: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// What may be done with it now, and by whom.
    pub transitions: Vec<Transition>,
}

page_of! {
    /// A page of enrolments.
    EnrolmentPage of EnrolmentItem
}

/// Filters of enrolments.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EnrolmentFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<EnrolmentId>>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<EnrolmentStatus>>,
    /// Kind of path.
    #[param(inline)]
    pub kind: Option<PathKind>,
    /// The counsellor.
    pub counsellor_id: Option<CounsellorId>,
    /// The structure that employs the counsellor now, or did last.
    pub structure_id: Option<StructureId>,
    /// The session.
    pub session_id: Option<TrainingSessionId>,
    /// The path.
    pub path_id: Option<TrainingPathId>,
    /// The training body.
    pub body_id: Option<TrainingBodyId>,
    /// Codes of the structures' départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Whether half-days were missed without an excuse.
    pub absence_flag: Option<bool>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<EnrolmentSort>>,
}

impl EnrolmentFilter {
    pub fn search(&self) -> Search {
        Search {
            ids: self.id.as_deref().map(uuids),
            statuses: self.status.clone(),
            kind: self.kind,
            counsellor: self.counsellor_id,
            structure: self.structure_id,
            session: self.session_id,
            path: self.path_id,
            body: self.body_id,
            departements: self.departement_code.clone(),
            absence: self.absence_flag,
            updated_since: self.updated_since,
        }
    }
}

impl From<Enrolment> for EnrolmentItem {
    fn from(row: Enrolment) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            status: row.status,
            counsellor_id: row.counsellor_id,
            counsellor_reference: row.counsellor_reference,
            first_name: row.first_name,
            last_name: row.last_name,
            structure_id: row.employer_id,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            path_id: row.path_id,
            path_name: row.path_name,
            kind: row.kind,
            session_id: row.session_id,
            body_id: row.body_id,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            completed_on: row.completed_on,
            unjustified_absences_count: row.unjustified_count,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

fn attendance(half_days: Vec<String>, recorded: &[Attendance]) -> Vec<AttendanceView> {
    half_days
        .into_iter()
        .map(|half_day| AttendanceView {
            status: recorded.iter().find(|known| known.half_day == half_day).map(|known| known.status),
            half_day,
        })
        .collect()
}

impl From<EnrolmentFile> for EnrolmentView {
    fn from(file: EnrolmentFile) -> Self {
        let row = file.enrolment;
        let initial = row.kind == PathKind::Initial;
        let due = row
            .completed_on
            .filter(|_| initial)
            .and_then(|on| on.checked_add_months(Months::new(CERTIFICATION_MONTHS)));
        Self {
            id: row.id,
            reference: row.reference,
            status: row.status,
            counsellor_id: row.counsellor_id,
            counsellor_reference: row.counsellor_reference,
            first_name: row.first_name,
            last_name: row.last_name,
            recruitment_id: row.recruitment_id,
            structure_id: row.employer_id,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            path_id: row.path_id,
            path_name: row.path_name,
            kind: row.kind,
            hours: row.hours,
            session_id: row.session_id,
            session_reference: row.session_reference,
            body_id: row.body_id,
            body_name: row.body_name,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            completed_on: row.completed_on,
            dropped_out_on: row.dropped_out_on,
            exempted_on: row.exempted_on,
            exemption_proof: row.exemption_proof,
            attendance: attendance(file.half_days, &file.attendance),
            attended_count: row.attended_count,
            unjustified_absences_count: row.unjustified_count,
            absence_flag: row.unjustified_count > 0,
            certification_due_on: due,
            certification_late: !row.is_certified && due.is_some_and(|due| due < file.today),
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
            transitions: file.transitions,
        }
    }
}
