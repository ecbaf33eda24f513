//! A service with its limits and its current policy.

use std::sync::Arc;
use std::time::Instant;

use portcullis_vocabulary::Catalog;

use super::core_admission::CoreAdmission;
use super::core_index::CoreIndex;
use super::service_limits::ServiceLimits;
use super::service_policy::ServicePolicy;

/// A service with its limits and its current policy.
#[derive(Clone, Debug)]
pub struct ServiceProtection {
    /// The service's name.
    pub service: String,
    /// The state that all data cores share.
    pub limits: Arc<ServiceLimits>,
    /// The current configuration.
    pub policy: Arc<ServicePolicy>,
}

impl ServiceProtection {
    /// A service with new limits for `cores` data cores, which all count time from `started`.
    pub fn new(
        service: &str,
        policy: ServicePolicy,
        catalog: &Catalog,
        cores: usize,
        started: Instant,
    ) -> Self {
        let limits = ServiceLimits::new(catalog, &policy, cores, started, fastrand::u64(..));
        Self {
            service: service.to_owned(),
            limits: Arc::new(limits),
            policy: Arc::new(policy),
        }
    }

    /// The admission control of one data core.
    pub fn core_admission(&self, core: CoreIndex) -> CoreAdmission {
        CoreAdmission::new(Arc::clone(&self.limits), Arc::clone(&self.policy), core)
    }
}
