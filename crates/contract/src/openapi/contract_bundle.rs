//! A contract of several files as one JSON value: what is sent where files cannot be read.
//!
//! ```json
//! {"root": "openapi.yaml", "files": {"openapi.yaml": "…", "schemas/order.yaml": "…"}}
//! ```
//!
//! Names are relative paths. They only connect references with files of the bundle, so nothing that
//! a contract says reads a file of the machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use portcullis_json::{DuplicateKeys, JsonLimits};
use portcullis_vocabulary::limits::Limits;

use super::document::{Document, DocumentSet, NodeRef};
use super::load_contract::{
    ContractLoadError, ContractLoadOptions, ReadFile, UnreadableFile, load_as,
};
use super::uri_reference::normalise;

/// The media type of a bundle.
pub const BUNDLE_MEDIA_TYPE: &str = "application/vnd.portcullis.contract-bundle+json";

/// The longest name of a file, in bytes.
const NAME_BYTES_MAX: usize = 1024;

/// A bundle is an object of an object.
const DEPTH_MAX: u32 = 8;

/// The files of one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractBundle {
    root: String,
    files: BTreeMap<String, String>,
}

/// Why a bundle is refused, as a sentence that says where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BundleError(String);

impl ContractBundle {
    /// The files of a contract, the entry file first, each with what was read. Their names in the
    /// bundle are relative to the folder that contains all of them.
    ///
    /// # Errors
    /// [`BundleError`] if there is no file, a file is not UTF-8, or its name cannot be in a bundle.
    pub fn of(files: &[(PathBuf, Vec<u8>)]) -> Result<Self, BundleError> {
        let normal: Vec<PathBuf> = files.iter().map(|(path, _)| normalise(path)).collect();
        let paths: Vec<&Path> = normal.iter().map(PathBuf::as_path).collect();
        let folder = shared_folder(&paths);
        let mut named = BTreeMap::new();
        let mut root = None;
        for (path, (_, bytes)) in paths.into_iter().zip(files) {
            let relative = path.strip_prefix(&folder).unwrap_or(path);
            let name = relative.to_str().filter(|name| check_name(name).is_ok());
            let name = name.ok_or_else(|| {
                BundleError(format!(
                    "{}: the name of the file cannot be sent; use one in UTF-8 without control \
                     characters and backslashes",
                    path.display()
                ))
            })?;
            root.get_or_insert_with(|| name.to_owned());
            named.insert(name.to_owned(), text_of(path, bytes)?);
        }
        let root =
            root.ok_or_else(|| BundleError("a contract has at least one file".to_owned()))?;
        Ok(Self { root, files: named })
    }

    /// Parses a bundle.
    ///
    /// # Errors
    /// [`BundleError`] with line and pointer.
    pub fn parse(bytes: Vec<u8>, limits: &Limits) -> Result<Self, BundleError> {
        let json_limits = JsonLimits {
            depth_max: DEPTH_MAX,
            duplicate_keys: DuplicateKeys::Refuse,
        };
        let path = PathBuf::from("bundle.json");
        let document = Document::parse("the bundle", path, bytes, json_limits)
            .map_err(|error| BundleError(error.to_string()))?;
        BundleReader {
            documents: &DocumentSet::new(document),
            limits,
        }
        .read()
    }

    /// The JSON text of the bundle.
    pub fn to_json(&self) -> String {
        serde_json::json!({"root": self.root, "files": self.files}).to_string()
    }

    /// Reads the contract. A bundle does not contain overlays: `read_overlay` reads them.
    ///
    /// # Errors
    /// [`ContractLoadError`] if the entry file or an overlay cannot be read or parsed.
    pub fn load(
        &self,
        options: &ContractLoadOptions<'_>,
        limits: &Limits,
        read_overlay: ReadFile<'_>,
    ) -> Result<DocumentSet, ContractLoadError> {
        let read = |path: &Path, bytes_max| {
            if options.overlays.iter().any(|overlay| overlay == path) {
                read_overlay(path, bytes_max)
            } else {
                self.file(path, bytes_max)
            }
        };
        load_as(Path::new(&self.root), &self.root, options, limits, &read)
    }

    fn file(&self, path: &Path, bytes_max: u64) -> Result<Vec<u8>, UnreadableFile> {
        let text = path.to_str().and_then(|name| self.files.get(name));
        let text = text.ok_or_else(|| {
            let shown = path.display();
            let is_outside = path.is_absolute() || path.starts_with("..");
            UnreadableFile(if is_outside {
                format!(
                    "{shown}: it is outside of the bundle; send the file and name all files \
                     relative to a folder that contains them"
                )
            } else {
                format!("{shown}: it is not in the bundle; send it with the other files")
            })
        })?;
        if text.len() as u64 > bytes_max {
            let shown = path.display();
            return Err(UnreadableFile(format!(
                "{shown}: the files are larger than `limits.contract_bytes_max` together"
            )));
        }
        Ok(text.clone().into_bytes())
    }
}

/// Reads the parsed JSON of a bundle.
struct BundleReader<'d> {
    documents: &'d DocumentSet,
    limits: &'d Limits,
}

impl BundleReader<'_> {
    fn read(&self) -> Result<ContractBundle, BundleError> {
        let top = self.documents.entry_ref();
        for (name, node) in self.documents.node(top).members() {
            if !["root", "files"].contains(&name) {
                let node_ref = DocumentSet::node_ref(top, node);
                return Err(self.error(node_ref, "expected only `root` and `files`"));
            }
        }
        let property = |name, expected: &str| {
            let node_ref = self.documents.member(top, name);
            node_ref.ok_or_else(|| self.error(top, &format!("expected {expected}")))
        };
        let files_ref = property("files", "`files`, an object of names and texts")?;
        let root_ref = property("root", "`root`, the name of the entry file")?;
        let files = self.files(files_ref)?;
        let root = self.documents.node(root_ref).as_str();
        let root = root.filter(|root| files.contains_key(*root));
        let root = root.ok_or_else(|| self.error(root_ref, "expected one of the names in `files`"));
        let root = root?.to_owned();
        Ok(ContractBundle { root, files })
    }

    fn files(&self, files_ref: NodeRef) -> Result<BTreeMap<String, String>, BundleError> {
        let Limits {
            contract_files_max,
            contract_bytes_max,
            ..
        } = *self.limits;
        let mut files = BTreeMap::new();
        let mut bytes = 0;
        for (name, node) in self.documents.node(files_ref).members() {
            let node_ref = DocumentSet::node_ref(files_ref, node);
            check_name(name).map_err(|expected| self.error(node_ref, expected))?;
            let text = node.as_str();
            let text = text.ok_or_else(|| self.error(node_ref, "expected the text of a file"))?;
            bytes += text.len();
            if bytes > contract_bytes_max {
                let why = format!(
                    "the files have more than {contract_bytes_max} bytes; raise \
                     `limits.contract_bytes_max`"
                );
                return Err(self.error(node_ref, &why));
            }
            if files.len() == contract_files_max {
                let why = format!(
                    "more than {contract_files_max} files; raise `limits.contract_files_max`"
                );
                return Err(self.error(node_ref, &why));
            }
            files.insert(name.to_owned(), text.to_owned());
        }
        if files.is_empty() {
            return Err(self.error(files_ref, "expected an object of names and texts"));
        }
        Ok(files)
    }

    fn error(&self, node_ref: NodeRef, why: &str) -> BundleError {
        BundleError(format!("{}: {why}", self.documents.location(node_ref)))
    }
}

/// The text of a file.
fn text_of(path: &Path, bytes: &[u8]) -> Result<String, BundleError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = &bytes[..error.valid_up_to()];
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
        BundleError(format!("{}:{line}: the file is not UTF-8", path.display()))
    })?;
    Ok(text.to_owned())
}

/// Checks the name of a file: a path in normal form that leads to no folder above.
fn check_name(name: &str) -> Result<(), &'static str> {
    let is_plain = |part: &str| !matches!(part, "" | "." | "..");
    if !name.split('/').all(is_plain) {
        return Err(
            "expected a relative path such as `schemas/order.yaml`, without `.`, `..` and empty \
             parts",
        );
    }
    if name.contains(|char: char| char.is_control() || char == '\\') {
        return Err("expected a name without control characters and backslashes");
    }
    if name.len() > NAME_BYTES_MAX {
        return Err("expected a name of at most 1,024 bytes");
    }
    Ok(())
}

/// The deepest folder that contains all files, so that no path of the machine is stored or sent.
pub fn shared_folder(paths: &[&Path]) -> PathBuf {
    let folder = |path: &Path| -> Vec<PathBuf> {
        let parts = path.parent().map(Path::components).into_iter().flatten();
        parts.map(|part| PathBuf::from(part.as_os_str())).collect()
    };
    let mut folders = paths.iter().map(|path| folder(path));
    let first = folders.next().unwrap_or_default();
    let shared = folders.fold(first, |shared, folder| {
        let same = shared
            .iter()
            .zip(&folder)
            .take_while(|(one, other)| one == other)
            .count();
        shared.into_iter().take(same).collect()
    });
    shared.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ContractBundle, String> {
        let limits = Limits {
            contract_bytes_max: 100,
            contract_files_max: 2,
            ..Limits::default()
        };
        ContractBundle::parse(text.into(), &limits).map_err(|error| error.to_string())
    }

    #[test]
    fn a_bundle_survives_its_text() {
        let bundle = parse(r#"{"root": "a/b.yaml", "files": {"a/b.yaml": "x: \"é\"\n", "c": ""}}"#);
        let bundle = bundle.unwrap();
        assert_eq!((&*bundle.root, bundle.files.len()), ("a/b.yaml", 2));
        assert_eq!(bundle.files["a/b.yaml"], "x: \"é\"\n");
        assert_eq!(parse(&bundle.to_json()), Ok(bundle));
    }

    #[test]
    fn invalid_bundles_are_refused_with_a_location() {
        let check = |text: &str, expected: &str| {
            let error = parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        };
        let file = |name: &str| {
            format!("{{\"root\": \"a\",\n \"files\": {{\"a\": \"\", {name:?}: \"\"}}}}")
        };
        for name in ["/etc/passwd", "../a", "b/../../a", "./a", "b//c", "", "b/"] {
            check(&file(name), "expected a relative path");
            check(&file(name), "the bundle:2");
        }
        check(&file("b\\c"), "without control characters and backslashes");
        check(&file("b\nc"), "without control characters and backslashes");
        check(&file(&"b".repeat(1025)), "at most 1,024 bytes");
        check(&file("a"), "a");
        check("{", "the bundle:1:");
        check("[]", "expected `files`");
        check(r#"{"files": {"a": ""}}"#, "expected `root`");
        check(r#"{"root": "b", "files": {"a": ""}}"#, "#/root");
        check(r#"{"root": "a", "files": {"a": 1}}"#, "#/files/a");
        check(r#"{"root": "a", "files": {}}"#, "#/files");
        check(r#"{"root": "a", "files": []}"#, "#/files");
        check(r#"{"root": "a", "files": {"a": ""}, "x": 1}"#, "#/x");
        check(
            r#"{"root": "a", "files": {"a": "", "b": "", "c": ""}}"#,
            "more than 2 files; raise `limits.contract_files_max`",
        );
        let large = "x".repeat(101);
        check(
            &format!(r#"{{"root": "a", "files": {{"a": "{large}"}}}}"#),
            "more than 100 bytes; raise `limits.contract_bytes_max`",
        );
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            let _ = ContractBundle::parse(bytes, &Limits::default());
        }
    }

    #[test]
    fn names_are_relative_to_the_shared_folder() {
        let files = [
            (
                PathBuf::from("/home/me/api/shop/openapi.yaml"),
                b"a".to_vec(),
            ),
            (PathBuf::from("/home/me/api/common/a.yaml"), b"b".to_vec()),
        ];
        let bundle = ContractBundle::of(&files).unwrap();
        assert_eq!(bundle.root, "shop/openapi.yaml");
        assert!(!bundle.to_json().contains("home"));
        let broken = [(files[0].0.clone(), b"a\n\xff".to_vec())];
        let error = ContractBundle::of(&broken).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/home/me/api/shop/openapi.yaml:2: the file is not UTF-8"
        );
    }
}
