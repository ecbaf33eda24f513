//! The state of a comparison: both contracts, the findings so far, and the sites whose schemas
//! remain to be compared.

use std::cell::Cell;
use std::sync::Arc;

use portcullis_contract::{
    CompiledContract, DocumentSet, MessageDirection, NodeRef, Operation, SchemaKey,
};
use portcullis_json::JsonNode;

use super::super::change_level::{ChangeCertainty, ChangeLevel};
use super::super::compare_options::CompareOptions;
use super::super::compat_finding::{
    ChangeLocation, ChangePlace, ChangeSubject, CompatFinding, ExchangePart,
};
use super::super::containment::ValueEncoding;
use super::super::containment_checker::ContainmentChecker;
use super::super::diff_rule::{ChangeAction, ChangeArea, DiffRule};
use super::super::schema_diff::{EditGraph, SchemaPairId};
use super::super::witness::ValueCarrier;

/// The most work for whole messages: with each, every parameter is looked for among all of them.
const MESSAGE_WORK_MAX: usize = 40_000_000;

/// Why a message is not shown.
pub(crate) const TOO_MANY_MESSAGES: &str =
    "messages were built for many other changes, so none was built for this one";

/// A comparison of two contracts in progress.
pub(crate) struct ContractComparison<'c> {
    pub(crate) old: &'c CompiledContract,
    pub(crate) new: &'c CompiledContract,
    pub(crate) options: &'c CompareOptions,
    pub(crate) findings: Vec<CompatFinding>,
    pub(crate) schema_sites: Vec<SchemaSite<'c>>,
    /// The operations that were compared, by the subject of their findings.
    pub(crate) operation_pairs: Vec<(Arc<ChangeSubject>, OperationPair<'c>)>,
    pub(crate) graph: EditGraph<'c>,
    /// Addresses that another operation serves in the new contract.
    pub(crate) takeovers: Vec<AddressTakeover>,
    /// Addresses whose requests the newer contract refuses, for examples.
    pub(crate) refused_addresses: Vec<RefusedAddress<'c>>,
    /// The work that was done for whole messages.
    pub(crate) message_work: Cell<usize>,
    /// The conditions on addresses that were looked at.
    pub(super) address_work: usize,
    /// Values that one contract refuses and the other one does not describe, for examples.
    pub(crate) refused_values: Vec<RefusedValue>,
    pub(crate) containment: ContainmentChecker<'c>,
}

/// A value that a schema refuses where the other revision has no schema.
pub(crate) struct RefusedValue {
    pub(crate) subject: Arc<ChangeSubject>,
    pub(crate) rule: &'static str,
    pub(crate) location: ChangeLocation,
    pub(crate) value: serde_json::Value,
}

/// An address whose requests the newer contract refuses.
pub(crate) struct RefusedAddress<'c> {
    pub(crate) subject: Arc<ChangeSubject>,
    pub(crate) rule: &'static str,
    pub(crate) part: ExchangePart,
    /// The operation of the older contract that serves the address.
    pub(crate) operation: &'c Operation,
    pub(crate) method: http::Method,
    pub(crate) address: String,
}

/// An operation in both contracts, or two operations that serve the same addresses.
#[derive(Clone, Copy)]
pub(crate) struct OperationPair<'c> {
    pub(crate) old: &'c Operation,
    pub(crate) new: &'c Operation,
    /// Whether the service calls the operation (a webhook or a callback).
    pub(crate) is_outbound: bool,
    /// The index of the takeover, if two operations are compared because of their addresses.
    pub(crate) takeover: Option<usize>,
}

/// Addresses that one operation serves in the old revision and another in the new one.
#[derive(Clone, Debug)]
pub(crate) struct AddressTakeover {
    /// The method of the requests. `HEAD` requests may be served by `GET` operations.
    pub(crate) method: http::Method,
    /// The addresses as a template, with the parameter names of the old operation.
    pub(crate) old_template: String,
    /// The same addresses, with the parameter names of the new operation.
    pub(crate) new_template: String,
    /// The path parameters that have the same value in both operations, by their names in each.
    pub(super) aligned: Vec<(String, String)>,
}

/// A site in an exchange that has a schema in both contracts.
pub(crate) struct SchemaSite<'c> {
    pub(crate) subject: Arc<ChangeSubject>,
    pub(crate) part: Arc<ExchangePart>,
    /// The message that contains the site.
    pub(crate) direction: MessageDirection,
    pub(crate) operations: OperationPair<'c>,
    /// The compiled schemas; `None` if either contract does not validate the value.
    pub(crate) keys: Option<(SchemaKey, SchemaKey)>,
    pub(crate) encoding: ValueEncoding,
    pub(crate) pair: SchemaPairId,
    /// Whether the value is read. Nothing is refused because of a value that is not.
    pub(crate) is_read: bool,
    /// What carries the value, in the old and the new contract.
    pub(crate) carriers: (ValueCarrier<'c>, ValueCarrier<'c>),
}

/// A property of an object, if present, with its location.
pub(super) type LocatedProperty<'c> = Option<(NodeRef, JsonNode<'c>)>;

/// The details of a change that its rule does not determine.
#[derive(Default)]
pub(crate) struct ChangeDetails {
    pub(crate) location: ChangeLocation,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) old: Option<NodeRef>,
    pub(crate) new: Option<NodeRef>,
}

impl ChangeDetails {
    pub(super) fn at(part: ExchangePart) -> Self {
        Self {
            location: part.into(),
            ..Self::default()
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers pass temporaries")]
    pub(super) fn from(self, before: impl ToString) -> Self {
        Self {
            before: Some(before.to_string()),
            ..self
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers pass temporaries")]
    pub(super) fn to(self, after: impl ToString) -> Self {
        Self {
            after: Some(after.to_string()),
            ..self
        }
    }

    pub(super) fn between(
        self,
        old: impl Into<Option<NodeRef>>,
        new: impl Into<Option<NodeRef>>,
    ) -> Self {
        Self {
            old: old.into(),
            new: new.into(),
            ..self
        }
    }
}

/// The subject of a change, and whether the service calls it.
#[derive(Clone)]
pub(crate) struct ChangeScope {
    pub(crate) subject: Arc<ChangeSubject>,
    pub(crate) is_outbound: bool,
}

impl<'c> ContractComparison<'c> {
    pub(crate) fn new(
        old: &'c CompiledContract,
        new: &'c CompiledContract,
        options: &'c CompareOptions,
    ) -> Self {
        Self {
            old,
            new,
            options,
            findings: Vec::new(),
            schema_sites: Vec::new(),
            operation_pairs: Vec::new(),
            graph: EditGraph::new(old, new, options),
            takeovers: Vec::new(),
            refused_addresses: Vec::new(),
            address_work: 0,
            message_work: Cell::new(0),
            refused_values: Vec::new(),
            containment: ContainmentChecker::new(old, new),
        }
    }

    /// Adds a finding about a request, a response, or neither.
    pub(super) fn push(
        &mut self,
        rule: &'static str,
        scope: &ChangeScope,
        direction: Option<MessageDirection>,
        change: ChangeDetails,
    ) {
        let rule = DiffRule::named(rule);
        let ChangeDetails {
            location: site,
            before,
            after,
            old,
            new,
        } = change;
        let message = sentence(rule, before.as_deref(), after.as_deref());
        self.findings.push(CompatFinding {
            rule,
            direction,
            level: if scope.is_outbound {
                rule.outbound_level(direction)
            } else {
                rule.level(direction)
            },
            certainty: ChangeCertainty::Rule,
            places: vec![ChangePlace {
                subject: scope.subject.clone(),
                location: site,
            }],
            before,
            after,
            message,
            old: old.map(|node_ref| self.old.location(node_ref)),
            new: new.map(|node_ref| self.new.location(node_ref)),
            witness: None,
            witness_place: 0,
            replaced_level: None,
            fingerprint: String::new(),
            approval: None,
        });
    }

    /// Replaces the level of the last finding, and how it was established.
    pub(super) fn set_level(&mut self, level: ChangeLevel, certainty: ChangeCertainty) {
        if let Some(finding) = self.findings.last_mut() {
            finding.level = level;
            finding.certainty = certainty;
        }
    }

    /// Makes the level of the last finding unknown, for a reason.
    pub(super) fn set_unknown(&mut self, reason: &str) {
        let certainty = ChangeCertainty::Unknown(reason.to_owned());
        self.set_level(ChangeLevel::Unknown, certainty);
    }

    /// The addresses for which two operations are compared; `None` for an operation in both
    /// contracts.
    pub(crate) fn takeover(&self, pair: OperationPair<'_>) -> Option<&AddressTakeover> {
        pair.takeover.and_then(|index| self.takeovers.get(index))
    }

    /// Counts the work for a message of an operation. Returns whether the message may be built.
    pub(crate) fn spend_message(&self, pair: OperationPair<'_>) -> bool {
        let parameters = pair.old.parameters.len() + pair.new.parameters.len();
        let work = self.message_work.get();
        self.message_work.set(work + parameters * parameters + 1);
        work < MESSAGE_WORK_MAX
    }

    /// Adds a site whose schemas are to be compared.
    pub(super) fn add_schema_site(&mut self, site: SchemaSite<'c>) {
        self.schema_sites.push(site);
    }

    /// A property in the objects of both contracts, with its locations.
    pub(super) fn members(
        &self,
        old: NodeRef,
        new: NodeRef,
        name: &str,
    ) -> (LocatedProperty<'c>, LocatedProperty<'c>) {
        (property(self.old, old, name), property(self.new, new, name))
    }
}

/// A property of the object at a node.
pub(crate) fn property<'c>(
    contract: &'c CompiledContract,
    node_ref: NodeRef,
    name: &str,
) -> Option<(NodeRef, JsonNode<'c>)> {
    let value = contract.documents().node(node_ref).get(name)?;
    Some((DocumentSet::node_ref(node_ref, value), value))
}

/// The change as a sentence. A replaced value reads "from X to Y".
pub(crate) fn sentence(rule: &DiffRule, before: Option<&str>, after: Option<&str>) -> String {
    let title = rule.title;
    if rule.id.starts_with("schema.type.") {
        return type_sentence(title, before, after);
    }
    // Security texts name the scheme in both values, so they cannot read "from X to Y".
    let is_replacement = rule.area != ChangeArea::Security
        && matches!(
            rule.action,
            ChangeAction::Change | ChangeAction::Increase | ChangeAction::Decrease
        );
    match (before, after) {
        (Some(before), Some(after)) if is_replacement => {
            format!("{title} from {before} to {after}")
        }
        (Some(before), Some(after)) => format!("{title}: {before} → {after}"),
        (Some(only), None) | (None, Some(only)) => format!("{title}: {only}"),
        (None, None) => title.to_owned(),
    }
}

/// A change of types as a sentence.
fn type_sentence(title: &str, before: Option<&str>, after: Option<&str>) -> String {
    match (before, after) {
        (Some(before), Some("any type")) => format!("any type is allowed now, was {before}"),
        (Some("any type"), Some(after)) => format!("only {after} is allowed now, was any type"),
        (Some(before), Some(after)) => format!("{title} from {before} to {after}"),
        _ => title.to_owned(),
    }
}
