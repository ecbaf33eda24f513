//! Reads the contracts of services for a scorecard.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::inputs::{ServiceContractSource, catalog_contracts, service_contracts};
use crate::cli::run_error::RunError;
use portcullis_control::ownership::{CatalogContract, DeprecatedPart, ScoredContract};
use portcullis_vocabulary::Date;

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
    let sources = service_contracts(&listed, config.map(PathBuf::as_path))?;
    let scored = sources.into_iter();
    let scored = scored.map(|(service, source)| (service, scored_contract(&source)));
    Ok(FoundContracts {
        scored: scored.collect(),
        listed,
    })
}

fn scored_contract(source: &ServiceContractSource) -> ScoredContract {
    let unread = |refused: Option<String>| ScoredContract {
        path: source.name(),
        refused,
        ..ScoredContract::default()
    };
    let contract = match source.compiled() {
        Ok(contract) => contract,
        Err(refused) => return unread(Some(refused)),
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
        provider: contract.provider.as_ref().map(ToString::to_string),
        unread_objective: contract.unread_objectives().next().map(ToString::to_string),
        objectives: contract.objectives.clone(),
        ..unread(None)
    }
}
