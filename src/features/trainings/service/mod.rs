//! Use cases of the training.
//!
//! Locks are taken in one order, after that of a contract: session, enrolment.

mod calendars;
mod catalogue;
mod enrolments;
mod figures;
mod sessions;

pub use calendars::{of_counsellor, of_session, of_structure};
pub use catalogue::{create_body, create_path, record_certification};
pub use enrolments::{
    EnrolmentFile, cancel, complete, confirm, drop_out, enrol, exempt, find_enrolment, record_attendance, settle_all,
};
pub use figures::figures;
pub use sessions::{SessionFile, cancel_session, create_session, find_session, update_session};
