//! Regions, départements, intercommunal bodies and communes of the official geographic code.

pub mod dto;
pub mod load;
pub mod routes;
pub mod service;
pub mod store;
