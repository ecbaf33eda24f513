//! The files of a proxy in a ConfigMap, and the volume that has them as files again.
//!
//! A key of a ConfigMap cannot have a folder, so the volume lists the path of each key. Files without
//! folders need no list.

use serde_json::{Map, Value, json};

use super::super::manifest_problem::ManifestProblem;

/// What a ConfigMap holds at most: the API server refuses more than 1 MiB.
const CONFIG_MAP_BYTES_MAX: usize = 1 << 20;

/// The files of one ConfigMap, each with its path in the volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MountedFiles {
    files: Vec<MountedFile>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct MountedFile {
    key: String,
    path: String,
    text: String,
}

impl MountedFiles {
    /// Files with relative paths, in this order.
    ///
    /// # Errors
    /// If a ConfigMap cannot hold them.
    pub fn new(files: Vec<(String, String)>) -> Result<Self, ManifestProblem> {
        let bytes: usize = files
            .iter()
            .map(|(path, text)| path.len() + text.len())
            .sum();
        if bytes > CONFIG_MAP_BYTES_MAX {
            return Err(ManifestProblem::at(
                None,
                format!(
                    "the configuration and its contracts have {bytes} bytes, and a ConfigMap holds \
                     at most {CONFIG_MAP_BYTES_MAX}. Compressed contracts cannot be read: serve the \
                     largest one from an address, `contract = \"https://…\"` or \"s3://…\""
                ),
            ));
        }
        let mut mounted: Vec<MountedFile> = Vec::new();
        for (index, (path, text)) in files.into_iter().enumerate() {
            let mut key = key_of(&path);
            if mounted.iter().any(|other| other.key == key) {
                key = format!("{index}-{key}");
            }
            mounted.push(MountedFile { key, path, text });
        }
        Ok(Self { files: mounted })
    }

    /// Whether every key is the path of its file, so that a volume needs no list.
    pub fn is_flat(&self) -> bool {
        self.files.iter().all(|file| file.key == file.path)
    }

    /// The data of the ConfigMap.
    pub fn data(&self) -> Value {
        let entry = |file: &MountedFile| (file.key.clone(), Value::from(file.text.as_str()));
        Value::Object(self.files.iter().map(entry).collect::<Map<_, _>>())
    }

    /// The data as kustomize takes it: `key=value`.
    pub(crate) fn literals(&self) -> Value {
        let literal = |file: &MountedFile| {
            // It removes quotation marks at both ends, where a line break means nothing.
            let quotes = ['"', '\''];
            let start = if file.text.starts_with(quotes) {
                "\n"
            } else {
                ""
            };
            let end = if file.text.ends_with(quotes) {
                "\n"
            } else {
                ""
            };
            Value::from(format!("{}={start}{}{end}", file.key, file.text))
        };
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
        assert_eq!(nested.data()["1-a_b.yaml"], "x");
    }

    #[test]
    fn too_much_is_refused() {
        let files = |bytes: usize| MountedFiles::new(vec![("a".to_owned(), "x".repeat(bytes))]);
        assert!(files(CONFIG_MAP_BYTES_MAX - 1).is_ok());
        let error = files(CONFIG_MAP_BYTES_MAX).unwrap_err();
        assert!(error.message.contains("1048577 bytes"), "{error}");
    }
}
