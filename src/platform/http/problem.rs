//! Errors leave by this one door, as RFC 9457 problem documents.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

use crate::platform::error::{Code, Fault, Place, Problem};
use crate::platform::problems::{self, Language};

pub const MEDIA_TYPE: &str = "application/problem+json";

/// Language of the texts, from `Accept-Language`: French unless English is preferred.
pub fn language(headers: &HeaderMap) -> Language {
    let Some(accepted) = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()) else {
        return Language::French;
    };
    let quality = |wanted: &str| {
        accepted
            .split(',')
            .filter_map(|range| {
                let (tag, q) = range.split_once(";q=").unwrap_or((range, "1"));
                let tag = tag.trim();
                let fits = tag == "*" || tag.split('-').next().is_some_and(|t| t.eq_ignore_ascii_case(wanted));
                fits.then(|| (tag != "*", q.trim().parse::<f32>().unwrap_or(0.0)))
            })
            .max_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal))
            .map_or(0.0, |(_, q)| q)
    };
    if quality("en") > quality("fr") { Language::English } else { Language::French }
}

/// The document of a problem.
pub fn document(problem: &Problem, language: Language, request_id: &str) -> Value {
    let code = problem.code();
    let text = code.text(language);
    let said: Vec<(&str, String)> =
        problem.params().iter().map(|(name, value)| (*name, said(name, value, language))).collect();
    let mut members = Map::new();
    members.insert("type".into(), json!(format!("/problems/{}", code.as_str())));
    members.insert("title".into(), json!(text.title));
    members.insert("status".into(), json!(code.status()));
    members.insert(
        "detail".into(),
        json!(problems::fill(text.detail, said.iter().map(|(name, value)| (*name, value.as_str())))),
    );
    members.insert("code".into(), json!(code.as_str()));
    members.insert("request_id".into(), json!(request_id));
    let mut told = HashMap::new();
    let lines = problem.fault_list().iter().map(|fault| line(&referring(fault, &mut told, language), language));
    members.insert("errors".into(), lines.collect());
    if problem.omitted_count() > 0 {
        members.insert("errors_omitted_count".into(), json!(problem.omitted_count()));
    }
    for (name, value) in problem.extensions() {
        members.insert((*name).to_owned(), value.clone());
    }
    Value::Object(members)
}

/// A list of words longer than this is told once, and referred to from then on.
const LONG: usize = 100;

/// The fault, with the long lists of words that an earlier one told replaced by where they stand.
fn referring<'p>(fault: &'p Fault, told: &mut HashMap<&'p str, &'p str>, language: Language) -> Fault {
    let place = match &fault.place {
        Place::Pointer(place) | Place::Parameter(place) => place.as_str(),
        Place::Header(name) => name,
    };
    let mut short = Fault::new(fault.place.clone(), fault.code);
    for (name, value) in &fault.params {
        let value = match told.get(value.as_str()) {
            Some(earlier) => match language {
                Language::French => format!("voir {earlier}"),
                Language::English => format!("see {earlier}"),
            },
            None => {
                if value.len() > LONG {
                    told.insert(value, place);
                }
                value.clone()
            }
        };
        short.params.push((name, value));
    }
    short
}

fn said(name: &str, value: &str, language: Language) -> String {
    if problems::SAID.contains(&name) { problems::say(value, language) } else { value.to_owned() }
}

/// What a fault says, in a language.
pub fn say_fault(fault: &Fault, language: Language) -> String {
    let said: Vec<(&str, String)> =
        fault.params.iter().map(|(name, value)| (*name, said(name, value, language))).collect();
    problems::fill(fault.code.text(language), said.iter().map(|(name, value)| (*name, value.as_str())))
}

fn line(fault: &Fault, language: Language) -> Value {
    let (kind, place) = match &fault.place {
        Place::Pointer(pointer) => ("pointer", pointer.as_str()),
        Place::Parameter(name) => ("parameter", name.as_str()),
        Place::Header(name) => ("header", *name),
    };
    json!({kind: place, "code": fault.code.as_str(), "detail": say_fault(fault, language)})
}

/// The response of a problem.
pub fn response(problem: &Problem, language: Language, request_id: &str) -> HttpResponse {
    let code = problem.code();
    let mut response = HttpResponse::build(status(code));
    for (name, value) in problem.headers() {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(*name), HeaderValue::from_str(value)) {
            response.insert_header((name, value));
        }
    }
    let challenged = problem.headers().iter().any(|(name, _)| name.eq_ignore_ascii_case("WWW-Authenticate"));
    match code {
        Code::InvalidClient if challenged => {}
        Code::Unauthenticated | Code::InvalidClient => {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"conum\""));
        }
        Code::InvalidToken => {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"conum\", error=\"invalid_token\""));
        }
        Code::InsufficientScope => {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"conum\", error=\"insufficient_scope\""));
        }
        _ => {}
    }
    let tag = match language {
        Language::French => "fr",
        Language::English => "en",
    };
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_LANGUAGE, tag))
        .content_type(MEDIA_TYPE)
        .body(document(problem, language, request_id).to_string())
}

fn status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The front door renders the document, where language and request id are known.
impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        status(self.code())
    }

    fn error_response(&self) -> HttpResponse {
        response(self, Language::French, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_unless_english_is_preferred() {
        for (header, language) in [
            ("fr", Language::French),
            ("en", Language::English),
            ("en-GB,en;q=0.9,fr;q=0.8", Language::English),
            ("fr-FR,fr;q=0.9,en;q=0.8", Language::French),
            ("de, en;q=0.5", Language::English),
            ("*", Language::French),
            ("", Language::French),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(header));
            assert_eq!(super::language(&headers), language, "{header}");
        }
    }
}
