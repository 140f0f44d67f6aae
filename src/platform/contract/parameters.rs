//! Parameters of paths and queries, from texts to typed values.

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::faults::{self, unknown_name};
use super::schema::{compile, resolve};
use crate::platform::error::{Fault, FaultCode, Place};
use crate::platform::formats;

/// Parameters of one kind (query or path).
pub struct Parameters {
    known: Vec<Parameter>,
    /// Whether a call without any is complete.
    optional: bool,
    validator: Validator,
}

struct Parameter {
    name: String,
    kind: Kind,
    list: bool,
    /// How its text is written, where it may come otherwise.
    canonical: Option<fn(&str) -> String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Integer,
    Number,
    Boolean,
    Text,
}

impl Parameters {
    pub(super) fn read(document: &Value, parameters: &[&Value]) -> Result<Self, String> {
        let mut known = Vec::new();
        let mut properties = Map::new();
        let mut required = Vec::new();
        for parameter in parameters {
            let name = parameter["name"].as_str().ok_or("a parameter without a name")?.to_owned();
            let schema = parameter["schema"].clone();
            let resolved = resolve(document, &schema);
            let list = resolved["type"] == "array";
            let item = if list { resolve(document, &resolved["items"]) } else { resolved };
            let kind = match item["type"].as_str() {
                Some("integer") => Kind::Integer,
                Some("number") => Kind::Number,
                Some("boolean") => Kind::Boolean,
                _ => Kind::Text,
            };
            let canonical = item["format"].as_str().and_then(formats::canonical);
            if parameter["required"] == true {
                required.push(Value::from(name.clone()));
            }
            properties.insert(name.clone(), schema);
            known.push(Parameter { name, kind, list, canonical });
        }
        let optional = required.is_empty();
        let schema = json!({"type": "object", "properties": properties, "required": required});
        Ok(Self { known, optional, validator: compile(document, schema)? })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(|p| p.name.as_str())
    }

    /// Reads texts into typed values, with every fault found.
    pub fn check<'t>(&self, given: impl Iterator<Item = (&'t str, &'t str)>) -> Result<Map<String, Value>, Vec<Fault>> {
        let mut found = Vec::new();
        let mut values = Map::new();
        for (name, text) in given {
            let Some(parameter) = self.known.iter().find(|p| p.name == name) else {
                found.push(unknown_name(Place::Parameter(name.to_owned()), name, self.names()));
                continue;
            };
            // Generated clients write a list as one value, or as the name repeated.
            if let (true, Some(Value::Array(items))) = (parameter.list, values.get_mut(name)) {
                items.extend(text.split(',').map(|item| parameter.read(item)));
                continue;
            }
            if values.contains_key(name) {
                found.push(Fault::parameter(name, FaultCode::Repeated));
                continue;
            }
            let value = if parameter.list {
                Value::Array(text.split(',').map(|item| parameter.read(item)).collect())
            } else {
                parameter.read(text)
            };
            values.insert(name.to_owned(), value);
        }
        if values.is_empty() && self.optional {
            return if found.is_empty() { Ok(values) } else { Err(found) };
        }
        let object = Value::Object(values);
        found.extend(faults::of(&self.validator, &object, |pointer| {
            let name = pointer.trim_start_matches('/').split('/').next().unwrap_or_default();
            Place::Parameter(name.to_owned())
        }));
        let Value::Object(values) = object else { unreachable!("an object was built") };
        if found.is_empty() { Ok(values) } else { Err(found) }
    }
}

impl Parameter {
    fn read(&self, text: &str) -> Value {
        match self.canonical {
            Some(canonical) => canonical(text).into(),
            None => self.kind.read(text),
        }
    }
}

impl Kind {
    /// The value that a text stands for; a text that stands for none stays a text, which the
    /// schema then refuses.
    fn read(self, text: &str) -> Value {
        let plain = |digits: &str| {
            !digits.is_empty()
                && digits.bytes().all(|b| b.is_ascii_digit())
                && (digits == "0" || !digits.starts_with('0'))
        };
        match self {
            Kind::Integer if plain(text.strip_prefix('-').unwrap_or(text)) => {
                text.parse::<i64>().map_or_else(|_| text.into(), Into::into)
            }
            Kind::Number => text.parse::<f64>().ok().filter(|n| n.is_finite()).map_or_else(|| text.into(), Into::into),
            Kind::Boolean if text == "true" => true.into(),
            Kind::Boolean if text == "false" => false.into(),
            _ => text.into(),
        }
    }
}
