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
pub mod problem_pages;
pub mod routes;
pub mod server;
pub mod states;
pub mod statistics;
pub mod tidy;
pub mod vocabularies;
pub mod worker;

use crate::features::{
    accounts, activity, applications, candidates, committees, matching, places, posts, recruitments, reservations,
    structures, subsidies, trainings, webhooks,
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
    activity::service::follow,
];

/// How resources are read one by one: for lists that show all of each row, and for what dry runs may show of people.
pub const DETAILS: Details = Details(&[
    accounts::routes::ACCOUNT,
    accounts::routes::API_CLIENT,
    structures::routes::DETAIL,
    candidates::routes::DETAIL,
    posts::routes::POST,
    posts::routes::POST_RETURN,
    applications::routes::DETAIL,
    reservations::routes::DETAIL,
    committees::routes::DETAIL,
    matching::routes::DETAIL,
    matching::routes::RUN,
    recruitments::routes::DETAILS[0],
    recruitments::routes::DETAILS[1],
    recruitments::routes::EXTENSION,
    trainings::routes::DETAIL,
    trainings::routes::SESSION,
    subsidies::routes::AGREEMENT,
    subsidies::routes::CREDIT_NOTE,
    places::routes::DETAIL,
    activity::routes::DETAIL,
]);
