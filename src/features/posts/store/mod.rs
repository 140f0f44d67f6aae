//! SQL of posts.

pub mod counters;
pub mod history;
pub mod posts;
pub mod returns;
