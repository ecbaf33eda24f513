//! The files of a proxy in a ConfigMap, and the volume that has them as files again.
//!
//! A key of a ConfigMap cannot have a folder, so the volume lists the path of each key. Files without
//! folders need no list. A file whose path ends in `.gz` is compressed, and is binary data.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Map, Value, json};

use super::super::manifest_problem::ManifestProblem;

/// What a ConfigMap holds at most: the API server refuses more than 1 MiB.
pub const CONFIG_MAP_BYTES_MAX: usize = 1 << 20;

/// The files of one ConfigMap, each with its path in the volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MountedFiles {
    files: Vec<MountedFile>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct MountedFile {
    key: String,
    path: String,
    content: FileContent,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum FileContent {
    Text(String),
    /// The bytes of a gzip file.
    Compressed(Vec<u8>),
}

impl FileContent {
    fn of(path: &str, text: String) -> Result<Self, ManifestProblem> {
        if path.ends_with(".gz") {
            let compressed = compressed(&text).map_err(|error| {
                ManifestProblem::at(None, format!("{path}: cannot be compressed: {error}"))
            })?;
            Ok(Self::Compressed(compressed))
        } else {
            Ok(Self::Text(text))
        }
    }

    const fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Compressed(bytes) => bytes.len(),
        }
    }
}

/// Without a time or a name, so that the same text always gives the same bytes.
fn compressed(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}

impl MountedFiles {
    /// Texts with relative paths, in this order.
    ///
    /// # Errors
    /// If a ConfigMap cannot hold them.
    pub fn new(files: Vec<(String, String)>) -> Result<Self, ManifestProblem> {
        let mut mounted: Vec<MountedFile> = Vec::new();
        for (index, (path, text)) in files.into_iter().enumerate() {
            let mut key = key_of(&path);
            if mounted.iter().any(|other| other.key == key) {
                key = format!("{index}-{key}");
            }
            let content = FileContent::of(&path, text)?;
            mounted.push(MountedFile { key, path, content });
        }
        let lengths = mounted.iter().map(|one| one.key.len() + one.content.len());
        let bytes: usize = lengths.sum();
        if bytes > CONFIG_MAP_BYTES_MAX {
            return Err(ManifestProblem::at(
                None,
                format!(
                    "the configuration and its contracts have {bytes} bytes, and a ConfigMap holds \
                     at most {CONFIG_MAP_BYTES_MAX}. Contracts of one file are compressed, others \
                     are not: make one file of the largest contract, or serve it from an address, \
                     `contract = \"https://…\"` or \"s3://…\""
                ),
            ));
        }
        Ok(Self { files: mounted })
    }

    /// Whether every key is the path of its file, so that a volume needs no list.
    pub fn is_flat(&self) -> bool {
        self.files.iter().all(|file| file.key == file.path)
    }

    /// Adds the files to a ConfigMap.
    pub(crate) fn fill(&self, config_map: &mut Value) {
        let (mut data, mut binary_data) = (Map::new(), Map::new());
        for file in &self.files {
            match &file.content {
                FileContent::Text(text) => data.insert(file.key.clone(), text.as_str().into()),
                FileContent::Compressed(bytes) => {
                    binary_data.insert(file.key.clone(), STANDARD.encode(bytes).into())
                }
            };
        }
        config_map["data"] = Value::Object(data);
        if !binary_data.is_empty() {
            config_map["binaryData"] = Value::Object(binary_data);
        }
    }

    /// The data as kustomize takes it: `key=value`.
    ///
    /// # Errors
    /// If a file is compressed: kustomize takes binary data from files only.
    pub(crate) fn literals(&self) -> Result<Value, ManifestProblem> {
        self.files.iter().map(literal).collect()
    }

    /// The source of a volume with these files.
    pub(crate) fn volume_source(&self, config_map: &str) -> Value {
        if self.is_flat() {
            return json!({"name": config_map});
        }
        let item = |file: &MountedFile| json!({"key": file.key, "path": file.path});
        let items: Value = self.files.iter().map(item).collect();
        json!({"name": config_map, "items": items})
    }
}

fn literal(file: &MountedFile) -> Result<Value, ManifestProblem> {
    let FileContent::Text(text) = &file.content else {
        let message = format!(
            "{} is compressed, and a component of kustomize cannot contain it; print the ConfigMap and \
             the patch, with --format config-map and --format patch",
            file.path
        );
        return Err(ManifestProblem::at(None, message));
    };
    // It removes quotation marks at both ends, where a line break means nothing.
    let line_end = |has_quote: bool| if has_quote { "\n" } else { "" };
    let start = line_end(text.starts_with(['"', '\'']));
    let end = line_end(text.ends_with(['"', '\'']));
    Ok(Value::from(format!("{}={start}{text}{end}", file.key)))
}

/// A key of a ConfigMap: letters, digits, `-`, `_` and `.`.
fn key_of(path: &str) -> String {
    let is_key_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let chars = path.chars().map(|c| if is_key_char(c) { c } else { '_' });
    chars.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> MountedFiles {
        let files = names
            .iter()
            .map(|name| ((*name).to_owned(), "x".to_owned()));
        MountedFiles::new(files.collect()).unwrap()
    }

    #[test]
    fn keys_are_unique_and_lead_to_paths() {
        let flat = files(&["config.toml", "a.yaml"]);
        assert!(flat.is_flat());
        assert_eq!(flat.volume_source("c"), json!({"name": "c"}));
        let nested = files(&["a/b.yaml", "a_b.yaml", "é"]);
        assert_eq!(
            nested.volume_source("c")["items"],
            json!([
                {"key": "a_b.yaml", "path": "a/b.yaml"},
                {"key": "1-a_b.yaml", "path": "a_b.yaml"},
                {"key": "_", "path": "é"},
            ])
        );
        let mut config_map = json!({});
        nested.fill(&mut config_map);
        assert_eq!(config_map["data"]["1-a_b.yaml"], "x");
        assert_eq!(config_map.get("binaryData"), None);
    }

    #[test]
    fn too_much_is_refused() {
        let files = |bytes: usize| MountedFiles::new(vec![("a".to_owned(), "x".repeat(bytes))]);
        assert!(files(CONFIG_MAP_BYTES_MAX - 1).is_ok());
        let error = files(CONFIG_MAP_BYTES_MAX).unwrap_err();
        assert!(error.message.contains("1048577 bytes"), "{error}");
    }

    #[test]
    fn a_compressed_file_is_binary_data() {
        let files = vec![("a.gz".to_owned(), "x".repeat(2 * CONFIG_MAP_BYTES_MAX))];
        let files = MountedFiles::new(files).unwrap();
        let mut config_map = json!({});
        files.fill(&mut config_map);
        assert_eq!(config_map["data"], json!({}));
        let text = config_map["binaryData"]["a.gz"].as_str().unwrap();
        assert!(text.starts_with("H4sI"), "{text}");
        let error = files.literals().unwrap_err();
        assert!(error.message.contains("--format config-map"), "{error}");
    }
}
