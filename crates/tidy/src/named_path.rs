//! The paths that a file names, and the items it declares, each in its module.

use std::collections::HashSet;

/// A path as written, in the module where it is written.
#[derive(Clone, Debug)]
pub struct NamedPath<'a> {
    /// Inline modules around it, within the file.
    pub inline_modules: Vec<&'a str>,
    /// The segments; those of a glob import end before the `*`.
    pub segments: Vec<&'a str>,
    /// Its line.
    pub line: usize,
    /// How it is used.
    pub role: PathRole<'a>,
}

/// How a path is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathRole<'a> {
    /// `use path as name`; the name is the last segment if there is no `as`.
    Import {
        /// The name that it gets here.
        name: &'a str,
        /// Whether it is `pub`, with or without a scope.
        is_public: bool,
    },
    /// `use path::*`.
    Glob {
        /// Whether it is `pub`, with or without a scope.
        is_public: bool,
    },
    /// Written out in code.
    Qualified,
}

/// What a file names and declares.
#[derive(Debug, Default)]
pub struct FilePaths<'a> {
    /// Every path in order.
    pub paths: Vec<NamedPath<'a>>,
    /// Declared items, each with the inline modules around it.
    pub items: HashSet<(Vec<&'a str>, &'a str)>,
    /// Inline modules, from the outermost.
    pub inline_modules: HashSet<Vec<&'a str>>,
}
