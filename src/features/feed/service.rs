//! Who learns of what.

use crate::features::feed::store::{self, Happening, Search};
use crate::platform::auth::Principal;
use crate::platform::db::Reader;
use crate::platform::db::feed::{Point, Present};
use crate::platform::error::Result;
use crate::platform::events::{RESOURCES, Resource};

/// The resources that a caller may read, as the policy and the token's scopes say.
pub fn readable(principal: &Principal) -> Vec<&'static str> {
    let reads = |resource: &&Resource| resource.read_by.authorise(principal).is_ok();
    RESOURCES.iter().filter(reads).map(|resource| resource.segment).collect()
}

/// What of the feed is read.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    pub present: Present,
    pub after: Option<Point>,
    pub resources: Option<&'a [String]>,
    pub kinds: Option<Vec<String>>,
    pub limit: i64,
}

/// Events after a point, as somebody else would read them.
pub fn read_as(reader: &mut Reader<'_>, principal: &Principal, wanted: Wanted<'_>) -> Result<Vec<Happening>> {
    let Wanted { present, after, resources: asked, kinds, limit } = wanted;
    let is_asked = |resource: &&str| asked.is_none_or(|asked| asked.iter().any(|name| name == resource));
    let resources: Vec<String> = readable(principal).into_iter().filter(is_asked).map(ToOwned::to_owned).collect();
    store::list(reader.conn(), &principal.actor, &Search { after, present, resources, kinds, limit })
}

/// Events after a point, within the caller's reach.
pub fn list(reader: &mut Reader<'_>, wanted: Wanted<'_>) -> Result<Vec<Happening>> {
    let principal = reader.principal();
    read_as(reader, principal, wanted)
}
