//! When which kinds of structure may apply.

pub mod dto;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
