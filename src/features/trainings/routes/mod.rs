//! Operations on training.

mod catalogue;
mod enrolments;
mod sessions;

pub use self::enrolments::DETAIL;
pub use self::sessions::SESSION;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    catalogue::configure(config);
    sessions::configure(config);
    enrolments::configure(config);
}
