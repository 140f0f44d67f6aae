//! Host organisations that may employ counsellors.

pub mod dto;
pub mod mails;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
