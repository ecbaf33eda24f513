//! `portcullis owners services`: lists the owners of the configured services.

use std::collections::BTreeSet;

use crate::source::ReferenceRoot;
use portcullis_config::{Config, ContractSource, FlagOverrides, ServiceConfig};
use portcullis_contract::ContractIdentity;
use portcullis_telemetry::{OwnedContract, OwnerView};

use super::backstage;
use super::owned_service::OwnedService;
use super::services_args::{ServicesArgs, ServicesFormat};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::{ConfigArgument, KnownNames, config_path};
use crate::cli::output::{ReportWriter, TextStyle, print_error, print_json};
use crate::cli::run_error::RunError;

/// Prints the owners of the named services, or of all services.
pub(super) fn print_services(
    args: &ServicesArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let path = config_path(args.config.as_deref(), ConfigArgument::Flag)?;
    let config =
        portcullis_config::load(Some(&path), std::env::vars_os(), &FlagOverrides::default())?;
    let mut outcome = CommandOutcome::Success;
    let mut owned = Vec::new();
    for service in select(&config, &args.services)? {
        let (owner, is_complete) = owner_of(&config, service);
        if !is_complete {
            outcome = CommandOutcome::CouldNotRun;
        }
        owned.push(OwnedService { service, owner });
    }
    match args.format {
        ServicesFormat::Text => owned
            .iter()
            .for_each(|owned| print_owner(out, &owned.owner)),
        ServicesFormat::Json => {
            let owners: Vec<_> = owned.iter().map(|owned| &owned.owner).collect();
            print_json(out, &owners);
        }
        ServicesFormat::Backstage => out.write(&backstage::catalog_info(&owned)),
    }
    out.finish()?;
    Ok(outcome)
}

/// The services of these names, in the order of the configuration.
fn select<'c>(config: &'c Config, names: &[String]) -> Result<Vec<&'c ServiceConfig>, RunError> {
    let known = || config.services.iter().map(|service| service.name.as_str());
    for name in names {
        if !known().any(|known| known == name) {
            return Err(RunError::UnknownService {
                name: name.clone(),
                known: KnownNames::instead_of(name, known()),
            });
        }
    }
    let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let is_selected = |service: &&ServiceConfig| names.is_empty() || names.contains(&*service.name);
    Ok(config.services.iter().filter(is_selected).collect())
}

/// The owner of a service, and whether all of it is known: `false` if the contract file cannot be
/// read. A contract at a URL is not fetched; the running proxy knows its owner.
fn owner_of(config: &Config, service: &ServiceConfig) -> (OwnerView, bool) {
    let identity = match &service.contract {
        ContractSource::File(path) => {
            let root = ReferenceRoot::new(service.ref_root.clone())
                .with_overlays(service.overlays.clone());
            match root.load_as(path, &config.limits, service.contract_reading) {
                Ok(documents) => Some(ContractIdentity::of(&documents)),
                Err(error) => {
                    print_error(&error.to_string());
                    None
                }
            }
        }
        ContractSource::Address(_) => None,
    };
    let is_complete = identity.is_some() || matches!(service.contract, ContractSource::Address(_));
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
    let view = OwnerView::new(service, provider, contract, &config.catalog);
    (view, is_complete)
}

fn print_owner(out: &mut ReportWriter, owner: &OwnerView) {
    let title = out.paint(TextStyle::Bold, &owner.service).to_string();
    out.line(title);
    let domains = owner.domains.join(", ");
    let contract = owner.contract.as_ref();
    let contract = contract.map(|contract| format!("{} {}", contract.title, contract.version));
    let revision = owner
        .contract
        .as_ref()
        .map(|contract| contract.revision.to_string());
    let escalation = owner.escalation.iter();
    let escalation: Vec<String> = escalation
        .map(|step| format!("{} ({})", step.contact, step.squad))
        .collect();
    let escalation = escalation.join(", then ");
    for (name, value) in [
        ("squad", owner.squad.as_deref()),
        ("on call", owner.oncall.as_deref()),
        ("escalation", Some(escalation.as_str())),
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
