//! Posts set aside for a territory and its lead.

pub mod dto;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
