//! Shapes of the subsidies.

mod agreements;
mod bank;
mod batches;
mod calculation;
mod credits;
mod envelopes;
mod instalments;
mod ledger;
mod reconciliations;
mod scales;

pub use agreements::*;
pub use bank::*;
pub use batches::*;
pub use calculation::*;
pub use credits::*;
pub use envelopes::*;
pub use instalments::*;
pub use ledger::*;
pub use reconciliations::*;
pub use scales::*;
