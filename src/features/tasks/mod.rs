//! What waits for whoever asks.

pub mod dto;
pub mod model;
pub mod routes;
pub mod store;
