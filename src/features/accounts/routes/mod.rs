//! Operations on accounts, API clients and signing in.

pub mod accounts;
pub mod clients;
pub mod signing;

pub use self::accounts::ACCOUNT;
pub use self::clients::API_CLIENT;

use utoipa_actix_web::service_config::ServiceConfig;

/// What stands where other standards expect it, outside `/api/v1`.
pub fn configure_root(config: &mut ServiceConfig) {
    config.service(signing::find_openid_configuration).service(signing::find_jwks).service(signing::issue_token);
}

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(signing::find_me)
        .service(signing::request_login_link)
        .service(signing::exchange_login_link)
        .service(accounts::list_accounts)
        .service(accounts::invite_account)
        .service(accounts::find_account)
        .service(accounts::update_account)
        .service(accounts::revoke_account)
        .service(clients::list_api_clients)
        .service(clients::create_api_client)
        .service(clients::find_api_client)
        .service(clients::update_api_client)
        .service(clients::rotate_api_client)
        .service(clients::revoke_api_client);
}
