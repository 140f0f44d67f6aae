//! What every operation has: parameters that the conventions add, its version, its description.

use serde_json::{Value, json};

use super::access;
use super::responses::{self, Needs};
use crate::platform::auth::policy::Line;
use crate::platform::codes::{CommuneCode, DepartementCode};
use crate::platform::http::export::FORMATS;
use crate::platform::http::idempotency::kept_days;

/// Operations whose POST on one resource is no transition: they need no version.
const NOT_TRANSITIONS: &[&str] = &["request_extension", "record_payment_results"];
/// Operations that must carry an Idempotency-Key.
const KEYED: &[&str] = &["import_decisions", "sign_agreement", "create_payment_batch", "record_payment_results"];

pub fn finish(path: &str, method: &str, operation: &mut Value, line: &'static Line, schemas: &Value) {
    let mut parameters: Vec<Value> = operation["parameters"].as_array().cloned().unwrap_or_default();
    for name in path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')) {
        if !parameters.iter().any(|p| p["name"] == name && p["in"] == "path") {
            parameters.push(path_parameter(path, name));
        }
    }
    for parameter in &mut parameters {
        finish_parameter(parameter);
    }
    let writes = method != "get" && line.operation != "issue_token";
    let on_one = path.rsplit('/').nth(1).is_some_and(|segment| segment == "{id}");
    let transition = method == "post" && on_one && !NOT_TRANSITIONS.contains(&line.operation);
    let versioned = matches!(method, "patch" | "delete") || transition;
    if writes {
        parameters.push(json!({"name": "dry_run", "in": "query", "required": false,
            "description": "Checks everything and changes nothing: the answer is what would be, with `effects` listing events and e-mails.",
            "schema": {"type": "boolean", "default": false}, "example": false}));
    }
    if method == "post" && writes {
        parameters.push(json!({"name": "Idempotency-Key", "in": "header", "required": KEYED.contains(&line.operation),
            "description": format!("Makes a repeated call have one effect and one answer; kept for {} days.", kept_days(line.operation)),
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
            "example": "8f2c6a3e-0b0e-4c1f-9a57-6a2a8a1f1f10"}));
    }
    if versioned || method == "put" {
        parameters.push(json!({"name": "If-Match", "in": "header", "required": versioned,
            "description": "ETag of what you read, or several separated by commas: one of them must name the present version (`\"v5-1f3a\"`, `\"v5\"`, weak forms too); 412 if the resource has changed since. `*` takes any version.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 1000}, "example": "\"v1\""}));
    }
    let page = is_page(operation, schemas);
    let tagged = method == "get" && !page && is_kept(operation);
    if tagged {
        parameters.push(json!({"name": "If-None-Match", "in": "header", "required": false,
            "description": "ETags that you hold, separated by commas: 304 without a body while the answer would be one of them.",
            "schema": {"type": "string"}, "example": "\"v1-1f3a5c7e9b2d4f60\""}));
    }
    if is_exported(operation, line) {
        parameters.extend(export_parameters());
        add_files(&mut operation["responses"]["200"]);
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    let description = operation["description"].as_str().unwrap_or_default().trim().to_owned();
    operation["description"] = json!(format!("{description}\n\n{}", access::text(line)).trim());
    operation["security"] = access::security(line);
    operation["x-roles"] = line.roles.iter().map(ToString::to_string).collect();
    if let Some(body) = operation.get_mut("requestBody") {
        body["required"] = json!(true);
        if body["description"].as_str().unwrap_or_default().is_empty() {
            body["description"] = json!("What to write.");
        }
    }
    let has_body = operation.get("requestBody").is_some();
    let needs = Needs { versioned, writes, has_body, tagged, page };
    responses::finish(method, &mut operation["responses"], line, needs);
}

/// Whether a list is answered page by page.
fn is_page(operation: &Value, schemas: &Value) -> bool {
    let schema = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].as_str();
    let name = schema.and_then(|schema| schema.strip_prefix("#/components/schemas/"));
    name.is_some_and(|name| ["data", "links"].iter().all(|member| schemas[name]["properties"].get(member).is_some()))
}

/// Whether callers may keep the answer, and ask whether it has changed. Files are made for one caller, unless anybody gets them.
fn is_kept(operation: &Value) -> bool {
    let content = operation["responses"]["200"]["content"].as_object();
    content.is_some_and(|content| content.keys().any(|media| media.ends_with("json") || media == "text/csv"))
}

/// Lists of rows are answered as files too; those that lie in the program are not.
fn is_exported(operation: &Value, line: &Line) -> bool {
    let schema = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].as_str();
    let lists = line.operation.starts_with("list_") && line.operation != "list_vocabularies";
    lists && schema.is_some_and(|schema| schema.ends_with("Page"))
}

/// The same list in other media types.
fn add_files(response: &mut Value) {
    response["headers"]["X-Events-Cursor"] = json!({"schema": {"type": "string"},
        "description": "Of a file: cursor of `/events` from which to follow what it shows."});
    for (name, media) in FORMATS {
        let example = if name == "ndjson" { "{\"id\":\"0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f\"}\n" } else { "id\r\n" };
        response["content"][media] =
            json!({"schema": {"type": "string", "description": "The whole list as a file."}, "example": example});
    }
}

fn export_parameters() -> [Value; 2] {
    [
        json!({"name": "format", "in": "query", "required": false,
            "description": "The whole list as a file instead of a page (`limit` and `cursor` say nothing then); goes before `Accept`.",
            "schema": {"type": "string", "enum": ["json", "csv", "ndjson", "xlsx"]}, "example": "json"}),
        json!({"name": "profile", "in": "query", "required": false,
            "description": "How CSV is written: `rfc4180`, or `excel-fr` with semicolons, decimal commas and French dates.",
            "schema": {"type": "string", "enum": ["rfc4180", "excel-fr"], "default": "rfc4180"}, "example": "rfc4180"}),
    ]
}

fn path_parameter(path: &str, name: &str) -> Value {
    let of = |pattern: &str| json!({"type": "string", "pattern": pattern});
    let (description, schema, example) = match name {
        "code" if path.contains("/communes/") => {
            ("Official code.", of(CommuneCode::PATTERN), json!(CommuneCode::EXAMPLE))
        }
        "code" | "departement_code" => {
            ("Code of the département.", of(DepartementCode::PATTERN), json!(DepartementCode::EXAMPLE))
        }
        "starts_on" => ("First day.", json!({"type": "string", "format": "date"}), json!("2024-11-01")),
        _ => {
            ("Identifier.", json!({"type": "string", "format": "uuid"}), json!("0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f"))
        }
    };
    json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema, "example": example})
}

/// Lists travel as one comma-separated value; an absent parameter is absent, never null.
fn finish_parameter(parameter: &mut Value) {
    strip_null(&mut parameter["schema"]);
    if parameter["in"] == "query" && parameter["schema"]["type"] == "array" {
        parameter["style"] = json!("form");
        parameter["explode"] = json!(false);
        parameter["schema"]["minItems"] = json!(1);
        parameter["schema"]["maxItems"] = json!(100);
        if let Some(text) = parameter["example"].as_str() {
            parameter["example"] = text.split(',').collect();
        }
    }
    lift_example(parameter);
}

/// The example of a type that stands in a parameter is the parameter's own, unless it has one.
fn lift_example(parameter: &mut Value) {
    let mut take = |pointer: &str| {
        let schema = parameter.pointer_mut(pointer).and_then(Value::as_object_mut)?;
        schema.remove("examples")?.as_array()?.first().cloned()
    };
    let example = take("/schema").or_else(|| take("/schema/items").map(|example| json!([example])));
    if let (Some(example), None) = (example, parameter.get("example")) {
        parameter["example"] = example;
    }
}

fn strip_null(schema: &mut Value) {
    if let Some(types) = schema["type"].as_array() {
        let kept: Vec<Value> = types.iter().filter(|t| *t != "null").cloned().collect();
        if let [only] = kept.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(options) = schema["oneOf"].as_array() {
        let kept: Vec<Value> = options.iter().filter(|o| o["type"] != "null").cloned().collect();
        if let [only] = kept.as_slice() {
            let description = schema["description"].clone();
            *schema = only.clone();
            if !description.is_null() && schema.get("$ref").is_none() {
                schema["description"] = description;
            }
        }
    }
    if schema.get("type").is_none_or(Value::is_null)
        && let Some(members) = schema.as_object_mut()
    {
        members.remove("type");
    }
}
