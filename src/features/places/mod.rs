//! Places where counsellors receive people: the national standard, shared, published with consent.

pub mod dto;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
