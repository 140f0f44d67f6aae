//! Events sent to partners as they happen: signed, retried for a day, replayable.

pub mod dto;
mod mails;
pub mod model;
pub mod routes;
pub mod sender;
pub mod service;
pub mod store;
