//! What PostgreSQL refuses, said in the words of the domain.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind as Kind, Error};

use super::true_time::REFUSAL;
use crate::platform::error::{Code, Fault, FaultCode, Problem};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Problem::not_found(),
            Error::DatabaseError(kind, info) => refusal(kind, info.as_ref()),
            Error::BrokenTransactionManager | Error::AlreadyInTransaction => unavailable("transaction manager"),
            Error::QueryBuilderError(e) => Problem::internal(format!("query: {e}")),
            other => Problem::internal(format!("database: {other}")),
        }
    }
}

fn unavailable(cause: impl ToString) -> Problem {
    Problem::new(Code::ServiceUnavailable).header("Retry-After", 1).caused_by(cause)
}

/// Serialization failure or deadlock: the same work may succeed at once.
pub const RETRY: &str = "retry: ";
/// The connection is gone: nothing more will come through it.
pub const LOST: &str = "connection lost: ";

fn refusal(kind: Kind, info: &dyn DatabaseErrorInformation) -> Problem {
    let constraint = info.constraint_name().unwrap_or_default();
    let message = info.message();
    // The message may quote values; the log gets the constraint's name instead.
    let named = || format!("{kind:?} {constraint}");
    match kind {
        Kind::UniqueViolation | Kind::ExclusionViolation => {
            conflict(constraint).unwrap_or_else(|| Problem::new(Code::Conflict)).caused_by(named())
        }
        Kind::ForeignKeyViolation if message.starts_with("insert or update") => {
            let fault = constraint_field(constraint).map(|field| Fault::field(field, FaultCode::UnknownId));
            Problem::new(Code::UnknownReference).faults(fault.into_iter().collect()).caused_by(named())
        }
        Kind::ForeignKeyViolation | Kind::RestrictViolation => Problem::new(Code::StillReferenced).caused_by(named()),
        Kind::CheckViolation => match conflict(constraint) {
            Some(problem) => problem.caused_by(named()),
            None => {
                let fault = constraint_field(constraint).map(|field| Fault::field(field, FaultCode::InvalidValue));
                Problem::invalid(fault.into_iter().collect()).caused_by(named())
            }
        },
        Kind::NotNullViolation => Problem::internal(format!("null in {}", info.column_name().unwrap_or("?"))),
        Kind::SerializationFailure => unavailable(format!("{RETRY}{message}")),
        // A standby: another server is, or will be, the one that takes writes.
        Kind::ReadOnlyTransaction => unavailable(format!("{LOST}the database is read-only")),
        Kind::ClosedConnection | Kind::UnableToSendCommand => unavailable(format!("{LOST}{kind:?}")),
        _ => unknown(message),
    }
}

/// Diesel passes no SQLSTATE on; sessions speak English (`lc_messages`), so the text tells.
fn unknown(message: &str) -> Problem {
    let starts = |texts: &[&str]| texts.iter().any(|text| message.starts_with(text));
    if starts(&["deadlock detected"]) {
        unavailable(format!("{RETRY}{message}"))
    } else if starts(&[REFUSAL]) {
        unavailable(message).extension("reason", "clock_off")
    } else if starts(&[
        "terminating connection",
        "cannot set transaction read-write mode",
        "server closed the connection",
        "the database system is",
        "SSL",
    ]) || message.contains("connection to server")
        || message.contains("no connection to the server")
    {
        unavailable(format!("{LOST}{message}"))
    } else if starts(&[
        "canceling statement",
        "could not obtain lock",
        "sorry, too many clients",
        "remaining connection slots",
        "cannot execute",
        "could not extend file",
        "could not write",
        "out of memory",
        "out of shared memory",
    ]) {
        unavailable(message)
    } else if starts(&["invalid byte sequence", "unsupported Unicode escape", "invalid input syntax"]) {
        Problem::new(Code::MalformedRequest).with("reason", "invalid text").caused_by("invalid text")
    } else if message.ends_with("out of range") {
        Problem::invalid(Vec::new()).caused_by(message)
    } else {
        Problem::internal(format!("database: {message}"))
    }
}

/// The refusal that a constraint stands for.
fn conflict(constraint: &str) -> Option<Problem> {
    let problem = match constraint {
        "accounts_live_key" => Problem::new(Code::AccountExists),
        "structures_live_siret_key" => Problem::new(Code::StructureExists).with("system", "SIRET"),
        "structures_live_ridet_key" => Problem::new(Code::StructureExists).with("system", "RIDET"),
        "call_windows_audience_excl" => Problem::new(Code::CallWindowOverlap),
        "applications_open_key" => Problem::new(Code::ApplicationExists),
        "committees_number_key" => Problem::new(Code::CommitteeNumberTaken),
        "allotments_ceiling_check" => Problem::new(Code::AllotmentExceeded),
        "programme_cap_check" => Problem::new(Code::Conflict),
        "matches_pair_key" => Problem::new(Code::MatchExists),
        "recruitments_live_candidate_key" => Problem::new(Code::CandidateAlreadyRecruited),
        "recruitments_live_post_key" => Problem::new(Code::PostNotVacant).with("status", "unavailable"),
        "recruitments_candidate_excl" | "recruitments_post_excl" => Problem::new(Code::ContractsOverlap),
        "extensions_pending_key" => Problem::new(Code::ExtensionExists),
        "post_returns_pending_key" => Problem::new(Code::PostReturnExists),
        "places_live_key" => Problem::new(Code::PlaceExists),
        "training_bodies_siret_key" => Problem::new(Code::TrainingBodyExists),
        "training_paths_name_key" => Problem::new(Code::TrainingPathExists),
        "training_sessions_seats_check" => Problem::new(Code::SessionFull),
        "enrolments_person_excl" => Problem::new(Code::SessionsOverlap),
        "enrolments_initial_key" => Problem::new(Code::InitialTrainingExists),
        "enrolments_continuing_key" => Problem::new(Code::ContinuingModuleExists),
        "enrolments_seat_key" => Problem::new(Code::AlreadyEnrolled),
        "certifications_passed_key" => Problem::new(Code::CertificationPassed),
        "agreements_live_key" => Problem::new(Code::AgreementExists),
        "subsidy_scale_zones_valid_from_key" => Problem::new(Code::ScaleExists),
        "envelopes_committed_check" => Problem::new(Code::EnvelopeExceeded),
        "instalments_live_key" | "payment_lines_live_key" => Problem::new(Code::Conflict),
        "envelopes_paid_check" | "agreements_paid_check" | "agreement_posts_paid_check" => Problem::new(Code::Conflict),
        _ => return None,
    };
    Some(problem)
}

/// The field a constraint `table_field_check` or `table_field_fkey` speaks of.
fn constraint_field(constraint: &str) -> Option<&str> {
    let inner = constraint.strip_suffix("_check").or_else(|| constraint.strip_suffix("_fkey"))?;
    const TABLES: &[&str] = &[
        "structures",
        "structure_contacts",
        "applications",
        "opinions",
        "committees",
        "agenda_items",
        "call_windows",
        "allotments",
        "reservations",
        "posts",
        "post_returns",
        "candidate_contacts",
        "candidate_motivations",
        "candidates",
        "match_refusals",
        "matches",
        "minimum_wages",
        "recruitments",
        "extensions",
        "counsellors",
        "places",
        "activity_reports",
        "training_bodies",
        "training_paths",
        "training_sessions",
        "enrolments",
        "certifications",
        "bank_account_numbers",
        "bank_details",
        "agreements",
        "instalments",
        "payment_batches",
        "payment_lines",
        "credit_notes",
        "envelopes",
        "subsidy_scales",
        "accounts",
        "api_clients",
    ];
    TABLES.iter().find_map(|table| inner.strip_prefix(table)?.strip_prefix('_'))
}
