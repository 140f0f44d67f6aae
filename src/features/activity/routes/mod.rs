//! Operations on the activity.

mod reports;
mod statistics;

pub use self::reports::DETAIL;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    reports::configure(config);
    statistics::configure(config);
}
