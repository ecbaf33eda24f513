//! The servers of all services of the process. Data cores and the control thread find the same ones.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis_config::ServiceConfig;

use super::endpoint_set::{EndpointPlan, EndpointSet};
use crate::limits::UpstreamLimits;

/// The servers by what is configured. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct UpstreamEndpointStore(Arc<Mutex<Vec<Arc<EndpointSet>>>>);

impl UpstreamEndpointStore {
    /// The servers of a service, which is balanced. The first call creates them.
    pub(crate) fn find(&self, service: &ServiceConfig, limits: UpstreamLimits) -> Arc<EndpointSet> {
        let plan = EndpointPlan::of(service, limits);
        let mut sets = self.lock();
        if let Some(known) = sets.iter().find(|known| known.plan == plan) {
            return Arc::clone(known);
        }
        let set = EndpointSet::new(plan);
        sets.push(Arc::clone(&set));
        set
    }

    /// All servers, in the order in which their services were configured.
    pub fn sets(&self) -> Vec<Arc<EndpointSet>> {
        self.lock().clone()
    }

    /// Removes what is not among these.
    pub fn keep_only(&self, used: &[Arc<EndpointSet>]) {
        let is_used = |set: &Arc<EndpointSet>| used.iter().any(|used| Arc::ptr_eq(used, set));
        self.lock().retain(is_used);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<EndpointSet>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
