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
            let mut change = ChangeDetails::default().between(before.node_ref, after.node_ref);
            change.before = Some(from).filter(|text| !text.is_empty()).map(named);
            change.after = Some(to).filter(|text| !text.is_empty()).map(named);
            change
        };
        let (was, is) = (described(before.node), described(after.node));
        if is_other_scheme(before.node, after.node) {
            self.push("security-scheme.changed", scope, None, change(&was, &is));
        }
        let urls = |node: JsonNode<'c>| text(node, "openIdConnectUrl");
        let (was, is) = (urls(before.node), urls(after.node));
        if was != is {
            self.push("security-scheme.url.changed", scope, None, change(was, is));
        }
        let flows = |node: JsonNode<'c>| -> BTreeMap<&'c str, JsonNode<'c>> {
            let flows = node.get("flows").into_iter().flat_map(JsonNode::members);
            flows.collect()
        };
        let (was, is) = (flows(before.node), flows(after.node));
        for flow in is.keys().filter(|flow| !was.contains_key(*flow)) {
            self.push("security-scheme.flow.added", scope, None, change("", flow));
        }
        for (flow, was) in was {
            let Some(is) = is.get(flow) else {
                self.push(
                    "security-scheme.flow.removed",
                    scope,
                    None,
                    change(flow, ""),
                );
                continue;
            };
            for property in ["authorizationUrl", "tokenUrl", "refreshUrl"] {
                if text(was, property) != text(*is, property) {
                    let change = change(text(was, property), text(*is, property));
                    self.push("security-scheme.url.changed", scope, None, change);
                }
            }
            self.scopes(scope, &change, was, *is);
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
                    let text = |words: &str| format!("{name} {words:?}");
                    let change = change(&text(words), &text(other));
                    self.push("security-scheme.scope.changed", scope, None, change);
                }
                Some(_) => {}
            }
        }
        for name in is.keys().filter(|name| !was.contains_key(*name)) {
            self.push("security-scheme.scope.added", scope, None, change("", name));
        }
    }
}

/// The scheme as a reader would name it.
fn described(scheme: JsonNode<'_>) -> String {
    let named = |property: &str| match text(scheme, property) {
        "" => format!("no `{property}`"),
        name => format!("`{name}`"),
    };
    match text(scheme, "type") {
        "" => "no `type`".to_owned(),
        "apiKey" => format!("API key {} in {}", named("name"), text(scheme, "in")),
        "http" => match text(scheme, "bearerFormat") {
            "" => format!("HTTP {}", text(scheme, "scheme")),
            format => format!("HTTP {} ({format})", text(scheme, "scheme")),
        },
        "oauth2" => "OAuth 2".to_owned(),
        "openIdConnect" => "OpenID Connect".to_owned(),
        "mutualTLS" => "mutual TLS".to_owned(),
        other => other.to_owned(),
    }
}

/// Whether two schemes ask for different credentials. Names of header fields and of HTTP schemes
/// are case-insensitive (RFC 9110, sections 5.1 and 11.1).
fn is_other_scheme(before: JsonNode<'_>, after: JsonNode<'_>) -> bool {
    let (was, is) = (described(before), described(after));
    let is_http = text(before, "type") == "http" || text(before, "in") == "header";
    if is_http {
        !was.eq_ignore_ascii_case(&is)
    } else {
        was != is
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
