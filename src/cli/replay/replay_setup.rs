//! What a replay needs before it begins: the contract, the hosts of its services, and what counts.

use std::fs;
use std::path::Path;

use portcullis_config::{FlagOverrides, HostPattern, ServiceConfig};
use portcullis_contract::recorded::ExchangeCheckLimits;
use portcullis_contract::{self as contract, CompileOptions, CompiledContract};
use portcullis_vocabulary::Limits;
use portcullis_vocabulary::enforcement::{Enforcement, EnforcementCeilings, EnforcementPolicy};

use super::replay_args::ReplayArgs;
use crate::cli::inputs::ContractInput;
use crate::cli::run_error::RunError;

/// Compiles the contract.
pub(super) fn compile(args: &ReplayArgs, limits: &Limits) -> Result<CompiledContract, RunError> {
    let reading = args.reading.reading();
    let root = args.references.root();
    let documents = ContractInput::of(&args.contract)?.load_as(limits, &root, reading)?;
    let bases = args.base_path.iter().map(ToString::to_string);
    let options = CompileOptions {
        base_paths: (!args.base_path.is_empty()).then(|| bases.collect()),
        accepts_events: true,
        reading,
        ..CompileOptions::default()
    };
    contract::compile(documents, &options).map_err(|problems| RunError::Contract { problems })
}

/// The hosts of the configured services that have the contract.
pub(super) fn service_hosts(args: &ReplayArgs) -> Result<Vec<String>, RunError> {
    let Some(path) = &args.config else {
        return Ok(Vec::new());
    };
    let config =
        portcullis_config::load(Some(path), std::env::vars_os(), &FlagOverrides::default())?;
    let canonical = |path: &Path| fs::canonicalize(path).ok();
    let contract = canonical(Path::new(&args.contract));
    let has_contract = |service: &&ServiceConfig| {
        let file = service.contract.as_file().and_then(canonical);
        file.is_some() && file == contract
    };
    let services = config.services.iter().filter(has_contract);
    let hosts = services.flat_map(|service| &service.hosts);
    // `*` is the default and says nothing about the hosts of a recording.
    let named = hosts.filter(|host| **host != HostPattern::Any);
    Ok(named.map(ToString::to_string).collect())
}

/// The default enforcement of each class. Responses are rejected too: no client is waiting for a
/// recorded one.
pub(super) fn policy() -> EnforcementPolicy {
    let ceilings = EnforcementCeilings {
        request: Enforcement::Reject,
        response: Enforcement::Reject,
    };
    EnforcementPolicy::new(ceilings, [], 1.0)
}

pub(super) fn check_limits(limits: &Limits) -> ExchangeCheckLimits {
    ExchangeCheckLimits {
        violations_max: limits.violations_max,
        json_depth_max: u32::try_from(limits.json_depth_max).unwrap_or(u32::MAX),
        decoded_bytes_max: limits.decoded_bytes_max,
        decoded_ratio_max: limits.decoded_ratio_max,
        body_bytes_max: limits.body_bytes_max as u64,
    }
}
