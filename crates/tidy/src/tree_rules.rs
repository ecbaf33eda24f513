//! All rules for a whole tree: what is refused, and what the lists of debt still allow.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use crate::debt::{DebtCounts, DebtList, grown, stale_complaints};
use crate::debt_counts::debt_counts;
use crate::file_prose::shown;
use crate::tree_analysis::TreeAnalysis;
use crate::{file_rules, import_rules, names};

/// Everything that is wrong with a tree, given the lists below its root.
///
/// # Errors
/// When a list of debt cannot be read.
pub fn complaints(tree: &TreeAnalysis<'_>, root: &Path) -> io::Result<Vec<String>> {
    let mut complaints: Vec<_> = tree.files.iter().flat_map(file_rules::complaints).collect();
    complaints.extend(tree.modules.iter().flat_map(import_rules::complaints));
    let manifests = tree.manifests.iter();
    complaints.extend(manifests.flat_map(|manifest| import_rules::manifest_complaints(manifest)));
    for list in DebtList::ALL {
        let counts = debt_counts(list, tree);
        complaints.extend(list_complaints(list, &counts, &list.read(root)?, tree));
    }
    Ok(complaints)
}

/// Complaints about more than a list says, and about a list that says more than there is.
fn list_complaints(
    list: DebtList,
    counts: &DebtCounts,
    listed: &DebtCounts,
    tree: &TreeAnalysis<'_>,
) -> Vec<String> {
    let grown = grown(counts, listed);
    let mut complaints: Vec<_> = match list {
        DebtList::Circles => circle_complaints(&grown, tree),
        _ => {
            let complaint = |name: &&str| {
                let allowed = listed.get(*name).copied().unwrap_or_default();
                grown_complaint(list, name, counts[*name], allowed, tree)
            };
            grown.iter().map(complaint).collect()
        }
    };
    complaints.extend(stale_complaints(list, counts, listed));
    complaints
}

fn grown_complaint(
    list: DebtList,
    name: &str,
    count: usize,
    allowed: usize,
    tree: &TreeAnalysis<'_>,
) -> String {
    match list {
        DebtList::DuplicateTypes => {
            let types = names::declared_types(&tree.files);
            let places = types[name]
                .iter()
                .map(|(path, line)| format!("{path}:{line}"));
            format!(
                "`{name}` is declared {count} times ({}); give each type a name that says its \
                 domain and its role",
                places.collect::<Vec<_>>().join(", ")
            )
        }
        DebtList::FileNames => {
            let folders = names::file_folders(&tree.files)[name]
                .iter()
                .copied()
                .collect::<Vec<_>>();
            format!(
                "`{name}` is in {count} folders ({}); name the file after what is in it",
                folders.join(", ")
            )
        }
        DebtList::Words => {
            let file = tree.prose.iter().find(|file| file.path == name);
            let found = file.into_iter().flat_map(|file| &file.refused);
            let lines: Vec<_> = found.map(|found| shown(name, found)).collect();
            format!(
                "{name}: {count} phrases are refused in prose, {allowed} allowed; reword, or put a \
                 quotation in backticks:\n  {}",
                lines.join("\n  ")
            )
        }
        DebtList::LongFiles | DebtList::Circles => format!(
            "{name}: {count} lines of production code; split it by what its parts are responsible for"
        ),
    }
}

/// One complaint for each circle that has a file which the list does not allow.
fn circle_complaints(grown: &[&str], tree: &TreeAnalysis<'_>) -> Vec<String> {
    let is_new = |circle: &&BTreeSet<&str>| grown.iter().any(|file| circle.contains(file));
    let complaint = |circle: &BTreeSet<&str>| {
        let inside = tree
            .imports
            .iter()
            .filter(|import| circle.contains(import.from) && circle.contains(import.to));
        let lines =
            inside.map(|import| format!("{}:{} imports {}", import.from, import.line, import.to));
        format!(
            "{} files import each other in a circle; move what both sides need to a third file, \
             or pass it as an argument:\n  {}",
            circle.len(),
            lines.collect::<Vec<_>>().join("\n  ")
        )
    };
    tree.circles.iter().filter(is_new).map(complaint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_files::TextFile;

    /// The complaints about some files whose lists of debt allow nothing.
    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let file = |(path, text): &(&str, &str)| TextFile {
            path: (*path).into(),
            text: (*text).into(),
        };
        let texts: Vec<_> = files.iter().map(file).collect();
        let tree = TreeAnalysis::new(&texts, "");
        let found = complaints(&tree, Path::new("/nonexistent")).unwrap();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        found
            .iter()
            .zip(expected)
            .for_each(|(found, part)| assert!(found.contains(part), "{found}"));
    }

    #[test]
    fn files_and_imports_are_checked() {
        check(
            &[("src/source/a.rs", "//! A.\nuse crate::app::A;")],
            &["src/source/a.rs:2: `src/source` may"],
        );
        check(&[("tests/a.rs", "fn a() {}")], &["tests/a.rs: begin with"]);
        let manifest = "[dependencies]\nportcullis-json.workspace = true";
        check(
            &[("crates/breaker/Cargo.toml", manifest)],
            &["crates/breaker/Cargo.toml:2: `crates/breaker` may"],
        );
    }

    #[test]
    fn shared_names_are_refused() {
        let text = "//! A.\nstruct Found;";
        check(
            &[("src/admin/a.rs", text), ("crates/json/src/b.rs", text)],
            &["`Found` is declared 2 times (src/admin/a.rs:2, crates/json/src/b.rs:2)"],
        );
        check(
            &[
                ("src/admin/a.rs", "//! A."),
                ("src/app/a.rs", "//! A."),
                ("src/cli/a.rs", "//! A."),
            ],
            &["`a.rs` is in 3 folders (src/admin, src/app, src/cli)"],
        );
    }

    #[test]
    fn circles_are_refused() {
        check(
            &[
                ("src/cli/a.rs", "//! A.\nuse super::b::B;"),
                ("src/cli/b.rs", "//! B.\nuse super::a;\nstruct B;"),
            ],
            &[
                "2 files import each other in a circle; move what both sides need to a third file, \
               or pass it as an argument:\n  src/cli/a.rs:2 imports src/cli/b.rs\n  src/cli/b.rs:2 imports",
            ],
        );
    }

    #[test]
    fn words_and_lengths_are_refused() {
        check(
            &[("docs/a.md", "A file\ntells of it.")],
            &["docs/a.md: 1 phrases are refused in prose, 0 allowed"],
        );
        check(
            &[(
                "src/cli/a.rs",
                &format!("//! A.\n{}", "fn a() {}\n".repeat(400)),
            )],
            &["src/cli/a.rs: 401 lines"],
        );
    }
}
