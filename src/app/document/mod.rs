//! The OpenAPI document: what utoipa collects, finished so that real tools and clients accept it.

mod access;
mod downgrade;
mod enumerations;
mod examples;
mod operation;
mod responses;
mod schemas;
pub mod tailor;
mod views;
pub mod webhooks;

use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa_actix_web::AppExt;

pub use access::authorization_table;
pub use downgrade::downgrade;

use crate::app::states;
use crate::platform::auth::policy;

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
    ("candidates", "People who want to be counsellors: registration, availability, erasure."),
    ("matching", "Candidates and structures put in contact: runs, explanations, answers of both sides."),
    ("recruitments", "Candidates hired on posts: contracts, extensions, renewals, terminations, minimum wages."),
    ("counsellors", "The people of validated recruitments."),
    ("webhooks", "Events sent to your own addresses, signed by Standard Webhooks."),
    ("places", "Places where counsellors receive people, in the national standard; maps and open data."),
    ("activity", "What counsellors report of their activity; imports."),
    ("statistics", "Figures of the activity, of the programme and of its coverage."),
    ("trainings", "Training bodies, paths, sessions, enrolments, attendance, certifications, calendars."),
    ("events", "Every change, in an order in which nothing is missed."),
    ("subsidies", "Scales, agreements, instalments, payment batches, credit notes, envelopes, the ledger."),
    ("accounts", "People and programs: who may sign in as what."),
    ("audit", "The journal of changes: who, what, when; never values."),
    ("service", "Health, vocabularies, tokens, problems."),
];

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
    let known = document["components"]["schemas"].clone();
    let paths = document["paths"].as_object_mut().ok_or("no paths")?;
    for (path, item) in paths.iter_mut() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
            let line = policy::find(&id).ok_or_else(|| format!("{id} ({method} {path}) has no policy line"))?;
            operation::finish(path, method, operation, line, &known);
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
    document["components"]["securitySchemes"] = access::security_schemes();
    document["components"]["responses"] = responses::shared();
    document["components"]["schemas"]["Problem"] = schemas::problem(&states::operations());
    document["components"]["schemas"]["ProblemFault"] = schemas::fault();
    schemas::finish(document);
    views::add(document);
    enumerations::share(document);
    examples::add(document);
    Ok(())
}
