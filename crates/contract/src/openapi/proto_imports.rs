//! Files in Protobuf that a contract consists of.
//!
//! A file imports others by names that are relative to a folder that the compiler is given. Here it is
//! the folder of the importing file, or else that of the contract.

use std::path::{Path, PathBuf};

use portcullis_json::JsonNode;
use portcullis_protobuf::protobuf_imports;

use super::document::DocumentSet;
use super::uri_reference::normalise;

/// The language Protobuf.
pub(super) const PROTOBUF: &str = "application/vnd.google.protobuf";

/// The names that a file in Protobuf imports.
pub(super) fn imports_of_file(root: JsonNode<'_>) -> Vec<String> {
    root.as_str().map(protobuf_imports).unwrap_or_default()
}

/// The names that the schema of an object with a `schemaFormat` imports.
pub(super) fn imports_of_schema(object: JsonNode<'_>, schema_format: &str) -> Vec<String> {
    if !schema_format.to_ascii_lowercase().starts_with(PROTOBUF) {
        return Vec::new();
    }
    let schema = object.get("schema").or(object.get("payload"));
    schema.map(imports_of_file).unwrap_or_default()
}

/// Where a file that a document imports may be, the first place first.
pub(super) fn import_paths(documents: &DocumentSet, document: u32, name: &str) -> Vec<PathBuf> {
    let list = documents.list();
    let importing = list.get(document as usize);
    let folders = importing.into_iter().chain([documents.entry()]);
    let paths = folders.map(|document| {
        let folder = document.path.parent().unwrap_or(Path::new(""));
        normalise(&folder.join(name))
    });
    let mut paths: Vec<PathBuf> = paths.collect();
    paths.dedup();
    paths
}

/// The number and the text of a file that a document imports.
pub(super) fn imported_text<'d>(
    documents: &'d DocumentSet,
    document: u32,
    name: &str,
) -> Option<(u32, &'d str)> {
    let paths = import_paths(documents, document, name);
    let mut found = paths.iter().filter_map(|path| documents.by_path(path).ok());
    found.find_map(|number| {
        let text = documents.node(documents.root_ref(number)).as_str()?;
        Some((number, text))
    })
}
