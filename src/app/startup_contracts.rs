//! Loads the contracts of all services at startup.

use std::sync::Arc;
use std::time::Instant;

use crate::source::ReferenceRoot;
use portcullis_config::{Config, ServiceConfig};
use portcullis_contract::{ContractLoadError, compile};

use super::app_error::AppError;
use super::reload::{StartupContract, options};

/// Compiles the contract of every service, in the order of the configuration, and reports all
/// contracts that cannot be used. A service whose contract comes from a URL starts without one, and
/// so does a service whose file is missing if its configuration allows the wait.
pub(super) fn compile_all(config: &Config) -> Result<Vec<Option<StartupContract>>, AppError> {
    let mut contracts = Vec::new();
    let mut errors = Vec::new();
    for service in &config.services {
        match compile_service(config, service) {
            Ok(contract) => contracts.push(contract),
            Err(error) => errors.push(error),
        }
    }
    match errors.len() {
        0 => Ok(contracts),
        1 => Err(errors.remove(0)),
        _ => Err(AppError::Contracts { errors }),
    }
}

/// Compiles the contract of a service, if it is in a file.
pub(super) fn compile_service(
    config: &Config,
    service: &ServiceConfig,
) -> Result<Option<StartupContract>, AppError> {
    let name = || service.name.clone();
    let Some(path) = service.contract.as_file() else {
        return Ok(None);
    };
    let root = ReferenceRoot::new(service.ref_root.clone()).with_overlays(service.overlays.clone());
    let documents = match root.load_as(path, &config.limits, service.contract_reading) {
        Ok(documents) => documents,
        Err(ContractLoadError::Read(error)) if service.reload.wait => {
            tracing::warn!(service = service.name, %error, "waiting for the contract");
            return Ok(None);
        }
        Err(source) => {
            return Err(AppError::Load {
                service: name(),
                source,
            });
        }
    };
    let began = Instant::now();
    let contract =
        compile(documents, &options(service)).map_err(|problems| AppError::Contract {
            service: name(),
            problems,
        })?;
    let took = began.elapsed();
    for warning in &contract.warnings {
        tracing::warn!(service = service.name, "{warning}");
    }
    tracing::info!(
        service = service.name,
        contract = %service.contract,
        version = &*contract.version,
        revision = &*contract.revision,
        operations = contract.operations.len(),
        compile_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "contract loaded"
    );
    Ok(Some(StartupContract {
        contract: Arc::new(contract),
        took,
    }))
}
