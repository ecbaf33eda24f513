//! What is sent for a candidate: one document, or a bundle with the files that it refers to.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use portcullis_contract::{
    BUNDLE_MEDIA_TYPE, ContractBundle, ContractLoadError, UnreadableFile, load_tolerant,
};
use portcullis_vocabulary::Limits;

use crate::cli::run_error::RunError;
use crate::source::{self, ReferenceRoot};

/// The largest contract that is uploaded, in bytes: the highest limit that a proxy can have.
const CONTRACT_BYTES_MAX: usize = 1 << 30;

/// The most files that are uploaded. The proxy has its own limit.
const CONTRACT_FILES_MAX: usize = 100_000;

/// What is sent.
#[derive(Debug)]
pub(super) struct CandidateUpload {
    pub(super) bytes: Vec<u8>,
    pub(super) media_type: &'static str,
    /// The reasons why files that the contract refers to are not sent.
    pub(super) missing: Vec<String>,
}

/// Reads the contract in a file, or from standard input, which refers to no files.
pub(super) fn read_upload(file: &Path, root: &ReferenceRoot) -> Result<CandidateUpload, RunError> {
    if !file.is_file() {
        let bytes = source::read(file, CONTRACT_BYTES_MAX as u64)?;
        return Ok(CandidateUpload::document(file, bytes));
    }
    let entry = std::path::absolute(file).map_err(|source| RunError::Directory {
        path: file.to_owned(),
        source,
    })?;
    let read_files = ReadFiles {
        root,
        entry: &entry,
        named: file,
        read: RefCell::default(),
        missing: RefCell::default(),
    };
    let limits = Limits {
        contract_bytes_max: CONTRACT_BYTES_MAX,
        contract_files_max: CONTRACT_FILES_MAX,
        ..Limits::default()
    };
    let name = file.display().to_string();
    let loaded = load_tolerant(&entry, &name, &limits, &|path, max| {
        read_files.read(path, max)
    });
    let is_one_document = match loaded {
        Ok(documents) => documents.paths().len() == 1,
        // The proxy says what is wrong with it.
        Err(ContractLoadError::Parse(_)) => true,
        Err(error @ ContractLoadError::Read(_)) => return Err(error.into()),
    };
    let mut files = read_files.read.into_inner();
    if is_one_document {
        let (_, bytes) = files.swap_remove(0);
        return Ok(CandidateUpload::document(file, bytes));
    }
    Ok(CandidateUpload {
        bytes: ContractBundle::of(&files)?.to_json().into_bytes(),
        media_type: BUNDLE_MEDIA_TYPE,
        missing: read_files.missing.into_inner(),
    })
}

impl CandidateUpload {
    fn document(file: &Path, bytes: Vec<u8>) -> Self {
        // A compressed file is sent as what it contains.
        let name = file.to_string_lossy().to_ascii_lowercase();
        let is_json = name.trim_end_matches(".gz").ends_with(".json");
        Self {
            bytes,
            media_type: if is_json {
                "application/json"
            } else {
                "application/yaml"
            },
            missing: Vec::new(),
        }
    }
}

/// The files of a contract, as they are read, the entry file first.
struct ReadFiles<'r> {
    root: &'r ReferenceRoot,
    entry: &'r Path,
    /// The entry file as the command line names it.
    named: &'r Path,
    read: RefCell<Vec<(PathBuf, Vec<u8>)>>,
    missing: RefCell<Vec<String>>,
}

impl ReadFiles<'_> {
    fn read(&self, path: &Path, bytes_max: u64) -> Result<Vec<u8>, UnreadableFile> {
        let result = if path == self.entry {
            source::read_contract_file(self.named, bytes_max).map_err(UnreadableFile::from)
        } else {
            self.root.read(self.entry, path, bytes_max)
        };
        match &result {
            Ok(bytes) => {
                let read = (path.to_owned(), bytes.clone());
                self.read.borrow_mut().push(read);
            }
            Err(error) => self.missing.borrow_mut().push(error.to_string()),
        }
        result
    }
}
