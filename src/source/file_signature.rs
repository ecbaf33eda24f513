//! What the file system says of files, to tell whether they changed without reading them.
//!
//! A path is walked part by part, as the kernel does: each symbolic link on the way counts, so a
//! link that is pointed elsewhere is a change even where the file at its end looks the same. The
//! folders in which such a change would happen fall out of the same walk.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf, absolute};
use std::time::SystemTime;

use portcullis_vocabulary::limits::SYMLINKS_MAX;

/// The state of a set of files. Two that are equal say that none of them changed in between, as
/// far as a file system tells: a write within its clock's tick that leaves the size may hide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSignature(BTreeMap<PathBuf, ResolvedPath>);

/// The way to one file, and what is at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ResolvedPath {
    /// Each symbolic link on the way, and where it points.
    links: Vec<(PathBuf, PathBuf)>,
    /// Where the way ends: the canonical path, if anything is there.
    path: PathBuf,
    stamp: Result<FileStamp, io::ErrorKind>,
    /// Existing folders in which the way could change.
    folders: BTreeSet<PathBuf>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FileStamp {
    id: FileId,
    bytes: u64,
    modified: Option<SystemTime>,
}

/// Which file it is, and when the file system last touched its record, where it says so: that
/// tells of a file written under a modification time set back, or made readable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
    changed: (i64, i64),
}

impl FileSignature {
    /// The state of these files now. What is not there, or cannot be looked at, has a state too.
    #[must_use]
    pub fn of(files: &[PathBuf]) -> Self {
        let trails = files
            .iter()
            .map(|file| (file.clone(), ResolvedPath::of(file)));
        Self(trails.collect())
    }

    /// The folders in which something happens when one of the files changes.
    pub(super) fn folders(&self) -> BTreeSet<PathBuf> {
        let trails = self.0.values();
        trails.flat_map(|trail| &trail.folders).cloned().collect()
    }

    /// This state for the files of another, and the other's for files unknown here.
    pub(super) fn carried_over(&self, mut other: Self) -> Self {
        for (file, trail) in &mut other.0 {
            if let Some(known) = self.0.get(file) {
                trail.clone_from(known);
            }
        }
        other
    }
}

impl ResolvedPath {
    fn of(file: &Path) -> Self {
        let mut trail = Self {
            links: Vec::new(),
            path: PathBuf::new(),
            stamp: Err(io::ErrorKind::NotFound),
            folders: BTreeSet::new(),
        };
        let mut left: VecDeque<OsString> = match absolute(file) {
            Ok(path) => parts(&path),
            // Without a working directory there are no relative paths.
            Err(error) => {
                trail.stamp = Err(error.kind());
                return trail;
            }
        };
        while let Some(part) = left.pop_front() {
            if part == ".." {
                trail.path.pop();
                continue;
            }
            let next = trail.path.join(&part);
            let found = fs::symlink_metadata(&next);
            match found {
                Ok(metadata) if metadata.is_symlink() => {
                    let target = fs::read_link(&next).unwrap_or_default();
                    trail.folders.insert(trail.path.clone());
                    for part in parts(&target).into_iter().rev() {
                        left.push_front(part);
                    }
                    trail.links.push((next, target));
                    if trail.links.len() > SYMLINKS_MAX {
                        trail.stamp = Err(io::ErrorKind::Other);
                        return trail;
                    }
                }
                found => {
                    if left.is_empty() || found.is_err() {
                        trail.folders.insert(trail.path.clone());
                    }
                    trail.path = next;
                    let failed = found.is_err();
                    trail.stamp = found
                        .map(|metadata| FileStamp::of(&metadata))
                        .map_err(|error| error.kind());
                    if failed {
                        return trail;
                    }
                }
            }
        }
        trail
    }
}

/// The parts of a path that a walk takes. Joining the root to a path begins anew there.
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

    /// The file itself, whatever became of it.
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
    fn every_way_to_change_a_file_shows() {
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
    fn the_folders_are_those_where_a_change_happens() {
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
