//! Reads the Kubernetes manifests of a change.
//!
//! Only files that may be manifests by their names are read. Symbolic links are not followed: if
//! the target has changed, it is in the change under its own path.

use std::fs;
use std::path::Path;

use super::owners_error::OwnersError;
use super::owners_input::ManifestSource;
use crate::source;
use crate::source::GitBlob;
use portcullis_control::ownership::{
    BrokenManifest, ManifestClaims, PathChange, PathChangeKind, looks_like_manifest, read_manifests,
};
use portcullis_vocabulary::limits::MANIFEST_BYTES_MAX;

/// Reads the claims of the manifests of a change.
pub(super) fn manifests(
    contents: &ManifestSource,
    changes: &[PathChange],
) -> Result<ManifestClaims, OwnersError> {
    let is_manifest = |change: &&PathChange| {
        !matches!(
            change.kind,
            PathChangeKind::Deleted | PathChangeKind::RenamedFrom
        ) && looks_like_manifest(&change.path)
    };
    let paths = changes.iter().filter(is_manifest);
    let mut paths: Vec<String> = paths.map(|change| change.path.clone()).collect();
    paths.sort();
    let mut manifests = ManifestClaims::default();
    match contents {
        ManifestSource::Directory(directory) => {
            for path in &paths {
                let bytes = file(directory, path)?;
                add(path, bytes, &mut manifests);
            }
        }
        ManifestSource::Tree(repository, tree) => {
            repository.read(tree, &paths, MANIFEST_BYTES_MAX, |index, bytes| {
                add(&paths[index], bytes, &mut manifests);
            })?;
        }
    }
    Ok(manifests)
}

fn file(directory: &Path, path: &str) -> Result<GitBlob, OwnersError> {
    let path = directory.join(path);
    match fs::symlink_metadata(&path) {
        Ok(metadata) if !metadata.is_file() => Ok(GitBlob::Absent),
        Ok(metadata) if metadata.len() > MANIFEST_BYTES_MAX as u64 => Ok(GitBlob::TooLarge),
        Ok(_) => Ok(GitBlob::Bytes(source::read(
            &path,
            MANIFEST_BYTES_MAX as u64,
        )?)),
        // A path from the command line that does not exist was deleted.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(GitBlob::Absent),
        Err(source) => Err(source::FileReadError::Io { path, source }.into()),
    }
}

fn add(path: &str, blob: GitBlob, manifests: &mut ManifestClaims) {
    match blob {
        GitBlob::Absent => {}
        GitBlob::TooLarge => manifests.broken.push(BrokenManifest {
            path: path.to_owned(),
            line: 1,
            message: format!("larger than {MANIFEST_BYTES_MAX} bytes; split the file"),
        }),
        GitBlob::Bytes(bytes) => read_manifests(path, &bytes, manifests),
    }
}
