//! The names of a catalog, to check references and duplicates.

use std::collections::BTreeMap;

use portcullis_vocabulary::{CatalogLocations, ConfigLocation, PathPattern, SquadName};

use crate::tree::config_value::{parsed, text};
use crate::tree::{ConfigSection, suggestion};

/// The owner of a service or a path pattern, and the location of that entry.
#[derive(Debug)]
pub(super) struct OwnedEntry {
    pub(super) owner: SquadName,
    pub(super) location: ConfigLocation,
}

/// The names of the catalog so far, to check references and duplicates.
#[derive(Debug, Default)]
pub(super) struct CatalogNames {
    pub(super) squads: Vec<SquadName>,
    /// The provider of each service.
    pub(super) services: BTreeMap<String, OwnedEntry>,
    /// The owner of each path pattern.
    pub(super) paths: BTreeMap<PathPattern, OwnedEntry>,
    /// The locations of the other entries.
    pub(super) locations: CatalogLocations,
}

impl CatalogNames {
    /// The locations of all entries.
    pub(super) fn into_locations(self) -> CatalogLocations {
        let services = self.services.into_iter();
        let paths = self.paths.into_iter();
        CatalogLocations {
            services: services
                .map(|(name, entry)| (name, entry.location))
                .collect(),
            paths: paths.map(|(path, entry)| (path, entry.location)).collect(),
            ..self.locations
        }
    }
}

/// Reads the name of an entry; reports a duplicate.
pub(super) fn unique_name(
    section: &mut ConfigSection<'_>,
    taken: &mut BTreeMap<String, ConfigLocation>,
) -> Option<String> {
    let location = section.location_of("name");
    let name = section.required("name", text)?;
    if let Some(earlier) = taken.get(&name) {
        let message = format!("\"{name}\" is already taken, see {earlier}; names are unique");
        section.refuse_at(location, "name", message);
        return None;
    }
    taken.insert(name.clone(), location);
    Some(name)
}

/// Reads the name of a squad; reports an unknown one.
pub(super) fn known_squad(
    section: &mut ConfigSection<'_>,
    key: &'static str,
    names: &CatalogNames,
    required: bool,
) -> Option<SquadName> {
    let location = section.location_of(key);
    let squad: SquadName = if required {
        section.required(key, parsed)?
    } else {
        section.read(key, parsed)?
    };
    if !names.squads.contains(&squad) {
        let advice = suggestion(squad.as_str(), names.squads.iter().map(SquadName::as_str));
        section.refuse_at(
            location,
            key,
            format!("expected a squad of this catalog, found \"{squad}\"{advice}"),
        );
    }
    Some(squad)
}

/// Reports the name of an unknown service.
pub(super) fn check_service(
    section: &mut ConfigSection<'_>,
    key: &str,
    location: &ConfigLocation,
    service: &str,
    names: &CatalogNames,
) {
    if !names.services.contains_key(service) {
        let advice = suggestion(service, names.services.keys().map(String::as_str));
        let message = format!(
            "expected a service that a squad of this catalog lists, found {service:?}{advice}"
        );
        section.refuse_at(location.clone(), key, message);
    }
}
