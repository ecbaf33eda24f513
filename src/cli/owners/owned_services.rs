//! `portcullis owners services`: whose the configured services are, also for catalogues of services.

use std::collections::BTreeSet;

use crate::config;
use crate::config::{Config, ContractSource, FlagOverrides, ServiceConfig, nearest};
use crate::source::load_contract;
use crate::telemetry::{OwnedContract, OwnerView};
use portcullis_contract::ContractIdentity;

use super::backstage;
use crate::cli::command_line::{OwnedServicesArgs, ServicesFormat};
use crate::cli::dispatch::{CommandOutcome, RunError};
use crate::cli::report_writer::{ReportWriter, TextStyle, print_error};
use crate::cli::serve::serve_command::configuration;

/// A service with its owner and where its contract is.
pub(super) struct OwnedService<'c> {
    pub(super) service: &'c ServiceConfig,
    pub(super) owner: OwnerView,
}

/// Prints the owners of the services that the arguments name, or of all.
pub(super) fn print(
    args: &OwnedServicesArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let path = configuration(args.config.as_deref())?;
    let config = config::load(Some(&path), std::env::vars_os(), &FlagOverrides::default())?;
    let mut outcome = CommandOutcome::Success;
    let mut owned = Vec::new();
    for service in chosen(&config, &args.services)? {
        let (owner, is_whole) = owner_of(&config, service);
        if !is_whole {
            outcome = CommandOutcome::CouldNotRun;
        }
        owned.push(OwnedService { service, owner });
    }
    match args.format {
        ServicesFormat::Text => owned.iter().for_each(|owned| text(out, &owned.owner)),
        ServicesFormat::Json => {
            let owners: Vec<_> = owned.iter().map(|owned| &owned.owner).collect();
            let json = serde_json::to_string_pretty(&owners).expect("owners have a JSON form");
            out.line(json);
        }
        ServicesFormat::Backstage => out.write(backstage::catalog_info(&owned)),
    }
    out.finish()?;
    Ok(outcome)
}

/// The services of these names, each once and in the order of the configuration.
fn chosen<'c>(config: &'c Config, names: &[String]) -> Result<Vec<&'c ServiceConfig>, RunError> {
    let known = || config.services.iter().map(|service| service.name.as_str());
    for name in names {
        if !known().any(|known| known == name) {
            return Err(RunError::UnknownService {
                name: name.clone(),
                near: nearest(name, known()).map(str::to_owned),
            });
        }
    }
    let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let is_chosen = |service: &&ServiceConfig| names.is_empty() || names.contains(&*service.name);
    Ok(config.services.iter().filter(is_chosen).collect())
}

/// The owner of a service, and whether its contract could be read. One at an address is not: who
/// owns it is asked of the proxy that runs.
fn owner_of(config: &Config, service: &ServiceConfig) -> (OwnerView, bool) {
    let identity = match &service.contract {
        ContractSource::File(path) => match load_contract(path, &config.limits) {
            Ok(documents) => Some(ContractIdentity::of(&documents)),
            Err(error) => {
                print_error(&error.to_string());
                None
            }
        },
        ContractSource::Address(_) => None,
    };
    let is_whole = identity.is_some() || matches!(service.contract, ContractSource::Address(_));
    let declared = identity
        .as_ref()
        .and_then(|identity| identity.provider.as_deref());
    let provider = config.provider_of(service, declared);
    let provider = provider.and_then(|id| config.catalog.squad(id));
    let contract = identity.map(|identity| OwnedContract {
        title: identity.title,
        version: identity.version,
        revision: identity.revision,
    });
    (OwnerView::new(service, provider, contract), is_whole)
}

fn text(out: &mut ReportWriter, owner: &OwnerView) {
    let title = out.paint(TextStyle::Bold, &owner.service).to_string();
    out.line(title);
    let domains = owner.domains.join(", ");
    let contract = owner.contract.as_ref();
    let contract = contract.map(|contract| format!("{} {}", contract.title, contract.version));
    let revision = owner
        .contract
        .as_ref()
        .map(|contract| contract.revision.to_string());
    for (name, value) in [
        ("squad", owner.squad.as_deref()),
        ("on call", owner.oncall.as_deref()),
        ("chat", owner.chat.as_deref()),
        ("email", owner.email.as_deref()),
        ("tier", owner.tier),
        ("domains", Some(domains.as_str())),
        ("cost center", owner.cost_center.as_deref()),
        ("contract", contract.as_deref()),
        ("revision", revision.as_deref()),
        ("commit", owner.commit.as_deref()),
    ] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            out.line(format_args!("  {name:<12}{value}"));
        }
    }
}
