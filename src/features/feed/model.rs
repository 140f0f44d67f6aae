//! What events are told of, and what they tell.

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::platform::events::{RESOURCES, TYPES};

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
        one_of(
            "Path segment of a resource of which events are told.",
            RESOURCES.iter().map(|resource| resource.segment),
        )
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
