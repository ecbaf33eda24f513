//! Loading a contract: the entry file and every local file its references lead to.
//!
//! Files are found before compilation by one walk over each document that skips what is data
//! (examples, defaults, enumerations, extensions). A file that cannot be had is remembered with
//! its reason and becomes a problem only at a reference that needs it. Nothing is fetched over
//! a network: a contract must not make a sidecar call somewhere at start-up.

use std::path::{Component, Path, PathBuf};

use portcullis_json::{self as json, JsonNode};
use portcullis_vocabulary::limits::Limits;

use super::document::{Document, DocumentParseError, DocumentSet};

/// Why a contract's entry file could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ContractLoadError {
    /// The bytes could not be read.
    #[error(transparent)]
    Read(#[from] UnreadableFile),
    /// The bytes are neither JSON nor YAML.
    #[error(transparent)]
    Parse(#[from] DocumentParseError),
}

/// Why a file of a contract could not be read, in words that name the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnreadableFile(pub String);

/// Reads one file of a contract: its path, and the most bytes it may have.
///
/// This crate opens no file itself, so a contract can come from a directory, a revision of git or
/// a registry.
pub type ReadFile<'r> = &'r dyn Fn(&Path, u64) -> Result<Vec<u8>, UnreadableFile>;

/// Reads the contract at `path`, which messages call `name`, and all files it refers to, by asking
/// `read` for each.
///
/// # Errors
/// [`ContractLoadError`] when the entry file itself cannot be read or parsed.
pub fn load(
    path: &Path,
    name: &str,
    limits: &Limits,
    read: ReadFile<'_>,
) -> Result<DocumentSet, ContractLoadError> {
    let bytes = read(path, limits.contract_bytes_max as u64)?;
    let bytes_left = (limits.contract_bytes_max - bytes.len()) as u64;
    let entry = Document::parse(name, normalise(path), bytes, document_limits(limits))?;
    let documents = DocumentSet::new(entry);
    Ok(load_references(documents, limits, bytes_left, read))
}

/// A contract given as bytes, for instance embedded in the program or posted to it. Its
/// references to other files are not followed.
///
/// # Errors
/// [`ContractLoadError::Parse`] when the bytes are neither JSON nor YAML.
pub fn parse_single_file(
    name: &str,
    bytes: Vec<u8>,
    limits: &Limits,
) -> Result<DocumentSet, ContractLoadError> {
    let entry = Document::parse(name, PathBuf::from(name), bytes, document_limits(limits))?;
    Ok(DocumentSet::new(entry))
}

fn document_limits(limits: &Limits) -> json::JsonLimits {
    json::JsonLimits {
        depth_max: u32::try_from(limits.contract_depth_max).unwrap_or(u32::MAX),
        duplicate_keys: json::DuplicateKeys::Refuse,
    }
}

fn load_references(
    mut documents: DocumentSet,
    limits: &Limits,
    bytes_left: u64,
    read: ReadFile<'_>,
) -> DocumentSet {
    let mut bytes_left = bytes_left;
    let mut next = 0;
    while next < documents.list().len() {
        let document = &documents.list()[next];
        let folder = document.path.parent().unwrap_or(Path::new("")).to_owned();
        let shown = Path::new(&*document.name)
            .parent()
            .unwrap_or(Path::new(""))
            .to_owned();
        let mut targets = Vec::new();
        collect_files(document.root(), &mut targets);
        for target in targets {
            let path = normalise(&folder.join(&target));
            if documents.was_tried(&path) {
                continue;
            }
            let name = normalise(&shown.join(&target)).display().to_string();
            let loaded = if documents.list().len() < limits.contract_files_max {
                load_one(&name, &path, limits, &mut bytes_left, read)
            } else {
                Err(format!(
                    "more than {} files; raise `limits.contract_files_max`",
                    limits.contract_files_max
                ))
            };
            documents.add(path, loaded);
        }
        next += 1;
    }
    documents
}

/// Reads one more file; all files together share one bound.
fn load_one(
    name: &str,
    path: &Path,
    limits: &Limits,
    bytes_left: &mut u64,
    read: ReadFile<'_>,
) -> Result<Document, String> {
    let bytes = read(path, *bytes_left).map_err(|error| error.to_string())?;
    *bytes_left -= bytes.len() as u64;
    Document::parse(name, path.to_owned(), bytes, document_limits(limits))
        .map_err(|error| error.to_string())
}

/// Collects the file parts of all references below `root`, each once.
fn collect_files(root: JsonNode<'_>, targets: &mut Vec<String>) {
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        for (name, value) in node.members() {
            match name {
                "$ref" => {
                    if let Some(file) = value.as_str().and_then(referenced_file)
                        && !targets.contains(&file)
                    {
                        targets.push(file);
                    }
                }
                "example" | "examples" | "default" | "enum" | "const" => {}
                _ if name.starts_with("x-") => {}
                _ => open.push(value),
            }
        }
        open.extend(node.elements());
    }
}

/// The file a reference leads to, percent-decoded; `None` for the document itself and for
/// addresses, which are never fetched.
fn referenced_file(reference: &str) -> Option<String> {
    let file = reference
        .split_once('#')
        .map_or(reference, |(file, _)| file);
    (!file.is_empty() && !is_address(file)).then(|| decode(file))
}

/// Whether a reference starts with a URI scheme (RFC 3986 section 3.1).
pub(super) fn is_address(reference: &str) -> bool {
    reference.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    })
}

pub(super) fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// Removes `.` and `..` from a path as far as its text allows, so that each file has one name.
pub(super) fn normalise(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if clean.file_name().is_some() => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}
