//! The enforcement policy of each operation.

use portcullis_vocabulary::enforcement::EnforcementPolicy;

use crate::message::compiled_contract::CompiledContract;
use crate::message::operation::OperationEnforcement;

/// The policy of a contract, and the policies of operations with `x-portcullis`.
#[derive(Debug)]
pub struct OperationPolicies {
    common: EnforcementPolicy,
    /// The policies that differ, by operation.
    operations: Vec<Option<EnforcementPolicy>>,
}

impl OperationPolicies {
    /// Combines `common` with the enforcement that operations of the contract declare.
    pub fn new(common: &EnforcementPolicy, contract: &CompiledContract) -> Self {
        let own_policy = |own: OperationEnforcement| {
            let is_declared = own != OperationEnforcement::default();
            is_declared.then(|| {
                let policy = common.with_ceilings(own.request, own.response);
                match own.unreadable {
                    Some(enforcement) => policy.with_unreadable(enforcement),
                    None => policy,
                }
            })
        };
        let mut operations: Vec<Option<EnforcementPolicy>> = contract
            .operations
            .iter()
            .map(|operation| own_policy(operation.enforcement))
            .collect();
        while operations.last().is_some_and(Option::is_none) {
            operations.pop();
        }
        Self {
            common: common.clone(),
            operations,
        }
    }

    /// The policy of an operation, or of a request that matches no operation.
    pub fn of(&self, operation: Option<u32>) -> &EnforcementPolicy {
        operation
            .and_then(|operation| self.operations.get(operation as usize)?.as_ref())
            .unwrap_or(&self.common)
    }
}
