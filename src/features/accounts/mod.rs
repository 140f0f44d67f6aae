//! People and programs that may sign in, and as what.

pub mod directory;
pub mod service;
pub mod store;

pub use directory::Accounts;
