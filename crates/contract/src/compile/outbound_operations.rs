//! Compiles webhooks and callbacks: operations that the service calls and its consumers implement
//! (OpenAPI 3.1.1, `webhooks`; 3.0.4 and 3.1.1, Callback Object).
//!
//! They never pass a proxy in front of the service, so only the comparison of contracts needs them.

use std::sync::Arc;

use super::compile_paths::InheritedFields;
use super::contract_compiler::ContractCompiler;
use crate::message::operation::{Operation, OutboundKind, OutboundOperation};
use crate::message::route::PathTemplate;
use crate::openapi::document::{DocumentSet, NodeRef};

impl<'d> ContractCompiler<'d> {
    /// Compiles the webhooks of the document and the callbacks of the operations compiled so far.
    pub(super) fn outbound_operations(&mut self) -> Vec<OutboundOperation> {
        let entry = self.documents.entry_ref();
        let root = self.documents.node(entry);
        let mut outbound = Vec::new();
        for (name, item) in self.members(entry, root, "webhooks") {
            let node_ref = DocumentSet::node_ref(entry, item);
            self.outbound_path_item(OutboundKind::Webhook, name, node_ref, &mut outbound);
        }
        let owners: Vec<(Arc<str>, NodeRef)> = self
            .operations
            .iter()
            .map(|owner| {
                (
                    format!("{} {}", owner.method, owner.path).into(),
                    owner.node_ref,
                )
            })
            .collect();
        for (owner, node_ref) in owners {
            let node = self.documents.node(node_ref);
            for (name, callback) in self.members(node_ref, node, "callbacks") {
                let at = DocumentSet::node_ref(node_ref, callback);
                self.callback(&owner, name, at, &mut outbound);
            }
        }
        outbound
    }

    fn callback(
        &mut self,
        owner: &str,
        name: &str,
        at: NodeRef,
        outbound: &mut Vec<OutboundOperation>,
    ) {
        let Some(node_ref) = self.object(at, "a callback") else {
            return;
        };
        for (expression, item) in self.documents.node(node_ref).members() {
            if expression.starts_with("x-") {
                continue;
            }
            let full = format!("{owner} {name} {expression}");
            let at = DocumentSet::node_ref(node_ref, item);
            self.outbound_path_item(OutboundKind::Callback, &full, at, outbound);
        }
    }

    /// Compiles the operations of one path item. Their path is `/`, because the receiver chooses
    /// where it serves them.
    fn outbound_path_item(
        &mut self,
        kind: OutboundKind,
        name: &str,
        at: NodeRef,
        outbound: &mut Vec<OutboundOperation>,
    ) {
        let Some(fields) = self.path_item_fields(at) else {
            return;
        };
        let template = PathTemplate::parse("/").expect("`/` is a valid template");
        let inherited = self.inherit_path_item(at, &InheritedFields::default(), &template);
        for (method, node_ref) in self.path_item_operations(fields) {
            let known = self.operations.len();
            self.operation(&template, &method, node_ref, &inherited);
            self.warn_uncounted_objective(node_ref);
            let found = self.operations.split_off(known);
            outbound.extend(
                found
                    .into_iter()
                    .map(|operation: Operation| OutboundOperation {
                        kind,
                        name: name.into(),
                        operation,
                    }),
            );
        }
    }
}
