//! SQL of posts.

pub mod counters;
pub mod posts;
