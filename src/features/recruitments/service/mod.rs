//! Use cases of recruitments.
//!
//! Locks are taken in one order: programme, allotments, structures, post, candidate, recruitment, extension.

mod corrections;
mod counsellors;
mod decisions;
mod endings;
mod extensions;
mod file;
mod renewals;
mod submission;
mod transfers;
mod wages;

pub use corrections::rectify;
pub use counsellors::{find_counsellor, update_counsellor};
pub use decisions::{cancel, decline, refuse, validate};
pub use endings::{Kept, cancel_termination, keep_calendar, request_termination, terminate};
pub use extensions::{ExtensionFile, find_extension, refuse_extension, request_extension, validate_extension};
pub use file::{File, find, list, shows};
pub use renewals::renew;
pub use submission::{submit, update};
pub use transfers::transfer_post;
pub use wages::set_minimum_wage;
