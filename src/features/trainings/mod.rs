//! The training of counsellors: bodies, paths, sessions, enrolments, attendance, certifications.

pub mod dto;
mod mails;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
