//! Deprecation, sunset and stability of operations and parameters.

use portcullis_contract::{MessageDirection, NodeRef};
use portcullis_json::JsonNode;

use super::super::compat_finding::ExchangePart;
use super::super::schema_diff::{LifecycleSubject, lifecycle};
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison, OperationPair};

impl<'c> ContractComparison<'c> {
    /// Compares the lifecycle of an operation.
    pub(super) fn lifecycle(&mut self, scope: &ChangeScope, pair: OperationPair<'c>) {
        let node_refs = (pair.old.node_ref, pair.new.node_ref);
        self.lifecycle_changes(
            LifecycleSubject::Operation,
            scope,
            None,
            &ExchangePart::NoPart,
            node_refs,
        );
    }

    /// Compares the lifecycle annotations of two nodes.
    pub(super) fn lifecycle_changes(
        &mut self,
        subject: LifecycleSubject,
        scope: &ChangeScope,
        direction: Option<MessageDirection>,
        part: &ExchangePart,
        (old, new): (NodeRef, NodeRef),
    ) {
        let before: JsonNode<'c> = self.old.documents().node(old);
        let after = self.new.documents().node(new);
        for edit in lifecycle(subject, &[before], &[after], self.options) {
            let change = ChangeDetails {
                location: part.clone().into(),
                before: edit.before,
                after: edit.after,
                old: Some(old),
                new: Some(new),
            };
            self.push(edit.rule, scope, direction, change);
        }
    }
}
