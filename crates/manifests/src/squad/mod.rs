//! The namespaces of squads, and what isolates them from each other.
//!
//! `catalog_names` checks the names that become names and labels of objects; `squad_manifests` writes
//! the objects of each namespace; `traffic_policies` says who may call whom.

mod catalog_names;
mod squad_settings;
mod squad_metadata;
mod squad_manifests;
mod traffic_policies;

pub(crate) use catalog_names::check_catalog;
pub use squad_manifests::squad_manifests;
pub use squad_settings::SquadSettings;
