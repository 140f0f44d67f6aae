//! What the product does, from the bottom up. A feature calls only those above it in this list.

pub mod territories;

pub mod accounts;
pub mod audit;

pub mod structures;

pub mod candidates;

pub mod posts;

pub mod call_windows;

pub mod applications;

pub mod reservations;

pub mod committees;

pub mod matching;

pub mod recruitments;

pub mod trainings;

pub mod subsidies;

pub mod places;

pub mod activity;

pub mod statistics;

pub mod feed;

pub mod webhooks;

pub mod tasks;
