//! Puts the product together: configuration, mounting, document, server, commands.

pub mod commands;
pub mod config;
pub mod demo;
pub mod document;
pub mod jobs;
pub mod log;
pub mod pages;
pub mod personas;
pub mod routes;
pub mod server;
pub mod states;
pub mod tidy;
pub mod vocabularies;
pub mod worker;

use crate::features::subsidies;
use crate::platform::events::Follower;

/// Features that act on what happens in those below them, within the same transaction.
pub const FOLLOWERS: &[Follower] = &[subsidies::service::follow];
