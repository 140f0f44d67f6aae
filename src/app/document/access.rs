//! Who may call what, as the policy says it.

use serde_json::{Map, Value, json};

use crate::platform::auth::Role;
use crate::platform::auth::policy::{self, Line};
use crate::platform::db::text_enum::TextEnum;

pub fn text(line: &Line) -> String {
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

pub fn security(line: &Line) -> Value {
    let scopes: Vec<&str> = line.scope.into_iter().collect();
    // Importers take the first.
    let mut ways = vec![json!({"bearer": []}), json!({"oauth2": scopes})];
    if line.anonymous {
        ways.insert(0, json!({}));
    }
    if line.anonymous && line.roles.is_empty() {
        return json!([{}]);
    }
    Value::Array(ways)
}

pub fn security_schemes() -> Value {
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
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "An access token of a trusted issuer, or of `conum token` for a demonstration."},
        "oauth2": {"type": "oauth2", "description": "Client credentials of an API client.",
            "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": scopes}}},
    })
}

/// Roles × operations, as a table for review.
pub fn authorization_table(document: &Value) -> String {
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
