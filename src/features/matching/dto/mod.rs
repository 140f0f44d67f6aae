//! Shapes of requests and answers about matches and runs.

mod matches;
mod runs;

pub use matches::*;
pub use runs::*;
