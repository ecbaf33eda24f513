//! Declared security schemes, independent of the operations that require them.

use std::collections::BTreeMap;

use portcullis_contract::{CompiledContract, DocumentSet, NodeRef};
use portcullis_json::JsonNode;

use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison};
use super::security_formula::schemes;

/// A declared scheme.
struct DeclaredScheme<'c> {
    node_ref: NodeRef,
    node: JsonNode<'c>,
}

impl<'c> ContractComparison<'c> {
    /// Compares the declared security schemes.
    pub(super) fn security_schemes(&mut self, scope: &ChangeScope) {
        let (old, new) = (declared(self.old), declared(self.new));
        let entry = (
            self.old.documents().entry_ref(),
            self.new.documents().entry_ref(),
        );
        for (name, before) in &old {
            match new.get(name) {
                Some(after) => self.scheme(scope, name, before, after),
                None => {
                    let change = ChangeDetails::default()
                        .from(name)
                        .between(before.node_ref, entry.1);
                    self.push("security-scheme.removed", scope, None, change);
                }
            }
        }
        for (name, after) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
            let change = ChangeDetails::default()
                .to(name)
                .between(entry.0, after.node_ref);
            self.push("security-scheme.added", scope, None, change);
        }
    }

    fn scheme(
        &mut self,
        scope: &ChangeScope,
        name: &str,
        before: &DeclaredScheme<'c>,
        after: &DeclaredScheme<'c>,
    ) {
        let change = |from: &str, to: &str| {
            let named = |text: &str| format!("{name}: {text}");
            let change = ChangeDetails::default().between(before.node_ref, after.node_ref);
            change.from(named(from)).to(named(to))
        };
        for property in ["type", "in", "name", "scheme"] {
            let (was, is) = (text(before.node, property), text(after.node, property));
            if was.to_lowercase() != is.to_lowercase() {
                self.push("security-scheme.changed", scope, None, change(was, is));
            }
        }
        let (was, is) = (
            text(before.node, "openIdConnectUrl"),
            text(after.node, "openIdConnectUrl"),
        );
        if was != is {
            self.push("security-scheme.url.changed", scope, None, change(was, is));
        }
        let flows = |node: JsonNode<'c>| node.get("flows").into_iter().flat_map(JsonNode::members);
        for (flow, was) in flows(before.node) {
            let Some(is) = after.node.get("flows").and_then(|flows| flows.get(flow)) else {
                self.push("security-scheme.changed", scope, None, change(flow, ""));
                continue;
            };
            for property in ["authorizationUrl", "tokenUrl", "refreshUrl"] {
                if text(was, property) != text(is, property) {
                    let change = change(text(was, property), text(is, property));
                    self.push("security-scheme.url.changed", scope, None, change);
                }
            }
            self.scopes(scope, &change, was, is);
        }
    }

    fn scopes(
        &mut self,
        scope: &ChangeScope,
        change: &dyn Fn(&str, &str) -> ChangeDetails,
        was: JsonNode<'c>,
        is: JsonNode<'c>,
    ) {
        let scopes = |flow: JsonNode<'c>| -> BTreeMap<&'c str, &'c str> {
            let members = flow.get("scopes").into_iter().flat_map(JsonNode::members);
            members
                .map(|(name, words)| (name, words.as_str().unwrap_or_default()))
                .collect()
        };
        let (was, is) = (scopes(was), scopes(is));
        for (name, words) in &was {
            match is.get(name) {
                None => self.push(
                    "security-scheme.scope.removed",
                    scope,
                    None,
                    change(name, ""),
                ),
                Some(other) if other != words => {
                    self.push(
                        "security-scheme.scope.changed",
                        scope,
                        None,
                        change(name, name),
                    );
                }
                Some(_) => {}
            }
        }
        for name in is.keys().filter(|name| !was.contains_key(*name)) {
            self.push("security-scheme.scope.added", scope, None, change("", name));
        }
    }
}

fn declared(contract: &CompiledContract) -> BTreeMap<&str, DeclaredScheme<'_>> {
    let Some((near, schemes)) = schemes(contract) else {
        return BTreeMap::new();
    };
    let of = |scheme: JsonNode<'_>| contract.resolved(DocumentSet::node_ref(near, scheme));
    let members = schemes.members();
    members
        .map(|(name, scheme)| {
            let node_ref = of(scheme);
            let node = contract.documents().node(node_ref);
            (name, DeclaredScheme { node_ref, node })
        })
        .collect()
}

fn text<'c>(node: JsonNode<'c>, property: &str) -> &'c str {
    node.get(property)
        .and_then(|value| value.as_str())
        .unwrap_or_default()
}
