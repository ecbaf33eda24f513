//! What a comparison carries with it: both contracts, the changes so far, and the places whose
//! schemas are to be compared.

use portcullis_contract::{
    CompiledContract, DocumentSet, MessageDirection, NodeRef, Operation, SchemaKey,
};
use portcullis_json::JsonNode;

use super::super::change_level::ChangeCertainty;
use super::super::compare_options::CompareOptions;
use super::super::compat_finding::{ChangeLocation, ChangeSubject, CompatFinding, ExchangePart};
use super::super::diff_rule::DiffRule;
use super::super::schema_diff::{EditGraph, SchemaPairId};
use super::super::witness::ValueCarrier;

/// A comparison of two contracts, while it runs.
pub(crate) struct ContractComparison<'c> {
    pub(crate) old: &'c CompiledContract,
    pub(crate) new: &'c CompiledContract,
    pub(crate) options: CompareOptions,
    pub(crate) findings: Vec<CompatFinding>,
    pub(crate) schema_sites: Vec<SchemaSite<'c>>,
    pub(crate) graph: EditGraph<'c>,
}

/// An operation of both contracts.
#[derive(Clone, Copy)]
pub(crate) struct OperationPair<'c> {
    pub(crate) old: &'c Operation,
    pub(crate) new: &'c Operation,
    /// Whether it is the service that calls.
    pub(crate) is_outbound: bool,
}

/// A place of an exchange that has a schema in both contracts.
pub(crate) struct SchemaSite<'c> {
    pub(crate) subject: ChangeSubject,
    pub(crate) part: ExchangePart,
    /// Which message it is a part of.
    pub(crate) direction: MessageDirection,
    pub(crate) operations: OperationPair<'c>,
    /// The compiled schemas; `None` where the validator of a contract does not judge the value.
    pub(crate) keys: Option<(SchemaKey, SchemaKey)>,
    /// Whether the value is written as text.
    pub(crate) is_text: bool,
    pub(crate) pair: SchemaPairId,
    /// What carries it, in both contracts.
    pub(crate) carried: (ValueCarrier<'c>, ValueCarrier<'c>),
}

/// A member of an object, where it is there.
pub(super) type LocatedProperty<'c> = Option<(NodeRef, JsonNode<'c>)>;

/// A change, without what its rule knows.
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

    #[expect(
        clippy::needless_pass_by_value,
        reason = "texts are handed in as they are"
    )]
    pub(super) fn from(self, before: impl ToString) -> Self {
        Self {
            before: Some(before.to_string()),
            ..self
        }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "texts are handed in as they are"
    )]
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

/// What a change is said of.
#[derive(Clone)]
pub(crate) struct ChangeScope {
    pub(crate) subject: ChangeSubject,
    pub(crate) is_outbound: bool,
}

impl<'c> ContractComparison<'c> {
    pub(crate) fn new(
        old: &'c CompiledContract,
        new: &'c CompiledContract,
        options: CompareOptions,
    ) -> Self {
        Self {
            old,
            new,
            options,
            findings: Vec::new(),
            schema_sites: Vec::new(),
            graph: EditGraph::new(old, new, options),
        }
    }

    /// Adds a change of a request, a response, or of neither.
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
            level: match scope.is_outbound {
                true => rule.outbound_level(direction),
                false => rule.level(direction),
            },
            certainty: ChangeCertainty::Rule,
            subject: scope.subject.clone(),
            location: site,
            before,
            after,
            message,
            old: old.map(|place| self.old.location(place)),
            new: new.map(|place| self.new.location(place)),
            witness: None,
            approval: None,
        });
    }

    /// Adds a place whose schemas are to be compared.
    pub(super) fn add_schema_site(&mut self, position: SchemaSite<'c>) {
        self.schema_sites.push(position);
    }

    /// The value of a member in both contracts' objects, with their places.
    pub(super) fn members(
        &self,
        old: NodeRef,
        new: NodeRef,
        name: &str,
    ) -> (LocatedProperty<'c>, LocatedProperty<'c>) {
        (member(self.old, old, name), member(self.new, new, name))
    }
}

/// A member of the object at a place.
pub(crate) fn member<'c>(
    contract: &'c CompiledContract,
    place: NodeRef,
    name: &str,
) -> Option<(NodeRef, JsonNode<'c>)> {
    let value = contract.documents().node(place).get(name)?;
    Some((DocumentSet::node_ref(place, value), value))
}

/// What happened, in words.
pub(crate) fn sentence(rule: &DiffRule, before: Option<&str>, after: Option<&str>) -> String {
    match (before, after) {
        (Some(before), Some(after)) => format!("{}: {before} → {after}", rule.title),
        (Some(only), None) | (None, Some(only)) => format!("{}: {only}", rule.title),
        (None, None) => rule.title.to_owned(),
    }
}
