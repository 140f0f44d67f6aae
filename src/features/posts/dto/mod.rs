//! Shapes of requests and answers about posts.

mod allotments;
mod posts;
mod returns;

pub use allotments::*;
pub use posts::*;
pub use returns::*;
