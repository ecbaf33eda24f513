//! Webhooks and callbacks: the operations that the service calls and its consumers serve.
//!
//! A proxy in front of the service never sees them, so they are compiled for whoever compares
//! contracts only (OpenAPI 3.1.1, `webhooks`; 3.0.4 and 3.1.1, Callback Object).

use std::sync::Arc;

use portcullis_json::JsonNode;

use super::compile_paths::InheritedFields;
use super::contract_compiler::ContractCompiler;
use crate::message::operation::{Operation, OutboundKind, OutboundOperation};
use crate::message::route::{PathItemMethod, PathTemplate};
use crate::openapi::document::{DocumentSet, NodeRef};

impl<'d> ContractCompiler<'d> {
    /// All webhooks of the document, and the callbacks of the operations walked so far.
    pub(super) fn outbound_operations(&mut self) -> Vec<OutboundOperation> {
        let entry = self.documents.entry_ref();
        let root = self.documents.node(entry);
        let mut outbound = Vec::new();
        for (name, item) in self.members(entry, root, "webhooks") {
            let place = DocumentSet::node_ref(entry, item);
            self.outbound_path_item(OutboundKind::Webhook, name, place, &mut outbound);
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
        for (owner, place) in owners {
            let node = self.documents.node(place);
            for (name, callback) in self.members(place, node, "callbacks") {
                let at = DocumentSet::node_ref(place, callback);
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
        let Some(place) = self.object(at, "a callback") else {
            return;
        };
        for (expression, item) in self.documents.node(place).members() {
            if expression.starts_with("x-") {
                continue;
            }
            let full = format!("{owner} {name} {expression}");
            let at = DocumentSet::node_ref(place, item);
            self.outbound_path_item(OutboundKind::Callback, &full, at, outbound);
        }
    }

    /// The operations of one path item. Where they are served is for their receivers to say, so
    /// they have no path of their own.
    fn outbound_path_item(
        &mut self,
        kind: OutboundKind,
        name: &str,
        at: NodeRef,
        outbound: &mut Vec<OutboundOperation>,
    ) {
        let Some(place) = self.object(at, "a path item") else {
            return;
        };
        let template = PathTemplate::parse("/").expect("the root is a template");
        let item: JsonNode<'d> = self.documents.node(place);
        let mut inherited = self.inherit(place, item, &InheritedFields::default());
        inherited.parameters = self.parameters(place, item, &template);
        for (field, value) in item.members() {
            let Some(verb) = PathItemMethod::from_field(field) else {
                continue;
            };
            let place = DocumentSet::node_ref(place, value);
            let known = self.operations.len();
            self.operation(&template, verb, place, &inherited);
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
