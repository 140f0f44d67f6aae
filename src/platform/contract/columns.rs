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

/// The columns of a list's items, from the schemas of the document: members in their order, nested ones with dots.
pub fn all(schemas: &Value, item: &Value) -> Vec<Column> {
    let mut found = Vec::new();
    collect(schemas, item, &mut Vec::new(), &mut found, 0);
    found
}

fn collect(schemas: &Value, schema: &Value, path: &mut Vec<String>, found: &mut Vec<Column>, depth: usize) {
    let schema = bare(schemas, schema);
    let members = schema["properties"].as_object().filter(|_| depth < 4);
    match members {
        Some(members) => {
            for (name, member) in members {
                path.push(name.clone());
                collect(schemas, member, path, found, depth + 1);
                path.pop();
            }
        }
        None => {
            let kind = match schema["format"].as_str() {
                Some("date") => ColumnKind::Date,
                Some("date-time") => ColumnKind::Instant,
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
