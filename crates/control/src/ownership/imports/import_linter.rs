//! Writes a configuration of import-linter, for Python.
//!
//! Only direct imports are forbidden: code that others may import needs the internals of its squad.

use super::boundary_file::{BoundaryFile, CodeFiles, heading};
use super::import_rules::{CodePart, ImportRules};
use super::owned_packages::PackageNode;

/// The configuration of import-linter; none if no squad owns a Python module.
pub fn import_linter(
    rules: &ImportRules<'_>,
    catalog: &str,
    files: CodeFiles<'_>,
) -> Option<BoundaryFile> {
    let packages = packages(rules, files);
    let roots = packages.owned_roots();
    if roots.is_empty() {
        return None;
    }
    let mut text = heading("#", catalog);
    text.push_str("\n[importlinter]\n");
    push_list(&mut text, "root_packages", &roots);
    for (squad, owner) in rules.owners() {
        let name = &owner.name;
        let undeclared: Vec<usize> = rules
            .importers(squad)
            .filter(|(.., may_import)| !may_import)
            .map(|(importer, ..)| importer)
            .collect();
        let of_squad = |is_public| move |part: CodePart| part == CodePart { squad, is_public };
        push_contract(
            &mut text,
            &format!("internals-of-{name}"),
            &packages.expressions(&|part| part.squad != squad),
            &packages.expressions(&of_squad(false)),
            &format!("Import what {name} offers: `public` in the catalog."),
        );
        push_contract(
            &mut text,
            &format!("undeclared-import-of-{name}"),
            &packages.expressions(&|part| undeclared.contains(&part.squad)),
            &packages.expressions(&of_squad(true)),
            &format!("Declare that a service uses one of {name}: [[dependencies]] in the catalog."),
        );
    }
    Some(BoundaryFile {
        text,
        inexpressible: Vec::new(),
    })
}

fn packages(rules: &ImportRules<'_>, files: CodeFiles<'_>) -> PackageNode {
    let mut packages = PackageNode::default();
    for (path, below) in files.below_roots(".py") {
        let module = below.strip_suffix(".py").unwrap_or(below);
        let package = module.strip_suffix("/__init__");
        let module = package.unwrap_or(module);
        // A script such as `run-me.py` cannot be imported, nor can a folder with such a name.
        if module.split('/').all(is_identifier) {
            let part = rules.part_of(path);
            packages.add(module.split('/'), part, package.is_some());
        }
    }
    packages
}

fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    let is_first = |c: char| c == '_' || c.is_alphabetic();
    characters.next().is_some_and(is_first) && characters.all(|c| c == '_' || c.is_alphanumeric())
}

/// Adds a contract, unless no module could break it.
fn push_contract(
    text: &mut String,
    name: &str,
    sources: &[String],
    forbidden: &[String],
    guidance: &str,
) {
    if sources.is_empty() || forbidden.is_empty() {
        return;
    }
    text.push_str(&format!(
        "\n[importlinter:contract:{name}]\nname = {name}\ntype = forbidden\n"
    ));
    push_list(text, "source_modules", sources);
    push_list(text, "forbidden_modules", forbidden);
    text.push_str("as_packages = False\nallow_indirect_imports = True\n");
    text.push_str(&format!("broken_contract_guidance = {guidance}\n"));
}

fn push_list(text: &mut String, key: &str, values: &[impl AsRef<str>]) {
    text.push_str(&format!("{key} =\n"));
    for value in values {
        text.push_str(&format!("    {}\n", value.as_ref()));
    }
}
