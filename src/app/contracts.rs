//! Loading the contracts of all services.

use std::sync::Arc;

use crate::config::enforcement::{Enforcement, ViolationClass};
use crate::config::{Config, Service};
use crate::contract::{CompileOptions, CompiledContract, compile, load};

use super::error::Error;

/// Compiles the contract of every service, in the order of the configuration.
pub(super) fn compile_all(config: &Config) -> Result<Vec<Arc<CompiledContract>>, Error> {
    config
        .services
        .iter()
        .map(|service| compile_one(config, service))
        .collect()
}

fn compile_one(config: &Config, service: &Service) -> Result<Arc<CompiledContract>, Error> {
    let name = || service.name.clone();
    let documents = load(&service.contract, &config.limits).map_err(|source| Error::Load {
        service: name(),
        source,
    })?;
    let options = CompileOptions {
        base_paths: service.base_paths.clone(),
        closed: service.enforcement.of(ViolationClass::UnknownBodyProperty) != Enforcement::Off,
    };
    let contract = compile(documents, &options).map_err(|problems| Error::Contract {
        service: name(),
        problems,
    })?;
    for warning in &contract.warnings {
        tracing::warn!(service = service.name, "{warning}");
    }
    tracing::info!(
        service = service.name,
        contract = %service.contract.display(),
        version = &*contract.version,
        revision = &*contract.revision,
        operations = contract.operations.len(),
        "contract in force"
    );
    Ok(Arc::new(contract))
}
