//! Use cases of posts.

mod facts;

pub use facts::{Grant, Programme, commit_posts, grant, live_posts, lock_programme};
