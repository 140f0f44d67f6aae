//! People who want to be counsellors.

pub mod dto;
mod mails;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
