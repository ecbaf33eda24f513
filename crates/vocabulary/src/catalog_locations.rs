//! Where things stand in a catalog's file, for messages that explain a verdict.
//!
//! Separate from the catalog itself: a catalog whose lines moved is the same catalog.

use std::collections::BTreeMap;

use crate::{Catalog, ConfigLocation, PathPattern, SquadName};

/// A catalog with the places of what it says.
#[derive(Clone, Debug)]
pub struct CatalogFile {
    /// What it says.
    pub catalog: Catalog,
    /// Where.
    pub places: CatalogLocations,
}

/// Where things stand in a catalog's file.
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
}
