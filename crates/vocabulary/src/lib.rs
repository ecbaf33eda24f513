//! The vocabulary of Portcullis: squads, tiers, the catalog, callers, violation classes, protection
//! policies and limits.
//!
//! The map:
//! - [`Catalog`] lists the [`Squad`]s: who owns which paths, services, resources and flags.
//!   [`CatalogLocations`] says where the catalog's file declares them.
//! - [`Caller`] is who sends a request: a [`Consumer`] and a [`Tier`].
//! - [`PathPattern`] says which paths of a repository a squad owns.
//! - [`enforcement`] has the classes of contract violations and what is done about them.
//! - [`protection`] has the policies of circuit breakers, concurrency limits, budgets and retries.
//! - [`NamespaceQuota`] and [`ContainerLimits`] say what a squad may use on Kubernetes.
//! - [`ServiceObjectives`] are what the provider of a service promises.
//! - [`ServiceTransfer`] is a service that moves from one squad to another.
//! - [`ContractReading`] says how a contract with flaws is read.
//! - [`ClientAuth`], [`TlsVersion`] and [`AlpnProtocol`] say how a port speaks TLS, and [`SpiffeId`] names a workload.
//! - [`Date`] is a day of the calendar.
//! - [`HeaderPolicy`] says what is done with header fields that servers read differently.
//! - [`limits`] has every bound of the program.
//!
//! Invariant: everything here is a plain value without I/O and without a file format, and imports
//! no other domain, so every domain may import it. The configuration names these types first and
//! must not depend on the engines that act on them, so they are defined here.

mod squad_name;
mod tier;
mod path_pattern;
mod isolation;
mod objectives;
mod stated_objectives;
mod escalation;
mod squad;
mod table_name;
mod date;
mod service_transfer;
mod consumer;
mod contract_reading;
mod catalog;
mod catalog_transfers;
mod source_location;
mod catalog_locations;
pub mod enforcement;
pub mod protection;
mod header_names;
mod tls_policy;
mod spiffe_id;
pub mod limits;

pub use catalog::{
    Catalog, FeatureFlag, ResourceKind, RiskWeights, ServiceDependency, ServiceLinks,
    SharedResource, UnownedPolicy,
};
pub use catalog_locations::{CatalogFile, CatalogLocations};
pub use consumer::{Caller, Consumer, TrustedPeers};
pub use contract_reading::ContractReading;
pub use date::Date;
pub use enforcement::{Enforcement, EnforcementCeilings, EnforcementPolicy, ViolationClass};
pub use escalation::{ContactKind, EscalationStep, InvalidEscalation};
pub use header_names::{
    HeaderPolicy, folds_to_header, folds_to_header_prefix, is_irregular_header,
};
pub use isolation::{ContainerLimits, InvalidQuantity, NamespaceQuota, ResourceQuantity};
pub use limits::Limits;
pub use objectives::{
    LatencyObjective, ObjectiveKind, OperationObjective, ServiceObjective, ServiceObjectives,
};
pub use path_pattern::{InvalidPattern, PathPattern, PatternExtent, PatternRank, PatternSegment};
pub use protection::{Protection, TierPolicies};
pub use service_transfer::ServiceTransfer;
pub use source_location::ConfigLocation;
pub use spiffe_id::{InvalidSpiffeId, InvalidTrustDomain, SpiffeId, TrustDomain};
pub use squad::{DeployPolicy, Squad, SquadId};
pub use squad_name::{InvalidSquadName, SquadName};
pub use stated_objectives::{CatalogObjectives, PromisedLevel, StatedObjectives};
pub use table_name::{InvalidTableName, TableName};
pub use tier::{Tier, UnknownTier};
pub use tls_policy::{AlpnProtocol, ClientAuth, TlsVersion};
