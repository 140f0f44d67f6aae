//! Use cases of call windows.

use super::dto::{CallWindowPatch, NewCallWindow};
use super::model::Audience;
use super::store::{self, CallWindow};
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Fault, FaultCode, Problem, Result};
use crate::platform::events::{self, CallWindowEvent};
use crate::platform::ids::CallWindowId;
use crate::platform::transitions::{Expected, require_version};

/// Refuses when no window is open today to such structures.
pub fn require_open(reader: &mut Reader<'_>, audience: Audience) -> Result<()> {
    let today = reader.today();
    if store::is_open(reader.conn(), audience, today)? {
        return Ok(());
    }
    Err(Problem::new(Code::CallClosed).with("audience", audience))
}

pub fn create(tx: &mut Tx<'_>, new: &NewCallWindow) -> Result<CallWindow> {
    require_order(new.opens_on, new.closes_on)?;
    let window = store::insert(tx, new.audience, new.opens_on, new.closes_on)?;
    emit(tx, CallWindowEvent::Created, &window)?;
    Ok(window)
}

pub fn update(
    tx: &mut Tx<'_>,
    id: CallWindowId,
    version: Option<Expected>,
    patch: &CallWindowPatch,
) -> Result<CallWindow> {
    let window = store::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, window.version)?;
    let opens_on = patch.opens_on.unwrap_or(window.opens_on);
    let closes_on = patch.closes_on.unwrap_or(window.closes_on);
    require_order(opens_on, closes_on)?;
    let window = store::update(tx, id, opens_on, closes_on)?;
    emit(tx, CallWindowEvent::Updated, &window)?;
    Ok(window)
}

fn require_order(opens_on: chrono::NaiveDate, closes_on: Option<chrono::NaiveDate>) -> Result<()> {
    if closes_on.is_some_and(|closes_on| closes_on < opens_on) {
        return Err(Problem::invalid(vec![Fault::field("closes_on", FaultCode::NotAfter).with("other", "opens_on")]));
    }
    Ok(())
}

fn emit(tx: &mut Tx<'_>, kind: CallWindowEvent, window: &CallWindow) -> Result<()> {
    events::emit(tx, kind, window.id.uuid(), None)
}
