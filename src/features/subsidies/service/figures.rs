//! Sums of money for those who may not read its rows.

use crate::features::subsidies::dto::InstalmentSumFilter;
use crate::features::subsidies::store::envelopes::{self, Share};
use crate::features::subsidies::store::instalments::{self, Sum};
use crate::platform::db::Reader;
use crate::platform::db::listing::{PageSpec, Rows};
use crate::platform::error::Result;

/// Instalments within the caller's territory, by phase and state.
pub fn sums(reader: &mut Reader<'_>, filter: &InstalmentSumFilter) -> Result<Vec<Sum>> {
    let reach = reader.reach().over("s");
    // The rows are closed to prefectures; of those within their territory they may know the sums.
    reader.widen()?;
    instalments::sums(reader.conn(), reach, filter.departement_code.clone(), filter.structure_id)
}

/// What each département within the caller's territory takes of the posts' envelope.
pub fn shares(reader: &mut Reader<'_>, page: &PageSpec) -> Result<Rows<Share>> {
    let reach = reader.reach();
    reader.widen()?;
    envelopes::shares(reader.conn(), &reach, page)
}
