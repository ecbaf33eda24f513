//! Checks a configuration as a start with it would, without opening a port.
//!
//! What stops a start is an error. What is legal and probably wrong is a warning. Nothing is fetched
//! over the network: contracts and keys at a URL are read when the program starts.

use portcullis_config::{Config, IdentitySource, KeySource, ServiceConfig};
use portcullis_contract::CompiledContract;
use portcullis_telemetry::Metrics;

use super::app_error::AppError;
use super::config_finding::ConfigFinding;
use super::config_warnings::config_warnings;
use super::descriptors::connection_shortage;
use super::key_reader::load_keys;
use super::reload::Reachability;
use super::startup::data_cores;
use super::startup_contracts::compile_service;
use super::tls::StartupTls;
use super::vendor_fields::field_problems;

/// What a start with a configuration would find.
#[derive(Debug)]
pub struct ConfigCheck {
    /// The services in the order of the configuration.
    pub services: Vec<ServiceSummary>,
    /// What is wrong.
    pub findings: Vec<ConfigFinding>,
}

/// What is known of one service before the start.
#[derive(Debug)]
pub struct ServiceSummary {
    /// Its name.
    pub name: String,
    /// Where its contract is.
    pub contract: String,
    /// The version and the number of operations of its contract, if that was read.
    pub compiled: Option<(String, usize)>,
    /// The squad that provides it.
    pub provider: Option<String>,
}

/// Compiles every contract, reads every file that a start reads, and looks for settings that do not
/// do what they seem to.
pub fn check_config(config: &Config) -> ConfigCheck {
    let mut findings = Vec::new();
    let services = config
        .services
        .iter()
        .map(|service| check_service(config, service, &mut findings))
        .collect();
    findings.extend(check_files(config));
    findings.extend(
        field_problems(config)
            .iter()
            .map(|problem| ConfigFinding::error(problem)),
    );
    findings.extend(config_warnings(config));
    findings.extend(
        connection_shortage(config.limits.connections_max, data_cores(config))
            .map(ConfigFinding::warning),
    );
    ConfigCheck { services, findings }
}

fn check_service(
    config: &Config,
    service: &ServiceConfig,
    findings: &mut Vec<ConfigFinding>,
) -> ServiceSummary {
    let compiled = match compile_service(config, service) {
        Ok(compiled) => compiled.map(|compiled| compiled.contract),
        Err(error) => {
            findings.push(ConfigFinding::error(&error).of(service));
            None
        }
    };
    if compiled.is_none() && service.reload.wait && service.contract.as_file().is_some() {
        let message = "the contract is not there; the program starts and waits for it";
        findings.push(ConfigFinding::warning(message).of(service));
    }
    let contract = compiled.as_deref();
    findings.extend(contract.and_then(|contract| reachability(config, service, contract)));
    findings.extend(candidate(config, service));
    findings.extend(missing_overlays(service));
    let declared = contract.and_then(|contract| contract.provider.as_deref());
    let provider = config.provider_of(service, declared);
    let provider = provider.and_then(|squad| config.catalog.squad(squad));
    if provider.is_none() && !config.catalog.squads().is_empty() {
        let message = "no squad of the catalog provides it, so refusals and alerts name no one; set \
                       `squad`, or list it under `services` of a squad";
        findings.push(ConfigFinding::warning(message).of(service));
    }
    ServiceSummary {
        name: service.name.clone(),
        contract: service.contract.to_string(),
        compiled: contract
            .map(|contract| (contract.version.to_string(), contract.operations.len())),
        provider: provider.map(|squad| squad.name.to_string()),
    }
}

/// A candidate that cannot be used refuses nothing, but is not tried either.
fn candidate(config: &Config, service: &ServiceConfig) -> Option<ConfigFinding> {
    let candidate = ServiceConfig {
        contract: service.candidate.clone()?,
        ..service.clone()
    };
    let error = compile_service(config, &candidate).err()?;
    let message = format!("the candidate cannot be used: {error}");
    Some(ConfigFinding::warning(message).of(service))
}

/// The overlays of a contract that is fetched are read when it is.
fn missing_overlays(service: &ServiceConfig) -> Option<ConfigFinding> {
    let is_fetched = service.contract.as_file().is_none();
    let missing = service.overlays.iter().find(|overlay| !overlay.is_file());
    let missing = missing.filter(|_| is_fetched)?;
    let message = format!(
        "{}: there is no such file; without the overlay, the contract that is fetched is refused",
        missing.display()
    );
    Some(ConfigFinding::warning(message).of(service))
}

/// A service of which no operation can be reached answers nothing but refusals.
fn reachability(
    config: &Config,
    service: &ServiceConfig,
    contract: &CompiledContract,
) -> Option<ConfigFinding> {
    let found = Reachability::of(config, service, contract);
    let finding = ConfigFinding {
        is_error: found.unreachable == contract.operations.len(),
        service: Some(service.name.clone()),
        message: found.warning?,
    };
    Some(finding)
}

/// Reads the files of TLS, and the keys of tokens if they are in a file.
fn check_files(config: &Config) -> Vec<ConfigFinding> {
    let mut findings = Vec::new();
    match StartupTls::load(config, &Metrics::off()) {
        Ok(_) => {}
        Err(AppError::Tls { errors }) => {
            findings.extend(errors.iter().map(|error| ConfigFinding::error(error)));
        }
        Err(error) => findings.push(ConfigFinding::error(&error)),
    }
    if matches!(
        &config.identity.source,
        IdentitySource::Jwt(KeySource::File(_))
    ) {
        findings.extend(
            load_keys(&config.identity)
                .err()
                .map(|error| ConfigFinding::error(&error)),
        );
    }
    findings
}
