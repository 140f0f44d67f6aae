//! Operations on the activity.

mod reports;
mod statistics;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    reports::configure(config);
    statistics::configure(config);
}
