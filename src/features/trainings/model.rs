//! What training is, and the life an enrolment may lead.

use chrono::NaiveDate;

use crate::platform::auth::policy::{Permission, can};
use crate::platform::transitions::Step;
use crate::text_enum;

text_enum! {
    /// Kind of a training path.
    pub enum PathKind "training_path_kinds" ["training_paths.kind", "enrolments.kind"] {
        Initial "initial" "Formation initiale" "Initial training",
        Continuing "continuing" "Formation continue" "Continuing module",
        Certification "certification" "Certification" "Certification",
    }
}

text_enum! {
    /// What a counsellor may be certified in.
    pub enum CertificationKind "certification_kinds" ["training_paths.certification", "certifications.kind"] {
        Ccp1 "ccp1" "CCP1 du titre REMN" "CCP1 of the REMN title",
        Ccp2 "ccp2" "CCP2 du titre REMN" "CCP2 of the REMN title",
        Ccp3 "ccp3" "CCP3 du titre REMN" "CCP3 of the REMN title",
        Pix "pix" "Certification Pix" "Pix certification",
        Vae "vae" "Validation des acquis de l'expérience" "Accreditation of prior learning (VAE)",
    }
}

text_enum! {
    /// State of a session.
    pub enum SessionStatus "training_session_statuses" ["training_sessions.status"] {
        Scheduled "scheduled" "Programmée" "Scheduled",
        Cancelled "cancelled" "Annulée" "Cancelled",
    }
}

text_enum! {
    /// State of an enrolment.
    pub enum EnrolmentStatus "enrolment_statuses" ["enrolments.status"] {
        Proposed "proposed" "Proposée" "Proposed",
        Confirmed "confirmed" "Confirmée" "Confirmed",
        InProgress "in_progress" "En cours" "In progress",
        Completed "completed" "Achevée" "Completed",
        DroppedOut "dropped_out" "Abandonnée" "Dropped out",
        Cancelled "cancelled" "Annulée" "Cancelled",
        Exempted "exempted" "Dispensée" "Exempted",
    }
}

text_enum! {
    /// Whether somebody attended a half-day.
    pub enum AttendanceStatus "attendance_statuses" ["attendances.status"] {
        Present "present" "Présent" "Present",
        JustifiedAbsence "justified_absence" "Absence justifiée" "Justified absence",
        UnjustifiedAbsence "unjustified_absence" "Absence injustifiée" "Unjustified absence",
    }
}

text_enum! {
    /// Result of a certification.
    pub enum CertificationResult "certification_results" ["certifications.result"] {
        Passed "passed" "Obtenue" "Passed",
        Failed "failed" "Non obtenue" "Failed",
    }
}

use EnrolmentStatus as E;
use SessionStatus as S;

/// The life of a session.
pub const SESSION_STEPS: &[Step<SessionStatus>] = &[
    Step::call(S::Scheduled, can::update_training_session::LINE, S::Scheduled),
    Step::call(S::Scheduled, can::cancel_training_session::LINE, S::Cancelled),
];

/// The life of an enrolment. `start` comes by night, on the first day of the session.
pub const ENROLMENT_STEPS: &[Step<EnrolmentStatus>] = &[
    Step::call(E::Proposed, can::confirm_enrolment::LINE, E::Confirmed),
    Step::call(E::Proposed, can::cancel_enrolment::LINE, E::Cancelled),
    Step::call(E::Proposed, can::exempt_enrolment::LINE, E::Exempted),
    Step::course(E::Proposed, "lapse", E::Cancelled),
    Step::course(E::Confirmed, "start", E::InProgress),
    Step::call(E::Confirmed, can::cancel_enrolment::LINE, E::Cancelled),
    Step::call(E::Confirmed, can::exempt_enrolment::LINE, E::Exempted),
    Step::call(E::InProgress, can::record_attendance::LINE, E::InProgress),
    Step::call(E::InProgress, can::complete_enrolment::LINE, E::Completed),
    Step::call(E::InProgress, can::drop_out_enrolment::LINE, E::DroppedOut),
];

/// Hours that an initial path may have, by the level of whoever follows it.
pub const INITIAL_HOURS: [i32; 7] = [70, 105, 175, 280, 315, 350, 420];

/// Months after the end of the initial training within which a certification is to be passed.
pub const CERTIFICATION_MONTHS: u32 = 6;

/// A half-day: `2026-03-02-am`, or `-pm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HalfDay {
    pub on: NaiveDate,
    pub afternoon: bool,
}

impl HalfDay {
    pub fn parse(text: &str) -> Option<Self> {
        let (day, half) = text.rsplit_once('-')?;
        let afternoon = match half {
            "am" => false,
            "pm" => true,
            _ => return None,
        };
        crate::platform::formats::is_date(day).then(|| day.parse().ok().map(|on| Self { on, afternoon }))?
    }
}

impl std::fmt::Display for HalfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.on, if self.afternoon { "pm" } else { "am" })
    }
}

/// No session is earlier.
pub const FIRST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2020, 11, 17);
/// Nor further ahead, in days.
pub const AHEAD: i64 = 731;

#[cfg(test)]
mod tests {
    use super::HalfDay;

    #[test]
    fn half_days_have_one_form() {
        for text in ["2026-03-02-am", "2026-03-02-pm"] {
            assert_eq!(HalfDay::parse(text).unwrap().to_string(), text);
        }
        for wrong in ["2026-03-02", "2026-03-02-AM", "2026-3-2-am", "2026-02-30-am", "am", "2026-03-02-am-pm"] {
            assert_eq!(HalfDay::parse(wrong), None, "{wrong}");
        }
    }
}
