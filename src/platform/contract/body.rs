//! Bodies: read no further than their schema goes, and every fault of them told, or the first hundred.

use jsonschema::Validator;
use serde_json::Value;

use super::faults::{self, unknown_name};
use super::schema::{compile, property_names, resolve, shape};
use crate::platform::error::{Code, Fault, FaultCode, MOST_FAULTS, Place, Problem, Result};
use crate::platform::http::json::{self, Passed, Shape};

/// A body with a list of more items than this is an import.
const LONG_LIST: usize = 1000;

/// What an operation takes as its body.
pub struct BodyContract {
    pub media_types: Vec<String>,
    pub required: bool,
    json: Option<JsonBody>,
}

/// A JSON body.
struct JsonBody {
    shape: Shape,
    validator: Validator,
    /// Names of all its members, to guess what a misspelt one means.
    names: Vec<String>,
    /// Lists that may be longer than faults are told: their items are looked at one by one.
    long_lists: Vec<LongList>,
}

struct LongList {
    /// Names of the members that lead to it.
    path: Vec<String>,
    item: Validator,
}

impl BodyContract {
    pub(super) fn read(document: &Value, body: &Value) -> std::result::Result<Self, String> {
        let content = body["content"].as_object().ok_or("a body without content")?;
        let schema = content
            .iter()
            .find(|(media, _)| media.contains("json") && !media.contains("ndjson"))
            .map(|(_, content)| &content["schema"]);
        let json = schema.map(|schema| JsonBody::read(document, schema)).transpose()?;
        Ok(Self { media_types: content.keys().cloned().collect(), required: body["required"] == true, json })
    }

    /// Whether it may be as long as an import: a file, or JSON with a list of thousands.
    pub fn is_long(&self) -> bool {
        let form = || self.media_types.iter().any(|media| media.contains("form"));
        self.json.as_ref().map_or_else(|| !form(), |json| json.shape.longest_list() > LONG_LIST)
    }

    /// Reads and checks a JSON body. Takes memory for what the schema has a place for, whatever comes.
    pub fn check(&self, text: &[u8]) -> Result<Value> {
        let any = Shape::Any;
        let shape = self.json.as_ref().map_or(&any, |json| &json.shape);
        let (value, passed) =
            json::read(text, shape).map_err(|reason| Problem::new(Code::MalformedRequest).with("reason", reason))?;
        match &self.json {
            Some(json) => json.check(value, passed),
            None => Ok(value),
        }
    }
}

impl BodyContract {
    /// Checks a value that was read as JSON already.
    pub fn check_value(&self, value: Value) -> Result<Value> {
        match &self.json {
            Some(json) => {
                let (value, passed) = json::shaped(value, &json.shape);
                json.check(value, passed)
            }
            None => Ok(value),
        }
    }
}

impl JsonBody {
    fn read(document: &Value, schema: &Value) -> std::result::Result<Self, String> {
        let shape = shape(document, schema)?;
        let mut long_lists = Vec::new();
        collect_long(document, schema, &mut Vec::new(), &mut long_lists)?;
        Ok(Self {
            shape,
            validator: compile(document, schema.clone())?,
            names: property_names(document, schema),
            long_lists,
        })
    }

    fn check(&self, value: Value, passed: Passed) -> Result<Value> {
        let clean = passed == Passed::default();
        if clean && self.validator.is_valid(&value) {
            return Ok(value);
        }
        let mut found = Found { faults: Vec::new(), beyond: passed.unknown_beyond };
        for (pointer, most) in passed.too_long {
            found.faults.push(Fault::new(Place::Pointer(pointer), FaultCode::TooMany).with("limit", most));
        }
        for (pointer, name) in passed.unknown {
            found.faults.push(unknown_name(Place::Pointer(pointer), &name, self.names.iter().map(String::as_str)));
        }
        self.look_through(value, &mut found);
        Err(Problem::invalid(faults::once(found.faults)).omitted(found.beyond))
    }

    /// Finds what is wrong without ever holding more faults than are told: of a long list first the beginning, then item
    /// by item.
    fn look_through(&self, mut value: Value, found: &mut Found) {
        let tails: Vec<(&LongList, Vec<Value>)> =
            self.long_lists.iter().filter_map(|list| Some((list, list.cut(&mut value)?))).collect();
        found.faults.extend(faults::of(&self.validator, &value, |pointer| Place::Pointer(pointer.to_owned())));
        for (list, tail) in &tails {
            for (rank, item) in tail.iter().enumerate() {
                list.look_at(rank + MOST_FAULTS, item, found);
            }
        }
        // What only the whole list does wrong, such as naming something twice.
        if found.faults.is_empty() && found.beyond == 0 {
            for (list, tail) in tails {
                list.put_back(&mut value, tail);
            }
            found.faults.extend(faults::of(&self.validator, &value, |pointer| Place::Pointer(pointer.to_owned())));
        }
    }
}

struct Found {
    faults: Vec<Fault>,
    /// Faults, or items with faults, that are only counted.
    beyond: usize,
}

impl LongList {
    fn find<'v>(&self, value: &'v mut Value) -> Option<&'v mut Vec<Value>> {
        self.path.iter().try_fold(value, |value, name| value.get_mut(name))?.as_array_mut()
    }

    /// Takes away what is beyond the first items.
    fn cut(&self, value: &mut Value) -> Option<Vec<Value>> {
        self.find(value).filter(|items| items.len() > MOST_FAULTS).map(|items| items.split_off(MOST_FAULTS))
    }

    fn put_back(&self, value: &mut Value, tail: Vec<Value>) {
        if let Some(items) = self.find(value) {
            items.extend(tail);
        }
    }

    fn look_at(&self, rank: usize, item: &Value, found: &mut Found) {
        if self.item.is_valid(item) {
            return;
        }
        if found.faults.len() >= MOST_FAULTS {
            found.beyond += 1;
            return;
        }
        let list = self.path.join("/");
        let place = |pointer: &str| Place::Pointer(format!("/{list}/{rank}{pointer}"));
        found.faults.extend(faults::of(&self.item, item, place));
    }
}

/// The lists of a schema that may hold more items than faults are told.
fn collect_long(
    document: &Value,
    schema: &Value,
    path: &mut Vec<String>,
    found: &mut Vec<LongList>,
) -> std::result::Result<(), String> {
    let schema = resolve(document, schema);
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        path.push(name.clone());
        let member = resolve(document, member);
        if member["maxItems"].as_u64().is_some_and(|most| most > MOST_FAULTS as u64) {
            let item = compile(document, member["items"].clone())?;
            found.push(LongList { path: path.clone(), item });
        } else {
            collect_long(document, member, path, found)?;
        }
        path.pop();
    }
    Ok(())
}
