//! Entries of a catalog that are read with their locations, which verdicts refer to.
//!
//! Locations are kept apart from the catalog: a catalog whose lines moved is still the same
//! catalog.

use std::collections::BTreeMap;

use portcullis_vocabulary::{ConfigLocation, PathPattern, ServiceDependency, SquadName};

use super::catalog_names::OwnedEntry;
use crate::tree::config_value::{parsed, text};
use crate::tree::{ConfigNode, ConfigSection, ConfigValueError};

/// The items of a list with their locations; empty if one of them is invalid.
pub(super) fn located<T>(
    section: &mut ConfigSection<'_>,
    key: &'static str,
    parse: impl Fn(&ConfigNode) -> Result<T, ConfigValueError>,
) -> Vec<(T, ConfigLocation)> {
    let items = section.list(key, |node| Ok((parse(node)?, node.location.clone())));
    items.unwrap_or_default()
}

/// Reads the path patterns of a squad; a pattern has one owner.
pub(super) fn read_paths(
    section: &mut ConfigSection<'_>,
    squad: Option<&SquadName>,
    owners: &mut BTreeMap<PathPattern, OwnedEntry>,
) -> Vec<PathPattern> {
    let mut own = Vec::new();
    for (pattern, location) in located(section, "paths", parsed::<PathPattern>) {
        if let Some(OwnedEntry {
            owner,
            location: earlier,
        }) = owners.get(&pattern)
        {
            let message = format!(
                "\"{pattern}\" is already owned by {owner}, see {earlier}; a pattern has one owner"
            );
            section.refuse_at(location, "paths", message);
            continue;
        }
        if let Some(squad) = squad {
            let owner = squad.clone();
            owners.insert(pattern.clone(), OwnedEntry { owner, location });
        }
        own.push(pattern);
    }
    own
}

/// Reads the namespaces of a squad.
pub(super) fn read_namespaces(
    section: &mut ConfigSection<'_>,
    squad: Option<&SquadName>,
    locations: &mut BTreeMap<(String, SquadName), ConfigLocation>,
) -> Vec<String> {
    let namespaces = located(section, "namespaces", text);
    let own = namespaces.into_iter().map(|(namespace, location)| {
        if let Some(squad) = squad {
            locations
                .entry((namespace.clone(), squad.clone()))
                .or_insert(location);
        }
        namespace
    });
    own.collect()
}

/// Reads which services a service calls; `check` reports unknown service names at a location.
pub(super) fn read_dependency(
    mut section: ConfigSection<'_>,
    check: impl Fn(&mut ConfigSection<'_>, &str, &ConfigLocation, &str),
) -> Option<(ServiceDependency, Vec<ConfigLocation>)> {
    let location = section.location_of("service");
    let service = section.required("service", text);
    if let Some(service) = &service {
        check(&mut section, "service", &location, service);
    }
    let uses = located(&mut section, "uses", text);
    for (used, location) in &uses {
        check(&mut section, "uses", location, used);
    }
    let fallbacks = located(&mut section, "fallbacks", text);
    for (fallback, location) in &fallbacks {
        if !uses.iter().any(|(used, _)| used == fallback) {
            let message = format!("expected a service that `uses` lists, found {fallback:?}");
            section.refuse_at(location.clone(), "fallbacks", message);
        }
    }
    section.finish();
    let (uses, locations) = uses.into_iter().unzip();
    let dependency = ServiceDependency {
        service: service?,
        uses,
        fallbacks: fallbacks
            .into_iter()
            .map(|(fallback, _)| fallback)
            .collect(),
    };
    Some((dependency, locations))
}
