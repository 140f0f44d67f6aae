//! The journal of changes: who changed what, when, in which call. Never values.

pub mod dto;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
