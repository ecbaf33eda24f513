//! A contract or a directory of contracts that an argument names, in the working directory or in
//! a Git revision.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::source::{GitObjectKind, GitPath, ReferenceRoot};
use portcullis_contract::{BrokenPartPolicy, ContractLoadError, DocumentSet};
use portcullis_vocabulary::{ContractReading, Limits};

use super::contract_files::find_contracts;
use crate::cli::run_error::RunError;

/// Where a contract, or a directory of contracts, is.
#[derive(Clone, Debug)]
pub(crate) enum ContractInput {
    /// A file, or standard input.
    File(PathBuf),
    /// All contracts below a directory.
    Directory(PathBuf),
    /// A file of a Git revision.
    Committed(GitPath),
    /// All contracts below a directory of a Git revision.
    CommittedDirectory(GitPath),
}

impl ContractInput {
    /// Resolves an argument. A path that exists is never read as `REV:path`.
    pub(crate) fn of(text: &str) -> Result<Self, RunError> {
        let path = PathBuf::from(text);
        if path.is_dir() {
            return Ok(Self::Directory(path));
        }
        if text == "-" || path.exists() {
            return Ok(Self::File(path));
        }
        if text.contains("://") {
            return Err(RunError::NotFetched {
                address: text.to_owned(),
            });
        }
        let Some(git_path) = GitPath::parse(text) else {
            if GitPath::is_revision(text) {
                return Err(RunError::RevisionWithoutPath {
                    revision: text.to_owned(),
                    path: None,
                });
            }
            return Ok(Self::File(path));
        };
        match git_path.kind()? {
            GitObjectKind::Directory => Ok(Self::CommittedDirectory(git_path)),
            GitObjectKind::File => Ok(Self::Committed(git_path)),
        }
    }

    /// Whether it is a directory.
    pub(crate) const fn is_directory(&self) -> bool {
        matches!(self, Self::Directory(_) | Self::CommittedDirectory(_))
    }

    /// Whether it is standard input.
    pub(crate) fn is_stdin(&self) -> bool {
        matches!(self, Self::File(path) if path == Path::new("-"))
    }

    /// Loads the contract, which must not be a directory, for a compilation with this reading.
    pub(crate) fn load_as(
        &self,
        limits: &Limits,
        root: &ReferenceRoot,
        reading: ContractReading,
    ) -> Result<DocumentSet, ContractLoadError> {
        match self {
            Self::File(path) | Self::Directory(path) => root.load_as(path, limits, reading),
            Self::Committed(git_path) | Self::CommittedDirectory(git_path) => {
                crate::source::load_contract_revision(git_path, limits, root, reading)
            }
        }
    }

    /// Loads the contract for a compilation with this policy and reading.
    pub(crate) fn load_for(
        &self,
        limits: &Limits,
        root: &ReferenceRoot,
        (policy, reading): (BrokenPartPolicy, ContractReading),
    ) -> Result<DocumentSet, ContractLoadError> {
        // Both keep repeated keys.
        let reading = if policy.tolerates() {
            ContractReading::Tolerant
        } else {
            reading
        };
        self.load_as(limits, root, reading)
    }

    /// The files below the directory that may be contracts, by their relative paths.
    pub(crate) fn files(&self) -> Result<BTreeMap<String, Self>, RunError> {
        match self {
            Self::Directory(root) => {
                let found = find_contracts(root)?.into_iter();
                let named = found.map(|path| {
                    let name = path
                        .strip_prefix(root)
                        .unwrap_or(&path)
                        .display()
                        .to_string();
                    (name, Self::File(path))
                });
                Ok(named.collect())
            }
            Self::CommittedDirectory(git_path) => {
                let files = git_path
                    .files()?
                    .into_iter()
                    .filter(|name| may_be_contract(name));
                let named = files.map(|name| {
                    let path = Path::new(&git_path.path).join(&name);
                    (name, Self::Committed(git_path.at(&path)))
                });
                Ok(named.collect())
            }
            Self::File(_) | Self::Committed(_) => Ok(BTreeMap::new()),
        }
    }

    /// The path from the root of the repository, as the patterns of a catalog expect it. A path
    /// of the working directory is taken as relative to the root.
    pub(crate) fn path_in_repository(&self) -> String {
        let path = match self {
            Self::File(path) | Self::Directory(path) => path.to_string_lossy(),
            Self::Committed(git_path) | Self::CommittedDirectory(git_path) => {
                git_path.path.as_str().into()
            }
        };
        let path = path.trim_start_matches("./").trim_end_matches('/');
        if path == "." {
            String::new()
        } else {
            path.to_owned()
        }
    }

    /// The name for messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Directory(path) => path.display().to_string(),
            Self::Committed(git_path) | Self::CommittedDirectory(git_path) => git_path.to_string(),
        }
    }
}

fn may_be_contract(name: &str) -> bool {
    let is_hidden = name.split('/').any(|part| part.starts_with('.'));
    let extension = Path::new(name)
        .extension()
        .and_then(|extension| extension.to_str());
    !is_hidden && matches!(extension, Some("yaml" | "yml" | "json"))
}
