//! Counsellor positions: granted, moved, given back, and what of them is committed.

pub mod model;
pub mod service;
pub mod store;
