//! Shapes of requests and answers about recruitments, extensions, counsellors and minimum wages.

mod counsellors;
mod extensions;
mod recruitments;
mod wages;

pub use counsellors::*;
pub use extensions::*;
pub use recruitments::*;
pub use wages::*;
