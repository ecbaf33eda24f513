//! The files that a contract may consist of: its overlays, and files below a directory.
//!
//! The text of a contract may come from anyone, so it must not choose which files of the machine are
//! read. By default they are those of the git repository that contains the contract, or else of its
//! directory. Symbolic links count as what they lead to. Overlays are named by the operator, so they
//! may be anywhere.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use portcullis_contract::{
    self as contract, ContractBundle, ContractLoadError, ContractLoadOptions, DocumentSet,
    UnreadableFile,
};
use portcullis_vocabulary::{ContractReading, Limits};

use super::file_read::{self, FileReadError};
use super::file_signature::FileSignature;

/// The directory below which a contract may refer to files, and the overlays that change it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReferenceRoot {
    configured: Option<PathBuf>,
    overlays: Vec<PathBuf>,
}

impl ReferenceRoot {
    /// A configured directory, or the default of each contract.
    pub fn new(configured: Option<PathBuf>) -> Self {
        Self {
            configured,
            overlays: Vec::new(),
        }
    }

    /// With overlays, in the order in which they are applied.
    #[must_use]
    pub fn with_overlays(mut self, overlays: Vec<PathBuf>) -> Self {
        self.overlays = overlays;
        self
    }

    /// The overlays.
    pub fn overlays(&self) -> &[PathBuf] {
        &self.overlays
    }

    /// Reads the contract at `path` with all local files it refers to.
    ///
    /// # Errors
    /// [`ContractLoadError`] when the entry file itself cannot be read or parsed.
    pub fn load(&self, path: &Path, limits: &Limits) -> Result<DocumentSet, ContractLoadError> {
        self.load_as(path, limits, ContractReading::Strict)
    }

    /// Reads a contract like [`Self::load`], but keeps objects with repeated keys.
    ///
    /// # Errors
    /// [`ContractLoadError`] when the entry file itself cannot be read or parsed.
    pub fn load_tolerant(
        &self,
        path: &Path,
        limits: &Limits,
    ) -> Result<DocumentSet, ContractLoadError> {
        self.load_as(path, limits, ContractReading::Tolerant)
    }

    /// Reads a contract for a compilation with this reading.
    ///
    /// # Errors
    /// [`ContractLoadError`] when the entry file itself cannot be read or parsed.
    pub fn load_as(
        &self,
        path: &Path,
        limits: &Limits,
        reading: ContractReading,
    ) -> Result<DocumentSet, ContractLoadError> {
        self.load_signed(path, limits, reading).0
    }

    /// Reads a contract like [`Self::load_as`]. The signature has every file whose change may
    /// change the contract, as it was before it was read.
    pub fn load_signed(
        &self,
        path: &Path,
        limits: &Limits,
        reading: ContractReading,
    ) -> (Result<DocumentSet, ContractLoadError>, FileSignature) {
        // These are watched even if another one makes the load fail.
        let mut signature = FileSignature::of(&self.overlays);
        signature.add(path);
        let signature = RefCell::new(signature);
        let read = |file: &Path, bytes_max| {
            signature.borrow_mut().add(file);
            self.read(path, file, bytes_max)
        };
        let name = path.display().to_string();
        let loaded = contract::load_as(path, &name, &self.options(reading), limits, &read);
        (loaded, signature.into_inner())
    }

    /// Parses a contract of one document for a compilation with this reading.
    ///
    /// # Errors
    /// [`ContractLoadError`] if an overlay cannot be read, or if something cannot be parsed.
    pub fn parse_as(
        &self,
        name: &str,
        bytes: Vec<u8>,
        limits: &Limits,
        reading: ContractReading,
    ) -> Result<DocumentSet, ContractLoadError> {
        let read = |file: &Path, bytes_max| Ok(file_read::read_contract_file(file, bytes_max)?);
        contract::parse_as(name, bytes, &self.options(reading), limits, &read)
    }

    /// Reads a contract that was sent as a bundle, for a compilation with this reading.
    ///
    /// # Errors
    /// [`ContractLoadError`] if an overlay cannot be read, or if something cannot be parsed.
    pub fn load_bundle(
        &self,
        bundle: &ContractBundle,
        limits: &Limits,
        reading: ContractReading,
    ) -> Result<DocumentSet, ContractLoadError> {
        let read = |file: &Path, bytes_max| Ok(file_read::read_contract_file(file, bytes_max)?);
        bundle.load(&self.options(reading), limits, &read)
    }

    /// How a contract is loaded for a compilation with this reading.
    pub fn options(&self, reading: ContractReading) -> ContractLoadOptions<'_> {
        ContractLoadOptions {
            reading,
            overlays: &self.overlays,
        }
    }

    /// Reads one file of the contract at `entry`, which may be a pipe such as a process substitution.
    ///
    /// # Errors
    /// [`UnreadableFile`] names the path and what to do.
    pub fn read(
        &self,
        entry: &Path,
        file: &Path,
        bytes_max: u64,
    ) -> Result<Vec<u8>, UnreadableFile> {
        if file == entry || self.overlays.iter().any(|overlay| overlay == file) {
            return Ok(file_read::read_contract_file(file, bytes_max)?);
        }
        let resolved = fs::canonicalize(file).map_err(|source| FileReadError::Io {
            path: file.to_owned(),
            source,
        })?;
        let root = self.directory(entry)?;
        if !resolved.starts_with(&root) {
            return Err(FileReadError::Outside {
                path: file.to_owned(),
                root,
            }
            .into());
        }
        Ok(file_read::read_referenced(&resolved, bytes_max)?)
    }

    /// The directory for the contract at `entry`, without symbolic links.
    fn directory(&self, entry: &Path) -> Result<PathBuf, FileReadError> {
        if let Some(configured) = &self.configured {
            return canonical(configured);
        }
        let parent = entry.parent().unwrap_or(Path::new(""));
        let directory = if parent == Path::new("") {
            Path::new(".")
        } else {
            parent
        };
        let directory = canonical(directory)?;
        let repository = directory
            .ancestors()
            .find(|folder| folder.join(".git").exists());
        Ok(repository.map(Path::to_owned).unwrap_or(directory))
    }
}

fn canonical(directory: &Path) -> Result<PathBuf, FileReadError> {
    fs::canonicalize(directory).map_err(|source| FileReadError::Io {
        path: directory.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn the_signature_has_every_file_as_it_was_before_it_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().canonicalize().unwrap().join(name);
        let part = "get: {responses: {'204': {description: Done}}}";
        let entry = "{openapi: 3.1.0, info: {title: t, version: '1'}, paths: {/a: {$ref: part}, \
                     /b: {$ref: missing}}}";
        let overlay = "{overlay: 1.0.0, info: {title: o, version: '1'}, actions: []}";
        fs::write(path("part"), part).unwrap();
        fs::write(path("entry"), entry).unwrap();
        fs::write(path("overlay"), overlay).unwrap();
        let root = ReferenceRoot::default().with_overlays(vec![path("overlay"), path("late")]);
        let load = || {
            let limits = Limits::default();
            root.load_signed(&path("entry"), &limits, ContractReading::Strict)
        };
        // The second overlay makes the load fail before any reference is read.
        let (failed, signature) = load();
        assert!(failed.is_err());
        assert_eq!(
            signature.files(),
            [path("entry"), path("late"), path("overlay")]
        );
        fs::write(path("late"), overlay).unwrap();
        assert!(signature.is_outdated());
        let (loaded, signature) = load();
        assert!(loaded.is_ok());
        let files = ["entry", "late", "missing", "overlay", "part"].map(path);
        assert_eq!(signature.files(), files);
        assert!(!signature.is_outdated());
        fs::write(path("missing"), part).unwrap();
        assert!(signature.is_outdated());
    }

    #[test]
    fn reads_only_below_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path();
        for name in ["api/shared", "apis"] {
            fs::create_dir_all(base.join(name)).unwrap();
        }
        for name in ["common", "api/own", "api/shared/deep", "apis/near"] {
            fs::write(base.join(name), name).unwrap();
        }
        symlink(base.join("common"), base.join("api/out")).unwrap();
        symlink(base, base.join("api/up")).unwrap();
        symlink("own", base.join("api/in")).unwrap();
        let entry = base.join("api/entry");
        let check = |root: &ReferenceRoot, file: &str, expected: &str| {
            let found = match root.read(&entry, &base.join("api").join(file), 100) {
                Ok(bytes) => String::from_utf8(bytes).unwrap(),
                Err(UnreadableFile(message)) => message,
            };
            assert!(found.contains(expected), "{file}: {found}");
        };
        let default = ReferenceRoot::default();
        let outside = "is outside of";
        check(&default, "own", "api/own");
        check(&default, "in", "api/own");
        check(&default, "shared/deep", "api/shared/deep");
        check(&default, "../common", outside);
        check(&default, "../apis/near", outside);
        check(&default, "out", outside);
        check(&default, "up/common", outside);
        check(&default, "out", "--ref-root");
        check(&default, "none", "No such file");
        check(&default, "shared", "this is a folder");
        let wide = ReferenceRoot::new(Some(base.to_owned()));
        check(&wide, "../common", "common");
        check(&wide, "up/common", "common");
        check(&wide, "/etc/hostname", outside);
        let narrow = ReferenceRoot::new(Some(base.join("api/shared")));
        check(&narrow, "own", outside);
        let missing = ReferenceRoot::new(Some(base.join("none")));
        check(&missing, "own", "No such file");
        // The whole repository, from its root.
        fs::create_dir(base.join(".git")).unwrap();
        check(&default, "../common", "common");
        check(&default, "out", "common");
        check(&default, "/etc/hostname", outside);
    }
}
