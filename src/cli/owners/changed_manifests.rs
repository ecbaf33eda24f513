//! The manifests of a change, read from where it is.
//!
//! Only files whose names say that they may be manifests are read, and links are not followed: what
//! a link leads to is in the change by its own name, or not in it.

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

/// Reads what the manifests of a change claim.
pub(super) fn manifests(
    contents: &ManifestSource,
    changes: &[PathChange],
) -> Result<ManifestClaims, OwnersError> {
    let is_there = |change: &&PathChange| {
        !matches!(
            change.kind,
            PathChangeKind::Deleted | PathChangeKind::RenamedFrom
        ) && looks_like_manifest(&change.path)
    };
    let paths = changes.iter().filter(is_there);
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
        // A path that was named and is gone is a deleted one.
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
