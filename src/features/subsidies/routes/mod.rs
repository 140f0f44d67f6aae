//! Operations on subsidies.

mod agreements;
mod money;
mod payments;

pub use self::agreements::AGREEMENT;
pub use self::payments::CREDIT_NOTE;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    agreements::configure(config);
    payments::configure(config);
    money::configure(config);
}
