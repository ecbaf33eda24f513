//! What the handlers of the admin port work with.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use portcullis_breaker::ServiceProtection;
use portcullis_telemetry::Metrics;
use portcullis_vocabulary::Catalog;

use super::admin_access::AdminAccess;
use super::contracts::ContractControl;
use super::dependency_view::DependencySource;
use super::readiness::Readiness;
use super::tls_view::TlsSource;
use super::traffic_view::TrafficSource;
use super::upstreams_view::EndpointSource;

/// The parts of the program that the admin port shows and changes.
#[derive(Clone, Debug)]
pub struct AdminState {
    /// Serves `/readyz`.
    pub readiness: Readiness,
    /// Serves `/metrics`.
    pub metrics: Metrics,
    /// Serves `/breakers` and `/deploy-windows`.
    pub protection: Arc<dyn ProtectionSource>,
    /// Serves `/traffic` and `/owners`.
    pub traffic: Arc<dyn TrafficSource>,
    /// Serves `/contracts` and `/config`.
    pub contracts: Arc<dyn ContractControl>,
    /// Serves `/tls`.
    pub tls: Arc<dyn TlsSource>,
    /// Serves `/dependencies`.
    pub dependencies: Arc<dyn DependencySource>,
    /// Serves `/upstreams`.
    pub endpoints: Arc<dyn EndpointSource>,
    /// The largest contract that can be proposed, in bytes.
    pub contract_bytes_max: usize,
    /// Decides who may change something.
    pub access: AdminAccess,
}

/// Gives access to the protection of the active services.
pub trait ProtectionSource: Send + Sync + fmt::Debug {
    /// The services in the order of the configuration, and the catalog that names the squads.
    fn protection(&self) -> (Vec<ServiceProtection>, Arc<Catalog>);
}

/// The protection of all services, for one request.
#[derive(Debug)]
pub(super) struct ProtectionSnapshot {
    /// In the order of the configuration.
    pub(super) services: Vec<ServiceProtection>,
    /// Names the squads.
    pub(super) catalog: Arc<Catalog>,
}

/// Where the client of a request is.
#[derive(Clone, Copy, Debug)]
pub(super) enum OperatorAddress {
    Ip(SocketAddr),
    /// A Unix socket, whose clients have no address.
    Unix,
}

impl fmt::Display for OperatorAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}

/// The client that sent a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operator {
    /// Where it comes from.
    pub(super) peer: OperatorAddress,
}

impl AdminState {
    /// The current protection of all services.
    pub(super) fn protection_snapshot(&self) -> ProtectionSnapshot {
        let (services, catalog) = self.protection.protection();
        ProtectionSnapshot { services, catalog }
    }
}
