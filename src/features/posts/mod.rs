//! Counsellor positions: granted, moved, given back, and what of them is committed.

pub mod dto;
mod mails;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
