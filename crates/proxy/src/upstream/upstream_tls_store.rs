//! TLS to the upstreams of the process, which the control thread prepares for the data cores.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis_config::{ServiceConfig, UpstreamTarget, UpstreamTlsConfig};
use portcullis_tls::{ActiveTls, UpstreamTls};

/// What is configured for the upstream of a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UpstreamTlsKey {
    service: String,
    host: String,
    config: UpstreamTlsConfig,
}

/// TLS by what is configured. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct UpstreamTlsStore(Arc<Mutex<HashMap<UpstreamTlsKey, Arc<ActiveTls<UpstreamTls>>>>>);

impl UpstreamTlsKey {
    /// What a service configures; `None` if its upstream has no TLS.
    pub fn of(service: &ServiceConfig) -> Option<Self> {
        match &service.upstream {
            UpstreamTarget::Https(address) => Some(Self {
                service: service.name.clone(),
                host: address.host.clone(),
                config: service.upstream_tls.clone(),
            }),
            UpstreamTarget::Http(_)
            | UpstreamTarget::H2c(_)
            | UpstreamTarget::Unix(_)
            | UpstreamTarget::Mock
            | UpstreamTarget::Verdict(_) => None,
        }
    }

    /// The host of the upstream.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl UpstreamTlsStore {
    /// The TLS of an upstream, if it was prepared.
    pub fn find(&self, key: &UpstreamTlsKey) -> Option<Arc<ActiveTls<UpstreamTls>>> {
        self.lock().get(key).map(Arc::clone)
    }

    /// Adds the TLS of an upstream.
    pub fn insert(&self, key: UpstreamTlsKey, active: Arc<ActiveTls<UpstreamTls>>) {
        self.lock().insert(key, active);
    }

    /// Removes what is not among these.
    pub fn keep_only(&self, used: &[UpstreamTlsKey]) {
        self.lock().retain(|key, _| used.contains(key));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UpstreamTlsKey, Arc<ActiveTls<UpstreamTls>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
