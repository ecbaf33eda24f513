//! Loading contracts from files and from revisions of git.

use std::path::Path;

use portcullis_contract::{self as contract, ContractLoadError, DocumentSet, UnreadableFile};
use portcullis_vocabulary::{ContractReading, Limits};

use super::file_read::{FileReadError, decompressed};
use super::git_path::{GitError, GitPath};
use super::reference_root::ReferenceRoot;

/// Reads the contract at `path` with all local files it refers to.
///
/// # Errors
/// [`ContractLoadError`] when the entry file itself cannot be read or parsed.
pub fn load_contract(path: &Path, limits: &Limits) -> Result<DocumentSet, ContractLoadError> {
    ReferenceRoot::default().load(path, limits)
}

/// Reads a contract like [`load_contract`], but keeps objects with repeated keys.
///
/// # Errors
/// [`ContractLoadError`] when the entry file itself cannot be read or parsed.
pub fn load_contract_tolerant(
    path: &Path,
    limits: &Limits,
) -> Result<DocumentSet, ContractLoadError> {
    ReferenceRoot::default().load_tolerant(path, limits)
}

/// Reads the contract in a file of a git revision, with all files of that revision that it
/// refers to.
///
/// # Errors
/// [`ContractLoadError`] when the entry file itself cannot be read or parsed.
pub fn load_contract_revision(
    file: &GitPath,
    limits: &Limits,
    root: &ReferenceRoot,
    reading: ContractReading,
) -> Result<DocumentSet, ContractLoadError> {
    let options = root.options(reading);
    let read = |path: &Path, bytes_max| read_revision(file, root, path, bytes_max);
    let name = file.to_string();
    contract::load_as(Path::new(&file.path), &name, &options, limits, &read)
}

/// Reads one file of the contract in a file of a git revision. Overlays are files of the working
/// directory.
///
/// # Errors
/// [`UnreadableFile`] names the path and what to do.
pub fn read_revision(
    file: &GitPath,
    root: &ReferenceRoot,
    path: &Path,
    bytes_max: u64,
) -> Result<Vec<u8>, UnreadableFile> {
    if root.overlays().iter().any(|overlay| overlay == path) {
        return root.read(path, path, bytes_max);
    }
    let bytes = file.at(path).read(bytes_max)?;
    Ok(decompressed(path, bytes, bytes_max)?)
}

impl From<FileReadError> for UnreadableFile {
    fn from(error: FileReadError) -> Self {
        Self(error.to_string())
    }
}

impl From<GitError> for UnreadableFile {
    fn from(error: GitError) -> Self {
        Self(error.to_string())
    }
}
