//! What every feature stands on: errors, clock, identifiers, database, HTTP and authentication.

pub mod auth;
pub mod clock;
pub mod codes;
pub mod contract;
pub mod db;
pub mod error;
pub mod events;
pub mod formats;
pub mod hours;
pub mod http;
pub mod ids;
pub mod journal;
pub mod mail;
pub mod metrics;
pub mod problems;
pub mod secret;
pub mod spool;
pub mod table;
pub mod territory;
pub mod text;
pub mod transitions;
