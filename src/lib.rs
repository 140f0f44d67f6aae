//! conum: the system of record of the French digital-counsellor scheme.
//!
//! Three floors, and nothing points up: `app` puts together, `features` do, `platform` carries.

#![deny(unsafe_code)]

pub mod app;
pub mod features;
pub mod platform;
