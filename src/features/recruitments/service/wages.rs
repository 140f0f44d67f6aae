//! The minimum wage: what it is on a day, and how it changes.

use chrono::{Datelike, NaiveDate};

use crate::features::recruitments::store::wages::{self, MinimumWage};
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Fault, FaultCode, Result};
use crate::platform::events::{self, MinimumWageEvent};
use crate::platform::transitions::{Expected, require_version};

/// The fault of a salary below the wage in force on `on`, if it is.
pub(super) fn fault(reader: &mut Reader<'_>, cents: i64, on: NaiveDate) -> Result<Option<Fault>> {
    Ok(wages::in_force(reader.conn(), on)?.filter(|wage| cents < wage.gross_monthly_cents).map(|wage| {
        Fault::field("gross_monthly_salary_cents", FaultCode::BelowMinimumWage)
            .with("limit", wage.gross_monthly_cents)
            .with("since", wage.starts_on)
    }))
}

/// Sets the wage from a day on. Contracts that stand are not touched.
pub fn set_minimum_wage(
    tx: &mut Tx<'_>,
    starts_on: NaiveDate,
    version: Option<Expected>,
    cents: i64,
) -> Result<MinimumWage> {
    let before = wages::lock(tx, starts_on)?;
    require_version(version, before.map_or(0, |wage| wage.version))?;
    let wage = wages::put(tx, starts_on, cents)?;
    // The day names the wage; an event names things by an identifier: the day's own number, always the same.
    let id = uuid::Uuid::from_u128(u128::try_from(starts_on.num_days_from_ce()).unwrap_or_default());
    events::emit(tx, MinimumWageEvent::Set, id, None)?;
    Ok(wage)
}
