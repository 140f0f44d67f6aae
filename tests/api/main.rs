//! All tests through HTTP, in one binary: they share one throw-away cluster of PostgreSQL.
//!
//! One module a feature, `support` for what they share, `guards` for what holds everywhere.
#![allow(clippy::disallowed_methods, reason = "tests wait and measure")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod support;

mod accounts;
mod activity;
mod activity_figures;
mod api_clients;
mod applications;
mod bodies;
mod calendar;
mod candidates;
mod cities;
mod committees;
mod consent;
mod corrections;
mod edges;
mod editions;
mod exports;
mod failover;
mod feed;
mod forgetting;
mod guards;
mod imports;
mod issuers;
mod journey;
mod leaving;
mod limits;
mod match_endings;
mod matching;
mod matching_oracle;
mod outage;
mod outbox;
mod pain001;
mod places;
mod posts;
mod purges;
mod readiness;
mod recruitment_races;
mod recruitment_states;
mod recruitments;
mod restore;
mod statistics;
mod structure_endings;
mod structures;
mod subsidies;
mod subsidy_closing;
mod subsidy_histories;
mod subsidy_races;
mod subsidy_reading;
mod subsidy_states;
mod subsidy_terms;
mod tailored;
mod tasks;
mod territories;
mod tokens;
mod trainings;
mod validators;
mod webhooks;
mod writing;
