//! Shapes of the training.

mod catalogue;
mod enrolments;
mod figures;
mod sessions;

pub use catalogue::*;
pub use enrolments::*;
pub use figures::*;
pub use sessions::*;
