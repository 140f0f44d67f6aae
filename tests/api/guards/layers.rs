//! The source keeps the order of floors, features and layers.

use super::source::{File, files};
use super::{looked_at, none};

impl File {
    /// Feature and layer of a file in `features/`; the layer of `mod.rs` is empty.
    fn place(&self) -> Option<(&str, &str)> {
        match self.module.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["features", feature, rest @ ..] => Some((feature, rest.first().copied().unwrap_or_default())),
            _ => None,
        }
    }

    /// Every path into the crate that the file names, from the crate's root.
    fn imports(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        for (start, word) in ["crate::", "super::"].iter().flat_map(|w| self.text.match_indices(w)) {
            let before = self.text[..start].chars().next_back().unwrap_or(' ');
            // `$crate::` and the second `super::` of two are read with what stands before them.
            if before.is_alphanumeric() || "_$:".contains(before) {
                continue;
            }
            let mut base = Vec::new();
            let mut rest = &self.text[start..];
            if word == "crate::" {
                rest = &rest[word.len()..];
            } else {
                base = self.module.clone();
                while let Some(after) = rest.strip_prefix("super::") {
                    base.pop();
                    rest = after;
                }
            }
            tree(base, &mut rest, &mut found);
        }
        // `use crate::features::structures;` and then `structures::service::lock(…)`.
        let bare = |path: &Vec<String>| path.len() == 2 && path[0] == "features";
        let (modules, mut found): (Vec<_>, Vec<_>) = found.into_iter().partition(bare);
        for module in modules {
            for (at, name) in self.text.match_indices(&format!("{}::", module[1])) {
                if self.text[..at].ends_with([' ', '(', '&', '<', '!', '\n', '[']) {
                    tree(module.clone(), &mut &self.text[at + name.len()..], &mut found);
                }
            }
        }
        found
    }
}

/// Reads `a::{b, c::d}` into the paths it stands for.
fn tree(mut base: Vec<String>, rest: &mut &str, found: &mut Vec<Vec<String>>) {
    loop {
        if let Some(inside) = rest.strip_prefix('{') {
            *rest = inside;
            loop {
                *rest = rest.trim_start_matches([',', ' ', '\n']);
                match rest.strip_prefix('}') {
                    Some(after) => {
                        *rest = after;
                        return;
                    }
                    None if rest.is_empty() => return,
                    None => tree(base.clone(), rest, found),
                }
            }
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end == 0 {
            // A glob, or something else that names nothing more.
            *rest = rest.get(1..).unwrap_or_default();
            found.push(base);
            return;
        }
        base.push(rest[..end].to_owned());
        *rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(after) => *rest = after,
            None => {
                found.push(base);
                // `as name`
                let next = rest.find([',', '}', ';', '(', ' ', '\n']).unwrap_or(rest.len());
                if rest.starts_with(" as ") {
                    *rest = &rest
                        [rest[4..].find(|c: char| !c.is_alphanumeric() && c != '_').map_or(rest.len(), |at| at + 4)..];
                } else {
                    *rest = &rest[next.min(rest.len())..];
                }
                return;
            }
        }
    }
}

/// The features from the bottom up, as `features/mod.rs` lists them.
fn features(files: &[File]) -> Vec<String> {
    let list = files.iter().find(|f| f.module == ["features"]).expect("features/mod.rs");
    list.text
        .lines()
        .filter_map(|l| Some(l.trim().strip_prefix("pub mod ")?.trim_end_matches(';').to_owned()))
        .collect()
}

/// Which layers of its own feature a layer may use. Others (mails, loading) may use all but the outer two.
fn may_use(layer: &str, other: &str) -> bool {
    match layer {
        "" => true,
        "routes" => true,
        "service" => !matches!(other, "routes"),
        "dto" => matches!(other, "dto" | "model" | "store"),
        "store" => matches!(other, "store" | "model"),
        "model" => other == "model",
        _ => !matches!(other, "routes"),
    }
}

#[test]
fn floors_features_and_layers_keep_their_order() {
    let files = files();
    let features = features(&files);
    let rank = |feature: &str| features.iter().position(|f| f == feature);
    let (mut imports, mut wrong) = (0, Vec::new());
    for file in &files {
        let floor = file.module.first().map(String::as_str).unwrap_or_default();
        for import in file.imports() {
            imports += 1;
            let text = || format!("{} uses {}", file.name(), import.join("::"));
            let to: Vec<&str> = import.iter().map(String::as_str).collect();
            let upward =
                matches!((floor, to.first()), ("platform", Some(&("features" | "app"))) | ("features", Some(&"app")));
            if upward {
                wrong.push(format!("{}: upward", text()));
            }
            let Some((feature, layer)) = file.place() else {
                if floor == "app" && to.first() == Some(&"features") && to.get(2) == Some(&"store") {
                    wrong.push(format!("{}: the store of a feature", text()));
                }
                continue;
            };
            let ["features", other, rest @ ..] = to.as_slice() else { continue };
            let other_layer = rest.first().copied().unwrap_or_default();
            // Shapes travel; what does something is called in order.
            let names_type = import.last().is_some_and(|name| name.starts_with(char::is_uppercase));
            if *other == feature {
                let is_layer = ["routes", "dto", "service", "store", "model"].contains(&other_layer);
                if is_layer && !may_use(layer, other_layer) && !(names_type && layer == "dto") {
                    wrong.push(format!("{}: against the order of layers", text()));
                }
            } else {
                match (rank(feature), rank(other)) {
                    (Some(own), Some(below)) if below < own => {}
                    _ => wrong.push(format!("{}: a feature that does not stand below", text())),
                }
                let calls = !matches!(layer, "model" | "store" | "dto" | "routes");
                let fits = names_type || other_layer == "model" || (other_layer == "service" && calls);
                if !fits {
                    wrong.push(format!("{}: across features only from service to service", text()));
                }
            }
        }
    }
    looked_at(imports, &format!("imports of {} files, {} features", files.len(), features.len()));
    none(&wrong, "imports against the architecture");
}

#[test]
fn sql_is_written_in_stores_only() {
    let (mut places, mut wrong) = (0, Vec::new());
    for file in files() {
        let speaks = ["sql!(", "sql_query", "batch_execute", "diesel::prelude", "diesel::insert"]
            .iter()
            .any(|word| file.text.contains(word));
        if !speaks {
            continue;
        }
        places += 1;
        let module: Vec<&str> = file.module.iter().map(String::as_str).collect();
        let fits = match module.as_slice() {
            ["platform", ..] => true,
            ["app", "jobs" | "worker" | "commands" | "demo" | "personas", ..] => true,
            ["features", _, layer, ..] => layer.starts_with("store") || *layer == "load",
            _ => false,
        };
        if !fits {
            wrong.push(file.name());
        }
    }
    looked_at(places, "files that speak SQL");
    none(&wrong, "files that should not speak SQL");
}
