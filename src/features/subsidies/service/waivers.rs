//! Conditions that the Banque des Territoires asks for no more.

use super::file::find_instalment;
use super::revision::{Rise, revise_locked};
use crate::features::subsidies::dto::Waiver;
use crate::features::subsidies::model::{Condition, InstalmentStatus};
use crate::features::subsidies::store::instalments::{self, Instalment};
use crate::features::subsidies::store::{agreements, scales};
use crate::platform::db::Tx;
use crate::platform::error::{Code, FaultCode, Problem, Result};
use crate::platform::events::{self, InstalmentEvent};
use crate::platform::ids::InstalmentId;
use crate::platform::text;
use crate::platform::transitions::{Expected, require_version};

/// Lets an instalment be paid although a condition of it is not met.
pub fn waive(tx: &mut Tx<'_>, id: InstalmentId, version: Option<Expected>, waiver: &Waiver) -> Result<Instalment> {
    let seen = find_instalment(&mut tx.reader(), id)?;
    require_version(version, seen.version)?;
    agreements::lock_all(tx, &[seen.agreement_id])?;
    let instalment = find_instalment(&mut tx.reader(), id)?;
    require_version(version, instalment.version)?;
    if waiver.condition != Condition::InitialTrainingCompleted {
        return Err(Problem::invalid_field("condition", FaultCode::InvalidValue));
    }
    let unmet: Vec<Condition> = scales::parse_all(&instalment.unmet)?;
    if instalment.status != InstalmentStatus::Planned || !unmet.contains(&waiver.condition) {
        return Err(Problem::new(Code::NothingToWaive).with("condition", waiver.condition));
    }
    instalments::waive(tx, id, waiver.condition, &text::canonical(&waiver.reason))?;
    let place =
        Some((Some(instalment.structure_id), instalment.departement_code.as_str(), instalment.region_code.as_str()));
    events::emit(tx, InstalmentEvent::Changed, id.uuid(), place)?;
    revise_locked(tx, &[instalment.agreement_id], &Rise::None)?;
    find_instalment(&mut tx.reader(), id)
}
