//! The OpenAPI document: what utoipa collects, finished so that real tools and clients accept it.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa_actix_web::AppExt;

use crate::platform::auth::policy::{self, Line};
use crate::platform::http::problem;

#[derive(OpenApi)]
#[openapi(info(
    title = "conum",
    description = "System of record of the French digital-counsellor scheme (Conseillers numériques France Services).\n\n\
        Sign in with a bearer token: the role and its perimeter decide what you see. What is out of reach answers 404, \
        as if it did not exist. Every error is a problem document (RFC 9457) with a stable `code`; \
        `/problems/{code}` explains each one.",
    contact(name = "conum", url = "https://www.conseiller-numerique.gouv.fr"),
    license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
))]
struct Base;

/// One line for each tag, in the order of the life of a post.
const TAGS: &[(&str, &str)] = &[
    ("territories", "Regions, départements, intercommunal bodies and communes of the official geographic code."),
    ("structures", "Host organisations: registration, contact, identity, public list."),
    ("call-windows", "When which kinds of structure may apply."),
    ("applications", "Requests for posts, and the prefectures' opinions."),
    ("committees", "Sessions of the selection committee: agenda, decisions, closing."),
    ("reservations", "Posts set aside for territories, and ceilings of posts by département."),
    ("posts", "Counsellor positions: one row a post, with its history."),
    ("accounts", "People and programs: who may sign in as what."),
    ("service", "Health, vocabularies, tokens, problems."),
];

/// Operations whose POST on one resource is no transition: they need no version.
const NOT_TRANSITIONS: &[&str] = &[];
/// Operations that must carry an Idempotency-Key.
const KEYED: &[&str] = &["import_decisions"];

/// The whole document, OpenAPI 3.1. Fails when code and policy disagree.
pub fn build() -> Result<Value, String> {
    let (_, collected) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Base::openapi())
        .configure(super::routes::configure)
        .split_for_parts();
    let mut document = serde_json::to_value(collected).map_err(|e| e.to_string())?;
    finish(&mut document)?;
    Ok(document)
}

fn finish(document: &mut Value) -> Result<(), String> {
    document["openapi"] = json!("3.1.0");
    document["info"]["version"] = json!(env!("CARGO_PKG_VERSION"));
    document["servers"] = json!([{"url": "/", "description": "This server."}]);
    let mut used = std::collections::BTreeSet::new();
    let paths = document["paths"].as_object_mut().ok_or("no paths")?;
    for (path, item) in paths.iter_mut() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
            let line = policy::find(&id).ok_or_else(|| format!("{id} ({method} {path}) has no policy line"))?;
            finish_operation(path, method, operation, line);
            let tags = operation["tags"].as_array().cloned().unwrap_or_default();
            if tags.len() != 1 {
                return Err(format!("{id} needs exactly one tag"));
            }
            used.insert(tags[0].as_str().unwrap_or_default().to_owned());
        }
    }
    document["tags"] = TAGS
        .iter()
        .filter(|(name, _)| used.contains(*name))
        .map(|(n, d)| json!({"name": n, "description": d}))
        .collect();
    if let Some(unknown) = used.iter().find(|tag| !TAGS.iter().any(|(name, _)| name == tag)) {
        return Err(format!("the tag {unknown} has no description"));
    }
    document["components"]["securitySchemes"] = security_schemes();
    document["components"]["schemas"]["Problem"] = problem_schema();
    document["components"]["schemas"]["ProblemFault"] = fault_schema();
    finish_schemas(document);
    add_examples(document);
    Ok(())
}

fn finish_operation(path: &str, method: &str, operation: &mut Value, line: &'static Line) {
    let mut parameters: Vec<Value> = operation["parameters"].as_array().cloned().unwrap_or_default();
    for name in path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')) {
        if !parameters.iter().any(|p| p["name"] == name && p["in"] == "path") {
            parameters.push(path_parameter(name));
        }
    }
    for parameter in &mut parameters {
        finish_parameter(parameter);
    }
    let writes = method != "get" && line.operation != "issue_token";
    let on_one = path.rsplit('/').nth(1).is_some_and(|segment| segment == "{id}");
    let transition = method == "post" && on_one && !NOT_TRANSITIONS.contains(&line.operation);
    let versioned = matches!(method, "patch" | "delete") && !path.contains("/agenda/") || transition;
    if writes {
        parameters.push(json!({"name": "dry_run", "in": "query", "required": false,
            "description": "Checks everything and changes nothing: the answer is what would be, with `effects` listing events and e-mails.",
            "schema": {"type": "boolean", "default": false}, "example": false}));
    }
    if method == "post" && writes {
        parameters.push(json!({"name": "Idempotency-Key", "in": "header", "required": KEYED.contains(&line.operation),
            "description": "Makes a repeated call have one effect and one answer; kept for 7 days.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
            "example": "8f2c6a3e-0b0e-4c1f-9a57-6a2a8a1f1f10"}));
    }
    if versioned || method == "put" {
        parameters.push(json!({"name": "If-Match", "in": "header", "required": versioned,
            "description": "ETag of the version that you read; 412 if it has changed since.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 100}, "example": "\"v1\""}));
    }
    if method == "get" && path.ends_with("{id}") {
        parameters.push(json!({"name": "If-None-Match", "in": "header", "required": false,
            "description": "ETag that you hold: 304 without a body while it is current.",
            "schema": {"type": "string", "maxLength": 1000}, "example": "\"v1\""}));
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    let description = operation["description"].as_str().unwrap_or_default().trim().to_owned();
    operation["description"] = json!(format!("{description}\n\n{}", access_text(line)).trim());
    operation["security"] = security(line);
    operation["x-roles"] = line.roles.iter().map(ToString::to_string).collect();
    if let Some(body) = operation.get_mut("requestBody") {
        body["required"] = json!(true);
        if body["description"].as_str().unwrap_or_default().is_empty() {
            body["description"] = json!("What to write.");
        }
    }
    let has_body = operation.get("requestBody").is_some();
    finish_responses(path, method, &mut operation["responses"], line, Needs { versioned, writes, has_body });
}

struct Needs {
    versioned: bool,
    writes: bool,
    has_body: bool,
}

fn finish_responses(path: &str, method: &str, responses: &mut Value, line: &Line, needs: Needs) {
    let Some(responses) = responses.as_object_mut() else { return };
    let created = responses.get("201").cloned();
    for (status, response) in responses.iter_mut() {
        let headers = response.as_object_mut().map(|r| r.entry("headers").or_insert_with(|| json!({})));
        if let Some(headers) = headers {
            headers["X-Request-Id"] = header("Identifier of the request, for the log.");
            if status == "201" {
                headers["Location"] = header("Address of what was made.");
            }
            if (status == "201" || status == "200") && (path.ends_with("{id}") || needs.versioned) {
                headers["ETag"] = header("Version of the resource, for If-Match.");
            }
        }
    }
    if needs.writes
        && let Some(mut created) = created
    {
        created["description"] = json!("Dry run: what would be made, with `effects`.");
        created["headers"] = json!({"X-Request-Id": header("Identifier of the request, for the log.")});
        responses.entry("200").or_insert(created);
    }
    if needs.writes && responses.contains_key("204") && !responses.contains_key("200") {
        responses.insert("200".into(), json!({"description": "Dry run: what else would happen.",
            "headers": {"X-Request-Id": header("Identifier of the request, for the log.")},
            "content": {"application/json": {"schema": {"type": "object", "description": "The effects of the call."}, "example": {"effects": []}}}}));
    }
    if method == "get" && path.ends_with("{id}") {
        responses.insert("304".into(), json!({"description": "Not modified: your version is current."}));
    }
    let mut problems = vec![
        (400, "The request cannot be read, or a parameter is wrong."),
        // An invalid token is refused even where none is needed.
        (401, "The token is missing, invalid or expired."),
        (404, "Not there, or out of your reach."),
        (406, "None of the formats asked for is available."),
        (500, "An error of ours, logged."),
        (503, "Try again after Retry-After."),
    ];
    if !line.anonymous || line.scope.is_some() {
        problems.push((403, "The role or a scope is missing."));
    }
    if needs.writes || needs.has_body {
        problems.extend([
            (409, "The state of things does not allow it."),
            (422, "A value is wrong."),
            (429, "Too many requests."),
        ]);
        problems.push((412, "The version named by If-Match is not current."));
    }
    if needs.has_body {
        problems.extend([
            (408, "The body came too slowly."),
            (413, "The body is too large."),
            (415, "The media type is not accepted."),
        ]);
    }
    if needs.versioned {
        problems.push((428, "If-Match is missing."));
    }
    if line.operation == "confirm_structure" || line.operation == "exchange_login_link" {
        problems.push((410, "The link is unknown, used or expired."));
    }
    for (status, description) in problems {
        responses.entry(status.to_string()).or_insert_with(|| {
            let mut response = json!({"description": description,
                "headers": {"X-Request-Id": header("Identifier of the request, for the log.")},
                "content": {problem::MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}});
            if status == 401 {
                response["headers"]["WWW-Authenticate"] = header("How to sign in.");
            }
            if status == 429 || status == 503 {
                response["headers"]["Retry-After"] = json!({"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0, "maximum": 86400}});
            }
            response
        });
    }
    responses.sort_keys();
}

fn header(description: &str) -> Value {
    json!({"description": description, "schema": {"type": "string"}})
}

fn access_text(line: &Line) -> String {
    let roles = if line.anonymous && line.roles.len() != 1 {
        "Open to all, without a token.".to_owned()
    } else if line.anonymous {
        format!("Open to all; roles: {}.", line.role_names())
    } else {
        format!("Roles: {}.", line.role_names())
    };
    match line.scope {
        Some(scope) => format!("{roles} Scope: `{scope}`."),
        None => roles,
    }
}

fn security(line: &Line) -> Value {
    let scopes: Vec<&str> = line.scope.into_iter().collect();
    let mut ways = vec![json!({"oauth2": scopes}), json!({"bearer": []})];
    if line.anonymous {
        ways.insert(0, json!({}));
    }
    if line.anonymous && line.roles.is_empty() {
        return json!([{}]);
    }
    Value::Array(ways)
}

fn security_schemes() -> Value {
    let scopes: Map<String, Value> = policy::scopes()
        .into_iter()
        .map(|scope| {
            let (resource, action) = scope.split_once(':').unwrap_or((scope, "read"));
            (
                scope.to_owned(),
                json!(format!("{} {}", if action == "read" { "Read" } else { "Write" }, resource.replace('-', " "))),
            )
        })
        .collect();
    json!({
        "oauth2": {"type": "oauth2", "description": "Client credentials of an API client.",
            "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": scopes}}},
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "An access token of a trusted issuer, or of `conum token` for a demonstration."},
    })
}

fn path_parameter(name: &str) -> Value {
    let (description, schema, example) = match name {
        "code" => ("Official code.", json!({"type": "string", "pattern": "^[0-9AB]{2,5}$"}), json!("82")),
        "departement_code" => {
            ("Code of the département.", json!({"type": "string", "pattern": "^[0-9AB]{2,3}$"}), json!("82"))
        }
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

fn problem_schema() -> Value {
    json!({"type": "object", "description": "Why a request was not carried out (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "request_id", "errors"],
    "properties": {
        "type": {"type": "string", "description": "Address of the page about this code.", "example": "/problems/validation_failed"},
        "title": {"type": "string", "description": "What happened, in general.", "example": "Données incorrectes"},
        "status": {"type": "integer", "description": "HTTP status.", "minimum": 400, "maximum": 599, "example": 422},
        "detail": {"type": "string", "description": "What happened this time.", "example": "Une ou plusieurs valeurs sont incorrectes."},
        "code": {"type": "string", "description": "Stable code.", "example": "validation_failed"},
        "request_id": {"type": "string", "description": "Identifier of the request, to report it.", "example": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f"},
        "errors": {"type": "array", "description": "Every fault found, all at once.", "items": {"$ref": "#/components/schemas/ProblemFault"}},
    }})
}

fn fault_schema() -> Value {
    json!({"type": "object", "description": "One fault of a request.", "required": ["code", "detail"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON Pointer into the body.", "example": "/siret"},
        "parameter": {"type": "string", "description": "Name of a parameter.", "example": "departement_code"},
        "header": {"type": "string", "description": "Name of a header.", "example": "If-Match"},
        "code": {"type": "string", "description": "Stable code.", "example": "invalid_siret"},
        "detail": {"type": "string", "description": "What is wrong, and what is expected.", "example": "SIRET incorrect : 14 chiffres avec une clé de contrôle."},
    }})
}

/// Requests refuse what they do not know; answers always have all their members.
fn finish_schemas(document: &mut Value) {
    let mut requested = std::collections::BTreeSet::new();
    for operation in document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, item)| item.as_object().into_iter().flatten().map(|(_, o)| o))
    {
        collect_refs(document, &operation["requestBody"], &mut requested);
    }
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    for (name, schema) in schemas.iter_mut() {
        bound_integers(schema);
        if name.starts_with("Problem") {
            continue;
        }
        let Some(properties) = schema["properties"].as_object() else { continue };
        if requested.contains(name) {
            schema["additionalProperties"] = json!(false);
        } else {
            schema["required"] = properties.keys().cloned().collect();
        }
    }
    schemas.sort_keys();
}

fn collect_refs(document: &Value, value: &Value, found: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(name) =
                members.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/components/schemas/"))
                && found.insert(name.to_owned())
            {
                collect_refs(document, &document["components"]["schemas"][name], found);
            }
            members.values().for_each(|member| collect_refs(document, member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_refs(document, item, found)),
        _ => {}
    }
}

fn bound_integers(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let integer = match members.get("type") {
                Some(Value::String(kind)) => kind == "integer",
                Some(Value::Array(kinds)) => kinds.iter().any(|k| k == "integer"),
                _ => false,
            };
            if integer {
                let wide = members.get("format").is_some_and(|f| f == "int64");
                let (low, high) = if wide {
                    (-9_007_199_254_740_991_i64, 9_007_199_254_740_991)
                } else {
                    (i64::from(i32::MIN), i64::from(i32::MAX))
                };
                members.entry("minimum").or_insert(json!(low));
                members.entry("maximum").or_insert(json!(high));
            }
            members.values_mut().for_each(bound_integers);
        }
        Value::Array(items) => items.iter_mut().for_each(bound_integers),
        _ => {}
    }
}

/// Every body has an example, made of the examples of its members.
fn add_examples(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let contents = document["paths"].as_object_mut().into_iter().flatten().flat_map(|(_, item)| {
        item.as_object_mut().into_iter().flatten().flat_map(|(_, operation)| {
            let operation = operation.as_object_mut();
            operation
                .into_iter()
                .flatten()
                .filter(|(name, _)| matches!(name.as_str(), "requestBody" | "responses"))
                .flat_map(|(name, part)| {
                    if name == "requestBody" {
                        vec![part]
                    } else {
                        part.as_object_mut().into_iter().flatten().map(|(_, r)| r).collect()
                    }
                })
        })
    });
    for part in contents {
        for (_, media) in part["content"].as_object_mut().into_iter().flatten() {
            if media.get("example").is_none() && media.get("examples").is_none() {
                media["example"] = example(&schemas, &media["schema"], 0);
            }
        }
    }
}

/// An example of a schema: its own, or one built of its parts.
pub fn example(schemas: &Value, schema: &Value, depth: usize) -> Value {
    if let Some(own) = schema.get("example") {
        return own.clone();
    }
    if let Some(own) = schema["examples"].as_array().and_then(|e| e.first()) {
        return own.clone();
    }
    if depth > 8 {
        return Value::Null;
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/schemas/")) {
        return example(schemas, &schemas[name], depth + 1);
    }
    if let Some(option) = ["oneOf", "anyOf", "allOf"].iter().find_map(|k| schema[*k].as_array()) {
        let some = option.iter().find(|o| o["type"] != "null");
        return some.map_or(Value::Null, |o| example(schemas, o, depth + 1));
    }
    if let Some(first) = schema["enum"].as_array().and_then(|e| e.first()) {
        return first.clone();
    }
    let kind = schema["type"].as_str().map(ToOwned::to_owned).or_else(|| {
        schema["type"]
            .as_array()
            .and_then(|t| t.iter().find(|t| *t != "null"))
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
    });
    match kind.as_deref() {
        Some("object") => {
            // An optional member of a form that nothing here could guess is better left out.
            let needed = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|r| r == name));
            let guessable = |s: &Value| s.get("pattern").is_none() || s.get("example").or(s.get("examples")).is_some();
            let members = schema["properties"].as_object().into_iter().flatten();
            let members = members.filter(|(name, s)| needed(name) || guessable(s));
            Value::Object(members.map(|(name, s)| (name.clone(), example(schemas, s, depth + 1))).collect())
        }
        Some("array") => Value::Array(vec![example(schemas, &schema["items"], depth + 1)]),
        Some("integer") => schema["minimum"].as_i64().filter(|m| *m >= 0).unwrap_or(1).into(),
        Some("number") => json!(1.5),
        Some("boolean") => json!(false),
        Some("string") => match schema["format"].as_str() {
            Some("uuid") => json!("0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f"),
            Some("date") => json!("2021-06-16"),
            Some("date-time") => json!("2021-06-16T08:00:00Z"),
            Some("email") => json!("contact@example.org"),
            _ => json!("texte"),
        },
        _ => Value::Null,
    }
}

/// The document in OpenAPI 3.0, for generators that do not read 3.1 yet.
pub fn downgrade(document: &Value) -> Value {
    let mut old = document.clone();
    downgrade_value(&mut old);
    old["openapi"] = json!("3.0.3");
    if let Some(license) = old["info"]["license"].as_object_mut() {
        license.remove("identifier");
        license.insert("url".into(), json!("https://www.apache.org/licenses/LICENSE-2.0"));
    }
    old
}

fn downgrade_value(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::Array(kinds)) = members.get("type").cloned() {
                let named: Vec<Value> = kinds.iter().filter(|k| *k != "null").cloned().collect();
                if named.len() < kinds.len() {
                    members.insert("nullable".into(), json!(true));
                }
                if let Some(kind) = named.first() {
                    members.insert("type".into(), kind.clone());
                }
            }
            if let Some(Value::Array(options)) = members.get("oneOf").cloned()
                && options.iter().any(|o| o["type"] == "null")
            {
                let named: Vec<Value> = options.into_iter().filter(|o| o["type"] != "null").collect();
                members.remove("oneOf");
                members.insert("allOf".into(), Value::Array(named));
                members.insert("nullable".into(), json!(true));
            }
            if members.contains_key("type")
                && let Some(Value::Array(examples)) = members.remove("examples")
                && let Some(first) = examples.first()
            {
                members.insert("example".into(), first.clone());
            }
            members.values_mut().for_each(downgrade_value);
        }
        Value::Array(items) => items.iter_mut().for_each(downgrade_value),
        _ => {}
    }
}

/// Roles × operations, as a table for review.
pub fn authorization_table(document: &Value) -> String {
    use crate::platform::auth::Role;
    use crate::platform::db::text_enum::TextEnum;
    let mut text = String::from(
        "# Who may call what\n\nWritten by `make openapi` from the policy. `-` is a caller without a token; what of the rows a role sees is its perimeter.\n\n| operation | | scope | - |",
    );
    for role in Role::ALL {
        text.push_str(&format!(" {role} |"));
    }
    text.push_str(&format!("\n| --- | --- | --- | --- |{}\n", " --- |".repeat(Role::ALL.len())));
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let Some(line) = operation["operationId"].as_str().and_then(policy::find) else { continue };
            let mark = |yes: bool| if yes { "✓" } else { "" };
            text.push_str(&format!(
                "| `{}` | {} `{path}` | {} | {} |",
                line.operation,
                method.to_uppercase(),
                line.scope.unwrap_or(""),
                mark(line.anonymous)
            ));
            for role in Role::ALL {
                text.push_str(&format!(" {} |", mark(line.anonymous || line.admits(*role))));
            }
            text.push('\n');
        }
    }
    text
}
