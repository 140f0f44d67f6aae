//! Shapes of the activity.

mod reports;
mod statistics;

pub use reports::*;
pub use statistics::*;
