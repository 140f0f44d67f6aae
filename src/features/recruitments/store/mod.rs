//! SQL of recruitments, extensions, counsellors and minimum wages.

pub mod counsellors;
pub mod extensions;
pub mod recruitments;
pub mod rectifications;
pub mod wages;
