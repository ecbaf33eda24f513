//! A store in a directory.
//!
//! Writers of a record take turns with a lock on a file in its folder, which the kernel releases
//! when a process ends for any reason. Readers need no lock: a rename replaces a record, so they
//! see the old or the new one. The content is synced to disk before the rename and the folder
//! after it, so neither a crash nor a power loss leaves half a record.
//!
//! On a network file system this depends on its locks; use a bucket if they are not reliable.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::store_error::StoreError;
use super::store_key::StoreKey;
use super::stored_record::{CommitOutcome, RecordCommit, RecordTag, StoredRecord};
use crate::source::sha256_hex::sha256_hex;

/// The name of the lock file.
const LOCK: &str = ".lock";

/// The name of a file before its rename. Only one writer holds the lock, so the next one
/// overwrites the draft that a crash left.
const DRAFT: &str = ".draft";

/// The directory of a store.
#[derive(Clone, Debug)]
pub struct DirectoryStore(PathBuf);

impl DirectoryStore {
    pub(super) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub(super) fn path(&self, key: &StoreKey) -> PathBuf {
        self.0.join(key.as_str())
    }

    pub(super) fn read(
        &self,
        key: &StoreKey,
        bytes_max: u64,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.check()?;
        read(&self.path(key), bytes_max)
    }

    fn check(&self) -> Result<(), StoreError> {
        match fs::metadata(&self.0) {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            Ok(_) => Err(StoreError::NotDirectory {
                path: self.0.clone(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StoreError::Missing {
                path: self.0.clone(),
            }),
            Err(source) => Err(failed(&self.0)(source)),
        }
    }

    pub(super) fn commit(&self, commit: &RecordCommit<'_>) -> Result<CommitOutcome, StoreError> {
        self.check()?;
        let path = self.path(commit.key);
        let folder = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder).map_err(failed(folder))?;
        let _lock = lock(folder)?;
        let found = read(&path, u64::MAX - 1)?;
        if found.as_ref().map(|found| &found.tag) != commit.expected {
            return Ok(CommitOutcome::Conflict);
        }
        for (key, bytes) in commit.additions {
            self.replace(folder, &self.path(key), bytes)?;
        }
        self.replace(folder, &path, commit.bytes)?;
        for key in commit.removals {
            let path = self.path(key);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed(&path)(error));
                }
                _ => {}
            }
        }
        Ok(CommitOutcome::Written)
    }

    /// Replaces a file atomically and durably, while the lock of the folder is held.
    fn replace(&self, locked: &Path, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let folder = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder).map_err(failed(folder))?;
        let draft = locked.join(DRAFT);
        let write = || {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .open(&draft)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            drop(file);
            fs::rename(&draft, path)
        };
        write().map_err(failed(path))?;
        // The entries of the folders must be durable too, up to the root of the store.
        for folder in folder
            .ancestors()
            .take_while(|folder| folder.starts_with(&self.0))
        {
            sync_folder(folder).map_err(failed(folder))?;
        }
        Ok(())
    }
}

/// Waits for the lock of a folder. Dropping the returned file releases it.
fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(LOCK);
    let open = || {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        file.lock()?;
        Ok(file)
    };
    open().map_err(failed(&path))
}

fn read(path: &Path, bytes_max: u64) -> Result<Option<StoredRecord>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(path)(source)),
    };
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed(path))?;
    if bytes.len() as u64 > bytes_max {
        return Err(StoreError::TooLarge {
            path: path.to_owned(),
            bytes_max,
        });
    }
    let tag = RecordTag(sha256_hex(&bytes));
    Ok(Some(StoredRecord { bytes, tag }))
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Other systems cannot sync folders.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

fn failed(path: &Path) -> impl Fn(io::Error) -> StoreError {
    move |source| StoreError::Io {
        path: path.to_owned(),
        source,
    }
}

impl fmt::Display for DirectoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> StoreKey {
        StoreKey::new(&["payments", "orders", name]).unwrap()
    }

    #[test]
    fn the_second_of_two_writers_gets_a_conflict() {
        let folder = tempfile::tempdir().unwrap();
        let store = DirectoryStore::new(folder.path());
        let record = key("registry.json");
        let commit = |expected: Option<&RecordTag>, bytes: &[u8]| {
            let commit = RecordCommit {
                key: &record,
                expected,
                bytes,
                additions: &[],
                removals: &[],
            };
            store.commit(&commit).unwrap()
        };
        assert_eq!(store.read(&record, 9).unwrap(), None);
        assert_eq!(commit(None, b"one"), CommitOutcome::Written);
        assert_eq!(commit(None, b"two"), CommitOutcome::Conflict);
        let one = store.read(&record, 9).unwrap().unwrap();
        assert_eq!(one.bytes, b"one");
        assert_eq!(commit(Some(&one.tag), b"two"), CommitOutcome::Written);
        assert_eq!(commit(Some(&one.tag), b"three"), CommitOutcome::Conflict);
        assert_eq!(store.read(&record, 9).unwrap().unwrap().bytes, b"two");
        assert!(matches!(
            store.read(&record, 2),
            Err(StoreError::TooLarge { .. })
        ));
    }

    #[test]
    fn adds_and_removes_the_values_of_a_record() {
        let folder = tempfile::tempdir().unwrap();
        let store = DirectoryStore::new(folder.path());
        let (record, content) = (key("registry.json"), key("a.json"));
        let additions = [(content.clone(), b"content".to_vec())];
        let mut commit = RecordCommit {
            key: &record,
            expected: None,
            bytes: b"one",
            additions: &additions,
            removals: &[],
        };
        assert_eq!(store.commit(&commit).unwrap(), CommitOutcome::Written);
        let one = store.read(&record, 9).unwrap().unwrap();
        assert_eq!(store.read(&content, 9).unwrap().unwrap().bytes, b"content");
        let removals = [content.clone()];
        commit = RecordCommit {
            expected: Some(&one.tag),
            bytes: b"two",
            additions: &[],
            removals: &removals,
            ..commit
        };
        assert_eq!(store.commit(&commit).unwrap(), CommitOutcome::Written);
        assert_eq!(store.read(&content, 9).unwrap(), None);
        // Only the lock file remains.
        let names = fs::read_dir(folder.path().join("payments/orders")).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [LOCK, "registry.json"]);
    }

    #[test]
    fn does_not_create_a_missing_directory() {
        let folder = tempfile::tempdir().unwrap();
        let store = DirectoryStore::new(folder.path().join("typo"));
        let record = key("registry.json");
        let error = store.read(&record, 9).unwrap_err().to_string();
        assert!(error.contains("there is no such directory"), "{error}");
        let commit = RecordCommit {
            key: &record,
            expected: None,
            bytes: b"",
            additions: &[],
            removals: &[],
        };
        assert!(matches!(
            store.commit(&commit),
            Err(StoreError::Missing { .. })
        ));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
