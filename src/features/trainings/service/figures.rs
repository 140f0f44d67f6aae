//! Figures of training within the caller's territory.

use chrono::NaiveDate;

use crate::features::trainings::store::figures::{self, Figures};
use crate::platform::codes::RegionCode;
use crate::platform::db::Reader;
use crate::platform::error::Result;

/// By body and path, over sessions that begin within a period.
pub fn figures(
    reader: &mut Reader<'_>,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    regions: Option<Vec<RegionCode>>,
) -> Result<Vec<Figures>> {
    let actor = reader.actor().clone();
    // The rows are closed to observers; of their territory they may know the sums.
    reader.widen()?;
    figures::figures(reader.conn(), &actor, from, to, regions)
}
