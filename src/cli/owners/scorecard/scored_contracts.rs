//! Reads the contracts of services for a scorecard.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::catalog_check::catalog_contracts;
use crate::cli::run_error::RunError;
use crate::source::ReferenceRoot;
use portcullis_config::{ContractSource, FlagOverrides};
use portcullis_contract::{CompileOptions, ContractIdentity, compile};
use portcullis_control::ownership::{CatalogContract, DeprecatedPart, ScoredContract};
use portcullis_vocabulary::{ContractReading, Date, Limits};

/// The contracts that were found, in two forms.
pub(super) struct FoundContracts {
    /// Those next to the catalog.
    pub(super) listed: Vec<CatalogContract>,
    /// One for each service.
    pub(super) scored: BTreeMap<String, ScoredContract>,
}

/// The contracts next to the catalog, and those that a configuration names.
pub(super) fn find_contracts(
    catalog: &Path,
    config: Option<&PathBuf>,
) -> Result<FoundContracts, RunError> {
    let listed = catalog_contracts(catalog.parent().unwrap_or(Path::new("")))?;
    let mut scored = BTreeMap::new();
    for contract in &listed {
        let read = read_contract(
            &contract.path,
            &ReferenceRoot::new(None),
            ContractReading::Strict,
        );
        scored.entry(contract.service.clone()).or_insert(read);
    }
    if let Some(path) = config {
        let config =
            portcullis_config::load(Some(path), std::env::vars_os(), &FlagOverrides::default())?;
        for service in &config.services {
            let read = match &service.contract {
                ContractSource::File(path) => {
                    let root = ReferenceRoot::new(service.ref_root.clone())
                        .with_overlays(service.overlays.clone());
                    read_contract(path, &root, service.contract_reading)
                }
                // A running proxy reads it and shows its owner.
                ContractSource::Address(address) => ScoredContract {
                    path: address.clone(),
                    ..ScoredContract::default()
                },
            };
            scored.insert(service.name.clone(), read);
        }
    }
    Ok(FoundContracts { listed, scored })
}

fn read_contract(path: &Path, root: &ReferenceRoot, reading: ContractReading) -> ScoredContract {
    let name = path.display().to_string();
    let refused = |refused: String| ScoredContract {
        path: name.clone(),
        refused: Some(refused),
        ..ScoredContract::default()
    };
    let documents = match root.load_as(path, &Limits::default(), reading) {
        Ok(documents) => documents,
        Err(error) => return refused(error.to_string()),
    };
    let provider = ContractIdentity::of(&documents).provider;
    let options = CompileOptions {
        accepts_events: true,
        reading,
        ..CompileOptions::default()
    };
    let contract = match compile(documents, &options) {
        Ok(contract) => contract,
        Err(problems) => {
            let first = problems.first().map(ToString::to_string);
            return refused(first.unwrap_or_default());
        }
    };
    let deprecated = contract.operations.iter().filter_map(|operation| {
        let lifecycle = operation.lifecycle.as_deref()?;
        lifecycle.is_deprecated().then(|| DeprecatedPart {
            operation: operation.name.to_string(),
            sunset: lifecycle.sunset().map(Date::of),
        })
    });
    ScoredContract {
        deprecated: deprecated.collect(),
        provider: provider.map(|name| name.to_string()),
        path: name,
        refused: None,
    }
}
