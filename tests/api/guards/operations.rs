//! The operations of the document, ready to be called.

use conum::platform::auth::policy::{self, Line};
use conum::platform::auth::{Actor, Role, Territory};
use conum::platform::db::text_enum::TextEnum;
use conum::platform::ids::{CandidateId, CounsellorId, StructureId, TrainingBodyId};
use serde_json::Value;
use uuid::Uuid;

use crate::support::{App, Call};

pub struct Operation {
    pub id: String,
    /// In capitals.
    pub method: String,
    /// With `{names}`.
    pub template: String,
    pub line: &'static Line,
    pub raw: Value,
}

/// All operations, in the order of the document.
pub fn all(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, raw) in item.as_object().expect("a path") {
            let id = raw["operationId"].as_str().expect("an operationId").to_owned();
            let line = policy::find(&id).unwrap_or_else(|| panic!("{id} has no policy line"));
            let (method, template) = (method.to_uppercase(), path.clone());
            operations.push(Operation { id, method, template, line, raw: raw.clone() });
        }
    }
    operations
}

impl Operation {
    pub fn parameters(&self) -> impl Iterator<Item = &Value> {
        self.raw["parameters"].as_array().into_iter().flatten()
    }

    fn needs(&self, header: &str) -> bool {
        self.parameters().any(|p| p["name"] == header && p["required"] == true)
    }

    /// Its path with the document's examples in it.
    pub fn path(&self) -> String {
        self.path_with(&[])
    }

    /// Its path with these values, and the document's examples for the others.
    pub fn path_with(&self, values: &[(&str, &str)]) -> String {
        let mut path = self.template.clone();
        for parameter in self.parameters().filter(|p| p["in"] == "path") {
            let name = parameter["name"].as_str().expect("a name");
            let example = parameter["example"].as_str().unwrap_or_else(|| panic!("{}: no example of {name}", self.id));
            let value = values.iter().find(|(known, _)| *known == name).map_or(example, |(_, value)| value);
            path = path.replace(&format!("{{{name}}}"), &conum::platform::http::params::percent_encode(value));
        }
        path
    }

    /// Media type and example of its body.
    pub fn body(&self) -> Option<(String, String)> {
        let (media, content) = self.raw["requestBody"]["content"].as_object()?.iter().next()?;
        let example = match &content["example"] {
            Value::String(text) => text.clone(),
            json => json.to_string(),
        };
        Some((media.clone(), example))
    }

    pub fn takes_json(&self) -> bool {
        self.body().is_some_and(|(media, _)| media == "application/json" || media.ends_with("+json"))
    }

    pub fn writes(&self) -> bool {
        self.parameters().any(|p| p["name"] == "dry_run")
    }

    /// A well-formed call, without a caller; whatever writes is a dry run.
    pub fn call<'a>(&self, app: &'a App, path: &str) -> Call<'a> {
        self.call_with(app, path, self.body())
    }

    pub fn call_with<'a>(&self, app: &'a App, path: &str, body: Option<(String, String)>) -> Call<'a> {
        let mut call = app.call(&self.method, path);
        if self.writes() {
            call = call.query("dry_run", "true");
        }
        call = self.with_required(call);
        if self.needs("If-Match") {
            call = call.if_match("\"v1\"");
        }
        if self.needs("Idempotency-Key") {
            call = call.key(&Uuid::new_v4().to_string());
        }
        match body {
            Some((media, text)) => call.body(&media, text),
            None => call,
        }
    }

    /// The call with the query parameters that it cannot do without.
    pub fn with_required<'a>(&self, call: Call<'a>) -> Call<'a> {
        self.parameters().filter(|p| p["in"] == "query" && p["required"] == true).fold(call, |call, parameter| {
            let example = match &parameter["example"] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            call.query(parameter["name"].as_str().expect("a name"), &example)
        })
    }

    /// Some caller whom the policy admits; `None` is one without a token.
    pub fn some_caller(&self) -> Option<Actor> {
        self.line.roles.first().map(|role| actor(*role))
    }

    /// A well-formed call by some caller whom the policy admits.
    pub fn admitted_call<'a>(&self, app: &'a App, path: &str) -> Call<'a> {
        let call = self.call(app, path);
        match self.some_caller() {
            Some(actor) => call.by(&actor),
            None => call,
        }
    }

    pub fn declares(&self, status: u16) -> bool {
        self.raw["responses"].get(status.to_string()).is_some()
    }
}

/// Somebody of this role, with a perimeter in which there is nothing of anybody else's.
pub fn actor(role: Role) -> Actor {
    let somewhere = || Territory::Departement("82".to_owned());
    let id = Uuid::from_u128(0x0192_f0c1_2b7e_7c3a_9f4e_0000_0000_0001);
    match role {
        Role::Anct => Actor::Anct,
        Role::Bdt => Actor::Bdt,
        Role::Prefecture => Actor::Prefecture(somewhere()),
        Role::Coordinator => Actor::Coordinator(somewhere()),
        Role::Observer => Actor::Observer(Some(somewhere())),
        Role::Employer => Actor::Employer(StructureId::from_uuid(id)),
        Role::Candidate => Actor::Candidate(CandidateId::from_uuid(id)),
        Role::Counsellor => Actor::Counsellor(CounsellorId::from_uuid(id)),
        Role::TrainingBody => Actor::TrainingBody(TrainingBodyId::from_uuid(id)),
    }
}

pub fn roles() -> &'static [Role] {
    Role::ALL
}
