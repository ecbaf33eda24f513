//! What is compared with what: two files, or the contracts below two directories, each of them
//! in the working directory or in a revision of git.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::source::{GitObjectKind, GitPath};
use portcullis_contract::{ContractLoadError, DocumentSet};
use portcullis_vocabulary::Limits;

use crate::cli::contract_files::find_contracts;
use crate::cli::dispatch::RunError;

/// One side of a comparison.
#[derive(Clone, Debug)]
pub(in crate::cli) enum ContractInput {
    /// A file, or standard input.
    File(PathBuf),
    /// Everything below a directory.
    Directory(PathBuf),
    /// A file of a revision.
    Committed(GitPath),
    /// Everything below a directory of a revision.
    CommittedDirectory(GitPath),
}

impl ContractInput {
    /// Finds out what an argument names. A file that exists is that file, whatever its name.
    pub(in crate::cli) fn of(text: &str) -> Result<Self, RunError> {
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
        let Some(place) = GitPath::parse(text) else {
            return Ok(Self::File(path));
        };
        match place.kind()? {
            GitObjectKind::Directory => Ok(Self::CommittedDirectory(place)),
            GitObjectKind::File => Ok(Self::Committed(place)),
        }
    }

    /// Whether it stands for any number of contracts.
    pub(super) const fn is_directory(&self) -> bool {
        matches!(self, Self::Directory(_) | Self::CommittedDirectory(_))
    }

    /// Whether it is standard input.
    pub(super) fn is_input(&self) -> bool {
        matches!(self, Self::File(path) if path == Path::new("-"))
    }

    /// Reads the one contract that it is.
    pub(super) fn load(&self, limits: &Limits) -> Result<DocumentSet, ContractLoadError> {
        match self {
            Self::File(path) | Self::Directory(path) => crate::source::load_contract(path, limits),
            Self::Committed(place) | Self::CommittedDirectory(place) => {
                crate::source::load_contract_revision(place, limits)
            }
        }
    }

    /// The files below it that may be contracts, by their paths from there.
    pub(super) fn files(&self) -> Result<BTreeMap<String, Self>, RunError> {
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
            Self::CommittedDirectory(place) => {
                let files = place
                    .files()?
                    .into_iter()
                    .filter(|name| is_like_a_contract(name));
                let named = files.map(|name| {
                    let path = Path::new(&place.path).join(&name);
                    (name, Self::Committed(place.at(&path)))
                });
                Ok(named.collect())
            }
            Self::File(_) | Self::Committed(_) => Ok(BTreeMap::new()),
        }
    }

    /// Its path as patterns of a catalog take it: from where the command runs, which is the
    /// repository's root, or from that of the revision.
    pub(super) fn path_in_repository(&self) -> String {
        let path = match self {
            Self::File(path) | Self::Directory(path) => path.to_string_lossy(),
            Self::Committed(place) | Self::CommittedDirectory(place) => place.path.as_str().into(),
        };
        let path = path.trim_start_matches("./").trim_end_matches('/');
        if path == "." {
            String::new()
        } else {
            path.to_owned()
        }
    }

    /// How it is called in messages.
    pub(in crate::cli) fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Directory(path) => path.display().to_string(),
            Self::Committed(place) | Self::CommittedDirectory(place) => place.to_string(),
        }
    }
}

fn is_like_a_contract(name: &str) -> bool {
    let is_hidden = name.split('/').any(|part| part.starts_with('.'));
    let extension = Path::new(name)
        .extension()
        .and_then(|extension| extension.to_str());
    !is_hidden && matches!(extension, Some("yaml" | "yml" | "json"))
}
