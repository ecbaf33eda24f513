//! Security requirements: a list of alternatives, each a set of credentials that are all needed.
//!
//! Credentials that satisfied an old alternative must satisfy a new one. API keys and HTTP schemes
//! are compared by what they require on the wire; other schemes are compared by name.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_contract::{CompiledContract, NodeRef, Operation};
use portcullis_json::JsonNode;

use super::super::compat_finding::ExchangePart;
use super::contract_comparison::{
    ChangeDetails, ChangeScope, ContractComparison, OperationPair, property,
};

/// How the signature of a client certificate begins.
const CERTIFICATE: &str = "mutual TLS ";

/// Credentials that are all needed, each with its scopes.
type CredentialSet = BTreeMap<String, BTreeSet<String>>;

/// The requirements of an operation and their location. An empty list requires nothing.
struct SecurityFormula {
    alternatives: Vec<CredentialSet>,
    node_ref: Option<NodeRef>,
}

impl SecurityFormula {
    fn of(contract: &CompiledContract, operation: &Operation) -> Self {
        let entry = contract.documents().entry_ref();
        let declared = property(contract, operation.node_ref, "security")
            .or_else(|| property(contract, entry, "security"));
        let Some((node_ref, list)) = declared else {
            return Self {
                alternatives: Vec::new(),
                node_ref: None,
            };
        };
        let of = |requirement: JsonNode<'_>| -> CredentialSet {
            let schemes = requirement.members();
            schemes
                .map(|(name, scopes)| {
                    let scopes = scopes.elements().filter_map(JsonNode::as_str);
                    (
                        credential_signature(contract, name),
                        scopes.map(str::to_owned).collect(),
                    )
                })
                .collect()
        };
        Self {
            alternatives: list.elements().map(of).collect(),
            node_ref: Some(node_ref),
        }
    }

    /// Whether callers need no credentials.
    fn is_open(&self) -> bool {
        self.alternatives.is_empty() || self.alternatives.iter().any(BTreeMap::is_empty)
    }

    /// Whether these credentials satisfy an alternative.
    fn admits(&self, held: &CredentialSet) -> bool {
        self.is_open()
            || self
                .alternatives
                .iter()
                .any(|needed| suffices(held, needed))
    }

    /// The alternatives in words.
    fn described(&self) -> String {
        let alternatives = self.alternatives.iter().map(described);
        alternatives.collect::<Vec<_>>().join(", or ")
    }

    /// All alternatives; an empty list becomes one alternative that requires nothing.
    fn all(&self) -> Vec<CredentialSet> {
        if self.alternatives.is_empty() {
            vec![CredentialSet::new()]
        } else {
            self.alternatives.clone()
        }
    }
}

fn suffices(held: &CredentialSet, needed: &CredentialSet) -> bool {
    needed
        .iter()
        .all(|(scheme, scopes)| held.get(scheme).is_some_and(|held| scopes.is_subset(held)))
}

/// A text that is equal for equivalent schemes. The declaration fully describes API keys and HTTP
/// schemes. Tokens and certificates also depend on their issuer, which the scheme name stands for.
pub(crate) fn credential_signature(contract: &CompiledContract, name: &str) -> String {
    let scheme = scheme(contract, name);
    let text = |property: &str| {
        let value = scheme.and_then(|scheme| scheme.get(property)?.as_str());
        value.unwrap_or_default()
    };
    match text("type") {
        // Names of header fields are case-insensitive (RFC 9110, section 5.1).
        "apiKey" if text("in") == "header" => {
            format!("the header `{}`", text("name").to_ascii_lowercase())
        }
        "apiKey" => format!("the {} `{}`", text("in"), text("name")),
        "http" => format!("HTTP {}", text("scheme").to_lowercase()),
        "mutualTLS" => format!("{CERTIFICATE}`{name}`"),
        _ => name.to_owned(),
    }
}

/// Whether a signature is that of a client certificate.
pub(crate) fn is_certificate(signature: &str) -> bool {
    signature.starts_with(CERTIFICATE)
}

fn scheme<'c>(contract: &'c CompiledContract, name: &str) -> Option<JsonNode<'c>> {
    let documents = contract.documents();
    let (near, schemes) = schemes(contract)?;
    let node_ref = portcullis_contract::DocumentSet::node_ref(near, schemes.get(name)?);
    Some(documents.node(contract.resolved(node_ref)))
}

/// The security schemes of a contract.
pub(super) fn schemes(contract: &CompiledContract) -> Option<(NodeRef, JsonNode<'_>)> {
    let (components, _) = property(contract, contract.documents().entry_ref(), "components")?;
    property(contract, components, "securitySchemes")
}

fn described(alternative: &CredentialSet) -> String {
    if alternative.is_empty() {
        return "nothing".to_owned();
    }
    let parts = alternative.iter().map(|(scheme, scopes)| {
        if scopes.is_empty() {
            scheme.clone()
        } else {
            let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
            format!("{scheme} [{}]", scopes.join(", "))
        }
    });
    parts.collect::<Vec<_>>().join(" and ")
}

impl<'c> ContractComparison<'c> {
    /// Compares the security requirements of an operation. Those of webhooks and callbacks say what
    /// the service sends, if they are their own: those of the whole contract are about its requests.
    pub(super) fn security(&mut self, scope: &ChangeScope, pair: OperationPair<'c>) {
        let OperationPair { old, new, .. } = pair;
        let (was, is) = self.members(old.node_ref, new.node_ref, "security");
        if pair.is_outbound && was.is_none() && is.is_none() {
            return;
        }
        let (before, after) = (
            SecurityFormula::of(self.old, old),
            SecurityFormula::of(self.new, new),
        );
        let change = ChangeDetails {
            location: ExchangePart::NoPart.into(),
            before: None,
            after: None,
            old: Some(before.node_ref.unwrap_or(old.node_ref)),
            new: Some(after.node_ref.unwrap_or(new.node_ref)),
        };
        let changes: Vec<SecurityChange> = match (before.is_open(), after.is_open()) {
            (true, true) => Vec::new(),
            (true, false) => vec![("security.required", None, Some(after.described()))],
            (false, true) => vec![("security.dropped", Some(before.described()), None)],
            (false, false) => alternative_changes(&before, &after, pair.is_outbound),
        };
        for (rule, from, to) in changes {
            let change = ChangeDetails {
                before: from,
                after: to,
                location: change.location.clone(),
                ..change
            };
            self.push(rule, scope, None, change);
        }
    }
}

/// The rule for a change, with the requirements before and after it.
type SecurityChange = (&'static str, Option<String>, Option<String>);

/// The changes of requirements that both revisions have.
fn alternative_changes(
    before: &SecurityFormula,
    after: &SecurityFormula,
    is_outbound: bool,
) -> Vec<SecurityChange> {
    let (was, is) = (before.all(), after.all());
    let of_schemes = |all: &[CredentialSet], wanted: &CredentialSet| {
        let mut same = all.iter();
        same.find(|other| other.keys().eq(wanted.keys()))
            .map(described)
    };
    let mut changes = Vec::new();
    for held in was.iter().filter(|held| !is.contains(held)) {
        let (from, same) = (Some(described(held)), of_schemes(&is, held));
        changes.push(match (after.admits(held), same) {
            (false, Some(same)) => ("security.scope.added", from, Some(same)),
            (false, None) => {
                let asked = Some(after.described());
                ("security.alternative.removed", from, asked)
            }
            (true, Some(same)) => ("security.scope.removed", from, Some(same)),
            (true, None) => ("security.alternative.dropped", from, None),
        });
    }
    for needed in is.iter().filter(|needed| !was.contains(needed)) {
        // The change of an alternative with the same schemes says so.
        let mut changed = was.iter().filter(|held| !is.contains(held));
        if changed.any(|held| held.keys().eq(needed.keys())) {
            continue;
        }
        // The service may send these credentials; the older requirements may allow that.
        let is_allowed = is_outbound && before.admits(needed);
        let rule = if is_allowed {
            "security.alternative.extended"
        } else {
            "security.alternative.added"
        };
        changes.push((rule, None, Some(described(needed))));
    }
    changes
}
