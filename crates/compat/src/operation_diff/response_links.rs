//! Links of responses. They describe follow-up operations and do not affect validation (OpenAPI
//! 3.1.1, Link Object).

use std::collections::BTreeMap;

use portcullis_contract::{CompiledContract, DocumentSet, MessageDirection, NodeRef};

use super::super::compat_finding::ExchangePart;
use super::super::schema_diff::canonical;
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison, property};

/// Changes here always belong to a response.
const RESPONSE: Option<MessageDirection> = Some(MessageDirection::Response);

/// A Link Object.
struct DeclaredLink {
    node_ref: NodeRef,
    /// The content, without the form in which it is written.
    text: String,
}

impl ContractComparison<'_> {
    /// Compares the links of two Response Objects.
    pub(super) fn links(
        &mut self,
        scope: &ChangeScope,
        part: &ExchangePart,
        (old, new): (NodeRef, NodeRef),
    ) {
        let (before, after) = (links(self.old, old), links(self.new, new));
        let change = || ChangeDetails::at(part.clone());
        for (name, was) in &before {
            match after.get(name) {
                None => {
                    let change = change().from(name).between(was.node_ref, new);
                    self.push("link.removed", scope, RESPONSE, change);
                }
                Some(is) if is.text != was.text => {
                    let text = |link: &DeclaredLink| format!("{name}: {}", link.text);
                    let change = change().from(text(was)).to(text(is));
                    let change = change.between(was.node_ref, is.node_ref);
                    self.push("link.changed", scope, RESPONSE, change);
                }
                Some(_) => {}
            }
        }
        for (name, is) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
            let change = change().to(name).between(old, is.node_ref);
            self.push("link.added", scope, RESPONSE, change);
        }
    }
}

fn links(contract: &CompiledContract, response: NodeRef) -> BTreeMap<&str, DeclaredLink> {
    let Some((near, links)) = property(contract, response, "links") else {
        return BTreeMap::new();
    };
    let members = links.members();
    members
        .map(|(name, link)| {
            let node_ref = contract.resolved(DocumentSet::node_ref(near, link));
            let text = canonical(contract.documents().node(node_ref));
            (name, DeclaredLink { node_ref, text })
        })
        .collect()
}
