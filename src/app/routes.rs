//! Mounts the features. What is mounted here is what the document says.

use utoipa_actix_web::scope;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{pages, vocabularies};
use crate::features::{
    accounts, activity, applications, audit, call_windows, candidates, committees, feed, matching, places, posts,
    recruitments, reservations, statistics, structures, subsidies, tasks, territories, trainings, webhooks,
};

/// Every documented operation.
pub fn configure(config: &mut ServiceConfig) {
    pages::configure(config);
    accounts::routes::configure_root(config);
    config.service(scope::scope("/api/v1").configure(|api: &mut ServiceConfig| {
        vocabularies::configure(api);
        accounts::routes::configure(api);
        audit::routes::configure(api);
        territories::routes::configure(api);
        structures::routes::configure(api);
        posts::routes::configure(api);
        call_windows::routes::configure(api);
        applications::routes::configure(api);
        reservations::routes::configure(api);
        committees::routes::configure(api);
        candidates::routes::configure(api);
        matching::routes::configure(api);
        recruitments::routes::configure(api);
        trainings::routes::configure(api);
        subsidies::routes::configure(api);
        places::routes::configure(api);
        activity::routes::configure(api);
        statistics::routes::configure(api);
        feed::routes::configure(api);
        webhooks::routes::configure(api);
        tasks::routes::configure(api);
    }));
}
