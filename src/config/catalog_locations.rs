//! Where things stand in a catalog's file, for whoever explains a verdict by it.
//!
//! Beside the catalog and not in it: a catalog whose lines moved is the same catalog.

use portcullis_vocabulary::ConfigLocation;
use std::collections::BTreeMap;

use super::config_problem::ConfigValueError;
use super::config_section::ConfigSection;
use super::config_tree::ConfigNode;
use super::config_value::{parsed, text};
use portcullis_vocabulary::{PathPattern, ServiceDependency, SquadName};

/// The items of a list with their places; none where one of them is wrong.
fn placed<T>(
    section: &mut ConfigSection<'_>,
    key: &'static str,
    parse: impl Fn(&ConfigNode) -> Result<T, ConfigValueError>,
) -> Vec<(T, ConfigLocation)> {
    let items = section.list(key, |node| Ok((parse(node)?, node.place.clone())));
    items.unwrap_or_default()
}

/// Reads the patterns of a squad; a pattern has one owner.
pub(super) fn paths(
    section: &mut ConfigSection<'_>,
    squad: Option<&SquadName>,
    owners: &mut BTreeMap<PathPattern, (SquadName, ConfigLocation)>,
) -> Vec<PathPattern> {
    let mut own = Vec::new();
    for (pattern, place) in placed(section, "paths", parsed::<PathPattern>) {
        if let Some((owner, earlier)) = owners.get(&pattern) {
            let message = format!(
                "\"{pattern}\" is owned by {owner} already, see {earlier}; it has one owner"
            );
            section.refuse_at(place, "paths", message);
            continue;
        }
        if let Some(squad) = squad {
            owners.insert(pattern.clone(), (squad.clone(), place));
        }
        own.push(pattern);
    }
    own
}

/// Reads the namespaces of a squad.
pub(super) fn namespaces(
    section: &mut ConfigSection<'_>,
    squad: Option<&SquadName>,
    locations: &mut BTreeMap<(String, SquadName), ConfigLocation>,
) -> Vec<String> {
    let namespaces = placed(section, "namespaces", text);
    let own = namespaces.into_iter().map(|(namespace, place)| {
        if let Some(squad) = squad {
            locations
                .entry((namespace.clone(), squad.clone()))
                .or_insert(place);
        }
        namespace
    });
    own.collect()
}

/// Reads what a service calls; `check` complains of names that no service bears, at a place.
pub(super) fn dependency(
    mut section: ConfigSection<'_>,
    check: impl Fn(&mut ConfigSection<'_>, &str, &ConfigLocation, &str),
) -> Option<(ServiceDependency, Vec<ConfigLocation>)> {
    let place = section.location_of("service");
    let service = section.required("service", text);
    if let Some(service) = &service {
        check(&mut section, "service", &place, service);
    }
    let uses = placed(&mut section, "uses", text);
    for (used, place) in &uses {
        check(&mut section, "uses", place, used);
    }
    section.finish();
    let (uses, places) = uses.into_iter().unzip();
    let service = service?;
    Some((ServiceDependency { service, uses }, places))
}
