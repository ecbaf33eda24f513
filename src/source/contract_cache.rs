//! A cache of the last good contracts on disk, for a start while their origin is unavailable.
//!
//! There is one file for each service: a line of JSON with the header, then the content unchanged.
//! One file keeps the two consistent, and a rename replaces both atomically. Damaged entries, and
//! those of another origin, are ignored.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::cache_drafts::DRAFT_EXTENSION;
use super::file_read::{FileReadError, read};
use super::sha256_hex::sha256_hex;

/// The maximum size of the header line, enough for any address.
const HEAD_BYTES_MAX: u64 = 64 * 1024;

/// The maximum length of a file name without its extension; file systems allow 255 bytes.
const NAME_BYTES_MAX: usize = 200;

/// The characters that a file name escapes. A dot is escaped, so no name leaves the folder.
const ESCAPED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// A folder with the last good contracts.
#[derive(Clone, Debug)]
pub struct ContractCache {
    folder: PathBuf,
    bytes_max: u64,
}

/// The first line of an entry.
#[derive(Debug, Serialize, Deserialize)]
struct CacheHeader {
    origin: String,
    sha256: String,
    /// Seconds since 1970.
    kept_at: u64,
}

/// Why an entry is not used.
#[derive(Debug, thiserror::Error)]
enum CacheEntryError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Read(#[from] FileReadError),
    #[error("its first line is not a header of this cache")]
    Header,
    #[error("its content is damaged")]
    Damaged,
    #[error("it belongs to {0}")]
    OtherOrigin(String),
}

impl ContractCache {
    /// A cache in this folder, which is created when it is needed. Contracts have at most
    /// `bytes_max` bytes.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, bytes_max: u64) -> Self {
        Self {
            folder: folder.into(),
            bytes_max,
        }
    }

    /// Stores the contract of a service and replaces the previous one. `origin` is readable in the
    /// file.
    ///
    /// # Errors
    /// The folder cannot be created or written to; the previous entry is unchanged.
    pub fn store(&self, name: &str, origin: &str, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let kept_at = SystemTime::now().duration_since(UNIX_EPOCH);
        let head = CacheHeader {
            origin: origin.to_owned(),
            sha256: sha256_hex(bytes),
            kept_at: kept_at.unwrap_or_default().as_secs(),
        };
        let path = self.path(name);
        // The name contains the process id, since two processes may share the folder.
        let draft = path.with_extension(format!("{}.{DRAFT_EXTENSION}", std::process::id()));
        let written = write(&draft, &head, bytes).and_then(|()| fs::rename(&draft, &path));
        if written.is_err() {
            // The first error is the one to report.
            let _ = fs::remove_file(&draft);
        }
        written?;
        // The rename is durable once the folder is synced; some file systems do not support that.
        let _ = File::open(&self.folder).and_then(|folder| folder.sync_all());
        Ok(())
    }

    /// Removes the contract of a service, if there is one.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// The contract of a service from this origin, and its age. An unusable entry is logged.
    #[must_use]
    pub fn load(&self, name: &str, origin: &str) -> Option<(Vec<u8>, Duration)> {
        let path = self.path(name);
        if !path.exists() {
            return None;
        }
        match self.read_valid(&path, origin) {
            Ok(found) => Some(found),
            Err(error) => {
                tracing::warn!(
                    service = name,
                    "the cached contract {} is ignored: {error}; remove the file if this persists",
                    path.display()
                );
                None
            }
        }
    }

    fn read_valid(
        &self,
        path: &Path,
        origin: &str,
    ) -> Result<(Vec<u8>, Duration), CacheEntryError> {
        let mut bytes = read(path, self.bytes_max.saturating_add(HEAD_BYTES_MAX))?;
        let end = memchr::memchr(b'\n', &bytes).ok_or(CacheEntryError::Header)?;
        let head: CacheHeader =
            serde_json::from_slice(&bytes[..end]).map_err(|_| CacheEntryError::Header)?;
        bytes.drain(..=end);
        if head.sha256 != sha256_hex(&bytes) {
            return Err(CacheEntryError::Damaged);
        }
        if head.origin != origin {
            return Err(CacheEntryError::OtherOrigin(head.origin));
        }
        let kept_at = UNIX_EPOCH.checked_add(Duration::from_secs(head.kept_at));
        let age = kept_at.and_then(|kept_at| SystemTime::now().duration_since(kept_at).ok());
        Ok((bytes, age.unwrap_or_default()))
    }

    fn path(&self, name: &str) -> PathBuf {
        let mut file = utf8_percent_encode(name, &ESCAPED).to_string();
        if file.len() > NAME_BYTES_MAX {
            file = sha256_hex(name);
        }
        self.folder.join(format!("{file}.contract"))
    }
}

/// Writes and syncs an entry; only the owner of the file may read it.
fn write(path: &Path, head: &CacheHeader, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let mut line = serde_json::to_vec(head).map_err(io::Error::other)?;
    line.push(b'\n');
    file.write_all(&line)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, ContractCache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = ContractCache::new(folder.path().join("made/here"), 100);
        (folder, cache)
    }

    fn bytes(found: Option<(Vec<u8>, Duration)>) -> Option<Vec<u8>> {
        found.map(|(bytes, age)| {
            assert!(age < Duration::from_secs(3600));
            bytes
        })
    }

    #[test]
    fn returns_the_last_stored_contract() {
        let (_folder, cache) = cache();
        assert_eq!(bytes(cache.load("shop", "a")), None);
        cache.store("shop", "a", b"one\ntwo").unwrap();
        assert_eq!(bytes(cache.load("shop", "a")), Some(b"one\ntwo".to_vec()));
        cache.store("shop", "a", b"").unwrap();
        assert_eq!(bytes(cache.load("shop", "a")), Some(Vec::new()));
        assert_eq!(bytes(cache.load("shop", "b")), None);
        assert_eq!(fs::read_dir(&cache.folder).unwrap().count(), 1);
        cache.remove("other").unwrap();
        cache.remove("shop").unwrap();
        cache.remove("shop").unwrap();
        assert_eq!(fs::read_dir(&cache.folder).unwrap().count(), 0);
    }

    #[test]
    fn service_names_do_not_collide_or_leave_the_folder() {
        let (_folder, cache) = cache();
        let long = "n".repeat(1000);
        let names = [
            "../shop", "shop", "Shop", "a/b", "a_b", "a.b", "", "ü", &long,
        ];
        for name in names {
            cache
                .store(
                    name,
                    "a",
                    name.as_bytes().get(..9).unwrap_or(name.as_bytes()),
                )
                .unwrap();
        }
        assert_eq!(fs::read_dir(&cache.folder).unwrap().count(), names.len());
        assert_eq!(bytes(cache.load("../shop", "a")), Some(b"../shop".to_vec()));
    }

    #[test]
    fn ignores_damaged_entries() {
        let (_folder, cache) = cache();
        let path = cache.path("shop");
        let check = |change: fn(&mut Vec<u8>)| {
            cache.store("shop", "a", b"content").unwrap();
            let mut entry = fs::read(&path).unwrap();
            change(&mut entry);
            fs::write(&path, entry).unwrap();
            assert_eq!(bytes(cache.load("shop", "a")), None);
        };
        check(|entry| entry.truncate(0));
        check(|entry| entry.truncate(20));
        check(|entry| entry.truncate(entry.len() - 1));
        check(|entry| *entry.last_mut().unwrap() ^= 1);
        check(|entry| entry[0] = b'[');
        check(|entry| entry.extend([b'x'; 70_000]));
    }

    #[test]
    fn reports_a_folder_that_cannot_be_created() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(
            ContractCache::new(&file, 100)
                .store("shop", "a", b"x")
                .is_err()
        );
        assert_eq!(
            bytes(ContractCache::new(&file, 100).load("shop", "a")),
            None
        );
    }
}
