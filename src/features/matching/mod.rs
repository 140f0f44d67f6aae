//! Candidates and structures put in contact: by runs over the whole country, or by hand.

pub mod dto;
mod mails;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
