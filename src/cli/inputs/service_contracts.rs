//! The contracts of the services of a catalog: those next to it, and those that a configuration names.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use portcullis_config::{ContractSource, FlagOverrides, ServiceConfig};
use portcullis_contract::{CompileOptions, CompiledContract, compile};
use portcullis_control::ownership::CatalogContract;
use portcullis_vocabulary::{ContractReading, Limits};

use crate::cli::run_error::RunError;
use crate::source::{ContractOrigin, FetchOutcome, PollPolicy, Poller, ReferenceRoot, S3Clients};

/// The file names of contracts.
const CONTRACT_FILES: [&str; 3] = ["openapi.yaml", "openapi.yml", "openapi.json"];

/// The time limit of one fetch: the largest contracts take seconds on a slow connection.
const FETCH_TIMEOUT: Duration = Duration::from_secs(30);

/// Where the contract of a service is, and how it is read.
#[derive(Debug)]
pub(in crate::cli) struct ServiceContractSource {
    source: ContractSource,
    /// Which files it may refer to, and its overlays.
    root: ReferenceRoot,
    /// How flaws are read.
    reading: ContractReading,
    limits: Limits,
}

impl ServiceContractSource {
    /// The file or the address.
    pub(in crate::cli) fn name(&self) -> String {
        self.source.to_string()
    }

    /// Reads and compiles the contract, as a proxy does. The error says why it cannot be used.
    pub(in crate::cli) fn compiled(&self) -> Result<CompiledContract, String> {
        let documents = match &self.source {
            ContractSource::File(path) => self.root.load_as(path, &self.limits, self.reading),
            ContractSource::Address(address) => {
                let bytes = self.fetch(address)?;
                let name = self.name();
                self.root.parse_as(&name, bytes, &self.limits, self.reading)
            }
        };
        let documents = documents.map_err(|error| error.to_string())?;
        let options = CompileOptions {
            accepts_events: true,
            reading: self.reading,
            ..CompileOptions::default()
        };
        compile(documents, &options).map_err(|problems| {
            let first = problems.first().map(ToString::to_string);
            first.unwrap_or_default()
        })
    }

    /// The content of the contract at an address.
    fn fetch(&self, address: &str) -> Result<Vec<u8>, String> {
        let policy = PollPolicy {
            every: FETCH_TIMEOUT,
            timeout: FETCH_TIMEOUT,
            bytes_max: self.limits.contract_bytes_max as u64,
        };
        let origin = address.parse::<ContractOrigin>();
        let origin = origin.map_err(|error| error.to_string())?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let fetched = runtime.block_on(async {
            let mut poller = Poller::new(origin, &S3Clients::from_env(), policy)?;
            poller.next().await
        });
        match fetched.map_err(|error| error.to_string())? {
            FetchOutcome::New { bytes, .. } => Ok(bytes),
            // Only a server that was asked for changes may say so.
            FetchOutcome::Unchanged { .. } => Err("the server sent no content".to_owned()),
        }
    }

    fn of(service: &ServiceConfig, limits: &Limits) -> Self {
        Self {
            source: service.contract.clone(),
            root: ReferenceRoot::new(service.ref_root.clone())
                .with_overlays(service.overlays.clone()),
            reading: service.contract_reading,
            limits: limits.clone(),
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
        let source = ServiceContractSource {
            source: ContractSource::File(contract.path.clone()),
            root: ReferenceRoot::new(None),
            reading: ContractReading::Strict,
            limits: Limits::default(),
        };
        found.entry(contract.service.clone()).or_insert(source);
    }
    if let Some(path) = config {
        let config =
            portcullis_config::load(Some(path), std::env::vars_os(), &FlagOverrides::default())?;
        for service in &config.services {
            found.insert(
                service.name.clone(),
                ServiceContractSource::of(service, &config.limits),
            );
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
