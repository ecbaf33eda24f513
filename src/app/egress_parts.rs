//! The parts of the forward proxy that threads share, from its configuration.

use std::sync::Arc;

use portcullis_config::{Config, ListenAddress};
use portcullis_proxy::{
    BoundListener, EgressResources, ListenerSettings, OpenCalls, VendorPauses, VendorSecrets, bind,
};
use portcullis_telemetry::{DependencyLedger, Metrics};

use super::app_error::AppError;
use super::called_hosts::CalledHosts;
use super::live_state_reader::LiveStateReader;
use super::vendor_fields::read_fields;

/// The parts of the forward proxy.
#[derive(Debug)]
pub(super) struct EgressParts {
    /// The sockets of each data core; empty if there is no forward proxy.
    pub(super) bound: Vec<BoundListener>,
    /// What data cores share, if there is one.
    pub(super) resources: Option<EgressResources>,
    /// What the control thread does for it.
    pub(super) control: EgressControl,
    ledger: Arc<DependencyLedger>,
}

/// What the control thread does for the forward proxy: it shows the open calls, and reads the fields of
/// vendors again.
#[derive(Clone, Debug)]
pub(super) struct EgressControl {
    pub(super) calls: Arc<OpenCalls>,
    pub(super) secrets: VendorSecrets,
}

impl EgressParts {
    /// Binds the addresses for this number of data cores, and reads the fields of vendors.
    pub(super) fn open(
        config: &Config,
        metrics: &Metrics,
        settings: ListenerSettings,
        cores: usize,
    ) -> Result<Self, AppError> {
        let egress = &config.egress;
        let mut bound = Vec::new();
        if egress.is_on() {
            bound = bind(&egress.listen_addresses, &config.listen_file, cores)?;
        }
        let secrets = VendorSecrets::default();
        secrets.publish(read_fields(config).map_err(Box::new)?);
        let control = EgressControl {
            calls: OpenCalls::new(egress.calls_max),
            secrets,
        };
        let ledger = Arc::new(DependencyLedger::new(metrics));
        let resources = egress.is_on().then(|| EgressResources {
            settings,
            ledger: Arc::clone(&ledger),
            calls: Arc::clone(&control.calls),
            secrets: control.secrets.clone(),
            pauses: VendorPauses::default(),
        });
        Ok(Self {
            bound,
            resources,
            control,
            ledger,
        })
    }

    /// The addresses, with the actual port numbers.
    pub(super) fn addresses(&self) -> Vec<ListenAddress> {
        let first = self.bound.first();
        first.map_or_else(Vec::new, |core| core.addresses().to_vec())
    }

    /// The calls that were made, for the admin port.
    pub(super) fn called_hosts(&self, live_state: &LiveStateReader) -> Arc<CalledHosts> {
        Arc::new(CalledHosts {
            ledger: Arc::clone(&self.ledger),
            live_state: live_state.clone(),
        })
    }
}
