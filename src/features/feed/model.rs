//! What events are told of, and what they tell.

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Resources of which events are told, each with the operation that reads it.
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
    ("extensions", "list_extensions"),
    ("instalments", "list_instalments"),
    ("matches", "list_matches"),
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

/// Every type of event, `resource.happening`.
pub const TYPES: &[&str] = &[
    "account.invited",
    "account.revoked",
    "account.updated",
    "agreement.abandoned",
    "agreement.amended",
    "agreement.changed",
    "agreement.closed",
    "agreement.drafted",
    "agreement.instructed",
    "agreement.signed",
    "agreement.updated",
    "api_client.created",
    "api_client.revoked",
    "api_client.rotated",
    "api_client.updated",
    "application.created",
    "application.examined_further",
    "application.opinion_given",
    "application.put_on_agenda",
    "application.refused",
    "application.removed_from_agenda",
    "application.retained",
    "application.submitted",
    "application.updated",
    "application.withdrawn",
    "bank_details.set",
    "call_window.created",
    "call_window.updated",
    "candidate.blocked",
    "candidate.confirmed",
    "candidate.erased",
    "candidate.paused",
    "candidate.recruited",
    "candidate.registered",
    "candidate.released",
    "candidate.resumed",
    "candidate.unblocked",
    "candidate.unsubscribed",
    "candidate.updated",
    "certification.recorded",
    "committee.closed",
    "committee.created",
    "committee.opened",
    "committee.updated",
    "counsellor.appointed",
    "counsellor.left",
    "counsellor.updated",
    "credit_note.issued",
    "credit_note.offset",
    "credit_note.released",
    "credit_note.repaid",
    "enrolment.cancelled",
    "enrolment.completed",
    "enrolment.confirmed",
    "enrolment.dropped_out",
    "enrolment.exempted",
    "enrolment.proposed",
    "enrolment.started",
    "envelope.set",
    "extension.refused",
    "extension.requested",
    "extension.validated",
    "instalment.cancelled",
    "instalment.changed",
    "instalment.fell_due",
    "instalment.ordered",
    "instalment.paid",
    "instalment.planned",
    "instalment.rejected",
    "match.accepted",
    "match.closed",
    "match.declined",
    "match.expired",
    "match.met",
    "match.mutual",
    "match.not_selected",
    "match.proposed",
    "match.selected",
    "minimum_wage.set",
    "payment_batch.answered",
    "payment_batch.ordered",
    "place.created",
    "place.merged",
    "place.updated",
    "post.changed",
    "post.deadline_extended",
    "post.granted",
    "post.occupied",
    "post.returned",
    "post.taken_back",
    "post.transferred",
    "post.vacated",
    "post_return.accepted",
    "post_return.refused",
    "post_return.requested",
    "recruitment.begun",
    "recruitment.cancelled",
    "recruitment.changed",
    "recruitment.completed",
    "recruitment.refused",
    "recruitment.submitted",
    "recruitment.terminated",
    "recruitment.termination_cancelled",
    "recruitment.termination_requested",
    "recruitment.updated",
    "recruitment.validated",
    "reservation.consumed",
    "reservation.created",
    "reservation.expired",
    "reservation.released",
    "structure.cancelled",
    "structure.confirmed",
    "structure.left_reach",
    "structure.merged",
    "structure.registered",
    "structure.retained",
    "structure.updated",
    "structure.withdrawn",
    "subsidy_scale.created",
    "training_body.created",
    "training_path.created",
    "training_session.cancelled",
    "training_session.created",
    "training_session.updated",
    "webhook.created",
    "webhook.deleted",
    "webhook.disabled",
    "webhook.updated",
];

/// Path segment of a resource of which events are told.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct EventResource(String);

/// Type of an event.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct EventType(String);

/// A text of a closed list; the document closes it, and requests are held to the document.
fn one_of(description: &str, values: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(values.collect::<Vec<_>>()))
        .into()
}

impl PartialSchema for EventResource {
    fn schema() -> RefOr<Schema> {
        one_of("Path segment of a resource of which events are told.", RESOURCES.iter().map(|(name, _)| *name))
    }
}

impl PartialSchema for EventType {
    fn schema() -> RefOr<Schema> {
        one_of("Type of an event: what happened to what.", TYPES.iter().copied())
    }
}

impl ToSchema for EventResource {}
impl ToSchema for EventType {}

impl From<EventResource> for String {
    fn from(resource: EventResource) -> Self {
        resource.0
    }
}

impl From<EventType> for String {
    fn from(kind: EventType) -> Self {
        kind.0
    }
}

/// What was asked for, as the store asks for it.
pub fn texts<T: Clone + Into<String>>(asked: Option<&[T]>) -> Option<Vec<String>> {
    asked.map(|asked| asked.iter().cloned().map(Into::into).collect())
}
