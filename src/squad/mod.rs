//! Who owns what, and who calls: the vocabulary of squads.
//!
//! Pure values without I/O and without a file format: the catalog's text is read by
//! `config`, header bytes and peer addresses come in as arguments. Nothing here imports
//! another domain, so every domain may import this one.

mod catalog;
mod consumer;
mod name;
mod pattern;
mod tier;

pub use catalog::{
    Catalog, Dependency, DeployPolicy, Flag, Resource, ResourceKind, RiskWeights, Squad, SquadId,
    Unowned,
};
pub use consumer::{Caller, Consumer, TrustedPeers};
pub use name::{InvalidSquadName, SquadName};
pub use pattern::{Extent, InvalidPattern, PathPattern, Rank, Segment};
pub use tier::{Tier, UnknownTier};
