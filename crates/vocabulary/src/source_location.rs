//! Where a configured value was written.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where a value comes from. Ordered as reports list values: files by line, then the environment,
/// then flags.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigLocation {
    /// A line of a file, counted from 1.
    Line(Arc<Path>, usize),
    /// A file as a whole.
    File(Arc<Path>),
    /// An environment variable.
    Variable(String),
    /// A command-line flag.
    Flag(&'static str),
}

impl ConfigLocation {
    /// A file as a whole.
    pub fn file(path: &Path) -> Self {
        Self::File(path.into())
    }
}

impl fmt::Display for ConfigLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(path, line) => write!(f, "{}:{line}", path.display()),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}
