//! The change feed: what happened, in an order in which nothing is missed.

pub mod dto;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
