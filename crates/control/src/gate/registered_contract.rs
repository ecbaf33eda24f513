//! A contract in the registry: all its files as they were, under the hash of their content.
//!
//! One value holds all files, so none can be missing while another is there. Parsing it hashes the
//! files again, so an altered contract no longer matches its name.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use portcullis_contract::{
    ContractIdentity, ContractLoadError, DocumentSet, ReadFile, UnreadableFile, load,
    load_tolerant, shared_folder,
};
use portcullis_vocabulary::limits::Limits;

/// The format version.
const FORMAT: u64 = 1;

/// The files of one contract.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredContract {
    format: u64,
    /// The hash of the contract.
    pub revision: String,
    /// The files, the entry file first. Paths are relative to the folder that contains all of them.
    files: Vec<RegisteredFile>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RegisteredFile {
    path: String,
    text: String,
}

/// Why a stored contract is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContractDamage {
    /// It is not JSON, or not of this form.
    #[error("it is damaged: {0}")]
    Syntax(String),
    /// It has another format version.
    #[error("/format: expected {FORMAT}, found {0}")]
    Format(u64),
    /// Its files cannot be read.
    #[error("it is damaged: {0}")]
    Unreadable(String),
    /// Its files have another hash than its name.
    #[error("it was altered: its files have the hash {found}, expected {expected}")]
    Altered {
        /// The hash of the files.
        found: String,
        /// The hash in its name.
        expected: String,
    },
}

impl RegisteredContract {
    /// Reads a contract and everything that the registry keeps of it.
    ///
    /// # Errors
    /// [`ContractLoadError`] if the entry file cannot be read or parsed.
    pub fn load(
        path: &Path,
        name: &str,
        limits: &Limits,
        read: ReadFile<'_>,
    ) -> Result<(DocumentSet, Self), ContractLoadError> {
        let seen: RefCell<HashMap<PathBuf, Vec<u8>>> = RefCell::default();
        let keeping = |path: &Path, bytes_max| {
            let bytes = read(path, bytes_max)?;
            seen.borrow_mut().insert(path.to_owned(), bytes.clone());
            Ok(bytes)
        };
        let documents = load(path, name, limits, &keeping)?;
        let mut seen = seen.into_inner();
        let paths: Vec<&Path> = documents
            .list()
            .iter()
            .map(|document| document.path.as_path())
            .collect();
        let shared = shared_folder(&paths);
        let file = |(index, own): (usize, &&Path)| {
            let key = if index == 0 { path } else { own };
            let bytes = seen.remove(key).unwrap_or_default();
            RegisteredFile {
                path: own
                    .strip_prefix(&shared)
                    .unwrap_or(own)
                    .to_string_lossy()
                    .replace('\\', "/"),
                text: String::from_utf8_lossy(&bytes).into_owned(),
            }
        };
        let files = paths.iter().enumerate().map(file).collect();
        let revision = ContractIdentity::of(&documents).revision.to_string();
        Ok((
            documents,
            Self {
                format: FORMAT,
                revision,
                files,
            },
        ))
    }

    /// The text of the stored file.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("a contract's files have a JSON form")
    }

    /// Parses what was stored under a revision.
    ///
    /// # Errors
    /// [`ContractDamage`] if the content is not what was stored.
    pub fn parse(
        bytes: &[u8],
        revision: &str,
        limits: &Limits,
    ) -> Result<DocumentSet, ContractDamage> {
        let content: Self = serde_json::from_slice(bytes)
            .map_err(|error| ContractDamage::Syntax(error.to_string()))?;
        if content.format != FORMAT {
            return Err(ContractDamage::Format(content.format));
        }
        let documents = content.documents(limits)?;
        let found = ContractIdentity::of(&documents).revision;
        if *found != *revision {
            return Err(ContractDamage::Altered {
                found: found.to_string(),
                expected: revision.to_owned(),
            });
        }
        Ok(documents)
    }

    fn documents(&self, limits: &Limits) -> Result<DocumentSet, ContractDamage> {
        let entry = self
            .files
            .first()
            .ok_or_else(|| ContractDamage::Unreadable("it has no file".to_owned()))?;
        let read = |path: &Path, _| {
            let found = self.files.iter().find(|file| Path::new(&file.path) == path);
            let missing =
                || UnreadableFile(format!("{}: it is not one of the files", path.display()));
            found
                .map(|file| file.text.clone().into_bytes())
                .ok_or_else(missing)
        };
        // Messages show it like a file of a git revision.
        let name = format!("deployed:/{}", entry.path);
        load_tolerant(Path::new(&entry.path), &name, limits, &read)
            .map_err(|error| ContractDamage::Unreadable(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "openapi: 3.1.0\ninfo: {title: Shop, version: 1.0.0}\npaths:\n  /a:\n    $ref: '../common/a.yaml#/a'\n";
    const PART: &str = "a: {get: {responses: {200: {description: d}}}}\n";

    fn stored() -> RegisteredContract {
        let read = |path: &Path, _| match path.to_str() {
            Some("/home/me/contracts/shop/openapi.yaml") => Ok(ENTRY.into()),
            Some("/home/me/contracts/common/a.yaml") => Ok(PART.into()),
            _ => Err(UnreadableFile(path.display().to_string())),
        };
        let path = Path::new("/home/me/contracts/shop/openapi.yaml");
        RegisteredContract::load(path, "shop.yaml", &Limits::default(), &read)
            .unwrap()
            .1
    }

    #[test]
    fn all_files_are_stored_without_paths_of_the_machine() {
        let content = stored();
        let text = content.text();
        assert!(!text.contains("home"), "{text}");
        let documents =
            RegisteredContract::parse(text.as_bytes(), &content.revision, &Limits::default())
                .unwrap();
        assert_eq!(
            *ContractIdentity::of(&documents).revision,
            *content.revision
        );
        let names: Vec<&str> = documents
            .list()
            .iter()
            .map(|document| &*document.name)
            .collect();
        assert_eq!(
            names,
            ["deployed:/shop/openapi.yaml", "deployed:/common/a.yaml"]
        );
    }

    #[test]
    fn altered_content_is_refused() {
        let content = stored();
        let check = |text: String, expected: &str| {
            let error =
                RegisteredContract::parse(text.as_bytes(), &content.revision, &Limits::default())
                    .unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        };
        let text = content.text();
        check(
            text.replace("description: d", "description: e"),
            "it was altered: its files have the hash sha256:",
        );
        check(
            text.replace("\"format\":1", "\"format\":2"),
            "/format: expected 1, found 2",
        );
        check(text[..text.len() / 2].to_owned(), "it is damaged: EOF");
        check(
            text.replace("openapi: 3.1.0", "openapi: ["),
            "it is damaged: deployed:/shop/openapi.yaml:",
        );
        check(
            "{\"format\":1,\"revision\":\"\",\"files\":[]}".to_owned(),
            "it has no file",
        );
    }
}
