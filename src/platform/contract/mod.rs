//! The generated document, put to work: what it says of parameters and bodies is what is accepted.
//!
//! One declaration (the DTO's schema) gives the text in the document, the check at the door and
//! the faults told to the caller.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix_web::http::Method;
use serde_json::Value;

use super::auth::policy::{self, Line};

mod body;
mod columns;
mod faults;
mod parameters;
mod schema;

pub use self::body::BodyContract;
pub use self::columns::{CENTS, Column, ColumnKind};
pub use self::parameters::Parameters;

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
    /// Of an import: what each line is, which is what its list takes one by one.
    pub line_of_import: Option<BodyContract>,
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
        let one = path.strip_suffix("/import").map(|list| &document["paths"][list]["post"]["requestBody"]);
        let line_of_import =
            one.filter(|one| one.is_object()).map(|one| BodyContract::read(document, one)).transpose()?;
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
            line_of_import,
            produces: produces.into_iter().collect(),
            needs_if_match: needs("If-Match"),
            needs_idempotency_key: needs("Idempotency-Key"),
            limited: Limited::of(document, method, line, operation),
            columns: columns::of(document, operation).map(Arc::new),
            id,
        })
    }
}

impl Limited {
    fn of(document: &Value, method: &Method, line: &Line, operation: &Value) -> Self {
        if line.anonymous {
            return if *method == Method::GET { Self::No } else { Self::Form };
        }
        let mut contents = operation["requestBody"]["content"].as_object().into_iter().flatten();
        let is_address = |member: &Value| member["format"] == "email";
        if contents.any(|(_, content)| schema::any_property(document, &content["schema"], &is_address)) {
            Self::Letters
        } else {
            Self::No
        }
    }
}
