//! Shapes of places.

mod map;
mod places;
mod requests;

pub use map::*;
pub use places::*;
pub use requests::*;
