//! The modules of one crate, and which file declares what a path names.
//!
//! A path leads to the file that declares the item, through all re-exports on the way.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use crate::named_path::{FilePaths, NamedPath, PathRole};
use crate::path_reader;
use crate::source_files::{RustFile, child_folder};

/// A file of production code with its place in the module tree.
#[derive(Debug)]
pub struct ModuleFile<'a> {
    /// Path from the root.
    pub path: &'a str,
    /// The folder of the crate's sources, such as `crates/json/src/`.
    pub crate_source: &'a str,
    /// The module, such as `a::b`; empty for the root.
    pub module: String,
    /// Whether it is a front page.
    pub is_front_page: bool,
    /// What it names and declares.
    pub found: FilePaths<'a>,
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
pub struct ModuleTree<'a> {
    modules: HashMap<String, ModuleScope<'a>>,
    /// What names in a module lead to. An import that is being followed has no target yet, so a
    /// circle of re-exports ends.
    imported: RefCell<HashMap<String, Option<PathTarget<'a>>>>,
}

/// Every file of production code, parsed for its paths.
pub fn module_files<'a>(files: &[RustFile<'a>]) -> Vec<ModuleFile<'a>> {
    let parse = |file: &RustFile<'a>| {
        let source_length = file.path.find("src/").map_or(0, |at| at + 4);
        let (crate_source, below) = file.path.split_at(source_length);
        ModuleFile {
            path: file.path,
            crate_source,
            module: module_path(below),
            is_front_page: file.is_front_page(),
            found: path_reader::read(&file.code),
        }
    };
    files
        .iter()
        .filter(|file| file.is_production())
        .map(parse)
        .collect()
}

#[derive(Clone, Debug)]
enum PathTarget<'a> {
    Module(String),
    Item(&'a str),
}

impl<'a> ModuleTree<'a> {
    /// The tree of all modules of one crate.
    pub fn new<'f>(files: impl Iterator<Item = &'f ModuleFile<'a>>) -> Self
    where
        'a: 'f,
    {
        let mut tree = Self::default();
        for file in files {
            let inline = file.found.inline_modules.iter().map(Vec::as_slice);
            for inline in inline.chain([&[] as &[&str]]) {
                let is_import = |path: &&NamedPath<'_>| {
                    path.inline_modules == inline && path.role != PathRole::Qualified
                };
                let items = file
                    .found
                    .items
                    .iter()
                    .filter(|(modules, _)| modules == inline);
                let scope = ModuleScope {
                    file: file.path,
                    is_front_page: file.is_front_page && inline.is_empty(),
                    items: items.map(|(_, name)| *name).collect(),
                    imports: file.found.paths.iter().filter(is_import).cloned().collect(),
                };
                tree.modules.insert(join(&file.module, inline), scope);
            }
        }
        tree
    }

    /// The files that declare what a path names.
    pub fn declaring_files(&self, module: &str, path: &NamedPath<'_>) -> Vec<&'a str> {
        match self.resolve(module, &path.segments) {
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
        let targets = imports.filter_map(|path| self.resolve(module, &path.segments));
        let file = |target| match target {
            PathTarget::Item(file) => Some(file),
            PathTarget::Module(_) => None,
        };
        targets.filter_map(file).collect()
    }

    fn resolve(&self, module: &str, segments: &[&str]) -> Option<PathTarget<'a>> {
        let (&head, mut rest) = segments.split_first()?;
        let mut target = match head {
            "crate" => PathTarget::Module(String::new()),
            "self" => PathTarget::Module(module.to_owned()),
            "super" => PathTarget::Module(parent(module)?),
            name => self.look_up(module, name)?,
        };
        while let (PathTarget::Module(module), Some((&name, after))) = (&target, rest.split_first())
        {
            target = match name {
                "super" => PathTarget::Module(parent(module)?),
                name => self.look_up(module, name)?,
            };
            rest = after;
        }
        Some(target)
    }

    /// What a name means in a module: a child, an item, an import, or part of a glob import.
    fn look_up(&self, module: &str, name: &str) -> Option<PathTarget<'a>> {
        let child = join(module, &[name]);
        if self.modules.contains_key(&child) {
            return Some(PathTarget::Module(child));
        }
        let scope = self.modules.get(module)?;
        if scope.items.contains(name) {
            return Some(PathTarget::Item(scope.file));
        }
        if let Some(known) = self.imported.borrow().get(&child) {
            return known.clone();
        }
        self.imported.borrow_mut().insert(child.clone(), None);
        let target = self.look_up_import(module, scope, name);
        self.imported.borrow_mut().insert(child, target.clone());
        target
    }

    fn look_up_import(
        &self,
        module: &str,
        scope: &ModuleScope<'a>,
        name: &str,
    ) -> Option<PathTarget<'a>> {
        let import = scope.imports.iter().find(|path| {
            matches!(path.role, PathRole::Import { name: own, .. } if own == name)
                && path.segments != [name]
        });
        if let Some(import) = import {
            return self.resolve(module, &import.segments);
        }
        let globs = scope
            .imports
            .iter()
            .filter(|path| matches!(path.role, PathRole::Glob { .. }));
        let in_glob = |path: &NamedPath<'_>| match self.resolve(module, &path.segments)? {
            PathTarget::Module(inside) if inside != module => self.look_up(&inside, name),
            _ => None,
        };
        globs.filter_map(in_glob).next()
    }
}

fn parent(module: &str) -> Option<String> {
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    (!module.is_empty()).then(|| parent.to_owned())
}

/// `a::b` for `a/b.rs` and `a/b/mod.rs`; empty for the root.
fn module_path(below: &str) -> String {
    child_folder(below).trim_matches('/').replace('/', "::")
}

/// A module below another, by the names on the way.
pub fn join(module: &str, names: &[&str]) -> String {
    let parts = [module].into_iter().chain(names.iter().copied());
    parts
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("::")
}
