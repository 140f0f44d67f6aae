//! What the tests share: a database each, a running service, and a way to call it.
#![allow(dead_code, unused_imports, reason = "a kit: its parts are there for tests to come as well")]

mod app;
pub mod builders;
mod client;
mod database;
mod memory;

pub use app::{App, scratch};
pub use client::{Answer, Call, Raw};
pub use database::{Database, Frozen, Server, Session, with_database};
pub use memory::peak_of;
