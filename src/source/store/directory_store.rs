//! A directory as a store.
//!
//! Writers of one record take turns by a lock on a file beside it, which the kernel lets go of
//! when a process ends, however it ends. Readers need none: a record is replaced by a rename, so
//! it is the old one or the new one. Before the rename the content is on disk (`fsync`), and after
//! it the folder, so that neither a crash nor a loss of power leaves half a record.
//!
//! On a network file system this is as good as its locks are; use a bucket where that is unknown.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::record_store::{CommitOutcome, RecordCommit, RecordTag, StoreError, StoredRecord};
use super::store_key::StoreKey;
use crate::source::contract_cache::hex;

/// How the lock's file is called.
const LOCK: &str = ".lock";

/// How what is not in its place yet is called. There is one writer at a time, so the next one
/// writes over what a crash left behind.
const DRAFT: &str = ".draft";

/// A directory.
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
            Ok(_) => Err(StoreError::Missing {
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

    /// Puts a file there at once and for good, while the lock of a folder is held.
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
        // The folder's own entry must last as well, up to where the store begins.
        for folder in folder
            .ancestors()
            .take_while(|folder| folder.starts_with(&self.0))
        {
            sync_folder(folder).map_err(failed(folder))?;
        }
        Ok(())
    }
}

/// Waits until nobody else writes here. The lock ends with the file that is returned.
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
    let tag = RecordTag(hex(&Sha256::digest(&bytes)));
    Ok(Some(StoredRecord { bytes, tag }))
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Other systems have no such call for folders.
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
    fn of_two_writers_one_is_overtaken() {
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
    fn what_belongs_to_a_record_comes_and_goes_with_it() {
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
        // Nothing else is left behind but the lock.
        let names = fs::read_dir(folder.path().join("payments/orders")).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [LOCK, "registry.json"]);
    }

    #[test]
    fn a_directory_that_is_not_there_is_not_made() {
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
