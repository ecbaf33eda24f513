//! The graph of imports between the files of one crate, and its circles.
//!
//! An import leads to the file that declares the item, through all re-exports on the way. So a
//! front page that re-exports its children is on no circle.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::paths::{self, FilePaths, NamedPath, PathRole};
use crate::sources::{RustFile, child_folder};

/// How many imports of imports are followed, so that a circle of re-exports ends.
const DEPTH_MAX: usize = 12;

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

#[derive(Debug)]
struct ModuleScope<'a> {
    file: &'a str,
    is_front_page: bool,
    items: BTreeSet<&'a str>,
    imports: Vec<NamedPath<'a>>,
}

/// The modules of one crate by their paths from its root, such as `a::b`.
#[derive(Debug, Default)]
struct ModuleTree<'a> {
    modules: HashMap<String, ModuleScope<'a>>,
}

#[derive(Clone, Debug)]
enum PathTarget<'a> {
    Module(String),
    Item(&'a str),
}

/// All imports between files, crate by crate. Front pages re-export without importing.
pub fn imports<'a>(files: &[RustFile<'a>]) -> Vec<FileImport<'a>> {
    let mut crates: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.is_production()) {
        let at = file.path.find("src/").map_or(0, |at| at + 4);
        let (root, below) = file.path.split_at(at);
        if below != "main.rs" {
            crates.entry(root).or_default().push((
                file,
                module_path(below),
                paths::read(&file.code),
            ));
        }
    }
    crates
        .values()
        .flat_map(|files| crate_imports(files))
        .collect()
}

/// `a::b` for `a/b.rs` and `a/b/mod.rs`; empty for the root.
fn module_path(below: &str) -> String {
    child_folder(below).trim_matches('/').replace('/', "::")
}

fn crate_imports<'a>(files: &[(&RustFile<'a>, String, FilePaths<'a>)]) -> Vec<FileImport<'a>> {
    let tree = ModuleTree::new(files);
    let mut first_lines: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (file, module, found) in files {
        for path in &found.paths {
            if is_reexport(file, path) {
                continue;
            }
            let module = join(module, &path.inline_modules);
            for to in tree.declaring_files(&module, path) {
                if to != file.path {
                    first_lines.entry((file.path, to)).or_insert(path.line);
                }
            }
        }
    }
    let import = |((from, to), line)| FileImport { from, to, line };
    first_lines.into_iter().map(import).collect()
}

fn is_reexport(file: &RustFile<'_>, path: &NamedPath<'_>) -> bool {
    let is_public = match path.role {
        PathRole::Import { is_public, .. } | PathRole::Glob { is_public } => is_public,
        PathRole::Qualified => false,
    };
    is_public && file.is_front_page()
}

fn join(module: &str, names: &[&str]) -> String {
    let parts = [module].into_iter().chain(names.iter().copied());
    parts
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("::")
}

impl<'a> ModuleTree<'a> {
    fn new(files: &[(&RustFile<'a>, String, FilePaths<'a>)]) -> Self {
        let mut tree = Self::default();
        for (file, module, found) in files {
            let inline = found.inline_modules.iter().map(Vec::as_slice);
            for inline in inline.chain([&[] as &[&str]]) {
                let is_import = |path: &&NamedPath<'_>| {
                    path.inline_modules == inline && path.role != PathRole::Qualified
                };
                let items = found.items.iter().filter(|(modules, _)| modules == inline);
                let scope = ModuleScope {
                    file: file.path,
                    is_front_page: file.is_front_page() && inline.is_empty(),
                    items: items.map(|(_, name)| *name).collect(),
                    imports: found.paths.iter().filter(is_import).cloned().collect(),
                };
                tree.modules.insert(join(module, inline), scope);
            }
        }
        tree
    }

    /// The files that declare what a path names.
    fn declaring_files(&self, module: &str, path: &NamedPath<'_>) -> Vec<&'a str> {
        match self.resolve(module, &path.segments, 0) {
            Some(PathTarget::Item(file)) => vec![file],
            Some(PathTarget::Module(module)) => {
                let Some(scope) = self.modules.get(&module) else {
                    return Vec::new();
                };
                let is_glob = matches!(path.role, PathRole::Glob { .. });
                match (scope.is_front_page, is_glob) {
                    (false, _) => vec![scope.file],
                    (true, false) => Vec::new(),
                    (true, true) => self.reexported_files(&module),
                }
            }
            None => Vec::new(),
        }
    }

    fn reexported_files(&self, module: &str) -> Vec<&'a str> {
        let imports = self.modules[module].imports.iter();
        let targets = imports.filter_map(|path| self.resolve(module, &path.segments, 0));
        let file = |target| match target {
            PathTarget::Item(file) => Some(file),
            PathTarget::Module(_) => None,
        };
        targets.filter_map(file).collect()
    }

    fn resolve(&self, module: &str, segments: &[&str], depth: usize) -> Option<PathTarget<'a>> {
        let (&head, mut rest) = segments.split_first()?;
        let mut target = match head {
            "crate" => PathTarget::Module(String::new()),
            "self" => PathTarget::Module(module.to_owned()),
            "super" => PathTarget::Module(parent(module)?),
            name => self.look_up(module, name, depth)?,
        };
        while let (PathTarget::Module(module), Some((&name, after))) = (&target, rest.split_first())
        {
            target = match name {
                "super" => PathTarget::Module(parent(module)?),
                name => self.look_up(module, name, depth)?,
            };
            rest = after;
        }
        Some(target)
    }

    /// What a name means in a module: a child, an item, an import, or part of a glob import.
    fn look_up(&self, module: &str, name: &str, depth: usize) -> Option<PathTarget<'a>> {
        let scope = self.modules.get(module).filter(|_| depth < DEPTH_MAX)?;
        if scope.items.contains(name) {
            return Some(PathTarget::Item(scope.file));
        }
        let child = join(module, &[name]);
        if self.modules.contains_key(&child) {
            return Some(PathTarget::Module(child));
        }
        let import = scope.imports.iter().find(|path| {
            matches!(path.role, PathRole::Import { name: own, .. } if own == name)
                && path.segments != [name]
        });
        if let Some(import) = import {
            return self.resolve(module, &import.segments, depth + 1);
        }
        let globs = scope
            .imports
            .iter()
            .filter(|path| matches!(path.role, PathRole::Glob { .. }));
        let in_glob =
            |path: &NamedPath<'_>| match self.resolve(module, &path.segments, depth + 1)? {
                PathTarget::Module(inside) if inside != module => {
                    self.look_up(&inside, name, depth + 1)
                }
                _ => None,
            };
        globs.filter_map(in_glob).next()
    }
}

fn parent(module: &str) -> Option<String> {
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    (!module.is_empty()).then(|| parent.to_owned())
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
    use crate::sources::rust_file;

    fn check(files: &[(&str, &str)], expected_imports: &[&str], expected_circles: &[&str]) {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| rust_file(path, text))
            .collect();
        let imports = imports(&files);
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
