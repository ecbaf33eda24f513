//! The layer and its configuration.

use std::sync::Arc;

use portcullis_vocabulary::enforcement::EnforcementPolicy;
use tower_layer::Layer;

use super::contract_service::ContractService;
use super::layer_settings::LayerSettings;
use crate::{CompiledContract, OperationPolicies};

/// Checks every request by a contract before the inner service handles it.
///
/// An undeclared CORS preflight (Fetch Standard, section 4.8) is passed on unchecked, because
/// browsers send it on their own and few contracts declare it.
#[derive(Clone, Debug)]
pub struct ContractLayer {
    settings: LayerSettings,
}

impl ContractLayer {
    /// A layer with the default policy, which refuses every request that the contract does not
    /// allow. Undeclared query parameters and unexpected bodies are only reported. A body that is
    /// checked is buffered up to 1 MiB.
    #[must_use]
    pub fn new(contract: impl Into<Arc<CompiledContract>>) -> Self {
        Self {
            settings: LayerSettings::new(contract.into()),
        }
    }

    /// Sets the enforcement of each class of violations. `x-portcullis` of an operation overrides
    /// it. The policy's sample is ignored: every request with a rejected class is refused.
    #[must_use]
    pub fn policy(mut self, policy: &EnforcementPolicy) -> Self {
        let policies = OperationPolicies::new(policy, &self.settings.contract);
        self.settings.policies = Arc::new(policies);
        self
    }

    /// Checks requests but refuses none. The verdict in the extensions lists the violations.
    #[must_use]
    pub fn report_only(mut self) -> Self {
        self.settings.is_report_only = true;
        self
    }

    /// Sets the largest body that is buffered and checked, in bytes. A larger body is refused with
    /// 413 if the operation's bodies are checked. Multipart bodies are buffered too.
    #[must_use]
    pub fn body_bytes_max(mut self, bytes: usize) -> Self {
        self.settings.limits.body_bytes_max = bytes;
        self
    }

    /// Sets whether problem responses quote values of the request. The default is `false`, because
    /// a response may be logged on its way to the client.
    #[must_use]
    pub fn quote_values(mut self, quotes_values: bool) -> Self {
        self.settings.quotes_values = quotes_values;
        self
    }
}

impl<S> Layer<S> for ContractLayer {
    type Service = ContractService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ContractService::new(inner, Arc::new(self.settings.clone()))
    }
}
