//! Who owns what, and who calls: the vocabulary of squads.
//!
//! Pure values without I/O and without a file format: the catalog's text is read by
//! `config`, header bytes and peer addresses come in as arguments. Nothing here imports
//! another domain, so every domain may import this one.

pub mod enforcement;
pub mod limits;
pub mod protection;

mod catalog;
mod catalog_locations;
mod consumer;
mod squad_name;
mod path_pattern;
mod source_location;
mod tier;

pub use catalog::{
    Catalog, DeployPolicy, FeatureFlag, ResourceKind, RiskWeights, ServiceDependency,
    SharedResource, Squad, SquadId, UnownedPolicy,
};
pub use catalog_locations::{CatalogFile, CatalogLocations};
pub use consumer::{Caller, Consumer, TrustedPeers};
pub use enforcement::{Enforcement, EnforcementCeilings, EnforcementPolicy, ViolationClass};
pub use limits::Limits;
pub use path_pattern::{InvalidPattern, PathPattern, PatternExtent, PatternRank, PatternSegment};
pub use protection::{Protection, TierPolicies};
pub use source_location::ConfigLocation;
pub use squad_name::{InvalidSquadName, SquadName};
pub use tier::{Tier, UnknownTier};
