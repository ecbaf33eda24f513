//! Collects the definitions of the lowered document and assigns their numbers.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use portcullis_json::JsonNode;
use portcullis_vocabulary::ContractReading;

use super::required_exemptions::{ExemptNames, RequiredExemptions};
use super::schema_target::other_object;
use crate::openapi::broken_part::BrokenSchemas;
use crate::openapi::contract_problem::{ContractProblem, ContractProblemKind, Severity};
use crate::openapi::contract_repair::ContractRepair;
use crate::openapi::dialect::{Dialect, MessageDirection};
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::identifier::SchemaResourceId;
use crate::openapi::reference::{follow, resolve};

/// Lowers schemas and everything that they refer to.
#[derive(Debug)]
pub(crate) struct SchemaLowering<'d> {
    pub(super) documents: &'d DocumentSet,
    pub(super) dialect: Dialect,
    /// Whether to keep `example`, `examples` and `default`, for generating examples.
    pub(super) with_examples: bool,
    /// Whether to keep `readOnly` and `writeOnly`, for comparing contracts.
    pub(super) with_access: bool,
    pub(super) composition: RequiredExemptions<'d>,
    /// The schemas and keywords to lower as unknown; `None` refuses what is broken.
    pub(super) broken: Option<&'d BrokenSchemas>,
    numbers: HashMap<(NodeRef, ExemptNames), u32>,
    origins: Vec<NodeRef>,
    /// By number: the names that the `required` of the definition omits.
    exempt: Vec<ExemptNames>,
    /// By number: the resource with dynamic anchors that the definition belongs to.
    pub(super) dynamic_resources: Vec<Option<SchemaResourceId>>,
    lowered: Vec<Value>,
    targets: HashMap<(NodeRef, &'d str), NodeRef>,
    /// Whether a pattern for names of properties needs a backtracking regex engine.
    pub(super) backtracks_names: bool,
    warnings: Vec<ContractProblem>,
    faults: Vec<SchemaFault>,
}

/// An error in a schema.
#[derive(Clone, Debug)]
pub(crate) struct SchemaFault {
    /// The node whose value is unusable: a keyword, or a whole schema.
    pub(crate) node_ref: NodeRef,
    /// The schema that it belongs to.
    pub(crate) schema: NodeRef,
    pub(crate) problem: ContractProblem,
}

/// The result of lowering.
#[derive(Debug)]
pub(crate) struct LoweringOutput {
    /// `{"$defs": {"0": …}, "properties": {"0": {"$ref": "#/$defs/0"}}}`.
    pub(crate) schema: Value,
    /// By number: the node that the definition was lowered from.
    pub(crate) origins: Vec<NodeRef>,
    /// The numbers of the definitions that the wrapper schema refers to.
    pub(crate) roots: Vec<u32>,
    /// Whether a pattern for names of properties has look-around or backreferences, which need a
    /// backtracking regex engine.
    pub(crate) backtracks_names: bool,
    /// Whether validators must find out which verdicts depend on unknown parts.
    pub(crate) has_unknown: bool,
    /// Warnings of lowering.
    pub(crate) warnings: Vec<ContractProblem>,
    /// Errors of lowering.
    pub(crate) faults: Vec<SchemaFault>,
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
            broken: None,
            numbers: HashMap::new(),
            origins: Vec::new(),
            exempt: Vec::new(),
            dynamic_resources: Vec::new(),
            lowered: Vec::new(),
            targets: HashMap::new(),
            backtracks_names: false,
            warnings: Vec::new(),
            faults: Vec::new(),
        };
        lowering.check_default_dialect();
        lowering
    }

    /// Keeps `example`, `examples` and `default`, for generating examples.
    pub(crate) fn with_examples(mut self) -> Self {
        self.with_examples = true;
        self
    }

    /// Keeps `readOnly` and `writeOnly`, for comparing contracts.
    pub(crate) fn with_access(mut self) -> Self {
        self.with_access = true;
        self
    }

    /// Lowers these schemas and keywords as unknown.
    pub(crate) fn with_broken(mut self, broken: Option<&'d BrokenSchemas>) -> Self {
        self.broken = broken;
        self
    }

    /// The nodes of the definitions so far, by number.
    pub(crate) fn origins(&self) -> &[NodeRef] {
        &self.origins
    }

    /// The number of the definition for the schema at `node_ref`. Each schema has one definition.
    pub(crate) fn define(&mut self, node_ref: NodeRef) -> u32 {
        self.define_with_exemptions(node_ref, ExemptNames::NONE)
    }

    /// The number of the definition whose `required` omits the exempt names.
    pub(super) fn define_with_exemptions(&mut self, node_ref: NodeRef, exempt: ExemptNames) -> u32 {
        let node_ref = self.final_target(node_ref);
        self.define_exactly(node_ref, exempt)
    }

    pub(super) fn define_exactly(&mut self, node_ref: NodeRef, exempt: ExemptNames) -> u32 {
        if let Some(number) = self.numbers.get(&(node_ref, exempt)) {
            return *number;
        }
        let number = u32::try_from(self.origins.len()).expect("tape indices are u32");
        self.numbers.insert((node_ref, exempt), number);
        self.origins.push(node_ref);
        self.exempt.push(exempt);
        let home = self.dynamic_resource(node_ref);
        self.dynamic_resources.push(home);
        self.define_anchors(home);
        number
    }

    /// The target of a schema that is only a reference, through the whole chain.
    fn final_target(&mut self, node_ref: NodeRef) -> NodeRef {
        let mut here = node_ref;
        for _ in 0..self.documents.list().len() + 64 {
            let node = self.documents.node(here);
            let alone = self.dialect == Dialect::V30 || node.len() == 1;
            let text = node.get("$ref").and_then(JsonNode::as_str);
            // A resource with dynamic anchors on the way joins the dynamic scope, so stop there.
            let Some(text) = text.filter(|_| alone && self.dynamic_resource(here).is_none()) else {
                return here;
            };
            match resolve(self.documents, here, text) {
                Ok(target) if other_object(self.documents, target, text).is_none() => here = target,
                // Lowering the reference reports the error.
                Ok(_) | Err(_) => return here,
            }
        }
        node_ref
    }

    /// Lowers all definitions and everything that they refer to. The wrapper schema refers to
    /// `roots`.
    pub(crate) fn finish(mut self, roots: &[u32]) -> LoweringOutput {
        while let Some(node_ref) = self.origins.get(self.lowered.len()).copied() {
            let exempt = self.exempt[self.lowered.len()];
            let schema = self.definition(node_ref, exempt);
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
            backtracks_names: self.backtracks_names,
            has_unknown: self
                .broken
                .is_some_and(|broken| broken.is_enforced && !broken.reasons.is_empty()),
            warnings: self.warnings,
            faults: self.faults,
        }
    }

    /// The number of the definition that a reference names. Reports a reference that does not
    /// resolve.
    pub(super) fn reference(
        &mut self,
        node_ref: NodeRef,
        reference: JsonNode<'d>,
        exempt: ExemptNames,
    ) -> Option<u32> {
        let at = DocumentSet::node_ref(node_ref, reference);
        let Some(text) = reference.as_str() else {
            let message = "`$ref` must be a string such as `#/components/schemas/Name`";
            self.unresolved(at, at, node_ref, message);
            return None;
        };
        match self.target(node_ref, at, text) {
            Ok(target) => {
                let exempt = self.composition.restricted_to(exempt, target);
                Some(self.define_with_exemptions(target, exempt))
            }
            Err((shown, message)) => {
                self.unresolved(shown, at, node_ref, &message);
                None
            }
        }
    }

    fn target(
        &mut self,
        node_ref: NodeRef,
        at: NodeRef,
        text: &'d str,
    ) -> Result<NodeRef, (NodeRef, String)> {
        let identifiers = self.documents.identifiers();
        let base = identifiers
            .resource(node_ref, |node_ref| self.documents.node(node_ref))
            .map_or(self.documents.root_ref(node_ref.document), |resource| {
                identifiers.root(resource)
            });
        if let Some(target) = self.targets.get(&(base, text)) {
            return Ok(*target);
        }
        let target = follow(self.documents, node_ref)
            .and_then(|_| resolve(self.documents, node_ref, text).map_err(|error| (at, error)))
            .map_err(|(at, error)| (at, error.to_string()))?;
        if let Some(title) = other_object(self.documents, target, text) {
            let message = format!(
                "`{text}` is {title}, not a schema: refer to a schema, such as `#/components/schemas/Name`"
            );
            return Err((at, message));
        }
        self.targets.insert((base, text), target);
        Ok(target)
    }

    /// Reports a reference that does not resolve. `shown` is the node to name, `at` the reference.
    fn unresolved(&mut self, shown: NodeRef, at: NodeRef, schema: NodeRef, message: &str) {
        let kind = ContractProblemKind::UnresolvedReference;
        let problem = self.located(Severity::Error, kind, shown, message.to_owned());
        self.faults.push(SchemaFault {
            node_ref: at,
            schema,
            // The tolerant reading lowers the schema again.
            problem: problem
                .repaired_by(ContractRepair::DanglingReference, ContractReading::Strict),
        });
    }

    /// Reports an error at a node of the schema `schema`.
    pub(super) fn problem(
        &mut self,
        kind: ContractProblemKind,
        at: NodeRef,
        schema: NodeRef,
        message: String,
    ) {
        self.problem_at(kind, (at, at, schema), message);
    }

    /// Reports an error: the node to name, the node whose value is unusable, and its schema.
    pub(super) fn problem_at(
        &mut self,
        kind: ContractProblemKind,
        (shown, node_ref, schema): (NodeRef, NodeRef, NodeRef),
        message: String,
    ) {
        let problem = self.located(Severity::Error, kind, shown, message);
        self.faults.push(SchemaFault {
            node_ref,
            schema,
            problem,
        });
    }

    /// Reports a keyword with a flaw that the tolerant reading repairs. Returns whether it is
    /// repaired; otherwise it is an error.
    pub(super) fn flaw(
        &mut self,
        repair: ContractRepair,
        kind: ContractProblemKind,
        places: (NodeRef, NodeRef, NodeRef),
        message: String,
    ) -> bool {
        let (shown, node_ref, schema) = places;
        let reading = self.documents.reading();
        let problem = self.located(Severity::Error, kind, shown, message);
        let problem = problem.repaired_by(repair, reading);
        if reading.is_tolerant() {
            self.warnings.push(problem);
        } else {
            self.faults.push(SchemaFault {
                node_ref,
                schema,
                problem,
            });
        }
        reading.is_tolerant()
    }

    pub(super) fn warn(&mut self, kind: ContractProblemKind, at: NodeRef, message: String) {
        let problem = self.located(Severity::Warning, kind, at, message);
        self.warnings.push(problem);
    }

    fn located(
        &self,
        severity: Severity,
        kind: ContractProblemKind,
        at: NodeRef,
        message: String,
    ) -> ContractProblem {
        ContractProblem {
            severity,
            kind,
            at: self.documents.location(at),
            message,
            repair: None,
        }
    }
}
