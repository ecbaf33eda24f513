//! Checks the imports of files and the dependencies of manifests by the table of imports.

use crate::import_table::{home_complaint, purity_complaint, target_complaint};
use crate::module_tree::{ModuleFile, join};
use crate::named_path::{NamedPath, PathRole};
use crate::source_files::{TextFile, area};

/// What is wrong with the imports of a file.
pub fn complaints(file: &ModuleFile<'_>) -> Vec<String> {
    let found = file.found.paths.iter().filter_map(|path| {
        let complaint = area_complaint(file, path)
            .or_else(|| third_party_complaint(file, path))
            .or_else(|| purity_complaint(area(file.path), &path.segments))?;
        Some(format!("{}:{}: {complaint}", file.path, path.line))
    });
    let mut complaints: Vec<_> = found.collect();
    // One `use` of several names is one complaint.
    complaints.dedup();
    complaints
}

/// What is wrong with the dependencies of a crate's manifest.
pub fn manifest_complaints(manifest: &TextFile) -> Vec<String> {
    let area = area(&manifest.path);
    if !area.starts_with("crates/") {
        return Vec::new();
    }
    let lines = manifest.text.lines().enumerate();
    let mut is_dependencies = false;
    let found = lines.filter_map(|(index, line)| {
        if line.starts_with('[') {
            is_dependencies = line == "[dependencies]";
        }
        let name = line
            .split(['.', ' ', '='])
            .next()
            .filter(|_| is_dependencies)?;
        let name = name.replace('-', "_");
        let complaint = match name.strip_prefix("portcullis_") {
            Some(name) => target_complaint(area, name),
            None => home_complaint(area, &name).or_else(|| purity_complaint(area, &[&name])),
        }?;
        Some(format!("{}:{}: {complaint}", manifest.path, index + 1))
    });
    found.collect()
}

fn area_complaint(file: &ModuleFile<'_>, path: &NamedPath<'_>) -> Option<String> {
    let area = area(file.path);
    // The root of the binary composes everything.
    if area == "src" {
        return None;
    }
    match path.segments[0].strip_prefix("portcullis_") {
        Some(name) => target_complaint(area, name),
        None => {
            let domain = area.strip_prefix("src/")?;
            let target = target_domain(file, path).filter(|target| target != domain)?;
            target_complaint(area, &target)
        }
    }
}

/// The top module that a path of the same crate leads to.
fn target_domain(file: &ModuleFile<'_>, path: &NamedPath<'_>) -> Option<String> {
    let supers = path
        .segments
        .iter()
        .take_while(|segment| **segment == "super")
        .count();
    if path.segments[0] == "crate" {
        return path.segments.get(1).map(|domain| (*domain).to_owned());
    }
    let module = join(&file.module, &path.inline_modules);
    let depth = module.split("::").count();
    (supers == depth).then(|| path.segments.get(supers).map(|domain| (*domain).to_owned()))?
}

fn third_party_complaint(file: &ModuleFile<'_>, path: &NamedPath<'_>) -> Option<String> {
    let name = path.segments[0];
    let is_local = file.found.paths.iter().any(|import| {
        matches!(import.role, PathRole::Import { name: own, .. } if own == name)
            && import.segments.len() > 1
    });
    home_complaint(area(file.path), name).filter(|_| !is_local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module_tree::module_files;
    use crate::source_files::rust_file;

    fn check(path: &str, code: &str, expected: &str) {
        let files = [rust_file(path, code)];
        let found: Vec<_> = module_files(&files).iter().flat_map(complaints).collect();
        let found = found.join("\n");
        let is_right = if expected.is_empty() {
            found.is_empty()
        } else {
            found.contains(expected)
        };
        assert!(is_right, "{path}: {code}: {found:?}");
    }

    #[test]
    #[rustfmt::skip]
    fn areas_import_by_the_table() {
        check("src/source/a.rs", "use portcullis_vocabulary::Catalog;", "");
        check("src/source/a.rs", "use portcullis_json::Tape;", "src/source/a.rs:1: `src/source` may not import `json`, only vocabulary");
        check("src/source/a.rs", "fn a() { crate::admin::load() }", "`src/source` may not import `admin`");
        check("src/source/a.rs", "use crate::{source::b, app::c};", "`src/source` may not import `app`");
        check("src/source/a/b.rs", "use super::super::c;", "");
        check("src/source/a/b.rs", "use super::super::super::admin;", "may not import `admin`");
        check("src/source/mod.rs", "use super::admin;", "may not import `admin`");
        check("src/source/a.rs", "#[cfg(test)]\nmod tests { use crate::app::A; }\nfn b() {}", "");
        check("crates/proxy/src/a.rs", "use portcullis_compat::compare;", "`crates/proxy` may not import `compat`");
        check("src/lib.rs", "use crate::app::A;", "");
        check("src/teapot/a.rs", "use crate::app::A;", "`src/teapot` is not in the import table");
        check("crates/json/src/a.rs", "use crate::tape::Tape;", "");
        check("crates/json/src/a.rs", "use portcullis_vocabulary::A;", "`crates/json` may not import `vocabulary`, only nothing");
    }

    #[test]
    #[rustfmt::skip]
    fn third_parties_have_homes() {
        check("src/app/a.rs", "use opentelemetry_sdk::Resource;", "`opentelemetry_sdk` belongs in crates/telemetry");
        check("crates/telemetry/src/a.rs", "use opentelemetry_sdk::Resource;", "");
        check("src/app/a.rs", "use portcullis_telemetry::metrics; fn a() { metrics::b(); }", "");
        check("src/app/a.rs", "fn a() { metrics::b(); }", "`metrics` belongs in crates/telemetry");
    }

    #[test]
    fn crates_are_pure() {
        check(
            "crates/json/src/a.rs",
            "use std::{fs, io};",
            "may not name `std::fs`",
        );
        check(
            "crates/json/src/a.rs",
            "fn a() { Instant::now() }",
            "may not name `Instant::now`",
        );
        check(
            "crates/json/src/a.rs",
            "fn a() { std::net::TcpStream::connect() }",
            "may not name",
        );
        check(
            "crates/json/src/a.rs",
            "use tokio::sync;",
            "may not name `tokio::sync`",
        );
        check("crates/json/src/a.rs", "use std::net::IpAddr;", "");
        check("crates/proxy/src/a.rs", "use tokio::sync;", "");
        check("src/app/a.rs", "use tokio::sync;", "");
    }

    #[test]
    fn manifests_follow_the_same_table() {
        let check = |text: &str, expected: &[&str]| {
            let manifest = TextFile {
                path: "crates/json/Cargo.toml".into(),
                text: text.into(),
            };
            let found = manifest_complaints(&manifest);
            assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
            found
                .iter()
                .zip(expected)
                .for_each(|(found, part)| assert!(found.contains(part), "{found}"));
        };
        check(
            "[dependencies]\nserde.workspace = true\njsonschema-value = \"1\"",
            &[],
        );
        check(
            "[dependencies]\nportcullis-compat.workspace = true",
            &["may not import `compat`"],
        );
        check(
            "[dependencies]\nclap.workspace = true",
            &["`clap` belongs in src/cli"],
        );
        check(
            "[dependencies]\ntokio = { version = \"1\" }",
            &["may not name `tokio`"],
        );
        check("[dev-dependencies]\ntokio = \"1\"", &[]);
    }
}
