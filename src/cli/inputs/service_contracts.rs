//! The contracts of the services of a catalog: those next to it, and those that a configuration names.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use portcullis_config::{ContractSource, FlagOverrides, ServiceConfig};
use portcullis_contract::{CompileOptions, CompiledContract, compile};
use portcullis_control::ownership::CatalogContract;
use portcullis_vocabulary::{ContractReading, Limits};

use crate::cli::run_error::RunError;
use crate::source::ReferenceRoot;

/// The file names of contracts.
const CONTRACT_FILES: [&str; 3] = ["openapi.yaml", "openapi.yml", "openapi.json"];

/// Where the contract of a service is.
#[derive(Debug)]
pub(in crate::cli) enum ServiceContractSource {
    /// In a file, which is read in this way.
    File {
        /// The file.
        path: PathBuf,
        /// Which files it may refer to.
        root: ReferenceRoot,
        /// How flaws are read.
        reading: ContractReading,
    },
    /// At an address that only a running proxy reads.
    Address(String),
}

impl ServiceContractSource {
    /// The file or the address.
    pub(in crate::cli) fn name(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Address(address) => address.clone(),
        }
    }

    /// Reads and compiles the contract; none if it is at an address. The error says why it cannot be
    /// used.
    pub(in crate::cli) fn compiled(&self) -> Result<Option<CompiledContract>, String> {
        let Self::File {
            path,
            root,
            reading,
        } = self
        else {
            return Ok(None);
        };
        let documents = root.load_as(path, &Limits::default(), *reading);
        let documents = documents.map_err(|error| error.to_string())?;
        let options = CompileOptions {
            accepts_events: true,
            reading: *reading,
            ..CompileOptions::default()
        };
        compile(documents, &options).map(Some).map_err(|problems| {
            let first = problems.first().map(ToString::to_string);
            first.unwrap_or_default()
        })
    }

    fn of(service: &ServiceConfig) -> Self {
        match &service.contract {
            ContractSource::File(path) => Self::File {
                path: path.clone(),
                root: ReferenceRoot::new(service.ref_root.clone())
                    .with_overlays(service.overlays.clone()),
                reading: service.contract_reading,
            },
            ContractSource::Address(address) => Self::Address(address.clone()),
        }
    }
}

/// The contract of each service: the one that a configuration names, else the first one next to the
/// catalog.
pub(in crate::cli) fn service_contracts(
    listed: &[CatalogContract],
    config: Option<&Path>,
) -> Result<BTreeMap<String, ServiceContractSource>, RunError> {
    let mut found = BTreeMap::new();
    for contract in listed {
        let source = ServiceContractSource::File {
            path: contract.path.clone(),
            root: ReferenceRoot::new(None),
            reading: ContractReading::Strict,
        };
        found.entry(contract.service.clone()).or_insert(source);
    }
    if let Some(path) = config {
        let config =
            portcullis_config::load(Some(path), std::env::vars_os(), &FlagOverrides::default())?;
        for service in &config.services {
            found.insert(service.name.clone(), ServiceContractSource::of(service));
        }
    }
    Ok(found)
}

/// The contracts at `<squad>/<service>/` below a directory.
pub(in crate::cli) fn catalog_contracts(
    directory: &Path,
) -> Result<Vec<CatalogContract>, RunError> {
    let mut found = Vec::new();
    for squad in directories(directory)? {
        for service in directories(&squad)? {
            let files = CONTRACT_FILES.iter().map(|name| service.join(name));
            for path in files.filter(|path| path.is_file()) {
                found.push(CatalogContract {
                    squad: name(&squad),
                    service: name(&service),
                    path,
                });
            }
        }
    }
    Ok(found)
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The subdirectories of a directory, sorted.
fn directories(path: &Path) -> Result<Vec<PathBuf>, RunError> {
    let listed = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    let read = || -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(listed)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                found.push(path.join(entry.file_name()));
            }
        }
        found.sort();
        Ok(found)
    };
    read().map_err(|source| RunError::Directory {
        path: listed.to_owned(),
        source,
    })
}
