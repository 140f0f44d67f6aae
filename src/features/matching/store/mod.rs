//! SQL of matches, of the runs that propose them, and of why a pair is not proposed.

pub mod endings;
pub mod explain;
pub mod matches;
pub mod runs;
