//! What threads share of the calls of services: the forward proxy, and the addresses of vendors.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_config::{Config, ListenAddress};
use portcullis_proxy::{
    EgressResources, EgressSockets, ListenerSettings, OpenCalls, VendorPauses, VendorSecrets, bind,
};
use portcullis_telemetry::{DependencyLedger, Metrics};

use super::app_error::AppError;
use super::called_hosts::CalledHosts;
use super::live_state_reader::LiveStateReader;
use super::vendor_fields::read_fields;

/// The parts of the forward proxy and of the addresses of vendors.
#[derive(Debug)]
pub(super) struct EgressParts {
    /// The sockets of each data core.
    pub(super) sockets: Vec<EgressSockets>,
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
        let sockets = bind_all(config, cores)?;
        let secrets = VendorSecrets::default();
        secrets.publish(read_fields(config).map_err(Box::new)?);
        let control = EgressControl {
            calls: OpenCalls::new(egress.calls_max),
            secrets,
        };
        let ledger = Arc::new(DependencyLedger::new(metrics));
        let resources = config.accepts_calls().then(|| EgressResources {
            vendor_settings: vendor_settings(&settings),
            settings,
            ledger: Arc::clone(&ledger),
            calls: Arc::clone(&control.calls),
            secrets: control.secrets.clone(),
            pauses: VendorPauses::default(),
        });
        Ok(Self {
            sockets,
            resources,
            control,
            ledger,
        })
    }

    /// The addresses of the forward proxy, with the actual port numbers.
    pub(super) fn addresses(&self) -> Vec<ListenAddress> {
        let proxy = self.sockets.first().and_then(|core| core.proxy.as_ref());
        proxy.map_or_else(Vec::new, |bound| bound.addresses().to_vec())
    }

    /// The addresses of each vendor that has some, with the actual port numbers.
    pub(super) fn vendor_addresses(&self) -> BTreeMap<String, Vec<ListenAddress>> {
        let vendors = self.sockets.first().map(|core| core.vendors.iter());
        let vendors = vendors.into_iter().flatten();
        vendors
            .map(|(vendor, bound)| (vendor.clone(), bound.addresses().to_vec()))
            .collect()
    }

    /// The calls that were made, for the admin port.
    pub(super) fn called_hosts(&self, live_state: &LiveStateReader) -> Arc<CalledHosts> {
        Arc::new(CalledHosts {
            ledger: Arc::clone(&self.ledger),
            live_state: live_state.clone(),
        })
    }
}

/// Binds the addresses of the forward proxy and of each vendor, for each data core.
fn bind_all(config: &Config, cores: usize) -> Result<Vec<EgressSockets>, AppError> {
    let mut sockets: Vec<EgressSockets> = Vec::new();
    sockets.resize_with(cores, EgressSockets::default);
    let bind = |addresses: &[ListenAddress]| bind(addresses, &config.listen_file, cores);
    if config.egress.is_on() {
        let bound = bind(&config.egress.listen_addresses)?;
        for (core, bound) in sockets.iter_mut().zip(bound) {
            core.proxy = Some(bound);
        }
    }
    for service in &config.services {
        let vendor = service.vendor.as_ref();
        let addresses = vendor.map_or_else(Default::default, |vendor| &*vendor.listen_addresses);
        if addresses.is_empty() {
            continue;
        }
        for (core, bound) in sockets.iter_mut().zip(bind(addresses)?) {
            core.vendors.push((service.name.clone(), bound));
        }
    }
    Ok(sockets)
}

/// The address of a vendor is that of a server: it gets no tunnels and no targets of other hosts.
fn vendor_settings(proxy: &ListenerSettings) -> ListenerSettings {
    let mut settings = proxy.clone();
    settings.limits.inspect.forward_proxy = false;
    settings
}
