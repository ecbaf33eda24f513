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
mod name;
mod pattern;
mod source_location;
mod tier;

pub use catalog::{
    Catalog, Dependency, DeployPolicy, Flag, Resource, ResourceKind, RiskWeights, Squad, SquadId,
    Unowned,
};
pub use catalog_locations::{CatalogFile, CatalogPlaces};
pub use consumer::{Caller, Consumer, TrustedPeers};
pub use enforcement::{Ceilings, Enforcement, EnforcementPolicy, ViolationClass};
pub use limits::Limits;
pub use name::{InvalidSquadName, SquadName};
pub use pattern::{Extent, InvalidPattern, PathPattern, Rank, Segment};
pub use protection::{Protection, Tiers};
pub use source_location::Place;
pub use tier::{Tier, UnknownTier};
