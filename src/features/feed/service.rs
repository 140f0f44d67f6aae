//! Who learns of what.

use crate::features::feed::model::RESOURCES;
use crate::features::feed::store::{self, Happening, Search};
use crate::platform::auth::Principal;
use crate::platform::auth::policy;
use crate::platform::db::Reader;
use crate::platform::db::listing::Position;
use crate::platform::error::Result;

/// The resources that a caller may read, as the policy and the token's scopes say.
pub fn readable(principal: &Principal) -> Vec<&'static str> {
    let reads = |operation: &str| policy::find(operation).is_some_and(|line| line.authorise(principal).is_ok());
    RESOURCES.iter().filter(|(_, operation)| reads(operation)).map(|(resource, _)| *resource).collect()
}

/// Events after a place, as somebody else would read them.
pub fn read_as(
    reader: &mut Reader<'_>,
    principal: &Principal,
    after: Option<Position>,
    asked: Option<&[String]>,
    kinds: Option<Vec<String>>,
    limit: i64,
) -> Result<Vec<Happening>> {
    let wanted = |resource: &&str| asked.is_none_or(|asked| asked.iter().any(|name| name == resource));
    let resources: Vec<String> = readable(principal).into_iter().filter(wanted).map(ToOwned::to_owned).collect();
    store::list(reader.conn(), &principal.actor, &Search { after, resources, kinds, limit })
}

/// Events after a place, within the caller's reach.
pub fn list(
    reader: &mut Reader<'_>,
    after: Option<Position>,
    asked: Option<&[String]>,
    kinds: Option<Vec<String>>,
    limit: i64,
) -> Result<Vec<Happening>> {
    let principal = reader.principal();
    read_as(reader, principal, after, asked, kinds, limit)
}
