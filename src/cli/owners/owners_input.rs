//! The changed paths and the catalog.
//!
//! With `--base` the catalog is that of the base, so a change cannot grant its squad the ownership
//! of what it touches.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::owners_args::OwnersArgs;
use super::owners_error::OwnersError;
use crate::source::{ChangedPath, ChangedPaths, GitBlob, GitTree, PathStatus, Repository};
use portcullis_config::{load_catalog_file, parse_catalog};
use portcullis_control::ownership::{PathChange, PathChangeKind};
use portcullis_vocabulary::CatalogFile;
use portcullis_vocabulary::limits::{CHANGED_PATHS_BYTES_MAX, FILE_BYTES_MAX};

/// The default path of the catalog.
const CATALOG: &str = "contracts/squads.toml";

/// The changed paths and the catalog.
pub(super) struct OwnersInput {
    pub(super) catalog: CatalogFile,
    /// The name of the catalog for messages.
    pub(super) catalog_name: String,
    pub(super) changes: Vec<PathChange>,
    pub(super) contents: ManifestSource,
}

/// Where the changed files are read.
pub(super) enum ManifestSource {
    /// From a directory.
    Directory(PathBuf),
    /// From a tree of a repository, as `git cat-file` names it: the hash of a commit, or the empty
    /// string for the index.
    Tree(Repository, String),
}

/// Finds the changes and the catalog that the arguments name.
pub(super) fn find(args: &OwnersArgs) -> Result<OwnersInput, OwnersError> {
    let Some(base) = &args.base else {
        if args.paths.is_empty() {
            return Err(OwnersError::NoChange);
        }
        let path = args.catalog.clone().unwrap_or_else(|| CATALOG.into());
        return Ok(OwnersInput {
            changes: changes_from_paths(&args.paths, args.null)?,
            catalog: load_catalog_file(&path)?,
            catalog_name: path.display().to_string(),
            contents: ManifestSource::Directory(PathBuf::new()),
        });
    };
    let repository = Repository::open(Path::new("."))?;
    let tree = if args.staged {
        GitTree::Index
    } else {
        GitTree::Worktree
    };
    let changed = repository.changes(base, args.head.as_deref(), tree)?;
    let (catalog, catalog_name) = match &args.catalog {
        Some(path) => (load_catalog_file(path)?, path.display().to_string()),
        None => catalog_of(&repository, &changed)?,
    };
    let contents = match &changed.tree {
        GitTree::Worktree => ManifestSource::Directory(repository.root().to_owned()),
        GitTree::Index => ManifestSource::Tree(repository, String::new()),
        GitTree::Commit(hash) => ManifestSource::Tree(repository, hash.clone()),
    };
    Ok(OwnersInput {
        catalog,
        catalog_name,
        changes: changes(changed),
        contents,
    })
}

/// The catalog of the base. If the base has no catalog yet, that of the working tree.
fn catalog_of(
    repository: &Repository,
    changed: &ChangedPaths,
) -> Result<(CatalogFile, String), OwnersError> {
    let mut blob = GitBlob::Absent;
    let paths = [CATALOG.to_owned()];
    repository.read(&changed.base, &paths, FILE_BYTES_MAX, |_, found| {
        blob = found
    })?;
    let path = Path::new(CATALOG);
    let text = match blob {
        GitBlob::Absent => {
            let catalog = load_catalog_file(&repository.root().join(path))?;
            return Ok((catalog, CATALOG.to_owned()));
        }
        GitBlob::Bytes(bytes) => String::from_utf8(bytes).ok(),
        GitBlob::TooLarge => None,
    };
    let text = text.ok_or_else(|| OwnersError::CatalogBytes {
        path: path.to_owned(),
    })?;
    let short = changed.base.get(..12).unwrap_or(&changed.base);
    Ok((parse_catalog(&text, path)?, format!("{CATALOG} of {short}")))
}

fn changes(changed: ChangedPaths) -> Vec<PathChange> {
    let change = |changed: ChangedPath| PathChange {
        kind: match changed.status {
            PathStatus::Added => PathChangeKind::Added,
            PathStatus::Modified => PathChangeKind::Modified,
            PathStatus::Deleted => PathChangeKind::Deleted,
            PathStatus::RenamedFrom => PathChangeKind::RenamedFrom,
            PathStatus::RenamedTo => PathChangeKind::RenamedTo,
        },
        path: changed.path,
    };
    changed.paths.into_iter().map(change).collect()
}

/// The paths of the command line. `-` stands for the list on standard input.
fn changes_from_paths(arguments: &[String], is_null: bool) -> Result<Vec<PathChange>, OwnersError> {
    let mut changes = Vec::new();
    let mut add = |path: &str| -> Result<(), OwnersError> {
        changes.push(PathChange {
            path: normalize(path)?,
            kind: PathChangeKind::Named,
        });
        Ok(())
    };
    for argument in arguments {
        if argument != "-" {
            // The files in it may have different owners.
            if Path::new(argument).is_dir() {
                let path = argument.clone();
                return Err(OwnersError::Directory { path });
            }
            add(argument)?;
            continue;
        }
        let list = read_path_list()?;
        let separator = if is_null { '\0' } else { '\n' };
        for (index, path) in list.split(separator).enumerate() {
            let path = if is_null {
                path
            } else {
                path.strip_suffix('\r').unwrap_or(path)
            };
            if !is_null && path.starts_with('"') {
                return Err(OwnersError::QuotedPath { line: index + 1 });
            }
            if !path.is_empty() {
                add(path)?;
            }
        }
    }
    Ok(changes)
}

fn read_path_list() -> Result<String, OwnersError> {
    let bytes_max = CHANGED_PATHS_BYTES_MAX;
    let mut bytes = Vec::new();
    let mut input = std::io::stdin().lock().take(bytes_max as u64 + 1);
    input.read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        return Err(OwnersError::InputTooLong { bytes_max });
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Removes `.`, `..` and empty segments from a path.
fn normalize(path: &str) -> Result<String, OwnersError> {
    let refused = || OwnersError::Path {
        path: path.to_owned(),
    };
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop().ok_or_else(refused)?;
            }
            _ => segments.push(segment),
        }
    }
    if path.starts_with('/') || segments.is_empty() {
        return Err(refused());
    }
    Ok(segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizes_paths_within_the_repository() {
        let check = |path: &str, expected: Option<&str>| {
            assert_eq!(normalize(path).ok().as_deref(), expected, "{path}");
        };
        check("a/b", Some("a/b"));
        check("./a//b/", Some("a/b"));
        check("a/../b", Some("b"));
        check("../a", None);
        check("a/../../b", None);
        check("/a", None);
        check(".", None);
        check("", None);
    }
}
