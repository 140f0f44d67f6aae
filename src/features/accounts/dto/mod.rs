//! Shapes of requests and answers about accounts, API clients and signing in.

pub mod accounts;
pub mod clients;
pub mod tokens;
