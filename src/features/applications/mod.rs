//! Structures' requests for posts, and the prefectures' opinions.

pub mod dto;
pub mod mails;
pub mod model;
pub mod routes;
pub mod service;
pub mod store;
