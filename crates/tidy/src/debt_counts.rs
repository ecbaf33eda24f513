//! Counts the debt of a tree, and rewrites the lists of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use crate::debt::{DebtCounts, DebtList, grown};
use crate::tree_analysis::TreeAnalysis;
use crate::{file_rules, names};

/// What a list would have to say to allow the tree as it is.
pub fn debt_counts<'t>(list: DebtList, tree: &TreeAnalysis<'t>) -> DebtCounts {
    match list {
        DebtList::DuplicateTypes => {
            let types = names::declared_types(&tree.files);
            above(1, types.iter().map(|(name, places)| (*name, places.len())))
        }
        DebtList::FileNames => {
            let names = names::file_folders(&tree.files);
            above(
                names::FOLDERS_MAX,
                names.iter().map(|(name, folders)| (*name, folders.len())),
            )
        }
        DebtList::Circles => {
            let sizes = |circle: &BTreeSet<&'t str>| {
                let size = circle.len();
                circle
                    .iter()
                    .map(move |file| (*file, size))
                    .collect::<Vec<_>>()
            };
            above(0, tree.circles.iter().flat_map(sizes))
        }
        DebtList::Words => above(
            0,
            tree.prose
                .iter()
                .map(|file| (file.path, file.refused.len())),
        ),
        DebtList::LongFiles => {
            let lines = tree
                .files
                .iter()
                .map(|file| (file.path, file.production_lines));
            above(file_rules::LINES_MAX, lines)
        }
    }
}

fn above<'t>(max: usize, entries: impl Iterator<Item = (&'t str, usize)>) -> DebtCounts {
    let above = entries.filter(|(_, count)| *count > max);
    above
        .map(|(name, count)| (name.to_owned(), count))
        .collect()
}

/// Rewrites the lists for the tree as it is, and returns one line for each.
///
/// # Errors
/// When a list cannot be read or written, and when one would grow, unless that is forced.
pub fn write_debt(tree: &TreeAnalysis<'_>, root: &Path, is_forced: bool) -> io::Result<String> {
    let mut report = String::new();
    let mut problems = Vec::new();
    for list in DebtList::ALL {
        let listed = list.read(root)?;
        let counts = debt_counts(list, tree);
        let (before, after) = (total(&listed), total(&counts));
        if after > before {
            let names = grown(&counts, &listed).join(", ");
            let name = list.file_name();
            problems.push(format!(
                "{name} would grow from {before} to {after} by {names}"
            ));
        }
        let _ = writeln!(report, "{}: {before} before, {after} now", list.file_name());
    }
    if !problems.is_empty() && !is_forced {
        let problems = problems.join("\n");
        return Err(io::Error::other(format!(
            "{problems}\nFix what is new, or use --force."
        )));
    }
    for list in DebtList::ALL {
        list.write(root, &debt_counts(list, tree))?;
    }
    Ok(report)
}

fn total(counts: &DebtCounts) -> usize {
    counts.values().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_files::TextFile;

    #[test]
    fn lists_only_shrink_unless_forced() {
        let root = std::env::temp_dir().join(format!("portcullis-tidy-{}", std::process::id()));
        let write = |text: &str, is_forced| {
            let texts = [TextFile {
                path: "docs/a.md".into(),
                text: text.into(),
            }];
            let result = write_debt(&TreeAnalysis::new(&texts, ""), &root, is_forced);
            let listed = DebtList::Words.read(&root).unwrap();
            (
                result.map_err(|error| error.to_string()),
                listed.get("docs/a.md").copied(),
            )
        };
        let (result, listed) = write("It tells.", false);
        assert!(
            result
                .unwrap_err()
                .contains("words.txt would grow from 0 to 1 by docs/a.md")
        );
        assert_eq!(listed, None);
        assert_eq!(write("It tells and tells.", true).1, Some(2));
        assert_eq!(write("It tells.", false).1, Some(1));
        assert_eq!(write("It reports.", false).1, None);
        std::fs::remove_dir_all(&root).unwrap();
    }
}
