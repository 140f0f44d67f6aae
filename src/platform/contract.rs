//! The generated document, put to work: what it says of parameters and bodies is what is accepted.
//!
//! One declaration (the DTO's schema) gives the text in the document, the check at the door and
//! the faults told to the caller.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix_web::http::Method;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use super::auth::policy::{self, Line};
use super::error::{Fault, FaultCode, Place};
use super::formats;

/// Every operation of the service, found by method and path.
pub struct Contract {
    /// By number of segments; literal segments before variable ones.
    routes: BTreeMap<usize, Vec<Route>>,
}

struct Route {
    segments: Vec<Segment>,
    operations: Vec<(Method, Arc<Operation>)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Variable(String),
}

/// What one operation takes and gives.
pub struct Operation {
    pub id: String,
    pub path: String,
    pub line: &'static Line,
    pub query: Parameters,
    pub path_parameters: Parameters,
    pub body: Option<BodyContract>,
    /// Media types of its successful answers.
    pub produces: Vec<String>,
    pub needs_if_match: bool,
    pub needs_idempotency_key: bool,
    pub limited: Limited,
    /// Columns of a list's items, where it is also answered as a file.
    pub columns: Option<Arc<Vec<Column>>>,
}

/// Whether calls are counted and limited: follows from who may call, and from what is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    No,
    /// Anybody may send it.
    Form,
    /// It is for those signed in, and takes an address that may be written to.
    Letters,
}

/// A column of a list as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub path: Vec<String>,
    pub kind: ColumnKind,
}

/// What the values of a column are, where a file may write them otherwise than JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    Date,
    Instant,
    Other,
}

pub struct BodyContract {
    pub media_types: Vec<String>,
    pub required: bool,
    validator: Option<Validator>,
    names: Vec<String>,
}

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
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Integer,
    Number,
    Boolean,
    Text,
}

/// What a path leads to.
pub enum Found<'a> {
    Operation(&'a Arc<Operation>, Vec<(&'a str, String)>),
    /// The path exists for other methods.
    OtherMethods(Vec<&'a Method>),
    Nothing,
}

impl Contract {
    /// Reads the finished document. Fails on an operation without a policy line.
    pub fn from_document(document: &Value) -> Result<Self, String> {
        let mut routes: BTreeMap<usize, Vec<Route>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let paths = document["paths"].as_object().ok_or("the document has no paths")?;
        for (path, item) in paths {
            let mut operations = Vec::new();
            for (method, operation) in item.as_object().into_iter().flatten() {
                let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) else { continue };
                let operation = Operation::read(document, path, &method, operation)?;
                if !seen.insert(operation.id.clone()) {
                    return Err(format!("two operations are named {}", operation.id));
                }
                operations.push((method, Arc::new(operation)));
            }
            let segments: Vec<Segment> = segments(path)
                .map(|s| match s.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
                    Some(name) => Segment::Variable(name.to_owned()),
                    None => Segment::Literal(s.to_owned()),
                })
                .collect();
            routes.entry(segments.len()).or_default().push(Route { segments, operations });
        }
        for list in routes.values_mut() {
            list.sort_by(|a, b| a.segments.cmp(&b.segments));
        }
        Ok(Self { routes })
    }

    pub fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let parts: Vec<&str> = segments(path).collect();
        // The first that fits is the most literal one, and hides the others: on /decisions/import
        // a PUT is not meant for a decision named import.
        for route in self.routes.get(&parts.len()).into_iter().flatten() {
            let Some(variables) = route.matches(&parts) else { continue };
            return match route.operations.iter().find(|(m, _)| m == method) {
                Some((_, operation)) => Found::Operation(operation, variables),
                None => Found::OtherMethods(route.operations.iter().map(|(m, _)| m).collect()),
            };
        }
        Found::Nothing
    }

    pub fn operations(&self) -> impl Iterator<Item = (&Method, &Arc<Operation>)> {
        self.routes.values().flatten().flat_map(|route| route.operations.iter().map(|(m, o)| (m, o)))
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

impl Route {
    fn matches(&self, parts: &[&str]) -> Option<Vec<(&str, String)>> {
        let mut variables = Vec::new();
        for (segment, part) in self.segments.iter().zip(parts) {
            match segment {
                Segment::Literal(literal) if literal == part => {}
                Segment::Literal(_) => return None,
                Segment::Variable(name) if !part.is_empty() => {
                    variables.push((name.as_str(), super::http::params::percent_decode(part)?));
                }
                Segment::Variable(_) => return None,
            }
        }
        Some(variables)
    }
}

impl Operation {
    fn read(document: &Value, path: &str, method: &Method, operation: &Value) -> Result<Self, String> {
        let id = operation["operationId"].as_str().ok_or_else(|| format!("no operationId at {path}"))?.to_owned();
        let line = policy::find(&id).ok_or_else(|| format!("{id} has no policy line"))?;
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let of = |place: &str| -> Vec<&Value> { parameters.iter().filter(|p| p["in"] == place).collect() };
        let needs = |name: &str| parameters.iter().any(|p| p["name"] == name && p["required"] == true);
        let body = match operation.get("requestBody") {
            Some(body) => Some(BodyContract::read(document, body).map_err(|e| format!("{id}: {e}"))?),
            None => None,
        };
        let produces: BTreeSet<String> = operation["responses"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(status, _)| status.starts_with('2'))
            .flat_map(|(_, response)| {
                response["content"].as_object().into_iter().flatten().map(|(media, _)| media.clone())
            })
            .collect();
        Ok(Self {
            query: Parameters::read(document, &of("query")).map_err(|e| format!("{id}: {e}"))?,
            path_parameters: Parameters::read(document, &of("path")).map_err(|e| format!("{id}: {e}"))?,
            path: path.to_owned(),
            line,
            body,
            produces: produces.into_iter().collect(),
            needs_if_match: needs("If-Match"),
            needs_idempotency_key: needs("Idempotency-Key"),
            limited: limited(document, method, line, operation),
            columns: columns(document, operation).map(Arc::new),
            id,
        })
    }
}

fn limited(document: &Value, method: &Method, line: &Line, operation: &Value) -> Limited {
    if line.anonymous {
        return if *method == Method::GET { Limited::No } else { Limited::Form };
    }
    let mut contents = operation["requestBody"]["content"].as_object().into_iter().flatten();
    let takes_address = contents.any(|(_, content)| {
        let mut components = Map::new();
        collect(document, &content["schema"], &mut components);
        let mut schemas = components.values().chain([&content["schema"]]);
        schemas.any(|schema| {
            schema["properties"].as_object().into_iter().flatten().any(|(_, member)| member["format"] == "email")
        })
    });
    if takes_address { Limited::Letters } else { Limited::No }
}

/// The columns of the items of a list that is answered as a file too.
fn columns(document: &Value, operation: &Value) -> Option<Vec<Column>> {
    let content = &operation["responses"]["200"]["content"];
    content.get("text/csv")?;
    content.get("application/json")?;
    let page = resolve(document, &content["application/json"]["schema"]);
    let item = &page["properties"]["data"]["items"];
    Some(super::http::export::columns(&document["components"]["schemas"], item))
}

impl BodyContract {
    fn read(document: &Value, body: &Value) -> Result<Self, String> {
        let content = body["content"].as_object().ok_or("a body without content")?;
        let schema = content
            .iter()
            .find(|(media, _)| media.contains("json") && !media.contains("ndjson"))
            .map(|(_, c)| &c["schema"]);
        let names = schema.map(|schema| property_names(document, schema)).unwrap_or_default();
        let validator = schema.map(|schema| compile(document, schema.clone())).transpose()?;
        Ok(Self {
            media_types: content.keys().cloned().collect(),
            required: body["required"] == true,
            validator,
            names,
        })
    }

    /// Every fault of a JSON body.
    pub fn faults(&self, body: &Value) -> Vec<Fault> {
        let Some(validator) = &self.validator else { return Vec::new() };
        faults(validator, body, &self.names, |pointer| Place::Pointer(pointer.to_owned()))
    }
}

impl Parameters {
    fn read(document: &Value, parameters: &[&Value]) -> Result<Self, String> {
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
            if parameter["required"] == true {
                required.push(Value::from(name.clone()));
            }
            properties.insert(name.clone(), schema);
            known.push(Parameter { name, kind, list });
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
                items.extend(text.split(',').map(|item| parameter.kind.read(item)));
                continue;
            }
            if values.contains_key(name) {
                found.push(Fault::parameter(name, FaultCode::Repeated));
                continue;
            }
            let value = if parameter.list {
                Value::Array(text.split(',').map(|item| parameter.kind.read(item)).collect())
            } else {
                parameter.kind.read(text)
            };
            values.insert(name.to_owned(), value);
        }
        if values.is_empty() && self.optional {
            return if found.is_empty() { Ok(values) } else { Err(found) };
        }
        let object = Value::Object(values);
        found.extend(faults(&self.validator, &object, &[], |pointer| {
            let name = pointer.trim_start_matches('/').split('/').next().unwrap_or_default();
            Place::Parameter(name.to_owned())
        }));
        let Value::Object(values) = object else { unreachable!("an object was built") };
        if found.is_empty() { Ok(values) } else { Err(found) }
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

fn compile(document: &Value, schema: Value) -> Result<Validator, String> {
    let mut components = Map::new();
    collect(document, &schema, &mut components);
    let root = json!({"allOf": [schema], "components": {"schemas": components}});
    let mut options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    for (name, check) in formats::FORMATS {
        options = options.with_format(*name, check);
    }
    options.build(&root).map_err(|e| e.to_string())
}

/// The schemas that one schema speaks of, directly or not.
fn collect(document: &Value, schema: &Value, found: &mut Map<String, Value>) {
    match schema {
        Value::Object(members) => {
            if let Some(name) =
                members.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/components/schemas/"))
                && !found.contains_key(name)
            {
                let target = &document["components"]["schemas"][name];
                found.insert(name.to_owned(), target.clone());
                collect(document, target, found);
            }
            members.values().for_each(|member| collect(document, member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(document, item, found)),
        _ => {}
    }
}

fn resolve<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/schemas/")) {
        Some(name) => &document["components"]["schemas"][name],
        None => schema,
    }
}

fn property_names(document: &Value, schema: &Value) -> Vec<String> {
    let mut components = Map::new();
    collect(document, schema, &mut components);
    let mut names: Vec<String> = components
        .values()
        .chain([schema])
        .flat_map(|s| s["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()))
        .collect();
    names.sort();
    names.dedup();
    names
}

fn unknown_name<'n>(place: Place, name: &str, known: impl Iterator<Item = &'n str>) -> Fault {
    let known: Vec<&str> = known.collect();
    let nearest = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 2 + candidate.len() / 3);
    match nearest {
        Some((_, nearest)) => Fault::new(place, FaultCode::Unknown).with("nearest", nearest),
        None => Fault::new(place, FaultCode::UnknownNoGuess).with("known", known.join(", ")),
    }
}

fn faults(validator: &Validator, value: &Value, names: &[String], place: impl Fn(&str) -> Place) -> Vec<Fault> {
    let mut found: Vec<Fault> = Vec::new();
    for error in validator.iter_errors(value) {
        let path = error.instance_path().to_string();
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                found.push(Fault::new(place(&format!("{path}/{name}")), FaultCode::Required));
            }
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for name in unexpected {
                    let pointer = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
                    found.push(unknown_name(place(&pointer), name, names.iter().map(String::as_str)));
                }
            }
            kind => {
                let (code, parameter) = fault_of(kind);
                let mut fault = Fault::new(place(&path), code);
                fault.params.extend(parameter);
                found.push(fault);
            }
        }
    }
    // One place is told once: a wrong type also breaks every other rule there.
    let mut places = std::collections::HashSet::new();
    found.retain(|fault| places.insert(fault.place.clone()));
    found
}

fn fault_of(kind: &ValidationErrorKind) -> (FaultCode, Option<(&'static str, String)>) {
    use ValidationErrorKind as E;
    let limit = |limit: &dyn std::fmt::Display| Some(("limit", limit.to_string()));
    match kind {
        E::MinLength { limit: l } => (FaultCode::TooShort, limit(l)),
        E::MaxLength { limit: l } => (FaultCode::TooLong, limit(l)),
        E::Minimum { limit: l } | E::ExclusiveMinimum { limit: l } => (FaultCode::TooSmall, limit(l)),
        E::Maximum { limit: l } | E::ExclusiveMaximum { limit: l } => (FaultCode::TooLarge, limit(l)),
        E::MinItems { limit: l } => (FaultCode::TooFew, limit(l)),
        E::MaxItems { limit: l } => (FaultCode::TooMany, limit(l)),
        E::UniqueItems => (FaultCode::NotUnique, None),
        E::Enum { options } => {
            let allowed: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            (FaultCode::NotInList, Some(("allowed", allowed.join(", "))))
        }
        E::Constant { expected_value } => (FaultCode::NotInList, Some(("allowed", expected_value.to_string()))),
        E::Pattern { pattern } => (FaultCode::InvalidFormat, Some(("format", pattern.clone()))),
        E::Format { format } => match formats::fault(format) {
            FaultCode::InvalidFormat => (FaultCode::InvalidFormat, Some(("format", format.clone()))),
            code => (code, None),
        },
        E::Type { kind } => {
            let expected = match kind {
                TypeKind::Single(single) => single.to_string(),
                TypeKind::Multiple(several) => {
                    several.iter().map(|t| t.to_string()).filter(|t| t != "null").collect::<Vec<_>>().join(", ")
                }
            };
            (FaultCode::WrongType, Some(("expected", expected)))
        }
        _ => (FaultCode::InvalidValue, None),
    }
}
