//! Loading a contract: the entry file and every local file its references lead to.
//!
//! Loading walks each document once to find its references, and skips data: examples, defaults,
//! enumerations and extensions. If a file cannot be loaded, the document set keeps the reason, and
//! compiling reports it only at references that need the file. Loading never uses the network: a
//! contract must not make a sidecar call other hosts at start-up.

use std::path::{Path, PathBuf};

use portcullis_json::{self as json, JsonNode};
use portcullis_vocabulary::ContractReading;
use portcullis_vocabulary::limits::Limits;

use super::asyncapi;
use super::contract_repair::READING_KEY;
use super::document::{Document, DocumentParseError, DocumentSet, is_proto_file};
use super::overlay::overlaid;
use super::proto_imports::{import_paths, imports_of_file, imports_of_schema};
use super::swagger;
use super::uri_reference::{decode, is_address, normalise};

/// The error of loading a contract's entry file.
#[derive(Debug, thiserror::Error)]
pub enum ContractLoadError {
    /// The file could not be read.
    #[error(transparent)]
    Read(#[from] UnreadableFile),
    /// The file is neither valid JSON nor valid YAML.
    #[error(transparent)]
    Parse(#[from] DocumentParseError),
}

/// The error of reading one file of a contract, as a sentence that names the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnreadableFile(pub String);

/// A function that reads one file, given its path and the maximum number of bytes.
///
/// This crate does not open files itself, so a contract can come from a directory, a Git revision
/// or a registry.
pub type ReadFile<'r> = &'r dyn Fn(&Path, u64) -> Result<Vec<u8>, UnreadableFile>;

/// How a contract is loaded.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContractLoadOptions<'o> {
    /// The reading that it is compiled with. The tolerant one keeps repeated keys.
    pub reading: ContractReading,
    /// The overlays of the entry document, in the order in which they are applied.
    pub overlays: &'o [PathBuf],
}

/// Loads the contract at `path` and all files that it references, each through `read`. Messages
/// call the entry file `name`.
///
/// # Errors
/// [`ContractLoadError`] if the entry file cannot be read or parsed.
pub fn load(
    path: &Path,
    name: &str,
    limits: &Limits,
    read: ReadFile<'_>,
) -> Result<DocumentSet, ContractLoadError> {
    load_as(path, name, &ContractLoadOptions::default(), limits, read)
}

/// Loads a contract like [`load`], but keeps objects with repeated keys. Only
/// [`BrokenPartPolicy`](crate::BrokenPartPolicy) and the tolerant reading let them compile.
///
/// # Errors
/// [`ContractLoadError`] if the entry file cannot be read or parsed.
pub fn load_tolerant(
    path: &Path,
    name: &str,
    limits: &Limits,
    read: ReadFile<'_>,
) -> Result<DocumentSet, ContractLoadError> {
    let options = ContractLoadOptions {
        reading: ContractReading::Tolerant,
        overlays: &[],
    };
    load_as(path, name, &options, limits, read)
}

/// Loads a contract like [`load`], with overlays.
///
/// # Errors
/// [`ContractLoadError`] if the entry file or an overlay cannot be read or parsed.
pub fn load_as(
    path: &Path,
    name: &str,
    options: &ContractLoadOptions<'_>,
    limits: &Limits,
    read: ReadFile<'_>,
) -> Result<DocumentSet, ContractLoadError> {
    let loading = DocumentLoading::new(options.reading, limits, read);
    let mut bytes_left = limits.contract_bytes_max as u64;
    let entry = loading.entry(path, name, &mut bytes_left)?;
    let documents = loading.overlaid(entry, options.overlays, &mut bytes_left)?;
    Ok(translated(loading.references(documents, bytes_left)))
}

/// Parses a contract from bytes, for example one embedded in a program or posted to it. References
/// to other files do not resolve.
///
/// # Errors
/// [`ContractLoadError::Parse`] if the bytes are neither valid JSON nor valid YAML.
pub fn parse_single_file(
    name: &str,
    bytes: Vec<u8>,
    limits: &Limits,
) -> Result<DocumentSet, ContractLoadError> {
    parse_single_file_as(name, bytes, limits, ContractReading::Strict)
}

/// Parses a contract like [`parse_single_file`], for a compilation with this reading.
///
/// # Errors
/// [`ContractLoadError::Parse`] if the bytes are neither valid JSON nor valid YAML.
pub fn parse_single_file_as(
    name: &str,
    bytes: Vec<u8>,
    limits: &Limits,
    reading: ContractReading,
) -> Result<DocumentSet, ContractLoadError> {
    let options = ContractLoadOptions {
        reading,
        overlays: &[],
    };
    let unread = |path: &Path, _| Err(UnreadableFile(path.display().to_string()));
    parse_as(name, bytes, &options, limits, &unread)
}

/// Parses a contract like [`parse_single_file_as`], with overlays, which are read through `read`.
///
/// # Errors
/// [`ContractLoadError`] if an overlay cannot be read, or if the bytes or an overlay cannot be parsed.
pub fn parse_as(
    name: &str,
    bytes: Vec<u8>,
    options: &ContractLoadOptions<'_>,
    limits: &Limits,
    read: ReadFile<'_>,
) -> Result<DocumentSet, ContractLoadError> {
    let loading = DocumentLoading::new(options.reading, limits, read);
    let mut bytes_left = limits.contract_bytes_max as u64;
    let entry = Document::parse(name, PathBuf::from(name), bytes, loading.json_limits);
    let entry = entry.map_err(advised)?;
    let documents = loading.overlaid(entry, options.overlays, &mut bytes_left)?;
    Ok(translated(documents))
}

/// The documents of a contract as OpenAPI 3.
fn translated(documents: DocumentSet) -> DocumentSet {
    asyncapi::translated(swagger::translated(documents))
}

/// How the files of one contract are read and parsed.
#[derive(Clone, Copy)]
struct DocumentLoading<'r> {
    limits: &'r Limits,
    json_limits: json::JsonLimits,
    read: ReadFile<'r>,
}

impl<'r> DocumentLoading<'r> {
    fn new(reading: ContractReading, limits: &'r Limits, read: ReadFile<'r>) -> Self {
        let duplicate_keys = match reading {
            ContractReading::Strict => json::DuplicateKeys::Refuse,
            ContractReading::Tolerant => json::DuplicateKeys::Allow,
        };
        let json_limits = json::JsonLimits {
            depth_max: u32::try_from(limits.contract_depth_max).unwrap_or(u32::MAX),
            duplicate_keys,
        };
        Self {
            limits,
            json_limits,
            read,
        }
    }

    /// A file without which there is no contract.
    fn entry(
        self,
        path: &Path,
        name: &str,
        bytes_left: &mut u64,
    ) -> Result<Document, ContractLoadError> {
        Ok(self.parsed(path, name, bytes_left)?.map_err(advised)?)
    }

    fn parsed(
        self,
        path: &Path,
        name: &str,
        bytes_left: &mut u64,
    ) -> Result<Result<Document, DocumentParseError>, ContractLoadError> {
        let bytes = (self.read)(path, *bytes_left)?;
        *bytes_left = bytes_left.saturating_sub(bytes.len() as u64);
        Ok(Document::parse(
            name,
            normalise(path),
            bytes,
            self.json_limits,
        ))
    }

    fn overlaid(
        self,
        entry: Document,
        overlays: &[PathBuf],
        bytes_left: &mut u64,
    ) -> Result<DocumentSet, ContractLoadError> {
        // An overlay can be corrected, so it repeats no key.
        let mut strict = self;
        strict.json_limits.duplicate_keys = json::DuplicateKeys::Refuse;
        let mut documents = Vec::new();
        for path in overlays {
            let name = path.display().to_string();
            documents.push(strict.parsed(path, &name, bytes_left)??);
        }
        Ok(overlaid(entry, documents, self.limits.contract_depth_max))
    }

    fn references(self, mut documents: DocumentSet, mut bytes_left: u64) -> DocumentSet {
        let mut next = 0;
        while next < documents.list().len() {
            let document = &documents.list()[next];
            let folder = document.path.parent().unwrap_or(Path::new("")).to_owned();
            let shown_folder = Path::new(&*document.name)
                .parent()
                .unwrap_or(Path::new(""))
                .to_owned();
            let (mut targets, mut imports) = (Vec::new(), imports_of_file(document.root()));
            collect_files(document.root(), &mut targets, &mut imports);
            for target in targets {
                let path = normalise(&folder.join(&target));
                let name = normalise(&shown_folder.join(&target));
                self.add(&mut documents, &name, path, &mut bytes_left);
            }
            let number = u32::try_from(next).expect("files are counted in limits");
            for import in imports {
                let paths = import_paths(&documents, number, &import).into_iter();
                for path in paths.filter(|path| is_proto_file(path)) {
                    self.add(&mut documents, &path, path.clone(), &mut bytes_left);
                    if documents.by_path(&path).is_ok() {
                        break;
                    }
                }
            }
            next += 1;
        }
        documents
    }

    /// Adds a file to a contract, unless it was added before.
    fn add(self, documents: &mut DocumentSet, name: &Path, path: PathBuf, bytes_left: &mut u64) {
        if documents.was_tried(&path) {
            return;
        }
        let loaded = if documents.list().len() < self.limits.contract_files_max {
            self.file(&name.display().to_string(), &path, bytes_left)
        } else {
            Err(format!(
                "more than {} files; raise `limits.contract_files_max`",
                self.limits.contract_files_max
            ))
        };
        documents.add(path, loaded);
    }

    /// Loads one referenced file. All files together share the limit `bytes_left`.
    fn file(self, name: &str, path: &Path, bytes_left: &mut u64) -> Result<Document, String> {
        let bytes = (self.read)(path, *bytes_left).map_err(|error| error.to_string())?;
        *bytes_left -= bytes.len() as u64;
        Document::parse(name, path.to_owned(), bytes, self.json_limits)
            .map_err(|error| advised(error).to_string())
    }
}

/// Adds to an error about a repeated key how to read the contract nevertheless.
fn advised(mut error: DocumentParseError) -> DocumentParseError {
    if error.is_repeated_key {
        error.message.push_str(&format!(
            "; with {READING_KEY}, or `--reading tolerant` of `check` and `replay`, the last value is used"
        ));
    }
    error
}

/// Collects the files that references below `root` name, each once, and what schemas in Protobuf import.
fn collect_files(root: JsonNode<'_>, targets: &mut Vec<String>, imports: &mut Vec<String>) {
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
                "schemaFormat" => {
                    let format = value.as_str().unwrap_or_default();
                    imports.extend(imports_of_schema(node, format));
                }
                "example" | "examples" | "default" | "enum" | "const" => {}
                _ if name.starts_with("x-") => {}
                _ => open.push(value),
            }
        }
        open.extend(node.elements());
    }
}

/// The file that a reference names, percent-decoded. `None` for references within the document and
/// for URIs with a scheme, which are never fetched.
fn referenced_file(reference: &str) -> Option<String> {
    let file = reference
        .split_once('#')
        .map_or(reference, |(file, _)| file);
    (!file.is_empty() && !is_address(file)).then(|| decode(file))
}
