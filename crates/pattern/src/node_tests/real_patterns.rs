//! The patterns in the documents of the corpora.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The distinct patterns of all documents.
pub(super) fn real_patterns() -> Vec<String> {
    let directory = std::env::var_os("PORTCULLIS_CORPORA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
        PathBuf::from,
    );
    let mut patterns = BTreeSet::new();
    collect_directory(&directory, &mut patterns);
    patterns.into_iter().collect()
}

fn collect_directory(directory: &Path, patterns: &mut BTreeSet<String>) {
    let entries = fs::read_dir(directory).expect("a directory of the corpora");
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect_directory(&path, patterns);
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => collect_json(&text, patterns),
            Some("jsonl") => text.lines().for_each(|line| collect_json(line, patterns)),
            Some("yaml" | "yml") => patterns.extend(text.lines().filter_map(yaml_pattern)),
            _ => {}
        }
    }
}

fn collect_json(text: &str, patterns: &mut BTreeSet<String>) {
    let mut open: Vec<Value> = serde_json::from_str(text).into_iter().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(pattern)) = members.get("pattern") {
                    patterns.insert(pattern.clone());
                }
                if let Some(Value::Object(named)) = members.get("patternProperties") {
                    patterns.extend(named.keys().cloned());
                }
                open.extend(members.into_iter().map(|(_, member)| member));
            }
            Value::Array(elements) => open.extend(elements),
            _ => {}
        }
    }
}

/// The pattern in a line of YAML, if it is on this line.
fn yaml_pattern(line: &str) -> Option<String> {
    let value = line.trim().strip_prefix("pattern:")?.trim();
    if let Some(single) = value.strip_prefix('\'') {
        return Some(single.strip_suffix('\'')?.replace("''", "'"));
    }
    if value.starts_with('"') {
        return serde_json::from_str(value).ok();
    }
    (!value.is_empty() && !value.starts_with(['>', '|', '&', '*'])).then(|| value.to_owned())
}
