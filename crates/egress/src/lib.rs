//! Which hosts and addresses the calls of a service may go to.
//!
//! The map:
//! - [`OutboundHost`] is a host as a request names it, in one spelling; [`CallDestination`] adds the port.
//! - [`DependencyPattern`] says which hosts a service has declared.
//! - [`DeclaredDependencies`] holds the patterns of all services, and finds the one that allows a call.
//! - [`AddressClass`] says what kind of address an IP address is; [`AddressPolicy`] says which ones
//!   may be dialled.
//! - [`DependencyComparison`] compares what was called with what is declared, in both directions.
//!
//! Invariant: everything here is a pure function of its arguments. Names are resolved elsewhere.

mod address_class;
mod address_policy;
mod call_destination;
mod declared_dependencies;
mod dependency_comparison;
mod dependency_pattern;
mod outbound_host;

pub use address_class::{AddressClass, ClassifiedAddress};
pub use address_policy::{AddressPolicy, DenyRule, InvalidDenyRule};
pub use call_destination::CallDestination;
pub use declared_dependencies::{CallerName, DeclaredDependencies};
pub use dependency_comparison::{CatalogEdit, DependencyComparison, ObservedCall};
pub use dependency_pattern::{DependencyPattern, InvalidDependency};
pub use outbound_host::{HostFault, OutboundHost};
