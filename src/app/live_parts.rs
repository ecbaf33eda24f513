//! The parts of the running program that the admin port shows and the gauges read.

use std::sync::Arc;

use portcullis_proxy::{ConnectionCap, PublishedConfig};
use portcullis_telemetry::Metrics;
use portcullis_vocabulary::limits::Limits;

use super::control_thread::GaugeSources;
use super::egress_parts::EgressParts;
use super::endpoint_watcher::{EndpointBoard, EndpointWatcher};
use super::live_state_reader::LiveStateReader;
use super::reload::ReloadController;
use super::tls::TlsPlaces;
use crate::admin::{AdminAccess, AdminState, Readiness};

/// What the admin port shows and the gauges read.
pub(super) struct LiveParts<'p> {
    pub(super) live_state: LiveStateReader,
    pub(super) endpoints: EndpointBoard,
    pub(super) metrics: &'p Metrics,
    pub(super) tls: &'p TlsPlaces,
    pub(super) egress: &'p EgressParts,
}

impl LiveParts<'_> {
    /// The state of the admin port.
    pub(super) fn admin_state(
        &self,
        access: AdminAccess,
        readiness: &Readiness,
        reload: &ReloadController,
        limits: &Limits,
    ) -> AdminState {
        AdminState {
            readiness: readiness.clone(),
            metrics: self.metrics.clone(),
            protection: Arc::new(self.live_state.clone()),
            traffic: Arc::new(self.live_state.clone()),
            contracts: Arc::new(reload.clone()),
            tls: Arc::new(self.tls.status().clone()),
            dependencies: self.egress.called_hosts(&self.live_state),
            endpoints: Arc::new(self.endpoints.clone()),
            contract_bytes_max: limits.contract_bytes_max,
            access,
        }
    }

    /// What the gauges read.
    pub(super) fn gauges(&self, cap: Arc<ConnectionCap>) -> GaugeSources {
        GaugeSources {
            metrics: self.metrics.clone(),
            cap,
            live_state: self.live_state.clone(),
            endpoints: self.endpoints.clone(),
        }
    }

    /// The task that watches the servers of upstreams.
    pub(super) fn endpoint_watcher(&self, published: Arc<PublishedConfig>) -> EndpointWatcher {
        EndpointWatcher {
            published,
            board: self.endpoints.clone(),
            upstream_tls: self.tls.upstreams().clone(),
            metrics: self.metrics.clone(),
        }
    }
}
