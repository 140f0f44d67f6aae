//! SQL of accounts, API clients and mailed links.

pub mod accounts;
pub mod clients;
pub mod links;
