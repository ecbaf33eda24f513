//! Path parameters that do not occur in their path. Nothing is validated against them, so their
//! changes have no effect.

use std::collections::BTreeMap;

use portcullis_contract::{CompiledContract, DocumentSet, MessageDirection, NodeRef, Operation};
use portcullis_json::JsonNode;

use super::super::compat_finding::{ExchangePart, path_expressions};
use super::super::schema_diff::canonical;
use super::contract_comparison::{
    ChangeDetails, ChangeScope, ContractComparison, OperationPair, property,
};

impl ContractComparison<'_> {
    /// Reports changes of path parameters that do not occur in the path.
    pub(super) fn unplaced_parameters(&mut self, scope: &ChangeScope, pair: OperationPair<'_>) {
        if pair.is_outbound || pair.takeover.is_some() {
            return;
        }
        let (before, after) = (unplaced(self.old, pair.old), unplaced(self.new, pair.new));
        let (was, is) = (before.iter(), after.iter());
        let names: Vec<&str> = was.chain(is).map(|(name, _)| *name).collect();
        let mut reported = Vec::new();
        for name in names {
            let (was, is) = (before.get(name).copied(), after.get(name).copied());
            let text = |contract: &CompiledContract, at: Option<NodeRef>| {
                at.map(|at| canonical(contract.documents().node(at)))
            };
            if text(self.old, was) == text(self.new, is) || reported.contains(&name) {
                continue;
            }
            reported.push(name);
            let part = ExchangePart::Parameter {
                part: "path",
                name: name.to_owned(),
            };
            let change = ChangeDetails::at(part).between(
                was.unwrap_or(pair.old.node_ref),
                is.unwrap_or(pair.new.node_ref),
            );
            let request = Some(MessageDirection::Request);
            self.push("parameter.not-in-path", scope, request, change);
        }
    }
}

/// The path parameters that do not occur in the path of an operation.
fn unplaced<'c>(
    contract: &'c CompiledContract,
    operation: &Operation,
) -> BTreeMap<&'c str, NodeRef> {
    let placed = path_expressions(&operation.path);
    let entry = contract.documents().entry_ref();
    let item = property(contract, entry, "paths").and_then(|(near, paths)| {
        let item = paths.get(&operation.path)?;
        Some(contract.path_item_objects(DocumentSet::node_ref(near, item)))
    });
    let owners = item.into_iter().flatten().chain([operation.node_ref]);
    let lists = owners.filter_map(|owner| property(contract, owner, "parameters"));
    let parameters = lists.flat_map(|(near, list)| {
        let elements = list.elements();
        elements.map(move |element| contract.resolved(DocumentSet::node_ref(near, element)))
    });
    parameters
        .filter_map(|at| {
            let node = contract.documents().node(at);
            let text = |name: &str| node.get(name).and_then(JsonNode::as_str);
            let name = text("name").filter(|_| text("in") == Some("path"))?;
            (!placed.contains(&name)).then_some((name, at))
        })
        .collect()
}
