//! HTTP as every operation speaks it.

pub mod body;
pub mod export;
pub mod front;
pub mod idempotency;
pub mod import;
pub mod json;
pub mod page;
pub mod params;
pub mod patch;
pub mod problem;
pub mod rate_limit;
pub mod rehearsal;
pub mod reply;
mod sheet;

pub use body::Body;
pub use page::{PageLinks, PageMeta, Paging};
pub use params::{PathParams, Query};
pub use reply::{Answer, Reply, steady};
