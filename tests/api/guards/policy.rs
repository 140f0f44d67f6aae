//! The code obeys the policy: every operation, called as every role and with every kind of bad token.

use chrono::TimeDelta;
use conum::platform::auth::local_issuer::{LocalIssuer, generate_key};
use conum::platform::auth::policy::{LINES, scopes, scopes_of};

use super::operations::{self, Operation, actor};
use super::{looked_at, none};
use crate::support::{Answer, App};

/// What the door says to those whom it does not admit.
const REFUSALS: [&str; 4] = ["unauthenticated", "invalid_token", "role_not_allowed", "insufficient_scope"];

fn refusal(answer: &Answer) -> Option<String> {
    if !matches!(answer.status, 401 | 403) {
        return None;
    }
    let code = answer.text_at("/code");
    REFUSALS.contains(&code.as_str()).then_some(code)
}

/// Who calls, with which token, and what the policy wants to be said to them.
fn cases(
    app: &App,
    forger: &LocalIssuer,
    operation: &Operation,
) -> Vec<(String, Option<String>, Option<&'static str>)> {
    let line = operation.line;
    let mut cases = vec![("nobody".to_owned(), None, (!line.anonymous).then_some("unauthenticated"))];
    for role in operations::roles() {
        let actor = actor(*role);
        let admitted = line.anonymous || line.admits(*role);
        cases.push((role.to_string(), Some(app.token(&actor)), (!admitted).then_some("role_not_allowed")));
        let forged = app.token_with(&actor, &scopes_of(*role), forger);
        cases.push((format!("{role} forged"), Some(forged), Some("invalid_token")));
        if let (true, Some(scope)) = (line.admits(*role), line.scope) {
            let others: Vec<String> = scopes().iter().filter(|s| **s != scope).map(|s| (*s).to_owned()).collect();
            let narrow = app.token_with(&actor, &others, &app.service.local_issuer);
            cases.push((format!("{role} without the scope"), Some(narrow), Some("insufficient_scope")));
        }
    }
    cases
}

#[test]
fn every_operation_answers_every_role_as_the_policy_says() {
    let app = App::start();
    let operations = operations::all(&app.document());
    let key = generate_key().expect("a key");
    let forger = LocalIssuer::new(app.service.local_issuer.issuer(), "conum", &[key]).expect("a forger");
    let (mut calls, mut refused, mut wrong) = (0, 0, Vec::new());
    for operation in &operations {
        // It reads credentials of its own kind.
        if operation.id == "issue_token" {
            continue;
        }
        for (who, token, expected) in cases(&app, &forger, operation) {
            let call = operation.call(&app, &operation.path());
            let answer = match token {
                Some(token) => call.bearer(&token).send(),
                None => call.send(),
            };
            let refusal = refusal(&answer);
            calls += 1;
            refused += usize::from(refusal.is_some());
            if refusal.as_deref() != expected {
                let said = refusal.unwrap_or_else(|| format!("{} (admitted)", answer.status));
                wrong.push(format!("{} by {who}: {said}, not {}", operation.id, expected.unwrap_or("admitted")));
            }
            if !operation.declares(answer.status) {
                wrong.push(format!("{} by {who}: {} is not declared", operation.id, answer.status));
            }
        }
    }
    looked_at(operations.len(), "operations");
    looked_at(calls, &format!("calls, of which {refused} refused"));
    wrong.dedup();
    none(&wrong, "answers against the policy");
}

#[test]
fn tokens_that_are_old_or_changed_open_nothing() {
    let app = App::start();
    let operations = operations::all(&app.document());
    let closed: Vec<&Operation> = operations.iter().filter(|o| !o.line.anonymous).collect();
    let old: Vec<String> = operations::roles().iter().map(|role| app.token(&actor(*role))).collect();
    app.advance(TimeDelta::minutes(62));
    let mut calls = 0;
    for operation in closed {
        for (token, role) in old.iter().zip(operations::roles()) {
            operation.call(&app, &operation.path()).bearer(token).problem("invalid_token");
            calls += 1;
            if !operation.line.admits(*role) {
                continue;
            }
            // The claims of one token under the signature of another.
            let (fresh, other) = (app.token(&actor(*role)), app.token(&actor(*role)));
            let (claims, _) = fresh.rsplit_once('.').expect("a token");
            let (_, signature) = other.rsplit_once('.').expect("a token");
            let changed = format!("{claims}.{signature}");
            operation.call(&app, &operation.path()).bearer(&changed).problem("invalid_token");
            calls += 1;
        }
    }
    looked_at(calls, "calls with old or changed tokens");
}

#[test]
fn a_policy_line_names_only_scopes_of_its_own_resource() {
    let mut seen = 0;
    for line in LINES {
        let Some(scope) = line.scope else { continue };
        let (resource, action) = scope.split_once(':').unwrap_or_else(|| panic!("{}: {scope}", line.operation));
        assert!(!resource.is_empty() && matches!(action, "read" | "write"), "{}: {scope}", line.operation);
        let reads = ["list_", "find_", "read_", "search_", "export_", "explain_", "summarise_", "download_"]
            .iter()
            .any(|verb| line.operation.starts_with(verb))
            || line.operation.ends_with("_statistics")
            || line.operation.ends_with("_series");
        assert_eq!(reads, action == "read", "{}: {scope}", line.operation);
        seen += 1;
    }
    looked_at(seen, "policy lines with a scope");
}
