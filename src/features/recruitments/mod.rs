//! Candidates hired on posts: contracts from submission to their end, and the counsellors they make.

pub mod dto;
mod mails;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
