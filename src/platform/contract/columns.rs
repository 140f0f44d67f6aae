//! The columns of a list as a file, from the schema of its items.

use serde_json::Value;

use super::schema::resolve;

/// A column of a list as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub path: Vec<String>,
    pub kind: ColumnKind,
}

/// How the names of amounts end.
pub const CENTS: &str = "_cents";

/// What the values of a column are, where a file may write them otherwise than JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    Date,
    Instant,
    /// Transitions: a file tells those that are allowed, by their names.
    Steps,
    /// Cents of an euro.
    Amount,
    /// An identifier.
    Id,
    Other,
}

/// The columns of the items of a list that is answered as a file too.
pub(super) fn of(document: &Value, operation: &Value) -> Option<Vec<Column>> {
    let content = &operation["responses"]["200"]["content"];
    content.get("text/csv")?;
    content.get("application/json")?;
    let page = resolve(document, &content["application/json"]["schema"]);
    let item = &page["properties"]["data"]["items"];
    Some(all(&document["components"]["schemas"], item))
}

/// The columns of a list that shows all of each row, and whether it does so anyway: the items' own, as the detail tells them
/// where both do.
pub(super) fn full(document: &Value, operation: &Value, detail: &Value) -> (Vec<Column>, bool) {
    let json = |operation: &Value| operation["responses"]["200"]["content"]["application/json"]["schema"].clone();
    let page = json(operation);
    let item = resolve(document, &resolve(document, &page)["properties"]["data"]["items"]).clone();
    let detail = resolve(document, &json(detail)).clone();
    let mut merged = item.clone();
    for (name, member) in detail["properties"].as_object().into_iter().flatten() {
        merged["properties"][name] = member.clone();
    }
    let same = !item["properties"].as_object().into_iter().flatten().any(|(_, member)| member[ONLY_IN_FULL] == "full");
    (all(&document["components"]["schemas"], &merged), same)
}

/// Marks members that a list shows with `view=full` only.
pub const ONLY_IN_FULL: &str = "x-view";

/// The columns of a list's items, from the schemas of the document: members in their order, nested ones with dots.
pub fn all(schemas: &Value, item: &Value) -> Vec<Column> {
    let mut found = Vec::new();
    collect(schemas, item, &mut Vec::new(), &mut found, 0);
    found
}

/// Where the document describes a transition.
const STEPS: &str = "#/components/schemas/Transition";

fn collect(schemas: &Value, schema: &Value, path: &mut Vec<String>, found: &mut Vec<Column>, depth: usize) {
    let schema = bare(schemas, schema);
    let members = schema["properties"].as_object().filter(|_| depth < 4);
    match members {
        Some(members) => {
            for (name, member) in members.iter().filter(|(_, member)| member[ONLY_IN_FULL] != "full") {
                path.push(name.clone());
                collect(schemas, member, path, found, depth + 1);
                path.pop();
            }
        }
        None => {
            let kind = match schema["format"].as_str() {
                Some("date") => ColumnKind::Date,
                Some("date-time") => ColumnKind::Instant,
                _ if schema["items"]["$ref"] == STEPS => ColumnKind::Steps,
                Some("uuid") => ColumnKind::Id,
                _ if path.last().is_some_and(|name| name.ends_with(CENTS)) => ColumnKind::Amount,
                _ => ColumnKind::Other,
            };
            found.push(Column { name: path.join("."), path: path.clone(), kind });
        }
    }
}

fn bare<'s>(schemas: &'s Value, schema: &'s Value) -> &'s Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/schemas/")) {
        return bare(schemas, &schemas[name]);
    }
    let some = ["oneOf", "anyOf", "allOf"].iter().find_map(|k| schema[*k].as_array());
    match some.and_then(|options| options.iter().find(|option| option["type"] != "null")) {
        Some(option) => bare(schemas, option),
        None => schema,
    }
}
