//! What is done about violations, operation by operation.

use portcullis_vocabulary::enforcement::EnforcementPolicy;

use crate::message::compiled_contract::CompiledContract;
use crate::message::operation::OperationEnforcement;

/// A policy for a contract, and those of its operations that say for themselves what is to be
/// done (`x-portcullis`).
#[derive(Debug)]
pub struct OperationPolicies {
    common: EnforcementPolicy,
    /// Only what differs, by operation.
    operations: Vec<Option<EnforcementPolicy>>,
}

impl OperationPolicies {
    /// `common`, with what the operations of the contract say themselves.
    pub fn new(common: &EnforcementPolicy, contract: &CompiledContract) -> Self {
        let own = |own: OperationEnforcement| {
            let is_said = own != OperationEnforcement::default();
            is_said.then(|| common.with_ceilings(own.request, own.response))
        };
        let mut operations: Vec<Option<EnforcementPolicy>> = contract
            .operations
            .iter()
            .map(|operation| own(operation.enforcement))
            .collect();
        while operations.last().is_some_and(Option::is_none) {
            operations.pop();
        }
        Self {
            common: common.clone(),
            operations,
        }
    }

    /// What is done about violations of an operation, or of a request to none.
    pub fn of(&self, operation: Option<u32>) -> &EnforcementPolicy {
        operation
            .and_then(|operation| self.operations.get(operation as usize)?.as_ref())
            .unwrap_or(&self.common)
    }
}
