//! Writes a configuration of go-arch-lint, for Go.
//!
//! The tool assigns packages, which are folders, to components by lists without exceptions. So the
//! folders of the repository are listed by owner. A folder that is added later belongs to no
//! component, which the tool reports.

use std::collections::BTreeMap;

use serde_json::json;

use super::boundary_file::{BoundaryFile, CodeFiles, heading};
use super::import_rules::{CodePart, ImportRules};

/// The component of packages without an owner. No squad can have this name.
const UNOWNED: &str = "no/owner";

/// The configuration of go-arch-lint; none if no squad owns a Go package.
pub fn go_arch_lint(
    rules: &ImportRules<'_>,
    catalog: &str,
    files: CodeFiles<'_>,
) -> Option<BoundaryFile> {
    let mut inexpressible = Vec::new();
    let folders = folders(rules, files, &mut inexpressible);
    let mut components: BTreeMap<Option<CodePart>, Vec<&str>> = BTreeMap::new();
    for (folder, part) in &folders {
        components.entry(*part).or_default().push(folder);
    }
    if components.keys().all(Option::is_none) {
        return None;
    }
    let mut text = heading("#", catalog);
    text.push_str("version: 3\nallow:\n  depOnAnyVendor: true\n  deepScan: false\ncomponents:\n");
    for (part, folders) in &components {
        let name = component_name(rules, *part);
        text.push_str(&format!("  {}:\n    in:\n", json!(name)));
        for folder in folders {
            text.push_str(&format!("      - {}\n", json!(folder)));
        }
    }
    text.push_str("deps:\n");
    for part in components.keys() {
        let name = component_name(rules, *part);
        text.push_str(&format!("  {}:\n", json!(name)));
        let Some(part) = part else {
            text.push_str("    anyProjectDeps: true\n");
            continue;
        };
        text.push_str("    mayDependOn:\n");
        for other in components
            .keys()
            .filter(|other| may_depend(rules, *part, **other))
        {
            text.push_str(&format!(
                "      - {}\n",
                json!(component_name(rules, *other))
            ));
        }
    }
    Some(BoundaryFile {
        text,
        inexpressible,
    })
}

/// Whether code of a part may import another part: its own squad's, code without an owner, and what
/// squads offer that its squad declares to use.
fn may_depend(rules: &ImportRules<'_>, part: CodePart, other: Option<CodePart>) -> bool {
    let Some(other) = other else {
        return true;
    };
    let mut importers = rules.importers(other.squad);
    other.squad == part.squad
        || (other.is_public
            && importers.any(|(squad, _, may_import)| squad == part.squad && may_import))
}

/// The folders with Go files, and the part of each.
fn folders<'f>(
    rules: &ImportRules<'_>,
    files: CodeFiles<'f>,
    inexpressible: &mut Vec<String>,
) -> BTreeMap<&'f str, Option<CodePart>> {
    let mut folders = BTreeMap::new();
    for (path, below) in files.below_roots(".go") {
        let folder = below.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let part = rules.part_of(path);
        let known = *folders.entry(folder).or_insert(part);
        if known != part {
            inexpressible.push(format!(
                "{path}: the files of one Go package belong to different squads, or only some are \
                 public; the whole package counts as that of its first file"
            ));
        }
    }
    folders
}

fn component_name(rules: &ImportRules<'_>, part: Option<CodePart>) -> String {
    let Some(part) = part else {
        return UNOWNED.to_owned();
    };
    let squad = &rules.boundaries().catalog().squads()[part.squad].name;
    if part.is_public {
        format!("{squad}/public")
    } else {
        squad.to_string()
    }
}
