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
    /// Whether a reading answers an entity tag.
    pub tagged: bool,
    /// Whether it is a page of a list.
    pub page: bool,
}

/// Operations that use up a mailed link.
const MAILED_LINKS: [&str; 5] = [
    "confirm_structure",
    "exchange_login_link",
    "confirm_candidate",
    "unsubscribe_candidate",
    "answer_availability_reminder",
];

pub fn finish(method: &str, responses: &mut Value, line: &Line, needs: Needs) {
    let Some(responses) = responses.as_object_mut() else { return };
    let created = responses.get("201").or_else(|| responses.get("202")).cloned();
    for (status, response) in responses.iter_mut() {
        let response_is_file = is_file(&response["content"]);
        let headers = response.as_object_mut().map(|r| r.entry("headers").or_insert_with(|| json!({})));
        if let Some(headers) = headers {
            headers["X-Request-Id"] = header("Identifier of the request, for the log.");
            if status == "201" {
                headers["Location"] = header("Address of what was made.");
            }
            if status.starts_with('2') && status != "204" {
                describe(headers, method, response_is_file, &needs);
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
    if needs.tagged {
        responses.insert(
            "304".into(),
            json!({"description": "Not modified: what you hold is what would be answered.",
            "headers": {"X-Request-Id": header("Identifier of the request, for the log."), "ETag": header(TAG)}}),
        );
    }
    if line.operation == "list_events" {
        responses.insert("410".into(), json!({"$ref": "#/components/responses/FeedRestarted"}));
    }
    for status in problems(method, line, &needs) {
        responses
            .entry(status.to_string())
            .or_insert_with(|| json!({"$ref": format!("#/components/responses/{}", name(status))}));
    }
    responses.sort_keys();
}

/// Statuses of the problems that an operation may answer.
fn problems(method: &str, line: &Line, needs: &Needs) -> Vec<u16> {
    // An invalid token is refused even where none is needed.
    let mut problems = vec![400, 401, 404, 406, 414, 431, 500, 503];
    if !line.anonymous || line.scope.is_some() {
        problems.push(403);
    }
    if needs.writes || needs.has_body {
        problems.extend([409, 412, 422]);
    }
    // Forms are limited, and so is reading of people.
    if needs.writes || needs.has_body || !line.anonymous {
        problems.push(429);
    }
    if needs.has_body {
        problems.extend([408, 413, 415]);
    }
    if needs.versioned {
        problems.push(428);
    }
    // A link that was used, or a stored answer that was forgotten with somebody it showed.
    if MAILED_LINKS.contains(&line.operation) || (needs.writes && method == "post") {
        problems.push(410);
    }
    problems
}

/// What an entity tag is good for.
const TAG: &str = "Stands for this answer, for If-None-Match; of a resource it names the version, for If-Match.";

/// Headers of a success.
fn describe(headers: &mut Value, method: &str, file: bool, needs: &Needs) {
    if needs.tagged || (needs.writes && !file) {
        headers["ETag"] = header(TAG);
    }
    if needs.page {
        headers["Link"] = header("The same addresses as `links` (RFC 8288).");
    }
    if file {
        headers["Content-Disposition"] = header("Of a file: the name to save it under.");
    }
    if needs.writes && method == "post" {
        headers["Idempotency-Replayed"] = header("`true` where a repeated call gets the answer of the first one.");
    }
}

/// Whether it may be a file to save.
fn is_file(content: &Value) -> bool {
    let media = content.as_object().into_iter().flatten().map(|(media, _)| media);
    media.into_iter().any(|media| !media.ends_with("json") && media != "text/html")
}

/// Every status of a problem, with the name of its shared response and what it says.
const PROBLEMS: &[(u16, &str, &str)] = &[
    (400, "BadRequest", "The request cannot be read, or a parameter is wrong."),
    (401, "Unauthorized", "The token is missing, invalid or expired."),
    (403, "Forbidden", "The role or a scope is missing."),
    (404, "NotFound", "Not there, or out of your reach."),
    (406, "NotAcceptable", "None of the formats asked for is available."),
    (408, "RequestTimeout", "The body came too slowly."),
    (409, "Conflict", "The state of things does not allow it."),
    (
        410,
        "Gone",
        "The link is unknown, used or expired; or the answer to a repeated call was erased with somebody it showed.",
    ),
    (412, "PreconditionFailed", "The version named by If-Match is not current."),
    (413, "PayloadTooLarge", "The body is too large."),
    (414, "UriTooLong", "The address is too long."),
    (415, "UnsupportedMediaType", "The media type is not accepted."),
    (422, "UnprocessableContent", "A value is wrong."),
    (428, "PreconditionRequired", "If-Match is missing."),
    (429, "TooManyRequests", "Too many requests."),
    (431, "HeadersTooLarge", "The headers are too large."),
    (500, "InternalError", "An error of ours, logged."),
    (503, "ServiceUnavailable", "Try again after Retry-After."),
];

fn name(status: u16) -> &'static str {
    PROBLEMS.iter().find(|(known, ..)| *known == status).map_or("InternalError", |(_, name, _)| name)
}

/// The problems that operations answer, said once.
pub fn shared() -> Value {
    let said = |description: &str, code: Code| {
        json!({"description": description,
            "headers": {"X-Request-Id": header("Identifier of the request, for the log."),
                "Content-Language": header("Language of the texts: `fr` or `en`.")},
            "content": {problem::MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example(code)}}})
    };
    let response = |(status, name, description): &(u16, &str, &str)| {
        let mut response = said(description, most_common(*status));
        if *status == 401 {
            response["headers"]["WWW-Authenticate"] = header("How to sign in.");
        }
        if matches!(status, 429 | 503) {
            response["headers"]["Retry-After"] = json!({"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0, "maximum": 86400}});
        }
        ((*name).to_owned(), response)
    };
    let mut all: serde_json::Map<String, Value> = PROBLEMS.iter().map(response).collect();
    all.insert("FeedRestarted".to_owned(), said(FEED_RESTARTED, Code::FeedRestarted));
    Value::Object(all)
}

/// What 410 means where the feed is followed.
const FEED_RESTARTED: &str = "The cursor is of before the feed began anew (`feed_restarted`): list anew what you follow, replace \
    your copy by it, and follow from the `events_cursor` of these lists.";

/// The problem that most often comes with a status.
fn most_common(status: u16) -> Code {
    match status {
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
    }
}

/// An example of a problem.
fn example(code: Code) -> Value {
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
