//! Files of a git revision, read by running `git`.
//!
//! Nothing is checked out and no hook runs: `git cat-file` and `git ls-tree` only read objects.
//! A path is relative to the root of the repository, or to the working directory if it begins with
//! `./` (gitrevisions(7), `<rev>:<path>`).

use std::fmt;
use std::path::Path;
use std::process::Command;

use super::program_output::{ProgramOutput, run};

/// A file or directory of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitPath {
    /// The revision: a branch, a tag, a commit.
    pub revision: String,
    /// The path; empty for the whole tree.
    pub path: String,
}

/// What a path of a revision is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GitObjectKind {
    /// A file.
    File,
    /// A directory.
    Directory,
}

/// Why git cannot read a path.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// git cannot be run.
    #[error("git cannot be run: {0}; install it, or name files instead of revisions")]
    Program(std::io::Error),
    /// There is no such revision or path.
    #[error("{file}: git cannot read this: {message}")]
    Unreadable {
        /// The revision and the path.
        file: GitPath,
        /// The message of git.
        message: String,
    },
    /// The file is larger than the limit.
    #[error("{file}: larger than the remaining {bytes_max} bytes")]
    TooLarge {
        /// The revision and the path.
        file: GitPath,
        /// The limit in bytes.
        bytes_max: u64,
    },
}

impl fmt::Display for GitPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.revision, self.path)
    }
}

impl GitPath {
    /// Parses `REV:path`; `None` for text without a colon, an address, or a path with a drive.
    pub fn parse(text: &str) -> Option<Self> {
        let (revision, path) = text.split_once(':')?;
        let is_address = path.starts_with("//");
        // git would take a leading `-` as an option.
        let is_revision = revision.len() > 1 && !revision.starts_with('-');
        (is_revision && !is_address).then(|| Self {
            revision: revision.to_owned(),
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// Whether git knows a text as a revision of the repository of the working directory.
    pub fn is_revision(text: &str) -> bool {
        if text.is_empty() || text.starts_with('-') || text.contains(':') {
            return false;
        }
        let revision = Self {
            revision: text.to_owned(),
            path: String::new(),
        };
        let commit = format!("{text}^{{commit}}");
        let parsed = revision.run_git(&["rev-parse", "--verify", "--quiet", &commit], 1024);
        parsed.is_ok()
    }

    /// Another path of the same revision.
    #[must_use]
    pub fn at(&self, path: &Path) -> Self {
        Self {
            revision: self.revision.clone(),
            path: path.to_string_lossy().into_owned(),
        }
    }

    /// Whether the path is a file or a directory.
    ///
    /// # Errors
    /// [`GitError`] if the path does not exist.
    pub fn kind(&self) -> Result<GitObjectKind, GitError> {
        let kind = self.run_git(&["cat-file", "-t", &self.to_string()], 64)?;
        match String::from_utf8_lossy(&kind).trim() {
            "tree" => Ok(GitObjectKind::Directory),
            "commit" if self.path.is_empty() => Ok(GitObjectKind::Directory),
            _ => Ok(GitObjectKind::File),
        }
    }

    /// The bytes of a file of at most `bytes_max` bytes.
    ///
    /// # Errors
    /// [`GitError`] if git cannot read it.
    pub fn read(&self, bytes_max: u64) -> Result<Vec<u8>, GitError> {
        self.run_git(&["cat-file", "blob", &self.to_string()], bytes_max)
    }

    /// The sorted paths of all files below the directory, relative to it.
    ///
    /// # Errors
    /// [`GitError`] if git cannot read it.
    pub fn files(&self) -> Result<Vec<String>, GitError> {
        const LISTING_BYTES_MAX: u64 = 64 << 20;
        let arguments = [
            "ls-tree",
            "-r",
            "-z",
            "--name-only",
            "--full-tree",
            &self.to_string(),
        ];
        let listing = self.run_git(&arguments, LISTING_BYTES_MAX)?;
        let names = listing
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty());
        let mut names: Vec<String> = names
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        names.sort();
        Ok(names)
    }

    fn run_git(&self, arguments: &[&str], bytes_max: u64) -> Result<Vec<u8>, GitError> {
        let mut git = Command::new("git");
        let printed = run(git.args(arguments), bytes_max).map_err(GitError::Program)?;
        let file = self.clone();
        match printed {
            ProgramOutput::Bytes(bytes) => Ok(bytes),
            ProgramOutput::TooLarge => Err(GitError::TooLarge { file, bytes_max }),
            ProgramOutput::Failed(message) => Err(GitError::Unreadable { file, message }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_revisions_with_paths() {
        let check = |text: &str, expected: Option<(&str, &str)>| {
            let found = GitPath::parse(text).map(|file| (file.revision, file.path));
            let expected = expected.map(|(revision, path)| (revision.to_owned(), path.to_owned()));
            assert_eq!(found, expected, "{text}");
        };
        check("main:a/b.yaml", Some(("main", "a/b.yaml")));
        check("HEAD~2:contracts/", Some(("HEAD~2", "contracts")));
        check("HEAD:", Some(("HEAD", "")));
        check("a/b.yaml", None);
        check("https://host/a", None);
        check("C:\\a", None);
        check("--upload-pack=x:a", None);
    }
}
