//! What the walk over a contract carries with it, and how it ends.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_json::{JsonKind, JsonNode};

use super::compile_options::CompileOptions;
use super::schema_collector::SchemaCollector;
use crate::message::operation::{DeclaredBody, DeclaredResponse, Operation, StatusPattern};
use crate::message::parameter::Parameter;
use crate::message::route::{RouteTable, RouteTableBuilder};
use crate::message::security_requirements::SecuritySchemes;
use crate::openapi::contract_problem::{ContractProblem, ContractProblemKind, Severity};
use crate::openapi::dialect::{Dialect, MessageDirection};
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::follow;
use crate::schema::schema_set::SchemaSet;
use crate::schema::schema_surface::SchemaSurface;

/// The walk over one contract.
pub(super) struct ContractCompiler<'d> {
    pub(super) documents: &'d DocumentSet,
    pub(super) surface: SchemaSurface<'d>,
    pub(super) options: &'d CompileOptions,
    pub(super) requests: SchemaCollector<'d>,
    pub(super) responses: SchemaCollector<'d>,
    pub(super) operations: Vec<Operation>,
    pub(super) routes: RouteTableBuilder,
    problems: Vec<ContractProblem>,
    pub(super) schemes: SecuritySchemes,
    pub(super) names: HashMap<Arc<str>, NodeRef>,
    pub(super) parameters: HashMap<NodeRef, Option<Parameter>>,
    pub(super) bodies: HashMap<NodeRef, Arc<DeclaredBody>>,
    pub(super) compiled_responses: HashMap<(NodeRef, StatusPattern), Arc<DeclaredResponse>>,
}

/// What it gives.
pub(super) struct CompiledParts {
    pub(super) operations: Vec<Operation>,
    pub(super) warnings: Vec<ContractProblem>,
    pub(super) routes: RouteTable,
    pub(super) requests: SchemaSet,
    pub(super) responses: SchemaSet,
}

impl<'d> ContractCompiler<'d> {
    pub(super) fn new(
        documents: &'d DocumentSet,
        dialect: Dialect,
        options: &'d CompileOptions,
    ) -> Self {
        Self {
            documents,
            surface: SchemaSurface { documents, dialect },
            options,
            requests: SchemaCollector::new(documents, dialect, MessageDirection::Request),
            responses: SchemaCollector::new(documents, dialect, MessageDirection::Response),
            operations: Vec::new(),
            routes: RouteTable::builder(),
            problems: Vec::new(),
            schemes: SecuritySchemes::of(documents),
            names: HashMap::new(),
            parameters: HashMap::new(),
            bodies: HashMap::new(),
            compiled_responses: HashMap::new(),
        }
    }

    pub(super) fn finish(mut self) -> Result<CompiledParts, Vec<ContractProblem>> {
        let routes = std::mem::replace(&mut self.routes, RouteTable::builder()).build();
        self.overlaps(&routes);
        let mut problems = self.problems;
        // One after the other: the second reuses what the first gave back, which on large contracts
        // is worth more than the milliseconds that a second thread would save.
        let requests = self
            .requests
            .build(self.documents, self.options.detect_undeclared);
        let responses = self.responses.build(self.documents, false);
        match (requests, responses) {
            (Ok(requests), Ok(responses))
                if problems
                    .iter()
                    .all(|problem| problem.severity < Severity::Error) =>
            {
                for found in requests.warnings().iter().chain(responses.warnings()) {
                    if !problems.contains(found) {
                        problems.push(found.clone());
                    }
                }
                Ok(CompiledParts {
                    operations: self.operations,
                    warnings: problems,
                    routes,
                    requests,
                    responses,
                })
            }
            (requests, responses) => {
                for found in [requests.err(), responses.err()]
                    .into_iter()
                    .flatten()
                    .flatten()
                {
                    if !problems.contains(&found) {
                        problems.push(found);
                    }
                }
                problems.sort_by(|left, right| {
                    (&left.at.file, left.at.line).cmp(&(&right.at.file, right.at.line))
                });
                Err(problems)
            }
        }
    }

    /// Follows a reference of the structure; a problem where it leads nowhere.
    pub(super) fn target(&mut self, place: NodeRef) -> Option<NodeRef> {
        match follow(self.documents, place) {
            Ok(target) => Some(target),
            Err((at, error)) => {
                self.error(
                    ContractProblemKind::UnresolvedReference,
                    at,
                    &error.to_string(),
                );
                None
            }
        }
    }

    /// Follows a reference to an object; a problem where there is none. `what` names it, with
    /// its article.
    pub(super) fn object(&mut self, place: NodeRef, what: &str) -> Option<NodeRef> {
        let place = self.target(place)?;
        self.is_a(JsonKind::Object, place, what).then_some(place)
    }

    /// The members of `owner`'s member `name`; none where it is absent, and a problem where it
    /// is no object.
    pub(super) fn members(
        &mut self,
        near: NodeRef,
        owner: JsonNode<'d>,
        name: &str,
    ) -> impl Iterator<Item = (&'d str, JsonNode<'d>)> + use<'d> {
        let found = self.member(JsonKind::Object, near, owner, name);
        found.into_iter().flat_map(JsonNode::members)
    }

    /// The elements of `owner`'s member `name`; none where it is absent, and a problem where it
    /// is no array.
    pub(super) fn elements(
        &mut self,
        near: NodeRef,
        owner: JsonNode<'d>,
        name: &str,
    ) -> impl Iterator<Item = JsonNode<'d>> + use<'d> {
        let found = self.member(JsonKind::Array, near, owner, name);
        found.into_iter().flat_map(JsonNode::elements)
    }

    fn member(
        &mut self,
        kind: JsonKind,
        near: NodeRef,
        owner: JsonNode<'d>,
        name: &str,
    ) -> Option<JsonNode<'d>> {
        let node = owner.get(name)?;
        let is_right = self.is_a(
            kind,
            DocumentSet::node_ref(near, node),
            &format!("`{name}`"),
        );
        is_right.then_some(node)
    }

    /// Whether the value at `node_ref` is of a kind; a problem where it is not. `what` names it.
    pub(super) fn is_a(&mut self, kind: JsonKind, place: NodeRef, what: &str) -> bool {
        let found = self.documents.node(place).kind();
        if found != kind {
            let message = format!(
                "{what} must be {}, not {}",
                described(kind),
                described(found)
            );
            self.error(ContractProblemKind::MalformedDocument, place, &message);
        }
        found == kind
    }

    pub(super) fn error(&mut self, kind: ContractProblemKind, place: NodeRef, message: &str) {
        self.problem(Severity::Error, kind, place, message);
    }

    pub(super) fn warn(&mut self, kind: ContractProblemKind, place: NodeRef, message: &str) {
        self.problem(Severity::Warning, kind, place, message);
    }

    fn problem(
        &mut self,
        severity: Severity,
        kind: ContractProblemKind,
        place: NodeRef,
        message: &str,
    ) {
        let at = self.documents.location(place);
        let problem = ContractProblem {
            severity,
            kind,
            at,
            message: message.to_owned(),
        };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

fn described(kind: JsonKind) -> &'static str {
    match kind {
        JsonKind::Null => "null",
        JsonKind::Boolean => "a boolean",
        JsonKind::Number => "a number",
        JsonKind::String => "a string",
        JsonKind::Array => "an array",
        JsonKind::Object => "an object",
    }
}
