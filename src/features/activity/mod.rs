//! What counsellors report, and what it adds up to.

pub mod dto;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
