//! The last good contents, kept on disk for a start while their origin is away.
//!
//! One file for each service: a line of JSON that says what follows, then the content as it was.
//! In one file the two cannot come apart, and a rename puts both there at once. What is damaged,
//! or was kept for another origin, counts as absent.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The largest first line: an origin fits, whatever its address.
const HEAD_BYTES_MAX: u64 = 64 * 1024;

/// The longest name of a service that is the name of a file too; file systems allow 255 bytes.
const NAME_BYTES_MAX: usize = 200;

/// What a file's name may hold unchanged. A dot is escaped, so that no name leads elsewhere.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// A folder of last good contents.
#[derive(Clone, Debug)]
pub struct ContractCache {
    folder: PathBuf,
    bytes_max: u64,
}

/// What is known of a kept content.
#[derive(Debug, Serialize, Deserialize)]
struct CacheHeader {
    origin: String,
    sha256: String,
    /// Seconds since 1970.
    kept_at: u64,
}

/// Why a kept content is not used.
#[derive(Debug, thiserror::Error)]
enum CacheEntryError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Read(#[from] super::FileReadError),
    #[error("its first line is none that was written here")]
    Header,
    #[error("its content is damaged")]
    Damaged,
    #[error("it was kept for {0}")]
    OtherOrigin(String),
}

impl ContractCache {
    /// A cache in this folder, which is made where it is needed first. Contents have at most
    /// `bytes_max` bytes.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, bytes_max: u64) -> Self {
        Self {
            folder: folder.into(),
            bytes_max,
        }
    }

    /// Keeps what is good for a service, in place of what was kept before. `origin` is shown to
    /// whoever opens the file.
    ///
    /// # Errors
    /// The folder cannot be made or written to; what was kept before is still there.
    pub fn store(&self, name: &str, origin: &str, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let kept_at = SystemTime::now().duration_since(UNIX_EPOCH);
        let head = CacheHeader {
            origin: origin.to_owned(),
            sha256: hex(&Sha256::digest(bytes)),
            kept_at: kept_at.unwrap_or_default().as_secs(),
        };
        let path = self.path(name);
        // Two processes may share the folder.
        let draft = path.with_extension(format!("{}.draft", std::process::id()));
        let kept = write(&draft, &head, bytes).and_then(|()| fs::rename(&draft, &path));
        if kept.is_err() {
            // The error to tell is the first one.
            let _ = fs::remove_file(&draft);
        }
        kept?;
        // The rename lasts when the folder is on disk; some file systems cannot be asked to.
        let _ = File::open(&self.folder).and_then(|folder| folder.sync_all());
        Ok(())
    }

    /// What was kept for a service from this origin, and how long ago. What cannot be used is
    /// logged.
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
                    "the kept contract {} is not used: {error}; remove the file if that lasts",
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
        let mut bytes = super::read(path, self.bytes_max.saturating_add(HEAD_BYTES_MAX))?;
        let end = memchr::memchr(b'\n', &bytes).ok_or(CacheEntryError::Header)?;
        let head: CacheHeader =
            serde_json::from_slice(&bytes[..end]).map_err(|_| CacheEntryError::Header)?;
        bytes.drain(..=end);
        if head.sha256 != hex(&Sha256::digest(&bytes)) {
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
        let mut file = utf8_percent_encode(name, &PLAIN).to_string();
        if file.len() > NAME_BYTES_MAX {
            file = hex(&Sha256::digest(name));
        }
        self.folder.join(format!("{file}.contract"))
    }
}

/// Writes the whole of it to the disk; a contract is nobody else's to read.
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

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    let pairs = bytes
        .iter()
        .map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    pairs.flatten().collect()
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
    fn what_was_kept_last_comes_back() {
        let (_folder, cache) = cache();
        assert_eq!(bytes(cache.load("shop", "a")), None);
        cache.store("shop", "a", b"one\ntwo").unwrap();
        assert_eq!(bytes(cache.load("shop", "a")), Some(b"one\ntwo".to_vec()));
        cache.store("shop", "a", b"").unwrap();
        assert_eq!(bytes(cache.load("shop", "a")), Some(Vec::new()));
        assert_eq!(bytes(cache.load("shop", "b")), None);
        assert_eq!(fs::read_dir(&cache.folder).unwrap().count(), 1);
    }

    #[test]
    fn names_do_not_meet_and_do_not_leave_the_folder() {
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
    fn what_is_damaged_is_not_there() {
        let (_folder, cache) = cache();
        let path = cache.path("shop");
        let check = |change: fn(&mut Vec<u8>)| {
            cache.store("shop", "a", b"content").unwrap();
            let mut whole = fs::read(&path).unwrap();
            change(&mut whole);
            fs::write(&path, whole).unwrap();
            assert_eq!(bytes(cache.load("shop", "a")), None);
        };
        check(|whole| whole.truncate(0));
        check(|whole| whole.truncate(20));
        check(|whole| whole.truncate(whole.len() - 1));
        check(|whole| *whole.last_mut().unwrap() ^= 1);
        check(|whole| whole[0] = b'[');
        check(|whole| whole.extend([b'x'; 70_000]));
    }

    #[test]
    fn a_folder_that_cannot_be_had_is_an_error() {
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
