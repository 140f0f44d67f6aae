//! What is written as a handler is mounted, documented and admitted under its own name.

use std::collections::BTreeSet;
use std::path::Path;

use conum::app::document;

use super::operations;
use super::{looked_at, none};

pub struct File {
    /// Below `src/`, without `.rs`: `["features", "territories", "store"]`.
    pub module: Vec<String>,
    /// Without comments and unit tests.
    pub text: String,
}

pub fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut files, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|e| e != "rs") {
                continue;
            }
            let relative = path.strip_prefix(&root).expect("below src").with_extension("");
            let mut module: Vec<String> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if module.last().is_some_and(|name| name == "mod") {
                module.pop();
            }
            let text = std::fs::read_to_string(&path).expect("a source");
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
            files.push(File { module, text: code });
        }
    }
    files
}

impl File {
    pub fn name(&self) -> String {
        self.module.join("::")
    }
}

/// Handlers that are pages, not operations.
const PAGES: [&str; 9] = [
    "dashboard",
    "dashboard_without_slash",
    "demo_personas",
    "openapi",
    "openapi_old",
    "swagger_ui",
    "swagger_ui_without_slash",
    "home",
    "metrics",
];

/// File, name, method, and the permission in the signature of every handler in the source.
fn handlers() -> Vec<[String; 4]> {
    let mut handlers = Vec::new();
    for file in files() {
        for method in ["get", "post", "put", "patch", "delete"] {
            for (start, _) in file.text.match_indices(&format!("\n#[{method}(\"")) {
                let rest = &file.text[start..];
                let (_, after) = rest.split_once("async fn ").expect("a handler");
                let name = after.split('(').next().unwrap_or_default().to_owned();
                let signature = after.split('{').next().unwrap_or_default();
                let permission = signature.split("can::").nth(1).unwrap_or_default();
                let permission = permission.split('>').next().unwrap_or_default().to_owned();
                handlers.push([file.name(), name, method.to_uppercase(), permission]);
            }
        }
    }
    handlers
}

#[test]
fn every_handler_is_documented_and_obeys_its_own_line() {
    let document = document::build().expect("a document");
    let operations = operations::all(&document);
    let documented: BTreeSet<(String, String)> = operations.iter().map(|o| (o.id.clone(), o.method.clone())).collect();
    let handlers: Vec<_> = handlers().into_iter().filter(|[_, name, ..]| !PAGES.contains(&name.as_str())).collect();
    looked_at(handlers.len(), "handlers");
    let mut wrong = Vec::new();
    for [file, name, method, permission] in &handlers {
        if !documented.contains(&(name.clone(), method.clone())) {
            wrong.push(format!("{file}: {method} {name} is not in the document: mount it, with #[utoipa::path]"));
        }
        if permission != name {
            wrong.push(format!("{file}: {name} asks for can::{permission}"));
        }
    }
    let written: BTreeSet<(String, String)> = handlers.iter().map(|[_, n, m, _]| (n.clone(), m.clone())).collect();
    wrong.extend(
        documented.difference(&written).map(|(name, method)| format!("{method} {name} has no handler of its name")),
    );
    none(&wrong, "handlers apart from document and policy");
}
