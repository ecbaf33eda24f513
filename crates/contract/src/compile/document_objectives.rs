//! What a document says about objectives, completed by its operations.

use portcullis_vocabulary::{PromisedLevel, StatedObjectives, Tier};

use crate::message::operation::Operation;

/// What the document says about objectives.
#[derive(Debug, Default)]
pub(super) struct DocumentObjectives {
    pub(super) tier: Option<Tier>,
    pub(super) level: PromisedLevel,
}

impl DocumentObjectives {
    /// What a contract with these operations says about objectives.
    pub(super) fn with_operations(self, operations: &[Operation]) -> StatedObjectives {
        let promised = operations.iter().filter_map(|operation| {
            let level = operation.promised.as_deref()?;
            Some(level.of_operation(&operation.name))
        });
        let other_tier = |operation: &Operation| {
            let tier = operation.tier.filter(|tier| Some(*tier) != self.tier)?;
            Some((operation.name.to_string(), tier))
        };
        StatedObjectives {
            tier: self.tier,
            level: self.level,
            operations: promised.collect(),
            operation_tiers: operations.iter().filter_map(other_tier).collect(),
        }
    }
}
