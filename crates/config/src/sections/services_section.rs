//! `[[services]]`: reads each service, then checks that no two of them conflict.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use portcullis_vocabulary::limits::{DURATION_MAX, RISK_SCORE_MAX, SERVICES_MAX};
use portcullis_vocabulary::{Catalog, ConfigLocation, ContractReading, Protection, SquadName};

use super::contract_source::{ContractSource, parse_contract_source};
use super::enforcement_section::read_enforcement;
use super::host_pattern::{HostPattern, parse_host};
use super::listen_address::ListenAddress;
use super::path_prefix::{PathPrefix, parse_path_prefix};
use super::protection_sections::read_protection;
use super::refusals_section::{RefusalAudience, read_audience};
use super::reload_section::{ReloadConfig, read_reload};
use super::service_config::{PreflightPolicy, ServiceConfig};
use super::service_upstream::read_service_upstream;
use super::upstream_target::UpstreamTarget;
use super::vendor_section::read_vendor;
use crate::tree::config_value::{boolean, count, duration, parsed, path, text, word};
use crate::tree::{ConfigNode, ConfigSection, ConfigValueError, suggestion};

/// What services inherit and are checked against.
#[derive(Debug)]
pub(crate) struct ServiceContext<'c> {
    /// The catalog, if there is a valid one.
    pub(crate) catalog: Option<&'c Catalog>,
    /// The directory that paths are relative to.
    pub(crate) directory: &'c Path,
    /// The protection of services that do not override it.
    pub(crate) protection: Protection,
    /// The reload settings of services that do not override them.
    pub(crate) reload: ReloadConfig,
    /// Who receives the refusals of services that do not override it.
    pub(crate) audience: RefusalAudience,
    /// The addresses that listeners have so far.
    pub(crate) taken: RefCell<Vec<ListenAddress>>,
}

/// A service with the locations that messages about two services name.
struct LocatedService {
    service: ServiceConfig,
    name_location: ConfigLocation,
    prefix_location: ConfigLocation,
}

/// Reads all services.
pub(crate) fn read_services(
    root: &mut ConfigSection<'_>,
    context: &ServiceContext<'_>,
) -> Vec<ServiceConfig> {
    let mut services = Vec::new();
    let mut count = 0;
    root.each("services", |section| {
        count += 1;
        services.extend(read_service(section, context));
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
    check_duplicates(root, &services);
    check_reserved_paths(root, &services);
    services
        .into_iter()
        .map(|located| located.service)
        .collect()
}

fn read_service(
    mut section: ConfigSection<'_>,
    context: &ServiceContext<'_>,
) -> Option<LocatedService> {
    let name_location = section.location_of("name");
    let prefix_location = section.location_of("path_prefix");
    let name = section.required("name", name);
    let squad = squad(&mut section, name.as_deref(), context.catalog);
    let source = contract(&mut section, "contract", true, context.directory);
    let ref_root = ref_root(&mut section, context.directory);
    let overlays = overlays(&mut section, context.directory);
    let readings = word(&ContractReading::NAMES);
    let contract_reading = section.value("contract_reading", ContractReading::default(), readings);
    let vendor = read_vendor(&mut section, context.directory, &context.taken);
    let upstream = read_service_upstream(&mut section, context.directory);
    let hosts = hosts(&mut section, vendor.is_some());
    let path_prefix = section.read_or("path_prefix", PathPrefix::root(), parse_path_prefix);
    let base_paths = section.list("base_paths", parse_path_prefix);
    let base_paths = base_paths.map(|paths| paths.iter().map(PathPrefix::to_string).collect());
    let policies = word(&PreflightPolicy::NAMES);
    let preflight = section.value("preflight", PreflightPolicy::default(), policies);
    let via = section.value("via", true, boolean);
    let deprecation_headers = section.value("deprecation_headers", true, boolean);
    let [upstream_timeout, body_idle_timeout, upgrade_idle_timeout] = timeouts(&mut section);
    let legacy = section.value("legacy", false, boolean);
    let commit = section.read("commit", text);
    let risk_score = section.read("risk_score", count(0..=RISK_SCORE_MAX));
    let enforcement = read_enforcement(section.section("enforcement"), legacy);
    let audience = read_audience(section.section("refusals"), context.audience);
    let protection = read_protection(&mut section, &context.protection);
    let reload = read_reload(
        section.section("reload"),
        &context.reload,
        context.directory,
    );
    let candidate = candidate(&mut section, upstream.target.as_ref(), context.directory);
    section.finish();
    let service = ServiceConfig {
        name: name?,
        squad,
        contract: source?,
        ref_root,
        overlays,
        contract_reading,
        upstream: upstream.target?,
        servers: upstream.servers,
        upstream_tls: upstream.tls,
        upstream_http: upstream.http,
        hosts: hosts?,
        path_prefix: path_prefix?,
        base_paths,
        preflight,
        enforcement,
        audience,
        candidate,
        reload,
        protection,
        via,
        deprecation_headers,
        upstream_timeout,
        body_idle_timeout,
        upgrade_idle_timeout,
        upgrade: upstream.upgrade,
        legacy,
        vendor,
        commit,
        risk_score,
    };
    Some(LocatedService {
        service,
        name_location,
        prefix_location,
    })
}

/// The times that replace limits of the same names, in the order of their declaration.
fn timeouts(section: &mut ConfigSection<'_>) -> [Option<Duration>; 3] {
    let names = [
        "upstream_timeout",
        "body_idle_timeout",
        "upgrade_idle_timeout",
    ];
    names.map(|name| section.read(name, duration(Duration::from_millis(1)..=DURATION_MAX)))
}

/// The candidate. Nothing can be tried of a service whose responses are not seen.
fn candidate(
    section: &mut ConfigSection<'_>,
    upstream: Option<&UpstreamTarget>,
    directory: &Path,
) -> Option<ContractSource> {
    if matches!(upstream, Some(UpstreamTarget::Verdict(_))) && section.has("candidate") {
        let message = "has no effect with upstream = \"verdict\"; remove it";
        section.refuse("candidate", message);
    }
    contract(section, "candidate", false, directory)
}

/// Paths relative to the directory of the configuration.
fn overlays(section: &mut ConfigSection<'_>, directory: &Path) -> Vec<PathBuf> {
    let paths = section.list("overlays", path).unwrap_or_default();
    paths.into_iter().map(|path| directory.join(path)).collect()
}

/// The most squads that a message lists.
const SQUADS_LISTED_MAX: usize = 20;

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

/// The provider: the configured squad, or else the one that the catalog names.
fn squad(
    section: &mut ConfigSection<'_>,
    service: Option<&str>,
    catalog: Option<&Catalog>,
) -> Option<SquadName> {
    let location = section.location_of("squad");
    let named = section.read("squad", parsed::<SquadName>);
    let Some(catalog) = catalog else { return named };
    let provider = service
        .and_then(|service| catalog.provider_of(service))
        .map(|squad| &squad.name);
    let Some(named) = named else {
        return provider.cloned();
    };
    if catalog.find(named.as_str()).is_none() {
        let known = catalog.squads().iter().map(|squad| squad.name.as_str());
        let mut advice = suggestion(named.as_str(), known.clone());
        if advice.is_empty() {
            let listed: Vec<&str> = known.take(SQUADS_LISTED_MAX).collect();
            advice = format!("; known squads: {}", listed.join(", "));
        }
        let message = format!("expected a squad of the catalog, found \"{named}\"{advice}");
        section.refuse_at(location, "squad", message);
    } else if let Some(provider) = provider.filter(|provider| **provider != named) {
        let message = format!(
            "expected \"{provider}\", which provides the service in the catalog, found \"{named}\""
        );
        section.refuse_at(location, "squad", message);
    }
    Some(named)
}

/// A path relative to the directory of the configuration; that of the flag is relative to the
/// working directory.
fn ref_root(section: &mut ConfigSection<'_>, directory: &Path) -> Option<PathBuf> {
    let is_flag = matches!(
        section.location_of("ref_root"),
        ConfigLocation::Flag("--ref-root")
    );
    let path = PathBuf::from(section.read("ref_root", path)?);
    Some(if is_flag { path } else { directory.join(path) })
}

/// An address or a path. Paths are relative to the directory of the configuration; those of flags
/// are relative to the working directory.
fn contract(
    section: &mut ConfigSection<'_>,
    key: &'static str,
    is_required: bool,
    directory: &Path,
) -> Option<ContractSource> {
    let is_flag = matches!(section.location_of(key), ConfigLocation::Flag(_));
    let source = if is_required {
        section.required(key, parse_contract_source)?
    } else {
        section.read(key, parse_contract_source)?
    };
    Some(match source {
        ContractSource::File(path) if !is_flag => ContractSource::File(directory.join(path)),
        other => other,
    })
}

/// The hosts, of which a vendor has none; `None` if they are invalid, so that they cause no further problems.
fn hosts(section: &mut ConfigSection<'_>, is_vendor: bool) -> Option<Vec<HostPattern>> {
    let location = section.location_of("hosts");
    let is_absent = !section.has("hosts");
    let hosts = section.list("hosts", parse_host);
    let any = (!is_vendor).then_some(HostPattern::Any);
    if is_absent || is_vendor {
        return Some(any.into_iter().collect());
    }
    let hosts = hosts?;
    if hosts.is_empty() {
        section.refuse_at(
            location,
            "hosts",
            "expected at least one host, found none; try [\"*\"]",
        );
        return None;
    }
    Some(hosts)
}

/// Reports services with the same name, or with the same host and prefix.
fn check_duplicates(root: &mut ConfigSection<'_>, services: &[LocatedService]) {
    for (index, later) in services.iter().enumerate() {
        let key = format!("services.{}", later.service.name);
        if let Some(earlier) = services[..index]
            .iter()
            .find(|earlier| earlier.service.name == later.service.name)
        {
            let message = format!(
                "another service has this name, see {}; names are unique",
                earlier.name_location
            );
            root.refuse_at(later.name_location.clone(), &format!("{key}.name"), message);
        }
        let conflict = services[..index].iter().find_map(|earlier| {
            let host = shared_host(&earlier.service, &later.service)?;
            Some((earlier, host))
        });
        if let Some((earlier, host)) = conflict {
            let message = format!(
                "host \"{host}\" with prefix \"{}\" belongs to {} already, see {}; try another host or prefix",
                later.service.route_prefix(),
                earlier.service.name,
                earlier.prefix_location,
            );
            root.refuse_at(
                later.prefix_location.clone(),
                &format!("{key}.path_prefix"),
                message,
            );
        }
    }
}

/// Refuses services at paths that are reserved for the questions of other proxies.
fn check_reserved_paths(root: &mut ConfigSection<'_>, services: &[LocatedService]) {
    let verdicts: Vec<(&ServiceConfig, &PathPrefix)> = services
        .iter()
        .filter_map(|of| Some((&of.service, &of.service.verdict()?.path)))
        .collect();
    for other in services.iter().filter(|of| of.service.verdict().is_none()) {
        let prefix = other.service.route_prefix();
        let is_reserved = |path: &PathPrefix| prefix.as_str().starts_with(path.as_str());
        if let Some((verdict, path)) = verdicts.iter().find(|(_, path)| is_reserved(path)) {
            let message = format!(
                "is reserved, because another proxy asks {} at \"{path}\", with any host; try another \
                 prefix, or another verdict.path of {}",
                verdict.name, verdict.name,
            );
            let key = format!("services.{}.path_prefix", other.service.name);
            root.refuse_at(other.prefix_location.clone(), &key, message);
        }
    }
}

fn shared_host<'s>(one: &ServiceConfig, other: &'s ServiceConfig) -> Option<&'s HostPattern> {
    let hosts = || other.hosts.iter().find(|host| one.hosts.contains(host));
    (one.route_prefix() == other.route_prefix())
        .then(hosts)
        .flatten()
}
