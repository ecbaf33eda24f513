//! Where a catalog's file declares things, for messages that explain a verdict.
//!
//! The locations are separate from the catalog: a catalog whose lines moved is the same catalog.

use std::collections::BTreeMap;

use super::catalog::Catalog;
use super::path_pattern::PathPattern;
use super::source_location::ConfigLocation;
use super::squad_name::SquadName;

/// A catalog with the locations of its declarations.
#[derive(Clone, Debug)]
pub struct CatalogFile {
    /// The catalog.
    pub catalog: Catalog,
    /// The locations.
    pub places: CatalogLocations,
}

/// Where a catalog's file declares things.
#[derive(Clone, Debug, Default)]
pub struct CatalogLocations {
    /// Each squad's table.
    pub squads: BTreeMap<SquadName, ConfigLocation>,
    /// Each service, where its squad lists it.
    pub services: BTreeMap<String, ConfigLocation>,
    /// Each pattern of paths.
    pub paths: BTreeMap<PathPattern, ConfigLocation>,
    /// Each namespace of each squad.
    pub namespaces: BTreeMap<(String, SquadName), ConfigLocation>,
    /// What each dependency uses, in the order of the catalog.
    pub uses: Vec<Vec<ConfigLocation>>,
    /// Each service that moves to another squad.
    pub transfers: BTreeMap<String, ConfigLocation>,
    /// The contact that each squad lists for calls at any hour.
    pub oncall: BTreeMap<SquadName, ConfigLocation>,
    /// Each step of each squad's escalation.
    pub escalation: BTreeMap<SquadName, Vec<ConfigLocation>>,
    /// The owner of each shared resource.
    pub resource_owners: BTreeMap<String, ConfigLocation>,
    /// The hosts that each service may call.
    pub allowed_hosts: BTreeMap<String, ConfigLocation>,
}
