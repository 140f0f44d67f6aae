//! What every operation may answer beside its own answers: dry runs, 304, problems.

use serde_json::{Value, json};

use crate::platform::auth::policy::Line;
use crate::platform::error::{Code, Fault, FaultCode, Problem};
use crate::platform::http::problem;
use crate::platform::problems::Language;

/// What decides which problems an operation may answer.
pub struct Needs {
    pub versioned: bool,
    pub writes: bool,
    pub has_body: bool,
}

pub fn finish(path: &str, method: &str, responses: &mut Value, line: &Line, needs: Needs) {
    let Some(responses) = responses.as_object_mut() else { return };
    let created = responses.get("201").or_else(|| responses.get("202")).cloned();
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
        (414, "The address is too long."),
        (431, "The headers are too large."),
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
                "content": {problem::MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example(status)}}});
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

/// The problem that most often comes with a status.
fn example(status: u16) -> Value {
    let code = match status {
        400 => Code::InvalidParameter,
        401 => Code::Unauthenticated,
        403 => Code::RoleNotAllowed,
        404 => Code::NotFound,
        406 => Code::NotAcceptable,
        408 => Code::RequestTimeout,
        409 => Code::TransitionNotAllowed,
        410 => Code::InvalidLink,
        412 => Code::PreconditionFailed,
        413 => Code::PayloadTooLarge,
        414 => Code::UriTooLong,
        415 => Code::UnsupportedMediaType,
        422 => Code::ValidationFailed,
        428 => Code::PreconditionRequired,
        429 => Code::RateLimited,
        431 => Code::HeadersTooLarge,
        503 => Code::ServiceUnavailable,
        _ => Code::InternalError,
    };
    let faults = match code {
        Code::InvalidParameter => vec![Fault::parameter("limit", FaultCode::TooLarge).with("limit", 500)],
        Code::ValidationFailed => vec![Fault::field("siret", FaultCode::InvalidSiret)],
        _ => Vec::new(),
    };
    let problem = [
        ("role", "employer"),
        ("allowed", "anct"),
        ("available", "application/json"),
        ("expected", "application/json"),
        ("limit", "65536"),
        ("status", "refused"),
        ("transition", "submit"),
    ]
    .into_iter()
    .fold(Problem::new(code).faults(faults), |problem, (name, value)| problem.with(name, value));
    problem::document(&problem, Language::French, "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f")
}

fn header(description: &str) -> Value {
    json!({"description": description, "schema": {"type": "string"}})
}
