//! Collecting definitions: which schemas there are, their numbers, and what they are called in
//! the lowered document.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use portcullis_json::JsonNode;

use super::required_exemptions::{ExemptNames, RequiredExemptions};
use crate::openapi::contract_problem::{ContractProblem, ContractProblemKind, Severity};
use crate::openapi::dialect::{Dialect, MessageDirection};
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::identifier::SchemaResourceId;
use crate::openapi::reference::{follow, resolve};

/// Collects schemas and lowers everything they reach.
#[derive(Debug)]
pub(crate) struct SchemaLowering<'d> {
    pub(super) documents: &'d DocumentSet,
    pub(super) dialect: Dialect,
    /// Whether `example`, `examples` and `default` are kept, for making sample values.
    pub(super) with_examples: bool,
    /// Whether `readOnly` and `writeOnly` are kept, for telling what a message carries.
    pub(super) with_access: bool,
    pub(super) composition: RequiredExemptions<'d>,
    numbers: HashMap<(NodeRef, ExemptNames), u32>,
    origins: Vec<NodeRef>,
    /// By number: the names that a definition's `required` leaves out.
    exempt: Vec<ExemptNames>,
    /// By number: the resource with dynamic anchors that a definition belongs to.
    pub(super) dynamic_resources: Vec<Option<SchemaResourceId>>,
    lowered: Vec<Value>,
    targets: HashMap<(NodeRef, &'d str), NodeRef>,
    /// Whether a pattern needs an engine that backtracks.
    pub(super) backtracks: bool,
    problems: Vec<ContractProblem>,
}

/// The result of lowering.
#[derive(Debug)]
pub(crate) struct LoweringOutput {
    /// `{"$defs": {"0": …}, "properties": {"0": {"$ref": "#/$defs/0"}}}`.
    pub(crate) schema: Value,
    /// Where the definition of each number stands in the contract.
    pub(crate) origins: Vec<NodeRef>,
    /// The numbers of those that are judged on their own.
    pub(crate) roots: Vec<u32>,
    /// Whether a pattern looks around or refers back, which takes an engine that backtracks.
    pub(crate) backtracks: bool,
    /// What could not be lowered, and what is odd and does no harm.
    pub(crate) problems: Vec<ContractProblem>,
}

impl<'d> SchemaLowering<'d> {
    pub(crate) fn new(
        documents: &'d DocumentSet,
        dialect: Dialect,
        direction: MessageDirection,
    ) -> Self {
        let mut lowering = Self {
            documents,
            dialect,
            with_examples: false,
            with_access: false,
            composition: RequiredExemptions::new(documents, direction),
            numbers: HashMap::new(),
            origins: Vec::new(),
            exempt: Vec::new(),
            dynamic_resources: Vec::new(),
            lowered: Vec::new(),
            targets: HashMap::new(),
            backtracks: false,
            problems: Vec::new(),
        };
        lowering.default_dialect();
        lowering
    }

    /// Keeps what annotates with values, for making samples.
    pub(crate) fn with_examples(mut self) -> Self {
        self.with_examples = true;
        self
    }

    /// Keeps what says in which direction a member is sent.
    pub(crate) fn with_access(mut self) -> Self {
        self.with_access = true;
        self
    }

    /// The number of the definition of the schema at `node_ref`; the same place gives the same
    /// number.
    pub(crate) fn define(&mut self, place: NodeRef) -> u32 {
        self.define_with_exemptions(place, ExemptNames::NONE)
    }

    /// The number of a definition that does not demand some names.
    pub(super) fn define_with_exemptions(&mut self, place: NodeRef, exempt: ExemptNames) -> u32 {
        let place = self.final_target(place);
        self.define_exactly(place, exempt)
    }

    pub(super) fn define_exactly(&mut self, place: NodeRef, exempt: ExemptNames) -> u32 {
        if let Some(number) = self.numbers.get(&(place, exempt)) {
            return *number;
        }
        let number = u32::try_from(self.origins.len()).expect("places are numbered with u32");
        self.numbers.insert((place, exempt), number);
        self.origins.push(place);
        self.exempt.push(exempt);
        let home = self.dynamic_resource(place);
        self.dynamic_resources.push(home);
        self.define_anchors(home);
        number
    }

    /// Where a schema that is nothing but a reference really stands.
    fn final_target(&mut self, place: NodeRef) -> NodeRef {
        let mut here = place;
        for _ in 0..self.documents.list().len() + 64 {
            let node = self.documents.node(here);
            let alone = self.dialect == Dialect::V30 || node.len() == 1;
            let text = node.get("$ref").and_then(JsonNode::as_str);
            // A resource with dynamic anchors that is only passed through is in scope, too.
            let Some(text) = text.filter(|_| alone && self.dynamic_resource(here).is_none()) else {
                return here;
            };
            match resolve(self.documents, here, text) {
                Ok(target) => here = target,
                // Said where the reference is lowered.
                Err(_) => return here,
            }
        }
        place
    }

    /// Lowers all that is defined and all that it reaches, judged under `roots`.
    pub(crate) fn finish(mut self, roots: &[u32]) -> LoweringOutput {
        while let Some(place) = self.origins.get(self.lowered.len()).copied() {
            let exempt = self.exempt[self.lowered.len()];
            let schema = self.definition(place, exempt);
            self.lowered.push(schema);
        }
        let properties: Map<String, Value> = roots
            .iter()
            .map(|number| (number.to_string(), json!({ "$ref": self.name(*number) })))
            .collect();
        let mut schema = Map::new();
        if let Some(id) = self.document_id() {
            schema.insert("$id".to_owned(), json!(id));
        }
        let lowered = std::mem::take(&mut self.lowered);
        schema.insert(
            "$defs".to_owned(),
            Value::Object(self.group_by_resource(lowered)),
        );
        schema.insert("properties".to_owned(), Value::Object(properties));
        LoweringOutput {
            schema: Value::Object(schema),
            origins: self.origins,
            roots: roots.to_vec(),
            backtracks: self.backtracks,
            problems: self.problems,
        }
    }

    /// The definition that a reference leads to; a problem where it leads nowhere.
    pub(super) fn reference(
        &mut self,
        place: NodeRef,
        reference: JsonNode<'d>,
        exempt: ExemptNames,
    ) -> Option<u32> {
        let at = DocumentSet::node_ref(place, reference);
        let Some(text) = reference.as_str() else {
            self.unresolved(
                at,
                "`$ref` must be a string such as `#/components/schemas/Name`",
            );
            return None;
        };
        match self.target(place, at, text) {
            Ok(target) => {
                let exempt = self.composition.restricted_to(exempt, target);
                Some(self.define_with_exemptions(target, exempt))
            }
            Err((at, message)) => {
                self.unresolved(at, &message);
                None
            }
        }
    }

    fn target(
        &mut self,
        place: NodeRef,
        at: NodeRef,
        text: &'d str,
    ) -> Result<NodeRef, (NodeRef, String)> {
        let identifiers = self.documents.identifiers();
        let base = identifiers
            .resource(place, |place| self.documents.node(place))
            .map_or(self.documents.root_ref(place.document), |resource| {
                identifiers.root(resource)
            });
        if let Some(target) = self.targets.get(&(base, text)) {
            return Ok(*target);
        }
        let target = follow(self.documents, place)
            .and_then(|_| resolve(self.documents, place, text).map_err(|error| (at, error)))
            .map_err(|(at, error)| (at, error.to_string()))?;
        self.targets.insert((base, text), target);
        Ok(target)
    }

    pub(super) fn unresolved(&mut self, at: NodeRef, message: &str) {
        self.problem(
            ContractProblemKind::UnresolvedReference,
            at,
            message.to_owned(),
        );
    }

    pub(super) fn problem(&mut self, kind: ContractProblemKind, at: NodeRef, message: String) {
        self.add_problem(Severity::Error, kind, at, message);
    }

    pub(super) fn warn(&mut self, kind: ContractProblemKind, at: NodeRef, message: String) {
        self.add_problem(Severity::Warning, kind, at, message);
    }

    fn add_problem(
        &mut self,
        severity: Severity,
        kind: ContractProblemKind,
        at: NodeRef,
        message: String,
    ) {
        let at = self.documents.location(at);
        self.problems.push(ContractProblem {
            severity,
            kind,
            at,
            message,
        });
    }
}
