//! Shapes of requests and answers about structures.

mod requests;
mod retained;
mod structures;

pub use requests::*;
pub use retained::*;
pub use structures::*;
