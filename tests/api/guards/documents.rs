//! Names, places and texts.

use std::collections::BTreeSet;

use conum::app::document;
use conum::platform::problems::{Code, FaultCode, Language};

use super::operations;
use super::{looked_at, none};

#[test]
fn operations_have_unique_names_and_unique_places() {
    let document = document::build().expect("a document");
    let operations = operations::all(&document);
    let ids: BTreeSet<&str> = operations.iter().map(|o| o.id.as_str()).collect();
    assert_eq!(ids.len(), operations.len());
    // Two templates that differ only in the names of their parameters are one path to callers.
    let nameless =
        |path: &str| path.split('/').map(|s| if s.starts_with('{') { "{}" } else { s }).collect::<Vec<_>>().join("/");
    let paths: BTreeSet<&str> = operations.iter().map(|o| o.template.as_str()).collect();
    let shapes: BTreeSet<String> = paths.iter().map(|path| nameless(path)).collect();
    assert_eq!(shapes.len(), paths.len());
    for path in &paths {
        let plain = |s: &str| s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b));
        assert!(path.split('/').all(|s| s.starts_with('{') || plain(s)) && !path.ends_with('/'), "{path}");
    }
    looked_at(paths.len(), "paths");
}

#[test]
fn every_problem_speaks_both_languages() {
    let mut silent = Vec::new();
    for code in Code::ALL {
        let (french, english) = (code.text(Language::French), code.text(Language::English));
        for (fr, en) in
            [(french.title, english.title), (french.detail, english.detail), (french.remedy, english.remedy)]
        {
            if fr.trim().is_empty() || en.trim().is_empty() || fr == en {
                silent.push(format!("{}: {fr:?} / {en:?}", code.as_str()));
            }
        }
    }
    for code in FaultCode::ALL {
        let (fr, en) = (code.text(Language::French), code.text(Language::English));
        let only_a_parameter = fr.starts_with('{') && fr.ends_with('}');
        if fr.trim().is_empty() || en.trim().is_empty() || (fr == en && !only_a_parameter) {
            silent.push(format!("{}: {fr:?} / {en:?}", code.as_str()));
        }
    }
    looked_at(Code::ALL.len() + FaultCode::ALL.len(), "codes of problems and faults");
    none(&silent, "texts missing or left untranslated");
}
