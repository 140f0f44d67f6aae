//! People and programs that may sign in, and as what.

pub mod directory;
pub mod dto;
mod mails;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;

pub use directory::Accounts;
