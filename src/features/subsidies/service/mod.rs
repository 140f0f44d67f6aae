//! Use cases of subsidies.
//!
//! Locks are taken in one order, after those of posts and contracts: batch, agreements (by identifier), credit note,
//! envelopes. Whatever moves money of a post holds the lock of its agreement.

mod agreements;
mod bank;
mod batches;
mod borrowings;
mod calculation;
mod credits;
mod envelopes;
mod figures;
mod file;
mod mirrors;
mod pricing;
mod revision;
mod scales;
mod waivers;

pub use agreements::{abandon, amend, close, create, instruct, sign, update};
pub use bank::{BankFile, find_bank_details, set_bank_details};
pub use batches::{create_batch, find_batch, pain001, record_results};
pub use calculation::{Calculation, CalculationLine, LineKind, PostCalculation, calculate};
pub use credits::{CreditFile, find_credit_note, offset, repay};
pub use envelopes::{require_envelope, set_envelope};
pub use figures::{shares, sums};
pub use file::{File, find, find_instalment};
pub use mirrors::{Comparison, Difference, DifferenceKind, reconcile};
pub use revision::{follow, settle_all};
pub use scales::{ScaleFile, create_scale, with_plans};
pub use waivers::waive;
