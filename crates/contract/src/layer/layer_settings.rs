//! The contract and the settings of a layer, which its services share.

use std::sync::Arc;

use portcullis_vocabulary::enforcement::{Enforcement, EnforcementPolicy};
use portcullis_vocabulary::limits::Limits;

use crate::{CheckSettings, CompiledContract, OperationPolicies, Violation};

#[derive(Clone, Debug)]
pub(super) struct LayerSettings {
    pub(super) contract: Arc<CompiledContract>,
    pub(super) policies: Arc<OperationPolicies>,
    pub(super) limits: Limits,
    /// Whether requests are checked and never refused.
    pub(super) is_report_only: bool,
    /// Whether problem responses quote values of the request.
    pub(super) quotes_values: bool,
}

impl LayerSettings {
    pub(super) fn new(contract: Arc<CompiledContract>) -> Self {
        Self {
            policies: Arc::new(OperationPolicies::new(
                &EnforcementPolicy::default(),
                &contract,
            )),
            contract,
            limits: Limits::default(),
            is_report_only: false,
            quotes_values: false,
        }
    }

    pub(super) fn check_settings(&self, operation: Option<u32>) -> CheckSettings<'_> {
        CheckSettings::new(self.policies.of(operation), &self.limits)
    }

    /// Whether a violation refuses its request.
    pub(super) fn is_refused(&self, operation: Option<u32>, violation: &Violation) -> bool {
        let enforcement = self.policies.of(operation).of(violation.class);
        !self.is_report_only && enforcement == Enforcement::Reject
    }
}
