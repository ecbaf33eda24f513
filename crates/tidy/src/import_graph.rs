//! The graph of imports between the files of one crate, and its circles.
//!
//! An import leads to the file that declares the item, through all re-exports on the way. So a
//! front page that re-exports its children is on no circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::module_tree::{ModuleFile, ModuleTree, join};
use crate::named_path::{NamedPath, PathRole};

/// One file importing another, with the line of the first import.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileImport<'a> {
    /// The file that imports.
    pub from: &'a str,
    /// The file that declares what is imported.
    pub to: &'a str,
    /// The line of the first import.
    pub line: usize,
}

/// All imports between files, crate by crate. Front pages re-export without importing.
pub fn imports<'a>(files: &[ModuleFile<'a>]) -> Vec<FileImport<'a>> {
    let mut first_lines: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    // `main.rs` is the root of a separate crate, which nothing imports.
    let files = || {
        files
            .iter()
            .filter(|file| !file.path.ends_with("src/main.rs"))
    };
    let crates: BTreeSet<_> = files().map(|file| file.crate_source).collect();
    for crate_source in crates {
        let files = || files().filter(|file| file.crate_source == crate_source);
        let tree = ModuleTree::new(files());
        for file in files() {
            for path in file
                .found
                .paths
                .iter()
                .filter(|path| !is_reexport(file, path))
            {
                let module = join(&file.module, &path.inline_modules);
                for to in tree.declaring_files(&module, path) {
                    if to != file.path {
                        first_lines.entry((file.path, to)).or_insert(path.line);
                    }
                }
            }
        }
    }
    let import = |((from, to), line)| FileImport { from, to, line };
    first_lines.into_iter().map(import).collect()
}

fn is_reexport(file: &ModuleFile<'_>, path: &NamedPath<'_>) -> bool {
    let is_public = match path.role {
        PathRole::Import { is_public, .. } | PathRole::Glob { is_public } => is_public,
        PathRole::Qualified => false,
    };
    is_public && file.is_front_page
}

/// The circles: each is a set of files of which every one reaches every other.
pub fn circles<'a>(imports: &[FileImport<'a>]) -> Vec<BTreeSet<&'a str>> {
    let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for import in imports {
        next.entry(import.from).or_default().push(import.to);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> = next
        .keys()
        .map(|&file| (file, reachable(file, &next)))
        .collect();
    let mut circles = BTreeSet::new();
    for (file, others) in &reached {
        let back = |other: &&&str| {
            reached
                .get(**other)
                .is_some_and(|after| after.contains(file))
        };
        let circle: BTreeSet<_> = others.iter().filter(back).copied().collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

fn reachable<'a>(start: &'a str, next: &BTreeMap<&'a str, Vec<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![start];
    while let Some(file) = waiting.pop() {
        for &other in next.get(file).into_iter().flatten() {
            if reached.insert(other) {
                waiting.push(other);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module_tree::module_files;
    use crate::source_files::rust_file;

    fn check(files: &[(&str, &str)], expected_imports: &[&str], expected_circles: &[&str]) {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| rust_file(path, text))
            .collect();
        let imports = imports(&module_files(&files));
        let short = |path: &str| path.trim_start_matches("src/").to_owned();
        let shown: Vec<_> = imports
            .iter()
            .map(|import| format!("{} > {}", short(import.from), short(import.to)))
            .collect();
        assert_eq!(shown, expected_imports);
        let circles = circles(&imports);
        let circles: Vec<_> = circles
            .iter()
            .map(|circle| {
                circle
                    .iter()
                    .map(|path| short(path))
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        assert_eq!(circles, expected_circles);
    }

    const FRONT_PAGE: (&str, &str) = ("src/lib.rs", "mod a; mod b; pub use a::A; pub use b::B;");

    #[test]
    fn imports_lead_to_the_declaring_file() {
        check(
            &[
                FRONT_PAGE,
                ("src/a.rs", "use crate::B; struct A(B);"),
                ("src/b.rs", "struct B;"),
            ],
            &["a.rs > b.rs"],
            &[],
        );
        check(
            &[
                ("src/lib.rs", "mod a; mod c;"),
                ("src/a/mod.rs", "mod b; pub use b::*;"),
                (
                    "src/a/b.rs",
                    "struct B; impl B { fn d() { super::super::c::f(); } }",
                ),
                ("src/c.rs", "use crate::a; fn f(_: a::B) {}"),
            ],
            &["a/b.rs > c.rs", "c.rs > a/b.rs"],
            &["a/b.rs c.rs"],
        );
    }

    #[test]
    fn circles_are_found_through_front_pages() {
        check(
            &[
                FRONT_PAGE,
                ("src/a.rs", "use super::B; struct A;"),
                ("src/b.rs", "use crate::a::A; struct B;"),
            ],
            &["a.rs > b.rs", "b.rs > a.rs"],
            &["a.rs b.rs"],
        );
    }

    #[test]
    fn tests_and_other_crates_make_no_circle() {
        check(
            &[
                FRONT_PAGE,
                ("src/a.rs", "use super::B; struct A;"),
                (
                    "src/b.rs",
                    "use other::A; struct B;\n#[cfg(test)] mod tests { use crate::A; }",
                ),
            ],
            &["a.rs > b.rs"],
            &[],
        );
    }
}
