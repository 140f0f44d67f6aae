//! What problems mean: each code on a page of its own, and all of them in one list.

use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::platform::auth::{Caller, can};
use crate::platform::error::{Code, Problem};
use crate::platform::http::front::Spoken;
use crate::platform::http::{Answer, PathParams, Reply};
use crate::platform::mail::escape;
use crate::platform::problems::{Language, in_general};

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_problems).service(find_problem);
}

/// Every code that this version may answer.
pub struct ProblemCode;

impl utoipa::PartialSchema for ProblemCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("Every code of a problem that this version of the service may answer."))
            .enum_values(Some(Code::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}

impl ToSchema for ProblemCode {}

/// What a problem code means.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemPage {
    /// Stable code.
    #[schema(value_type = ProblemCode, example = "call_closed")]
    pub code: &'static str,
    /// HTTP status it comes with.
    #[schema(minimum = 400, maximum = 599, example = 409)]
    pub status: u16,
    /// What happened.
    #[schema(example = "Appel fermé")]
    pub title: &'static str,
    /// What is said of it; `…` stands for a value.
    #[schema(example = "Aucune fenêtre n'est ouverte aujourd'hui au public « … ».")]
    pub detail: String,
    /// What to do about it.
    #[schema(example = "Attendez l'ouverture d'une fenêtre : GET /api/v1/call-windows.")]
    pub remedy: &'static str,
}

/// A problem in the list of all.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemLine {
    /// Stable code.
    #[schema(value_type = ProblemCode, example = "call_closed")]
    pub code: &'static str,
    /// HTTP status it comes with.
    #[schema(minimum = 400, maximum = 599, example = 409)]
    pub status: u16,
    /// What happened, in French.
    #[schema(example = "Appel fermé")]
    pub title_fr: &'static str,
    /// What happened, in English.
    #[schema(example = "Call closed")]
    pub title_en: &'static str,
    /// Address of the page about it, which `type` of a problem names.
    #[schema(example = "/problems/call_closed")]
    pub link: String,
}

/// Every problem that this version may answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemList {
    /// By status, then by code.
    pub data: Vec<ProblemLine>,
}

/// List all problem codes.
///
/// Each code with its status, its title in both languages and the address of its page; a page for people, or JSON.
#[utoipa::path(tag = "service",
    responses((status = 200, description = "All codes.", content(
        (ProblemList = "application/json"), (String = "text/html", example = "<!doctype html>")))))]
#[get("/problems")]
pub async fn list_problems(_caller: Caller<can::list_problems>, request: HttpRequest) -> Answer {
    let mut codes = Code::ALL.to_vec();
    codes.sort_by_key(|code| (code.status(), code.as_str()));
    let line = |code: Code| ProblemLine {
        code: code.as_str(),
        status: code.status(),
        title_fr: code.text(Language::French).title,
        title_en: code.text(Language::English).title,
        link: format!("/problems/{}", code.as_str()),
    };
    if !wants_page(&request) {
        return Ok(Reply::ok(&ProblemList { data: codes.into_iter().map(line).collect() })?.public());
    }
    let language = language(&request);
    let (title, head) = match language {
        Language::French => ("Problèmes que l'API peut répondre", ["Statut", "Code", "Ce qui s'est passé"]),
        Language::English => ("Problems that the API may answer", ["Status", "Code", "What happened"]),
    };
    let head = head.map(|name| format!("<th scope=\"col\">{}</th>", escape(name))).concat();
    let row = |code: &Code| {
        let (name, title) = (code.as_str(), escape(code.text(language).title));
        format!(
            "<tr><td>{}</td><td><a href=\"/problems/{name}\"><code>{name}</code></a></td><td>{title}</td></tr>",
            code.status()
        )
    };
    let rows: String = codes.iter().map(row).collect();
    let body =
        format!("<div class=\"scroll\"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>");
    Ok(Reply::html(document(language, title, &body)).public())
}

/// Explain a problem code.
///
/// The address that `type` of every problem document names; a page for people, or JSON.
#[utoipa::path(tag = "service",
    params(("code" = String, Path, description = "Code of the problem.", pattern = "^[a-z0-9_]{1,60}$", example = "call_closed")),
    responses((status = 200, description = "What it means and what to do.", content(
        (ProblemPage = "application/json"), (String = "text/html", example = "<!doctype html>")))))]
#[get("/problems/{code}")]
pub async fn find_problem(
    _caller: Caller<can::find_problem>,
    code: PathParams<String>,
    request: HttpRequest,
) -> Answer {
    let code = Code::parse(&code.0).ok_or_else(Problem::not_found)?;
    let language = language(&request);
    let text = code.text(language);
    if !wants_page(&request) {
        let page = ProblemPage {
            code: code.as_str(),
            status: code.status(),
            title: text.title,
            detail: in_general(text.detail),
            remedy: text.remedy,
        };
        return Ok(Reply::ok(&page)?.public());
    }
    let remedy = match language {
        Language::French => "Que faire",
        Language::English => "What to do",
    };
    let body = format!(
        "<p><code>{}</code> · HTTP {}</p><p>{}</p><h2>{remedy}</h2><p>{}</p>",
        code.as_str(),
        code.status(),
        escape(&in_general(text.detail)),
        escape(text.remedy),
    );
    Ok(Reply::html(document(language, text.title, &body)).public())
}

fn language(request: &HttpRequest) -> Language {
    request.extensions().get::<Spoken>().map(|spoken| spoken.language).unwrap_or_default()
}

/// Whether a person reads it in a browser.
fn wants_page(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

const STYLE: &str = "body{font:18px/1.5 system-ui,sans-serif;max-width:44em;margin:0 auto;padding:1em;color:#161616}\
    a{color:#000091}code{background:#eee;overflow-wrap:anywhere}.scroll{overflow-x:auto}\
    td,th{text-align:left;padding:.25em .75em .25em 0;vertical-align:top}";

/// A page about problems, with a way home and to all of them.
fn document(language: Language, title: &str, body: &str) -> String {
    let (lang, home, all) = match language {
        Language::French => ("fr", "Documentation de l'API", "Tous les problèmes"),
        Language::English => ("en", "Documentation of the API", "All problems"),
    };
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title} – conum</title>\
         <style>{STYLE}</style></head><body><header><nav><a href=\"/\">{home}</a> · <a href=\"/problems\">{all}</a></nav></header>\
         <main><h1>{title}</h1>{body}</main></body></html>"
    )
}
