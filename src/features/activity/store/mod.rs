//! SQL of the activity.

pub mod attribution;
pub mod contracts;
pub mod editions;
pub mod figures;
pub mod reports;
pub mod tally;
