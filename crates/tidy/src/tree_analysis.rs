//! Everything that the rules and the measures need to know of a source tree, found once.

use std::collections::BTreeSet;

use crate::file_prose::{FileProse, file_prose};
use crate::import_graph::{self, FileImport};
use crate::module_tree::{ModuleFile, module_files};
use crate::source_files::{RustFile, TextFile, rust_files};

/// A source tree, analysed.
#[derive(Debug)]
pub struct TreeAnalysis<'a> {
    /// The manifests of all crates.
    pub manifests: Vec<&'a TextFile>,
    /// All Rust files.
    pub files: Vec<RustFile<'a>>,
    /// The files of production code with the paths that they name.
    pub modules: Vec<ModuleFile<'a>>,
    /// Which file imports which.
    pub imports: Vec<FileImport<'a>>,
    /// The circles of imports.
    pub circles: Vec<BTreeSet<&'a str>>,
    /// The prose of all files.
    pub prose: Vec<FileProse<'a>>,
}

impl<'a> TreeAnalysis<'a> {
    /// Analyses the files whose path starts with a prefix; all when it is empty.
    pub fn new(texts: &'a [TextFile], path_prefix: &str) -> Self {
        let mut files = rust_files(texts);
        files.retain(|file| file.path.starts_with(path_prefix));
        let texts = texts
            .iter()
            .filter(|file| file.path.starts_with(path_prefix));
        let texts: Vec<_> = texts.collect();
        let prose = file_prose(&texts, &files);
        let manifests = texts
            .into_iter()
            .filter(|file| file.path.ends_with("Cargo.toml"))
            .collect();
        let modules = module_files(&files);
        let imports = import_graph::imports(&modules);
        let circles = import_graph::circles(&imports);
        Self {
            manifests,
            files,
            modules,
            imports,
            circles,
            prose,
        }
    }
}
