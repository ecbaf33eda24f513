//! The samples of the project, in a folder that exists as long as they are served.
//!
//! They are files and not only text in the program, so that everything works as with one's own: a
//! contract that is edited is reloaded, and messages name files and lines.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::app::LastAct;
use crate::cli::run_error::RunError;

/// The configuration and the files that it names.
const SAMPLES: [(&str, &str); 11] = [
    ("config.toml", include_str!("../../../config.toml")),
    (
        "contracts/squads.toml",
        include_str!("../../../contracts/squads.toml"),
    ),
    (
        "contracts/discovery/search-api/openapi.json",
        include_str!("../../../contracts/discovery/search-api/openapi.json"),
    ),
    (
        "contracts/payments/orders/openapi.yaml",
        include_str!("../../../contracts/payments/orders/openapi.yaml"),
    ),
    (
        "contracts/payments/ledger/openapi.yaml",
        include_str!("../../../contracts/payments/ledger/openapi.yaml"),
    ),
    (
        "contracts/payments/ledger/parameters.yaml",
        include_str!("../../../contracts/payments/ledger/parameters.yaml"),
    ),
    (
        "contracts/payments/ledger/schemas/account.yaml",
        include_str!("../../../contracts/payments/ledger/schemas/account.yaml"),
    ),
    (
        "contracts/payments/ledger/schemas/money.yaml",
        include_str!("../../../contracts/payments/ledger/schemas/money.yaml"),
    ),
    (
        "contracts/payments/ledger/schemas/posting.yaml",
        include_str!("../../../contracts/payments/ledger/schemas/posting.yaml"),
    ),
    (
        "contracts/payments/ledger/schemas/problem.yaml",
        include_str!("../../../contracts/payments/ledger/schemas/problem.yaml"),
    ),
    (
        "contracts/payments/ledger/schemas/reversal.yaml",
        include_str!("../../../contracts/payments/ledger/schemas/reversal.yaml"),
    ),
];

/// A folder with the samples. Dropping it removes the folder.
#[derive(Debug)]
pub(super) struct SampleFolder(PathBuf);

impl SampleFolder {
    /// Writes the samples to a new folder for temporary files.
    pub(super) fn write() -> Result<Self, RunError> {
        let name = format!("portcullis-demo-{:016x}", fastrand::u64(..));
        let folder = Self(std::env::temp_dir().join(name));
        // It fails if the folder exists, so no one else has prepared it.
        let created = DirBuilder::new().mode(0o700).create(&folder.0);
        created.map_err(failed_at(&folder.0))?;
        for (name, text) in SAMPLES {
            let path = folder.0.join(name);
            let parent = path.parent().unwrap_or(&folder.0);
            fs::create_dir_all(parent).map_err(failed_at(parent))?;
            fs::write(&path, text).map_err(failed_at(&path))?;
        }
        Ok(folder)
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Removes the folder where nothing is dropped.
    pub(super) fn removal(&self) -> LastAct {
        let folder = self.0.clone();
        Box::new(move || remove(&folder))
    }

    /// The configuration in it.
    pub(super) fn config_path(&self) -> PathBuf {
        self.0.join(SAMPLES[0].0)
    }
}

fn failed_at(path: &Path) -> impl FnOnce(io::Error) -> RunError {
    let path = path.to_owned();
    |source| RunError::Samples { path, source }
}

fn remove(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder) {
        let folder = folder.display().to_string();
        tracing::debug!(folder, %error, "the folder with the samples is left");
    }
}

impl Drop for SampleFolder {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files_below(folder: &Path, names: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files_below(&path, names);
            } else {
                names.push(path);
            }
        }
    }

    #[test]
    fn the_folder_has_all_samples_until_it_is_dropped() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut expected = vec![root.join("config.toml")];
        files_below(&root.join("contracts"), &mut expected);
        let folder = SampleFolder::write().unwrap();
        let mut written = Vec::new();
        files_below(folder.path(), &mut written);
        assert_eq!(written.len(), expected.len());
        for path in &expected {
            let name = path.strip_prefix(root).unwrap();
            let copy = fs::read(folder.path().join(name)).unwrap();
            assert_eq!(copy, fs::read(path).unwrap(), "{}", name.display());
        }
        let config = folder.config_path();
        assert!(config.is_file());
        drop(folder);
        assert!(!config.exists());
    }
}
