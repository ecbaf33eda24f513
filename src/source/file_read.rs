//! Reading files up to a size limit.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::git_path::GitError;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileReadError {
    /// The operating system reported an error.
    #[error("{}: {source}; check the path and its permissions", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The path names a folder.
    #[error("{}: this is a folder; name a file", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// The path names neither a file nor a folder: reading a pipe or a device may never end.
    #[error("{}: this is not a regular file; a contract refers to files only", path.display())]
    Special {
        /// The path.
        path: PathBuf,
    },
    /// A contract refers to a file outside of the directory of its files.
    #[error(
        "{} is outside of {}; allow a wider directory with --ref-root DIR, or `ref_root` of the \
         service",
        path.display(),
        root.display()
    )]
    Outside {
        /// The file.
        path: PathBuf,
        /// The directory.
        root: PathBuf,
    },
    /// The file of a git revision cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A compressed contract cannot be decompressed.
    #[error("{}: not a complete gzip file: {source}; compress it again, or name it without `.gz`", path.display())]
    Compressed {
        /// The file.
        path: PathBuf,
        /// What the decompression reports.
        source: io::Error,
    },
    /// The file is larger than the limit.
    #[error("{}: larger than the remaining {bytes_max} bytes; raise `limits.contract_bytes_max` if that is intended", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        bytes_max: u64,
    },
}

/// Reads a whole file of at most `bytes_max` bytes; `-` is standard input.
///
/// # Errors
/// [`FileReadError`] names the path and what to check.
pub fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, FileReadError> {
    let io_error = |source| FileReadError::Io {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin()
            .lock()
            .take(bytes_max + 1)
            .read_to_end(&mut bytes)
            .map_err(io_error)?;
    } else {
        let file = File::open(path).map_err(io_error)?;
        let metadata = file.metadata().map_err(io_error)?;
        if metadata.is_dir() {
            return Err(FileReadError::Folder {
                path: path.to_owned(),
            });
        }
        bytes.reserve(usize::try_from(metadata.len().min(bytes_max)).unwrap_or(0));
        file.take(bytes_max + 1)
            .read_to_end(&mut bytes)
            .map_err(io_error)?;
    }
    if bytes.len() as u64 > bytes_max {
        return Err(FileReadError::TooLarge {
            path: path.to_owned(),
            bytes_max,
        });
    }
    Ok(bytes)
}

/// Reads a file of a contract. If its name ends in `.gz`, it is decompressed, and `bytes_max` bounds
/// what it contains.
///
/// # Errors
/// [`FileReadError`] names the path and what to check.
pub fn read_contract_file(path: &Path, bytes_max: u64) -> Result<Vec<u8>, FileReadError> {
    decompressed(path, read(path, bytes_max)?, bytes_max)
}

/// What a file of a contract contains, of which these are the bytes.
pub(super) fn decompressed(
    path: &Path,
    bytes: Vec<u8>,
    bytes_max: u64,
) -> Result<Vec<u8>, FileReadError> {
    if path.extension().is_none_or(|extension| extension != "gz") {
        return Ok(bytes);
    }
    let mut content = Vec::new();
    MultiGzDecoder::new(bytes.as_slice())
        .take(bytes_max + 1)
        .read_to_end(&mut content)
        .map_err(|source| FileReadError::Compressed {
            path: path.to_owned(),
            source,
        })?;
    if content.len() as u64 > bytes_max {
        return Err(FileReadError::TooLarge {
            path: path.to_owned(),
            bytes_max,
        });
    }
    Ok(content)
}

/// Reads a file that a contract refers to, of at most `bytes_max` bytes. The text of a contract may
/// come from anyone, so only regular files are opened.
///
/// # Errors
/// [`FileReadError`] names the path and what to check.
pub(super) fn read_referenced(path: &Path, bytes_max: u64) -> Result<Vec<u8>, FileReadError> {
    let metadata = fs::metadata(path).map_err(|source| FileReadError::Io {
        path: path.to_owned(),
        source,
    })?;
    if metadata.is_file() || metadata.is_dir() {
        read_contract_file(path, bytes_max)
    } else {
        Err(FileReadError::Special {
            path: path.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, b"12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert!(matches!(
            read(&path, 4),
            Err(FileReadError::TooLarge { bytes_max: 4, .. })
        ));
        assert!(matches!(
            read(folder.path(), 4),
            Err(FileReadError::Folder { .. })
        ));
        let missing = read(&folder.path().join("b"), 4).unwrap_err().to_string();
        assert!(missing.contains("check the path"), "{missing}");
    }
}
