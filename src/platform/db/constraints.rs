//! What PostgreSQL refuses, said in the words of the domain.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind as Kind, Error};

use super::true_time::REFUSAL;
use crate::platform::error::{Code, Fault, FaultCode, Problem, Retry};

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
fn lost_race(cause: impl ToString) -> Problem {
    unavailable(cause).retried(Retry::Again)
}

/// The connection is gone: nothing more will come through it.
fn lost_connection(cause: impl ToString) -> Problem {
    unavailable(cause).retried(Retry::ConnectionLost)
}

fn refusal(kind: Kind, info: &dyn DatabaseErrorInformation) -> Problem {
    let constraint = info.constraint_name().unwrap_or_default();
    let table = info.table_name().unwrap_or_default();
    let message = info.message();
    // The message may quote values; the log gets the constraint's name instead.
    let named = || format!("{kind:?} {constraint}");
    match kind {
        Kind::UniqueViolation | Kind::ExclusionViolation => {
            conflict(constraint).unwrap_or_else(|| Problem::new(Code::Conflict)).caused_by(named())
        }
        Kind::ForeignKeyViolation if message.starts_with("insert or update") => {
            let fault = constraint_field(table, constraint).map(|field| Fault::field(field, FaultCode::UnknownId));
            Problem::new(Code::UnknownReference).faults(fault.into_iter().collect()).caused_by(named())
        }
        Kind::ForeignKeyViolation | Kind::RestrictViolation => Problem::new(Code::StillReferenced).caused_by(named()),
        Kind::CheckViolation => match conflict(constraint) {
            Some(problem) => problem.caused_by(named()),
            None => {
                let fault =
                    constraint_field(table, constraint).map(|field| Fault::field(field, FaultCode::InvalidValue));
                Problem::invalid(fault.into_iter().collect()).caused_by(named())
            }
        },
        Kind::NotNullViolation => Problem::internal(format!("null in {}", info.column_name().unwrap_or("?"))),
        Kind::SerializationFailure => lost_race(message),
        // A standby: another server is, or will be, the one that takes writes.
        Kind::ReadOnlyTransaction => lost_connection("the database is read-only"),
        Kind::ClosedConnection | Kind::UnableToSendCommand => lost_connection(format!("{kind:?}")),
        _ => unknown(message),
    }
}

/// Diesel passes no SQLSTATE on; sessions speak English (`lc_messages`), so the text tells.
fn unknown(message: &str) -> Problem {
    let starts = |texts: &[&str]| texts.iter().any(|text| message.starts_with(text));
    if starts(&["deadlock detected"]) {
        lost_race(message)
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
        lost_connection(message)
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

/// The member of the body that a constraint `table_member_check` or `table_member_fkey` of this table speaks of. A
/// partition adds words of its own to the name of its table, so that what both names begin with is left out.
fn constraint_field<'c>(table: &str, constraint: &'c str) -> Option<&'c str> {
    let mut rest = constraint.strip_suffix("_check").or_else(|| constraint.strip_suffix("_fkey"))?;
    let whole = rest;
    for word in table.split('_') {
        match rest.strip_prefix(word).and_then(|rest| rest.strip_prefix('_')) {
            Some(further) => rest = further,
            None => break,
        }
    }
    (rest != whole).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What PostgreSQL would tell.
    struct Told {
        message: &'static str,
        table: &'static str,
        constraint: &'static str,
    }

    impl DatabaseErrorInformation for Told {
        fn message(&self) -> &str {
            self.message
        }
        fn details(&self) -> Option<&str> {
            None
        }
        fn hint(&self) -> Option<&str> {
            None
        }
        fn table_name(&self) -> Option<&str> {
            Some(self.table)
        }
        fn column_name(&self) -> Option<&str> {
            None
        }
        fn constraint_name(&self) -> Option<&str> {
            Some(self.constraint)
        }
        fn statement_position(&self) -> Option<i32> {
            None
        }
    }

    fn says(kind: Kind, message: &'static str) -> Problem {
        refusal(kind, &Told { message, table: "", constraint: "" })
    }

    #[test]
    fn what_may_be_tried_again_is_typed_and_no_text_decides_later() {
        for (kind, message, retry) in [
            (Kind::SerializationFailure, "could not serialize access", Retry::Again),
            (Kind::Unknown, "deadlock detected", Retry::Again),
            (Kind::ReadOnlyTransaction, "cannot execute INSERT", Retry::ConnectionLost),
            (Kind::ClosedConnection, "anything", Retry::ConnectionLost),
            (Kind::Unknown, "server closed the connection unexpectedly", Retry::ConnectionLost),
            (Kind::Unknown, "canceling statement due to statement timeout", Retry::No),
            (Kind::UniqueViolation, "connection lost: retry: not this one", Retry::No),
        ] {
            assert_eq!(says(kind, message).retry(), retry, "{message}");
        }
        // The log's text says nothing to the program.
        let told = says(Kind::SerializationFailure, "lost a race").caused_by("something else");
        assert_eq!(told.retry(), Retry::Again);
        assert_eq!(Problem::new(Code::ServiceUnavailable).caused_by("retry: deadlock").retry(), Retry::No);
    }

    #[test]
    fn the_member_that_a_constraint_speaks_of_follows_from_the_name_of_its_table() {
        for (table, constraint, field) in [
            ("posts", "posts_structure_id_fkey", Some("structure_id")),
            ("training_sessions", "training_sessions_starts_on_check", Some("starts_on")),
            ("subsidy_scale_instalments", "subsidy_scale_instalments_rank_check", Some("rank")),
            ("activity_reports_2026", "activity_reports_note_check", Some("note")),
            ("activity_reports_later", "activity_reports_alone_check", Some("alone")),
            ("opinions", "opinions_opinion_check", Some("opinion")),
            ("posts", "posts_check", None),
            ("posts", "elsewhere_name_check", None),
            ("posts", "posts_live_key", None),
        ] {
            assert_eq!(constraint_field(table, constraint), field, "{constraint}");
        }
    }
}
