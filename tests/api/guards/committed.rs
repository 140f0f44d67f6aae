//! What is committed is what the code says.

use conum::app::{document, states};
use serde_json::Value;

use super::looked_at;
use super::operations;

fn committed(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi").join(name);
    std::fs::read_to_string(path).unwrap_or_default()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("JSON") + "\n"
}

#[test]
fn the_committed_documents_are_those_of_the_code() {
    let document = document::build().expect("a document");
    let files = [
        ("openapi.json", pretty(&document)),
        ("webhooks.json", pretty(&document::webhooks::document())),
        ("authorization.md", document::authorization_table(&document)),
        ("states.md", states::document()),
    ];
    looked_at(operations::all(&document).len(), "operations in the documents");
    for (name, text) in files {
        assert!(committed(name) == text, "openapi/{name} is not what the code says: run `make openapi` and review it");
    }
}
