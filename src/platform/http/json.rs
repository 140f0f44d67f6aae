//! JSON read without indulgence: each key once, bounded depth, no NUL.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Deepest nesting of a body.
pub const MAX_DEPTH: usize = 16;

/// Reads one JSON text, or says in a few words why it cannot. Never quotes the text itself.
pub fn parse(text: &[u8]) -> Result<Value, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = Strict { depth: 0 }.deserialize(&mut deserializer).map_err(describe)?;
    deserializer.end().map_err(describe)?;
    Ok(value)
}

fn describe(error: serde_json::Error) -> String {
    let position = format!("line {}, column {}", error.line(), error.column());
    let text = error.to_string();
    match OURS.iter().find(|ours| text.starts_with(**ours)) {
        Some(ours) => format!("{ours} ({position})"),
        None if error.is_eof() => format!("the JSON text ends too early ({position})"),
        None => format!("not valid JSON ({position})"),
    }
}

const REPEATED: &str = "a key stands twice in an object";
const TOO_DEEP: &str = "nested more than 16 levels deep";
const NUL: &str = "the character U+0000 is not accepted";
const OURS: [&str; 3] = [REPEATED, TOO_DEEP, NUL];

struct Strict {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

fn clean<E: Error>(text: &str) -> Result<String, E> {
    if text.contains('\0') { Err(E::custom(NUL)) } else { Ok(text.to_owned()) }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        // JSON knows one kind of number: 2.0 is an integer.
        if v.fract() == 0.0 && v.abs() < 9_007_199_254_740_992.0 {
            return Ok((v as i64).into());
        }
        Ok(Number::from_f64(v).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<Value, E> {
        clean(v).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Strict { depth })? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut members = Map::new();
        while let Some(Key(key)) = map.next_key()? {
            let value = map.next_value_seed(Strict { depth })?;
            if members.insert(clean(&key)?, value).is_some() {
                return Err(A::Error::custom(REPEATED));
            }
        }
        Ok(Value::Object(members))
    }
}

impl Strict {
    fn deeper<E: Error>(&self) -> Result<usize, E> {
        if self.depth >= MAX_DEPTH { Err(E::custom(TOO_DEEP)) } else { Ok(self.depth + 1) }
    }
}

struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tricks_are_refused_with_their_reason() {
        for (text, reason) in [
            (r#"{"a":1,"a":2}"#, REPEATED),
            (r#"{"a":"\u0000"}"#, NUL),
            (r#"{"a":"#, "the JSON text ends too early"),
            (r#"{"a":1} x"#, "not valid JSON"),
            ("{'a':1}", "not valid JSON"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert!(error.starts_with(reason), "{text}: {error}");
        }
        assert!(parse("[".repeat(17).as_bytes()).unwrap_err().starts_with(TOO_DEEP));
        assert!(parse(b"\"\xff\"").is_err());
    }

    #[test]
    fn whole_numbers_are_integers_however_written() {
        assert_eq!(parse(b"[2.0, 2e0, 2]").unwrap(), serde_json::json!([2, 2, 2]));
        assert_eq!(parse(b"2.5").unwrap(), serde_json::json!(2.5));
    }
}
