//! What the State pays for posts: scales, agreements, instalments, payments, credit notes, envelopes, the ledger.

pub mod dto;
mod mails;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
