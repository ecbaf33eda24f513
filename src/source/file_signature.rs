//! File metadata that shows whether files changed, without reading them.
//!
//! A path is resolved part by part, as the kernel does. Every symbolic link on the way is recorded,
//! so a link with a new target counts as a change even if the file behind it looks the same. The
//! same walk finds the folders in which such a change would happen.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf, absolute};
use std::time::SystemTime;

use portcullis_vocabulary::limits::SYMLINKS_MAX;

/// The state of a set of files. Equal signatures mean that no file changed in between, except for
/// a write of the same size within one tick of the file system's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSignature(BTreeMap<PathBuf, ResolvedPath>);

/// The links on the way to one file, and the file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ResolvedPath {
    /// Each symbolic link on the way, with its target.
    links: Vec<(PathBuf, PathBuf)>,
    /// The canonical path, if the file exists.
    path: PathBuf,
    /// The metadata of the file, or why it is missing.
    stamp: Result<FileStamp, io::ErrorKind>,
    /// Existing folders in which a change could affect the path.
    folders: BTreeSet<PathBuf>,
}

/// The metadata of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FileStamp {
    id: FileId,
    bytes: u64,
    modified: Option<SystemTime>,
}

/// The identity of a file and the time of its last status change, if the file system has one. That
/// time also shows a write whose modification time was set back, and a change of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
    changed: (i64, i64),
}

impl FileSignature {
    /// The current state of these files. Missing and inaccessible files have a state too.
    #[must_use]
    pub fn of(files: &[PathBuf]) -> Self {
        let paths = files
            .iter()
            .map(|file| (file.clone(), ResolvedPath::of(file)));
        Self(paths.collect())
    }

    /// Adds a file with its current state, if it is not among these files yet.
    pub fn add(&mut self, file: &Path) {
        let state = self.0.entry(file.to_owned());
        state.or_insert_with(|| ResolvedPath::of(file));
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        self.0.keys().cloned().collect()
    }

    /// Whether a file has changed since this signature was taken.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        self.0
            .iter()
            .any(|(file, state)| ResolvedPath::of(file) != *state)
    }

    /// The folders in which a change of one of the files would happen.
    pub(super) fn folders(&self) -> BTreeSet<PathBuf> {
        let paths = self.0.values();
        paths
            .flat_map(|resolved| &resolved.folders)
            .cloned()
            .collect()
    }
}

impl ResolvedPath {
    fn of(file: &Path) -> Self {
        let mut resolved = Self {
            links: Vec::new(),
            path: PathBuf::new(),
            stamp: Err(io::ErrorKind::NotFound),
            folders: BTreeSet::new(),
        };
        let mut remaining: VecDeque<OsString> = match absolute(file) {
            Ok(path) => parts(&path),
            // Relative paths need a working directory.
            Err(error) => {
                resolved.stamp = Err(error.kind());
                return resolved;
            }
        };
        while let Some(part) = remaining.pop_front() {
            if part == ".." {
                resolved.path.pop();
                continue;
            }
            let next = resolved.path.join(&part);
            let found = fs::symlink_metadata(&next);
            match found {
                Ok(metadata) if metadata.is_symlink() => {
                    let target = fs::read_link(&next).unwrap_or_default();
                    resolved.folders.insert(resolved.path.clone());
                    for part in parts(&target).into_iter().rev() {
                        remaining.push_front(part);
                    }
                    resolved.links.push((next, target));
                    if resolved.links.len() > SYMLINKS_MAX {
                        resolved.stamp = Err(io::ErrorKind::Other);
                        return resolved;
                    }
                }
                found => {
                    if remaining.is_empty() || found.is_err() {
                        resolved.folders.insert(resolved.path.clone());
                    }
                    resolved.path = next;
                    let failed = found.is_err();
                    resolved.stamp = found
                        .map(|metadata| FileStamp::of(&metadata))
                        .map_err(|error| error.kind());
                    if failed {
                        return resolved;
                    }
                }
            }
        }
        resolved
    }
}

/// The parts of a path. Joining the root replaces the path so far.
fn parts(path: &Path) -> VecDeque<OsString> {
    let components = path.components();
    components
        .filter(|component| !matches!(component, Component::CurDir))
        .map(|component| component.as_os_str().to_owned())
        .collect()
}

impl FileStamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            id: FileId::of(metadata),
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

impl FileId {
    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    #[cfg(not(unix))]
    pub(super) fn of(_: &Metadata) -> Self {
        Self::default()
    }

    /// The identity without the time of the last change.
    pub(super) const fn identity(self) -> (u64, u64) {
        (self.device, self.inode)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;
    use std::time::Duration;

    use super::*;

    #[test]
    fn detects_every_change_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("a")).unwrap();
        fs::create_dir_all(root.join("b")).unwrap();
        for file in ["a/x", "b/x", "plain"] {
            fs::write(root.join(file), "same").unwrap();
        }
        symlink("a", root.join("data")).unwrap();
        symlink("data/x", root.join("x")).unwrap();
        let files = [root.join("x"), root.join("plain"), root.join("later/x")];
        let mut seen = FileSignature::of(&files);
        assert_eq!(FileSignature::of(&files), seen);
        let mut check = |change: &dyn Fn()| {
            change();
            let now = FileSignature::of(&files);
            assert_ne!(now, seen);
            seen = now;
        };
        let plain = root.join("plain");
        check(&|| {
            symlink("b", root.join("next")).unwrap();
            fs::rename(root.join("next"), root.join("data")).unwrap();
        });
        check(&|| fs::write(&plain, "other").unwrap());
        check(&|| {
            let file = fs::File::options().write(true).open(&plain).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(60))
                .unwrap();
        });
        check(&|| {
            fs::write(root.join("new"), "other").unwrap();
            fs::rename(root.join("new"), &plain).unwrap();
        });
        check(&|| fs::remove_file(&plain).unwrap());
        check(&|| fs::write(&plain, "").unwrap());
        check(&|| fs::create_dir(root.join("later")).unwrap());
        check(&|| fs::write(root.join("later/x"), "").unwrap());
    }

    #[test]
    fn finds_the_folders_of_possible_changes() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("mount/..1")).unwrap();
        fs::write(root.join("mount/..1/x"), "").unwrap();
        symlink("..1", root.join("mount/..data")).unwrap();
        symlink("..data/x", root.join("mount/x")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let check = |file: &str, folders: &[&str]| {
            let expected = folders.iter().map(|folder| root.join(folder)).collect();
            assert_eq!(
                FileSignature::of(&[root.join(file)]).folders(),
                expected,
                "{file}"
            );
        };
        check("mount/x", &["mount", "mount/..1"]);
        check("mount/../mount/x", &["mount", "mount/..1"]);
        check("mount/y", &["mount"]);
        check("not/yet/x", &[""]);
        check("loop", &[""]);
    }
}
