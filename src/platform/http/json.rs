//! JSON read without indulgence: each key once, bounded depth, no NUL; and no further than a shape goes.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::platform::error::MOST_FAULTS;

/// Deepest nesting of a body.
pub const MAX_DEPTH: usize = 16;

/// What of a text is kept: what no schema speaks of costs no memory, however much of it comes.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Everything.
    Any,
    /// A text, a number or nothing; of a list or an object only that it is one.
    Plain,
    /// The same; a text is read as its format writes it, and an empty one as nothing where nothing may stand.
    Text { empty_is_null: bool, canonical: Option<fn(&str) -> String> },
    /// These members. Others are passed over and noted by their names.
    Members(HashMap<String, Shape>),
    /// So many items at most. Of a longer list nothing is kept but where it stood.
    List { most: usize, items: Box<Shape> },
}

impl Shape {
    /// Most items of any of its lists.
    pub fn longest_list(&self) -> usize {
        match self {
            Self::Any | Self::Plain | Self::Text { .. } => 0,
            Self::Members(members) => members.values().map(Self::longest_list).max().unwrap_or(0),
            Self::List { most, items } => items.longest_list().max(*most),
        }
    }
}

/// What a shape had no place for, as JSON Pointers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Members that the shape does not have: where they stand, and their names; no more than faults are told.
    pub unknown: Vec<(String, String)>,
    /// How many more there are.
    pub unknown_beyond: usize,
    /// Lists that are too long, and how long they may be.
    pub too_long: Vec<(String, usize)>,
}

/// Reads one JSON text, or says in a few words why it cannot. Never quotes the text itself.
pub fn parse(text: &[u8]) -> Result<Value, String> {
    read(text, &Shape::Any).map(|(value, _)| value)
}

/// Reads as much of one JSON text as the shape has a place for, and says what it had none for.
pub fn read(text: &[u8], shape: &Shape) -> Result<(Value, Passed), String> {
    let mut notes = Notes::default();
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let seed = Strict { shape: Some(shape), depth: 0, notes: &mut notes };
    let value = seed.deserialize(&mut deserializer).map_err(describe)?;
    deserializer.end().map_err(describe)?;
    Ok((value, notes.passed))
}

/// The same of a value that was read as JSON already.
pub fn shaped(value: Value, shape: &Shape) -> (Value, Passed) {
    let mut notes = Notes::default();
    let seed = Strict { shape: Some(shape), depth: 0, notes: &mut notes };
    let value = seed.deserialize(value).unwrap_or(Value::Null);
    (value, notes.passed)
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

/// Where the reading stands, and what was passed over.
#[derive(Default)]
struct Notes {
    path: Vec<Step>,
    passed: Passed,
}

enum Step {
    Member(String),
    Item(usize),
}

impl Notes {
    fn pointer(&self) -> String {
        use std::fmt::Write as _;
        self.path.iter().fold(String::new(), |mut pointer, step| {
            let _ = match step {
                Step::Member(name) => write!(pointer, "/{}", escape(name)),
                Step::Item(rank) => write!(pointer, "/{rank}"),
            };
            pointer
        })
    }

    fn unknown(&mut self, name: String) {
        if self.passed.unknown.len() < MOST_FAULTS {
            let pointer = format!("{}/{}", self.pointer(), escape(&name));
            self.passed.unknown.push((pointer, name));
        } else {
            self.passed.unknown_beyond += 1;
        }
    }
}

/// A name as a segment of a JSON Pointer.
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Reads a value; without a shape it is checked and passed over.
struct Strict<'s, 'n> {
    shape: Option<&'s Shape>,
    depth: usize,
    notes: &'n mut Notes,
}

impl<'de> DeserializeSeed<'de> for Strict<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

fn clean<E: Error>(text: &str) -> Result<String, E> {
    if text.contains('\0') { Err(E::custom(NUL)) } else { Ok(text.to_owned()) }
}

impl<'de> Visitor<'de> for Strict<'_, '_> {
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
        let text = clean(v)?;
        Ok(match self.shape {
            None => Value::Null,
            Some(Shape::Text { empty_is_null: true, .. }) if text.trim().is_empty() => Value::Null,
            Some(Shape::Text { canonical: Some(canonical), .. }) => Value::String(canonical(&text)),
            Some(_) => Value::String(text),
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let (kept, most) = match self.shape {
            Some(Shape::Any) => (self.shape, usize::MAX),
            Some(Shape::List { most, items }) => (Some(items.as_ref()), *most),
            _ => (None, usize::MAX),
        };
        let before = self.notes.passed.unknown.len();
        let mut items = Vec::new();
        for rank in 0_usize.. {
            let shape = kept.filter(|_| rank < most);
            self.notes.path.push(Step::Item(rank));
            let item = seq.next_element_seed(Strict { shape, depth, notes: self.notes })?;
            self.notes.path.pop();
            match (item, shape) {
                (Some(item), Some(_)) => items.push(item),
                (Some(_), None) if rank == most => {
                    // Of a list that is too long nothing else is worth saying.
                    self.notes.passed.unknown.truncate(before);
                    let pointer = self.notes.pointer();
                    self.notes.passed.too_long.push((pointer, most));
                    items = Vec::new();
                }
                (Some(_), None) => {}
                (None, _) => break,
            }
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut members = Map::new();
        if self.shape.is_none_or(|shape| matches!(shape, Shape::Plain | Shape::Text { .. } | Shape::List { .. })) {
            while map.next_key_seed(Name)?.is_some() {
                map.next_value_seed(Strict { shape: None, depth, notes: self.notes })?;
            }
            return Ok(Value::Object(members));
        }
        while let Some(name) = map.next_key_seed(Name)? {
            let shape = match self.shape {
                Some(Shape::Members(known)) => known.get(&name),
                any => any,
            };
            if members.contains_key(&name) {
                return Err(A::Error::custom(REPEATED));
            }
            if shape.is_none() {
                self.notes.unknown(name);
                map.next_value_seed(Strict { shape, depth, notes: self.notes })?;
                continue;
            }
            self.notes.path.push(Step::Member(name.clone()));
            let value = map.next_value_seed(Strict { shape, depth, notes: self.notes })?;
            self.notes.path.pop();
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

impl Strict<'_, '_> {
    fn deeper<E: Error>(&self) -> Result<usize, E> {
        if self.depth >= MAX_DEPTH { Err(E::custom(TOO_DEEP)) } else { Ok(self.depth + 1) }
    }
}

/// A key, without NUL.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let name = String::deserialize(deserializer)?;
        clean(&name)
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
            (r#"{"\u0000":1}"#, NUL),
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

    /// Members `a` (plain) and `list` (of two objects with a plain `x`).
    fn shape() -> Shape {
        let items = Shape::Members([("x".to_owned(), Shape::Plain)].into());
        let list = Shape::List { most: 2, items: Box::new(items) };
        Shape::Members([("a".to_owned(), Shape::Plain), ("list".to_owned(), list)].into())
    }

    #[test]
    fn what_no_shape_speaks_of_is_named_and_not_kept() {
        let text = br#"{"a":[[1,2],{"b":3}],"list":[{"x":1,"y/z":{"deep":[1]}}],"other":[1,2,3]}"#;
        let (value, passed) = read(text, &shape()).unwrap();
        assert_eq!(value, serde_json::json!({"a": [], "list": [{"x": 1}]}));
        let unknown = [("/list/0/y~1z", "y/z"), ("/other", "other")].map(|(p, n)| (p.to_owned(), n.to_owned()));
        assert_eq!(passed.unknown, unknown);
        let (value, passed) = read(br#"{"list":[{"q":1},{},{},{"q":1}],"b":1}"#, &shape()).unwrap();
        assert_eq!(value, serde_json::json!({"list": []}));
        assert_eq!(passed.too_long, [("/list".to_owned(), 2)]);
        assert_eq!(passed.unknown, [("/b".to_owned(), "b".to_owned())], "of a list too long nothing else is said");
    }

    #[test]
    fn what_is_passed_over_is_read_strictly_all_the_same() {
        let deep = format!(r#"{{"other":{}}}"#, "[".repeat(17));
        assert!(read(deep.as_bytes(), &shape()).unwrap_err().starts_with(TOO_DEEP));
        assert!(read(br#"{"other":["\u0000"]}"#, &shape()).unwrap_err().starts_with(NUL));
        assert!(read(br#"{"other":[1,}"#, &shape()).is_err());
    }

    #[test]
    fn many_unknown_members_are_counted_and_a_hundred_named() {
        let many: Vec<String> = (0..20_000).map(|rank| format!("\"m{rank}\":0")).collect();
        let (value, passed) = read(format!("{{{}}}", many.join(",")).as_bytes(), &shape()).unwrap();
        assert_eq!(value, serde_json::json!({}));
        assert_eq!((passed.unknown.len(), passed.unknown_beyond), (MOST_FAULTS, 20_000 - MOST_FAULTS));
    }
}
