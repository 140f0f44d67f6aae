//! Puts the product together: configuration, mounting, document, server, commands.

pub mod bootstrap;
pub mod commands;
pub mod config;
pub mod deadlines;
pub mod demo;
pub mod document;
pub mod jobs;
pub mod log;
pub mod pages;
pub mod personas;
pub mod routes;
pub mod server;
pub mod states;
pub mod statistics;
pub mod tidy;
pub mod vocabularies;
pub mod worker;

use crate::features::{
    applications, candidates, matching, places, recruitments, reservations, structures, subsidies, trainings, webhooks,
};
use crate::platform::events::Follower;
use crate::platform::http::rehearsal::Details;

/// Features that act on what happens in those below them, within the same transaction.
pub const FOLLOWERS: &[Follower] = &[
    matching::service::follow,
    applications::service::follow,
    reservations::service::follow,
    places::service::follow,
    webhooks::service::follow,
    subsidies::service::follow,
];

/// How the resources that show people are read: what dry runs may show of them.
pub const DETAILS: Details = Details(&[
    structures::routes::DETAIL,
    candidates::routes::DETAIL,
    matching::routes::DETAIL,
    recruitments::routes::DETAILS[0],
    recruitments::routes::DETAILS[1],
    trainings::routes::DETAIL,
    places::routes::DETAIL,
]);
