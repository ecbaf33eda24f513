//! `[services.<name>.dependencies]`: the hosts that a service may call.

use portcullis_egress::{DeclaredDependencies, DependencyPattern};
use portcullis_vocabulary::Catalog;

use super::catalog_names::CatalogNames;
use crate::tree::config_value::parsed;
use crate::tree::{ConfigNode, ConfigSection, ConfigValueError};

/// The most patterns of one service. Each call is compared with them one after the other.
const PATTERNS_MAX: usize = 1000;

/// Reads the patterns of a service; none if it has none.
pub(super) fn read_allowed_hosts(
    service: &str,
    mut section: ConfigSection<'_>,
    names: &mut CatalogNames,
) -> Option<Vec<String>> {
    let location = section.location_of("allowed_hosts");
    let hosts = section.list("allowed_hosts", pattern);
    let count = hosts.as_ref().map_or(0, Vec::len);
    if count > PATTERNS_MAX {
        let message = format!("expected at most {PATTERNS_MAX} hosts, found {count}");
        section.refuse_at(location.clone(), "allowed_hosts", message);
    }
    section.finish();
    if hosts.is_some() {
        let locations = &mut names.locations.allowed_hosts;
        locations.insert(service.to_owned(), location);
    }
    hosts
}

/// The hosts that the services of a catalog may call. Its patterns were checked when it was read.
pub fn declared_dependencies(catalog: &Catalog) -> DeclaredDependencies {
    let patterns = |texts: &[String]| texts.iter().filter_map(|text| text.parse().ok()).collect();
    let services = catalog.allowed_hosts().iter();
    let services = services.map(|(service, texts)| (service.clone(), patterns(texts)));
    let squads = catalog.squads().iter();
    let squads = squads.map(|squad| (squad.name.as_str().to_owned(), squad.services.clone()));
    DeclaredDependencies::new(services, squads)
}

/// A pattern, as it is written.
fn pattern(node: &ConfigNode) -> Result<String, ConfigValueError> {
    let pattern: DependencyPattern = parsed(node)?;
    Ok(pattern.as_str().to_owned())
}
