//! Use cases of posts.
//!
//! Locks are taken in one order: programme, allotments, structures, post, request to give it back.

mod allotments;
mod facts;
mod file;
mod moves;
mod returns;

pub use allotments::set_allotment;
pub use facts::{
    Grant, Programme, begin, commit_posts, fill, grant, held_since, hold, live_posts, lock_any, lock_programme, refill,
    release, settle, vacate,
};
pub use file::{File, file, require};
pub use moves::{Move, Moved, extend_deadline, take_back, transfer};
pub use returns::{ReturnFile, accept_return, find_return, refuse_return, request_return};
