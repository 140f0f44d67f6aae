//! Merge patch (RFC 7396): absent keeps, `null` erases, a value replaces.

use serde::{Deserialize, Deserializer};

/// For `Option<Option<T>>` members: tells an absent member from a `null` one.
///
/// Use with `#[serde(default, deserialize_with = "patch::member")]`.
pub fn member<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}
