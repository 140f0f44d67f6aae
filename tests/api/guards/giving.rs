//! Nothing that is given gives more than its maker's token has.

use std::collections::{BTreeMap, BTreeSet};

use conum::platform::auth::policy::scopes_of;
use conum::platform::auth::{Actor, Role};
use serde_json::{Value, json};

use super::operations::{self, Operation};
use super::{looked_at, none};
use crate::accounts::structure;
use crate::support::builders::candidate;
use crate::support::{App, Call};

/// Operations that seem to make or steer somebody who acts, and do not.
const GIVE_NOTHING: [(&str, &str); 9] = [
    ("update_structure", "the contact's address signs nobody in"),
    ("register_structure", "a form open to all: the token adds nothing"),
    ("update_counsellor", "the professional address signs nobody in"),
    ("create_place", "a public address"),
    ("update_place", "a public address"),
    ("find_webhook", "shows neither its secret nor what it was sent"),
    ("delete_webhook", "takes away"),
    ("test_webhook", "sends an event of no meaning where events go already"),
    ("revoke_api_client", "takes away"),
];

/// The members of a schema, however deep: name and format.
fn members(document: &Value, schema: &Value, seen: &mut BTreeSet<String>, found: &mut BTreeSet<(String, String)>) {
    if let Some(name) = schema["$ref"].as_str() {
        if seen.insert(name.to_owned()) {
            let target = document.pointer(name.trim_start_matches('#')).expect("a schema");
            members(document, target, seen, found);
        }
        return;
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        found.insert((name.clone(), member["format"].as_str().unwrap_or_default().to_owned()));
        members(document, member, seen, found);
    }
    let parts = ["allOf", "anyOf", "oneOf"].iter().filter_map(|kind| schema[*kind].as_array()).flatten();
    let parts = parts.chain([&schema["items"]]).filter(|part| part.is_object());
    parts.for_each(|part| members(document, part, seen, found));
}

fn members_of(document: &Value, content: &Value) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for media in content.as_object().into_iter().flatten() {
        members(document, &media.1["schema"], &mut BTreeSet::new(), &mut found);
    }
    found
}

/// Whether an operation makes, readdresses or arms somebody who acts, or acts on behalf of one: by what it takes (an
/// address to write to, scopes, an identity elsewhere, where to send to), by the secret that it shows, or as it steers
/// what reads for its owner.
fn gives(document: &Value, operation: &Operation) -> bool {
    if operation.line.scope.is_none() || operation.line.roles.is_empty() {
        return false;
    }
    let steers = operation.template.contains("/webhooks/{id}");
    if !operation.writes() {
        return steers;
    }
    let taken = members_of(document, &operation.raw["requestBody"]["content"]);
    let takes = taken
        .iter()
        .any(|(name, format)| format == "email" || ["scopes", "issuer", "subject", "url"].contains(&name.as_str()));
    let shown = ["200", "201"].iter().any(|status| {
        let shown = members_of(document, &operation.raw["responses"][*status]["content"]);
        shown.iter().any(|(name, _)| ["client_secret", "access_token", "secret"].contains(&name.as_str()))
    });
    takes || shown || steers
}

/// What is there to be given away: made with whole tokens.
struct Scene {
    app: App,
    employer: Actor,
    person: Actor,
    /// Paths by the names of operations.
    paths: BTreeMap<&'static str, String>,
}

fn scene() -> Scene {
    let app = App::start();
    let structure_id = structure(&app);
    let employer = Actor::Employer(structure_id);
    let person = candidate(&app);
    let make = |path: &str, body: Value| app.post(path).by(&employer).json(&body).expect(201);
    let account =
        make("/api/v1/accounts", json!({"role": "employer", "email": "e@example.org", "structure_id": structure_id}));
    let client = make(
        "/api/v1/api-clients",
        json!({"name": "c", "role": "employer", "structure_id": structure_id, "scopes": ["posts:read", "bank-details:read"]}),
    );
    let webhook = make("/api/v1/webhooks", json!({"name": "w", "url": "https://example.org/hook"}));
    let webhook = format!("/api/v1/webhooks/{}", webhook.text_at("/webhook/id"));
    let client = format!("/api/v1/api-clients/{}", client.id());
    let paths = BTreeMap::from([
        ("invite_account", "/api/v1/accounts".to_owned()),
        ("update_account", format!("/api/v1/accounts/{}", account.id())),
        ("create_api_client", "/api/v1/api-clients".to_owned()),
        ("update_api_client", client.clone()),
        ("rotate_api_client", format!("{client}/rotate")),
        ("update_candidate", format!("/api/v1/candidates/{}", person.id)),
        ("create_webhook", "/api/v1/webhooks".to_owned()),
        ("update_webhook", webhook.clone()),
        ("replay_webhook", format!("{webhook}/replay")),
        ("list_webhook_deliveries", format!("{webhook}/deliveries")),
    ]);
    Scene { person: person.actor.clone(), app, employer, paths }
}

impl Scene {
    /// Who calls: the holder of what is given away.
    fn caller(&self, operation: &str) -> &Actor {
        if operation == "update_candidate" { &self.person } else { &self.employer }
    }

    fn body(&self, operation: &str) -> Option<Value> {
        let Actor::Employer(structure_id) = self.employer else { unreachable!("an employer") };
        Some(match operation {
            "invite_account" => json!({"role": "employer", "email": "mine@example.org", "structure_id": structure_id}),
            "update_account" | "update_candidate" => json!({"email": "other@example.org"}),
            "create_api_client" => json!({"name": "mine", "role": "employer", "structure_id": structure_id,
                "scopes": ["bank-details:read"]}),
            "update_api_client" => json!({"scopes": ["bank-details:read"]}),
            "rotate_api_client" => json!({}),
            "create_webhook" => json!({"name": "mine", "url": "https://example.org/mine"}),
            "update_webhook" => json!({"url": "https://example.org/mine"}),
            "replay_webhook" => json!({"since": "2020-01-01T00:00:00Z"}),
            _ => return None,
        })
    }

    /// The call, with the version that its resource has now.
    fn call(&self, operation: &Operation) -> Call<'_> {
        let id = operation.id.as_str();
        let path = &self.paths[id];
        let mut call = self.app.call(&operation.method, path);
        if operation.parameters().any(|p| p["name"] == "If-Match" && p["required"] == true) {
            let resource = path.trim_end_matches("/rotate").trim_end_matches("/replay");
            call = call.if_match(&self.app.get(resource).by(self.caller(id)).expect(200).etag());
        }
        match self.body(id) {
            Some(body) => call.json(&body),
            None => call,
        }
    }
}

#[test]
fn a_narrowed_token_gives_nobody_more_than_it_has() {
    let scene = scene();
    let document = scene.app.document();
    let operations = operations::all(&document);
    let giving: Vec<&Operation> = operations.iter().filter(|o| gives(&document, o)).collect();
    looked_at(giving.len(), "operations that seem to give");
    let (mut tried, mut wrong) = (0, Vec::new());
    let harmless: BTreeMap<&str, &str> = GIVE_NOTHING.into_iter().collect();
    for operation in &giving {
        let id = operation.id.as_str();
        if harmless.contains_key(id) {
            continue;
        }
        if !scene.paths.contains_key(id) {
            wrong.push(format!("{id} gives something, and nobody tries it with a narrowed token: add it here"));
            continue;
        }
        let actor = scene.caller(id);
        let own: Vec<String> = operation.line.scope.map(ToOwned::to_owned).into_iter().collect();
        let answer =
            scene.call(operation).bearer(&scene.app.token_with(actor, &own, &scene.app.service.local_issuer)).send();
        tried += 1;
        if id == "create_webhook" {
            // What it makes carries the narrowing.
            let scopes = scene
                .app
                .database
                .owner()
                .column("select scopes::text from webhooks order by created_at desc, id desc limit 1");
            assert_eq!((answer.status, scopes), (201, vec!["{webhooks:write}".to_owned()]), "{}", answer.describe());
        } else if answer.status != 403 || answer.at("/code") != "insufficient_scope" {
            wrong.push(format!("{id}: {}", answer.describe()));
        }
        // All but one scope of the role are not all of them.
        let most: Vec<String> = all(actor)
            .into_iter()
            .filter(|s| !["bank-details:read", "candidates:read"].contains(&s.as_str()))
            .collect();
        let answer =
            scene.call(operation).bearer(&scene.app.token_with(actor, &most, &scene.app.service.local_issuer)).send();
        if id != "create_webhook" && answer.status != 403 {
            wrong.push(format!("{id} with all scopes but one: {}", answer.describe()));
        }
        let whole = scene.call(operation).by(actor).send();
        if whole.status >= 300 {
            wrong.push(format!("{id} with a whole token: {}", whole.describe()));
        }
    }
    looked_at(tried, "of them tried with narrowed tokens");
    let known: BTreeSet<&str> = giving.iter().map(|o| o.id.as_str()).collect();
    wrong
        .extend(harmless.keys().filter(|id| !known.contains(*id)).map(|id| format!("{id}: an exception that is none")));
    wrong.extend(scene.paths.keys().filter(|id| !known.contains(*id)).map(|id| format!("{id}: no longer derived")));
    none(&wrong, "gifts beyond the giver");
}

fn all(actor: &Actor) -> Vec<String> {
    actor.role().map(scopes_of).unwrap_or_default()
}

#[test]
fn what_a_narrowed_token_was_given_stays_narrow() {
    let scene = scene();
    // A narrowed token of one role gives another role's account no more than its own.
    let narrow = scene.app.token_with(&Actor::Anct, &["accounts:write".to_owned()], &scene.app.service.local_issuer);
    for role in [Role::Bdt, Role::Observer, Role::Anct] {
        let body = json!({"role": role, "email": "mine@example.org"});
        scene.app.post("/api/v1/accounts").bearer(&narrow).json(&body).problem("insufficient_scope");
    }
    let narrow = scene.app.token_with(&Actor::Anct, &["api-clients:write".to_owned()], &scene.app.service.local_issuer);
    for scope in ["payment-batches:write", "posts:read"] {
        let body = json!({"name": "c", "role": "bdt", "scopes": [scope]});
        scene.app.post("/api/v1/api-clients").bearer(&narrow).json(&body).problem("insufficient_scope");
    }
    let own = json!({"name": "c", "role": "bdt", "scopes": ["api-clients:write"]});
    scene.app.post("/api/v1/api-clients").bearer(&narrow).json(&own).expect(201);
}
