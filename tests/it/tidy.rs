//! The rules of the house that no lint knows: who imports whom, names, sizes, front pages.
//!
//! A rule reads text, line by line, and counts on rustfmt's layout. What stands under
//! `#[cfg(test)]` is free to import what it likes and does not count as production lines.

use std::fs;
use std::path::{Path, PathBuf};

/// Each domain with what it may import. A name with a path allows that part alone, which has
/// to be written out: `use crate::config::limits::Limits`.
const MAY_IMPORT: [(&str, &[&str]); 16] = [
    ("squad", &[]),
    ("json", &[]),
    ("config", &["squad"]),
    ("source", &["config::limits"]),
    (
        "contract",
        &[
            "squad",
            "json",
            "source",
            "config::limits",
            "config::enforcement",
        ],
    ),
    (
        "breaker",
        &["squad", "config::limits", "config::protection"],
    ),
    ("identity", &["squad", "config"]),
    ("telemetry", &["squad", "config", "breaker"]),
    (
        "traffic",
        &["contract", "squad", "json", "config::enforcement"],
    ),
    (
        "compat",
        &["contract", "json", "config::limits", "config::enforcement"],
    ),
    (
        "ownership",
        &[
            "squad",
            "config",
            "json",
            "contract::Document",
            "contract::ParseError",
        ],
    ),
    (
        "gate",
        &["compat", "contract", "source", "squad", "config::limits"],
    ),
    (
        "proxy",
        &[
            "contract",
            "breaker",
            "identity",
            "squad",
            "json",
            "telemetry",
            "config",
        ],
    ),
    (
        "admin",
        &[
            "contract",
            "breaker",
            "identity",
            "telemetry",
            "squad",
            "config",
        ],
    ),
    (
        "app",
        &[
            "squad",
            "json",
            "config",
            "source",
            "contract",
            "breaker",
            "identity",
            "telemetry",
            "traffic",
            "compat",
            "proxy",
            "admin",
        ],
    ),
    (
        "cli",
        &[
            "squad",
            "json",
            "config",
            "source",
            "contract",
            "breaker",
            "identity",
            "telemetry",
            "traffic",
            "compat",
            "ownership",
            "gate",
            "proxy",
            "admin",
            "app",
        ],
    ),
];

/// Names that say nothing about what is inside.
const BANNED: [&str; 7] = [
    "util", "utils", "common", "helpers", "misc", "types", "manager",
];

const LINES_MAX: usize = 400;

/// Crates that have one home, by the beginning of their names, and that home. Whoever needs them
/// elsewhere asks there.
const HOMES: [(&str, &str); 1] = [("opentelemetry", "src/telemetry/")];

/// Files that are longer, each with its reason. The list only shrinks.
const LONG: [(&str, &str); 0] = [];

#[test]
fn the_source_is_tidy() {
    let mut complaints = Vec::new();
    let files = rust_files("src");
    assert!(files.len() > 10, "the rules found no source to read");
    for (path, text) in files.iter().chain(&rust_files("tests/it")) {
        complaints.extend(complaints_about(path, text));
    }
    for (long, _) in LONG {
        if !files
            .iter()
            .any(|(path, text)| path == long && production(text).len() > LINES_MAX)
        {
            complaints.push(format!(
                "{long}: is no longer long; take it off the list of long files"
            ));
        }
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn complaints_about(path: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if !text.starts_with("//!") {
        complaints.push(format!(
            "{path}: begin with `//!`: what the file owns, and why it is so"
        ));
    }
    let stem = |part: &str| part.trim_end_matches(".rs").to_owned();
    if let Some(name) = path
        .split('/')
        .map(stem)
        .find(|name| BANNED.contains(&name.as_str()))
    {
        complaints.push(format!(
            "{path}: `{name}` says nothing; name the module after what it owns"
        ));
    }
    if path.ends_with("tests.rs") || path.contains("/tests/") || path.starts_with("tests/") {
        return complaints;
    }
    let lines = production(text);
    if lines.len() > LINES_MAX && !LONG.iter().any(|(long, _)| *long == path) {
        let count = lines.len();
        complaints.push(format!(
            "{path}: {count} lines; split it by what its parts are responsible for"
        ));
    }
    for (number, line) in lines {
        let code = line.split("//").next().unwrap_or_default();
        let found = import_complaint(path, code)
            .or_else(|| front_page_complaint(path, code))
            .or_else(|| home_complaint(path, code));
        complaints.extend(found.map(|found| format!("{path}:{number}: {found}")));
    }
    complaints
}

/// What is wrong with where a line reaches for things outside its own domain.
fn import_complaint(path: &str, code: &str) -> Option<String> {
    let (domain, below) = path.strip_prefix("src/")?.split_once('/')?;
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == domain) else {
        return Some(format!(
            "`{domain}` is no known domain; give it a row in the import table"
        ));
    };
    let depth = below.split('/').filter(|part| *part != "mod.rs").count() + 1;
    if code.contains(&"super::".repeat(depth)) {
        return Some("`super` leaves the domain; write `crate::<domain>`".into());
    }
    for (at, word) in code.match_indices("crate::") {
        let target = &code[at + word.len()..];
        if target.starts_with('{') {
            return Some("write one `use crate::<domain>` for each domain".into());
        }
        let inside = |name: &str| {
            let rest = target.strip_prefix(name);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        };
        if !inside(domain) && !allowed.iter().any(|name| inside(name)) {
            let target = target.trim_end_matches(';');
            let allowed = if allowed.is_empty() {
                "nothing".into()
            } else {
                allowed.join(", ")
            };
            return Some(format!(
                "`{domain}` may not import `{target}`, only {allowed}; \
                 take the value as an argument, or move the code to the layer above"
            ));
        }
    }
    None
}

fn front_page_complaint(path: &str, code: &str) -> Option<String> {
    let item = code
        .trim_start_matches("pub(crate) ")
        .trim_start_matches("pub ");
    let logic = [
        "fn ", "impl ", "impl<", "struct ", "enum ", "trait ", "const ", "static ",
    ];
    let found = path.ends_with("mod.rs") && logic.iter().any(|word| item.starts_with(word));
    found.then(|| "mod.rs is a front page; move this to a file of its own".into())
}

fn home_complaint(path: &str, code: &str) -> Option<String> {
    let away = |(name, home): &&(&str, &str)| code.contains(*name) && !path.starts_with(*home);
    let (name, home) = HOMES.iter().find(away)?;
    Some(format!(
        "`{name}` belongs in {home}; ask there for what you need"
    ))
}

/// The numbered lines of a file that are not under a top-level `#[cfg(test)]`.
fn production(text: &str) -> Vec<(usize, &str)> {
    let mut testing = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line == "#[cfg(test)]" {
            testing = true;
        } else if !testing {
            lines.push((index + 1, line));
        } else if line == "}" || (!line.starts_with(' ') && line.ends_with(';')) {
            testing = false;
        }
    }
    lines
}

/// Every Rust file below a directory, by its path from the root of the crate.
fn rust_files(directory: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut waiting: Vec<PathBuf> = vec![root.join(directory)];
    let mut files = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .replace('\\', "/");
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
#[rustfmt::skip]
fn the_rules_see_what_is_not_tidy() {
    let check = |path: &str, code: &str, complaint: &str| {
        let complaints = complaints_about(path, &format!("//! What it owns.\n{code}\n")).join("\n");
        match complaint {
            "" => assert_eq!(complaints, "", "{code}"),
            _ => assert!(complaints.contains(complaint), "{code}: {complaints:?}"),
        }
    };
    check("src/squad/a.rs", "use crate::config::Config;", "src/squad/a.rs:2: `squad` may not import `config::Config`, only nothing");
    check("src/config/a.rs", "use crate::squad::{Catalog, Tier};", "");
    check("src/config/a.rs", "let a = crate::portcullis::source::load_contract();", "`config` may not import");
    check("src/config/a.rs", "// As in crate::contract.", "");
    check("src/config/a.rs", "#[cfg(test)]\nmod tests {\n    use crate::proxy::A;\n}", "");
    check("src/config/a.rs", "#[cfg(test)]\nmod tests;\nuse crate::proxy::A;", "src/config/a.rs:4: `config` may not import");
    check("src/contract/a.rs", "use crate::config::limits::Limits;", "");
    check("src/contract/a.rs", "use crate::config::enforcement::{A, B};", "");
    check("src/contract/a.rs", "use crate::config::Limits;", "`contract` may not import `config::Limits`");
    check("src/contract/a.rs", "use crate::config::limits_of;", "`contract` may not import");
    check("src/traffic/a.rs", "use crate::config::Limits;", "`traffic` may not import `config::Limits`");
    check("src/traffic/a.rs", "use crate::contract::Judge;", "");
    check("src/contract/a.rs", "use crate::{json, squad};", "write one `use crate::<domain>`");
    check("src/contract/a.rs", "use super::super::proxy;", "`super` leaves the domain");
    check("src/contract/a/b.rs", "use super::super::error;", "");
    check("src/contract/mod.rs", "use super::json;", "`super` leaves the domain");
    check("src/contract/mod.rs", "pub fn a() {}", "mod.rs is a front page");
    check("src/proxy/a.rs", "use opentelemetry_sdk::Resource;", "`opentelemetry` belongs in src/telemetry/");
    check("src/telemetry/a.rs", "use opentelemetry_sdk::Resource;", "");
    check("src/teapot/a.rs", "fn a() {}", "`teapot` is no known domain");
    check("src/config/util.rs", "", "`util` says nothing");
    check("src/lib.rs", "use crate::proxy::A;", "");
    check("src/json/a.rs", &"fn a() {}\n".repeat(LINES_MAX - 1), "401 lines; split it");
    assert!(complaints_about("src/lib.rs", "fn a() {}")[0].contains("begin with `//!`"));
}
