//! SQL of the activity.

pub mod contracts;
pub mod figures;
pub mod reports;
pub mod tally;
