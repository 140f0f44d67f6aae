//! Figures of the programme and of its coverage, from the rows themselves, as of any day.

pub mod dto;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
