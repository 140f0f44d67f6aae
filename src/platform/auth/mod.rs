//! Who calls, and what they may do.

pub mod actor;
pub mod caller;
pub mod issuer;
mod jwks;
pub mod local_issuer;
pub mod policy;
pub mod token;

pub use actor::{Actor, Principal, Reach, Role, Territory};
pub use caller::Caller;
pub use policy::can;
