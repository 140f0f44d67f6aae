//! Who learns of what.

use crate::features::feed::store::{self, Happening, Search};
use crate::platform::auth::Principal;
use crate::platform::auth::policy;
use crate::platform::db::Reader;
use crate::platform::db::listing::Position;
use crate::platform::error::Result;

/// Resources of which events are told, each with the operation that reads it; of one that nobody may list, to the ANCT.
pub const RESOURCES: &[(&str, &str)] = &[
    ("accounts", "list_accounts"),
    ("agreements", "list_agreements"),
    ("api-clients", "list_api_clients"),
    ("applications", "list_applications"),
    ("bank-details", "find_bank_details"),
    ("call-windows", "list_call_windows"),
    ("candidates", "list_candidates"),
    ("certifications", "list_certifications"),
    ("committees", "list_committees"),
    ("counsellors", "list_counsellors"),
    ("credit-notes", "list_credit_notes"),
    ("enrolments", "list_enrolments"),
    ("envelopes", "list_envelopes"),
    ("erasures", "list_audit_entries"),
    ("extensions", "list_extensions"),
    ("instalments", "list_instalments"),
    ("matches", "list_matches"),
    ("matching-runs", "list_matching_runs"),
    ("minimum-wages", "list_minimum_wages"),
    ("payment-batches", "list_payment_batches"),
    ("places", "list_places"),
    ("post-returns", "list_post_returns"),
    ("posts", "list_posts"),
    ("recruitments", "list_recruitments"),
    ("reservations", "list_reservations"),
    ("structures", "list_structures"),
    ("subsidy-scales", "list_subsidy_scales"),
    ("training-bodies", "list_training_bodies"),
    ("training-paths", "list_training_paths"),
    ("training-sessions", "list_training_sessions"),
    ("webhooks", "list_webhooks"),
];

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
