//! `[[services]]`: each service by itself, then all of them against each other.

use portcullis_vocabulary::ConfigLocation;
use std::path::Path;

use super::config_problem::{ConfigValueError, nearest, suggestion};
use super::config_section::ConfigSection;
use super::config_tree::ConfigNode;
use super::config_value;
use super::config_value::{boolean, count, share, word};
use super::protection_sections::protection;
use super::reload_config::reload;
use super::{
    ContractSource, HostPattern, PathPrefix, PreflightPolicy, ReloadConfig, ServiceConfig,
};
use portcullis_vocabulary::limits::{RISK_SCORE_MAX, SERVICES_MAX};
use portcullis_vocabulary::{Catalog, SquadName};
use portcullis_vocabulary::{
    Enforcement, EnforcementCeilings, EnforcementPolicy, Protection, ViolationClass,
};

/// A service with the places that messages about two services name.
struct LocatedService {
    service: ServiceConfig,
    name_place: ConfigLocation,
    prefix_place: ConfigLocation,
}

pub(super) fn resolve(
    root: &mut ConfigSection<'_>,
    catalog: Option<&Catalog>,
    directory: &Path,
    base: (&Protection, &ReloadConfig),
) -> Vec<ServiceConfig> {
    let mut placed = Vec::new();
    let mut count = 0;
    root.each("services", |section| {
        count += 1;
        placed.extend(service(section, catalog, directory, base));
    });
    if count == 0 {
        root.refuse(
            "services",
            "expected at least one service, found none; try [[services]] or --contract",
        );
    }
    if count > SERVICES_MAX {
        root.refuse(
            "services",
            format!("expected at most {SERVICES_MAX} services, found {count}"),
        );
    }
    check_duplicates(root, &placed);
    placed.into_iter().map(|placed| placed.service).collect()
}

fn service(
    mut section: ConfigSection<'_>,
    catalog: Option<&Catalog>,
    directory: &Path,
    (protection_base, reload_base): (&Protection, &ReloadConfig),
) -> Option<LocatedService> {
    let name_place = section.location_of("name");
    let prefix_place = section.location_of("path_prefix");
    let name = section.required("name", name);
    let squad = squad(&mut section, name.as_deref(), catalog);
    let source = contract(&mut section, "contract", true, directory);
    let upstream = section.required("upstream", config_value::upstream);
    let hosts = hosts(&mut section);
    let path_prefix = section.read_or("path_prefix", PathPrefix::root(), config_value::path_prefix);
    let base_paths = section.list("base_paths", config_value::path_prefix);
    let base_paths = base_paths.map(|paths| paths.iter().map(PathPrefix::to_string).collect());
    let preflight = section.value(
        "preflight",
        PreflightPolicy::default(),
        word(&PreflightPolicy::NAMES),
    );
    let legacy = section.value("legacy", false, boolean);
    let commit = section.read("commit", config_value::text);
    let risk_score = section.read("risk_score", count(0..=RISK_SCORE_MAX));
    let enforcement = enforcement(section.section("enforcement"), legacy);
    let protection = protection(&mut section, protection_base);
    let reload = reload(section.section("reload"), reload_base, directory);
    let candidate = contract(&mut section, "candidate", false, directory);
    section.finish();
    let service = ServiceConfig {
        name: name?,
        squad,
        contract: source?,
        upstream: upstream?,
        hosts: hosts?,
        path_prefix: path_prefix?,
        base_paths,
        preflight,
        enforcement,
        candidate,
        reload,
        protection,
        legacy,
        commit,
        risk_score,
    };
    Some(LocatedService {
        service,
        name_place,
        prefix_place,
    })
}

fn name(node: &ConfigNode) -> Result<String, ConfigValueError> {
    let name = node
        .text()
        .filter(|name| ServiceConfig::is_valid_name(name))
        .map(str::to_owned);
    name.ok_or_else(|| {
        let most = ServiceConfig::NAME_CHARS_MAX;
        ConfigValueError::expected(format!(
            "1 to {most} characters of a-z, 0-9, '.', '_' and '-'"
        ))
    })
}

/// The provider: as named, else the squad to which the catalog gives the service.
fn squad(
    section: &mut ConfigSection<'_>,
    service: Option<&str>,
    catalog: Option<&Catalog>,
) -> Option<SquadName> {
    let place = section.location_of("squad");
    let named = section.read("squad", config_value::parsed::<SquadName>);
    let Some(catalog) = catalog else { return named };
    let provider = service
        .and_then(|service| catalog.provider_of(service))
        .map(|squad| &squad.name);
    let Some(named) = named else {
        return provider.cloned();
    };
    if catalog.find(named.as_str()).is_none() {
        let known = catalog.squads().iter().map(|squad| squad.name.as_str());
        let advice = suggestion(named.as_str(), known);
        let message = format!("expected a squad of the catalog, found \"{named}\"{advice}");
        section.refuse_at(place, "squad", message);
    } else if let Some(provider) = provider.filter(|provider| **provider != named) {
        let message = format!(
            "expected \"{provider}\", to which the catalog gives the service, found \"{named}\""
        );
        section.refuse_at(place, "squad", message);
    }
    Some(named)
}

/// Where a contract is: at an address, or in a file relative to the configuration's directory, or
/// as typed in a flag.
fn contract(
    section: &mut ConfigSection<'_>,
    key: &'static str,
    is_required: bool,
    directory: &Path,
) -> Option<ContractSource> {
    let is_typed = matches!(section.location_of(key), ConfigLocation::Flag(_));
    let read = |section: &mut ConfigSection<'_>| match is_required {
        true => section.required(key, config_value::contract_source),
        false => section.read(key, config_value::contract_source),
    };
    Some(match read(section)? {
        ContractSource::File(path) if !is_typed => ContractSource::File(directory.join(path)),
        other => other,
    })
}

/// The hosts; none where what is there is wrong, so that nothing is said about others.
fn hosts(section: &mut ConfigSection<'_>) -> Option<Vec<HostPattern>> {
    let place = section.location_of("hosts");
    let absent = !section.has("hosts");
    let hosts = section.list("hosts", config_value::host);
    if absent {
        return Some(vec![HostPattern::Any]);
    }
    let hosts = hosts?;
    if hosts.is_empty() {
        section.refuse_at(
            place,
            "hosts",
            "expected at least one host, found none; try [\"*\"]",
        );
        return None;
    }
    Some(hosts)
}

/// Nothing is rejected for a legacy service, so no sample may ask for it.
fn enforcement(mut section: ConfigSection<'_>, legacy: bool) -> EnforcementPolicy {
    let default = EnforcementCeilings::default();
    let ceilings = EnforcementCeilings {
        request: section.value("request", default.request, word(&Enforcement::NAMES)),
        response: section.value("response", default.response, word(&Enforcement::NAMES)),
    };
    if legacy && section.has("sample") {
        section.refuse(
            "sample",
            "means nothing for a legacy service, for which violations are only reported; remove \
             one of both keys",
        );
    }
    let default_sample = if legacy { 0.0 } else { 1.0 };
    let sample = section.value("sample", default_sample, share);
    let classes = classes(section.section("classes"));
    section.finish();
    EnforcementPolicy::new(ceilings, classes, sample)
}

/// Each key is a class; a variable writes its dashes as underscores.
fn classes(mut section: ConfigSection<'_>) -> Vec<(ViolationClass, Enforcement)> {
    let mut classes = Vec::new();
    for (key, node) in section.drain() {
        let Some(class) = ViolationClass::from_name(&key.replace('_', "-")) else {
            let known = ViolationClass::ALL.map(ViolationClass::as_str);
            let advice = match nearest(&key, known) {
                Some(near) => format!("try {near}"),
                None => format!("known here: {}", known.join(", ")),
            };
            section.refuse_at(
                node.place,
                &key,
                format!("unknown class of violations; {advice}"),
            );
            continue;
        };
        match word(&Enforcement::NAMES)(&node) {
            Ok(enforcement) => classes.push((class, enforcement)),
            Err(fault) => section.refuse_entry(&key, &node, &fault),
        }
    }
    classes
}

/// Refuses services that cannot be told apart, by name or by the requests that they answer.
fn check_duplicates(root: &mut ConfigSection<'_>, placed: &[LocatedService]) {
    for (index, later) in placed.iter().enumerate() {
        let key = format!("services.{}", later.service.name);
        if let Some(earlier) = placed[..index]
            .iter()
            .find(|earlier| earlier.service.name == later.service.name)
        {
            let message = format!(
                "another service has this name, see {}; names are unique",
                earlier.name_place
            );
            root.refuse_at(later.name_place.clone(), &format!("{key}.name"), message);
        }
        let twin = placed[..index].iter().find_map(|earlier| {
            let host = shared_host(&earlier.service, &later.service)?;
            Some((earlier, host))
        });
        if let Some((earlier, host)) = twin {
            let message = format!(
                "host \"{host}\" with prefix \"{}\" belongs to {} already, see {}; try another host or prefix",
                later.service.path_prefix, earlier.service.name, earlier.prefix_place,
            );
            root.refuse_at(
                later.prefix_place.clone(),
                &format!("{key}.path_prefix"),
                message,
            );
        }
    }
}

fn shared_host<'s>(one: &ServiceConfig, other: &'s ServiceConfig) -> Option<&'s HostPattern> {
    let hosts = || other.hosts.iter().find(|host| one.hosts.contains(host));
    (one.path_prefix == other.path_prefix).then(hosts).flatten()
}
