//! Sessions of the selection committee: agenda, decisions, closing.

pub mod dto;
pub mod mails;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
