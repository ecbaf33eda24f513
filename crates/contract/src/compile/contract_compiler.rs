//! The state of compiling one contract, and the helpers that every part of the walk uses.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_vocabulary::StatedObjectives;

use super::broken_parts::BrokenParts;
use super::compile_options::CompileOptions;
use super::document_objectives::DocumentObjectives;
use super::schema_collector::SchemaCollector;
use super::server_hosts::ServerHosts;
use crate::message::operation::{
    DeclaredBody, DeclaredResponse, MediaType, Operation, StatusPattern,
};
use crate::message::parameter::Parameter;
use crate::message::route::{RouteTable, RouteTableBuilder};
use crate::message::security_schemes::SecuritySchemes;
use crate::message::unread_path::UnreadPath;
use crate::openapi::contract_problem::{ContractProblem, ContractProblemKind, Severity};
use crate::openapi::contract_repair::ContractRepair;
use crate::openapi::dialect::{Dialect, MessageDirection};
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::follow;
use crate::schema::schema_set::SchemaSet;
use crate::schema::schema_surface::SchemaSurface;

/// Compiles one contract.
pub(super) struct ContractCompiler<'d> {
    pub(super) documents: &'d DocumentSet,
    pub(super) surface: SchemaSurface<'d>,
    pub(super) options: &'d CompileOptions,
    pub(super) requests: SchemaCollector<'d>,
    pub(super) responses: SchemaCollector<'d>,
    pub(super) operations: Vec<Operation>,
    pub(super) objectives: DocumentObjectives,
    pub(super) routes: RouteTableBuilder,
    pub(super) unread_paths: Vec<UnreadPath>,
    pub(super) hosts: ServerHosts,
    problems: Vec<ContractProblem>,
    /// The warnings about parts without effect.
    ineffective: Vec<ContractProblem>,
    pub(super) broken: BrokenParts,
    pub(super) schemes: SecuritySchemes,
    pub(super) names: HashMap<Arc<str>, NodeRef>,
    pub(super) parameters: HashMap<NodeRef, Option<Parameter>>,
    /// The media types of parameters that are the whole query.
    pub(super) query_contents: HashMap<NodeRef, Arc<MediaType>>,
    pub(super) bodies: HashMap<NodeRef, Arc<DeclaredBody>>,
    pub(super) compiled_responses: HashMap<(NodeRef, StatusPattern), Arc<DeclaredResponse>>,
}

/// The result of the walk.
pub(super) struct CompiledParts {
    pub(super) operations: Vec<Operation>,
    pub(super) objectives: StatedObjectives,
    pub(super) warnings: Vec<ContractProblem>,
    pub(super) ineffective: Vec<ContractProblem>,
    pub(super) routes: RouteTable,
    pub(super) unread_paths: Vec<UnreadPath>,
    pub(super) server_hosts: Option<Vec<Box<str>>>,
    pub(super) requests: SchemaSet,
    pub(super) responses: SchemaSet,
    pub(super) broken: BrokenParts,
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
            objectives: DocumentObjectives::default(),
            routes: RouteTable::builder(),
            unread_paths: Vec::new(),
            hosts: ServerHosts::default(),
            problems: Vec::new(),
            ineffective: Vec::new(),
            broken: BrokenParts::of_opaque(documents),
            schemes: SecuritySchemes::of(documents),
            names: HashMap::new(),
            parameters: HashMap::new(),
            query_contents: HashMap::new(),
            bodies: HashMap::new(),
            compiled_responses: HashMap::new(),
        }
    }

    pub(super) fn finish(mut self) -> Result<CompiledParts, Vec<ContractProblem>> {
        let mut routes = std::mem::replace(&mut self.routes, RouteTable::builder()).build();
        if self.tolerates() || self.documents.reading().is_tolerant() {
            routes = self.leave_out_duplicates(&routes);
        }
        self.report_overlaps(&routes);
        let mut problems = self.problems;
        let mut broken = self.broken;
        let mut build = |schemas: SchemaCollector<'d>, is_closed| {
            let policy = self.options.broken_parts;
            if policy.tolerates() {
                schemas.build_tolerant(self.documents, policy, &mut broken)
            } else {
                schemas.build(self.documents, is_closed, &mut broken)
            }
        };
        // Built one after the other: the second build reuses the memory of the first. On large
        // contracts that matters more than the milliseconds that a second thread would save.
        let requests = build(self.requests, self.options.detect_undeclared);
        let responses = build(self.responses, false);
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
                    objectives: self.objectives.with_operations(&self.operations),
                    operations: self.operations,
                    warnings: problems,
                    ineffective: self.ineffective,
                    routes,
                    unread_paths: self.unread_paths,
                    server_hosts: self.hosts.names(),
                    requests,
                    responses,
                    broken,
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

    /// Follows the `$ref` of an object, if it has one. Reports a reference that does not resolve.
    pub(super) fn target(&mut self, node_ref: NodeRef) -> Option<NodeRef> {
        match follow(self.documents, node_ref) {
            Ok(target) => Some(target),
            Err((at, error)) => {
                let kind = ContractProblemKind::UnresolvedReference;
                let repair = ContractRepair::DanglingReference;
                self.unreadable(repair, kind, at, &error.to_string());
                None
            }
        }
    }

    /// Follows the `$ref` like [`Self::object`]. The error is the object whose reference leads
    /// nowhere, if messages are to be judged nevertheless.
    pub(super) fn object_or_unread(
        &mut self,
        node_ref: NodeRef,
        what: &str,
    ) -> Result<NodeRef, Option<NodeRef>> {
        let unread = follow(self.documents, node_ref).err().map(|(at, _)| at);
        let found = self.object(node_ref, what);
        found.ok_or(unread.filter(|_| !self.tolerates()))
    }

    /// Reports a part that cannot be compiled. It makes the contract invalid, or is left out.
    pub(super) fn error(&mut self, kind: ContractProblemKind, node_ref: NodeRef, message: &str) {
        if self.tolerates() {
            let policy = self.options.broken_parts;
            let problem = self.located(Severity::Error, kind, node_ref, message);
            self.broken.add(policy.part(problem, node_ref));
        } else {
            self.problem(Severity::Error, kind, node_ref, message);
        }
    }

    /// Reports a flaw that the tolerant reading repairs. Returns whether it is repaired; otherwise it
    /// is an error.
    pub(super) fn flaw(
        &mut self,
        repair: ContractRepair,
        kind: ContractProblemKind,
        node_ref: NodeRef,
        message: &str,
    ) -> bool {
        let is_repaired = self.documents.reading().is_tolerant();
        if !is_repaired && self.tolerates() {
            self.error(kind, node_ref, message);
            return false;
        }
        let problem = self.located(Severity::Error, kind, node_ref, message);
        self.push(problem.repaired_by(repair, self.documents.reading()));
        is_repaired
    }

    /// Reports a part that cannot be read. The tolerant reading leaves its meaning unknown.
    pub(super) fn unreadable(
        &mut self,
        repair: ContractRepair,
        kind: ContractProblemKind,
        node_ref: NodeRef,
        message: &str,
    ) {
        if self.tolerates() {
            self.error(kind, node_ref, message);
        } else if self.flaw(repair, kind, node_ref, message) {
            let problem = self.located(Severity::Error, kind, node_ref, message);
            let part = self.options.broken_parts.part(problem, node_ref);
            self.broken.add(part);
        }
    }

    /// Reports an error that concerns the whole contract.
    pub(super) fn refuse(&mut self, node_ref: NodeRef, message: &str) {
        self.refuse_as(ContractProblemKind::MalformedDocument, node_ref, message);
    }

    /// Reports an error of a kind that concerns the whole contract.
    pub(super) fn refuse_as(
        &mut self,
        kind: ContractProblemKind,
        node_ref: NodeRef,
        message: &str,
    ) {
        self.problem(Severity::Error, kind, node_ref, message);
    }

    /// Reports a part that is left out, which makes no contract invalid.
    pub(super) fn skip(&mut self, kind: ContractProblemKind, node_ref: NodeRef, message: &str) {
        if self.tolerates() {
            self.error(kind, node_ref, message);
        } else {
            self.warn_ineffective(kind, node_ref, message);
        }
    }

    /// Warns about a part that has no effect, so that changes of it are not visible.
    pub(super) fn warn_ineffective(
        &mut self,
        kind: ContractProblemKind,
        node_ref: NodeRef,
        message: &str,
    ) {
        let problem = self.located(Severity::Warning, kind, node_ref, message);
        self.ineffective.push(problem);
        self.warn(kind, node_ref, message);
    }

    /// Whether broken parts are left out instead of making the contract invalid.
    pub(super) fn tolerates(&self) -> bool {
        self.options.broken_parts.tolerates()
    }

    pub(super) fn warn(&mut self, kind: ContractProblemKind, node_ref: NodeRef, message: &str) {
        self.problem(Severity::Warning, kind, node_ref, message);
    }

    fn problem(
        &mut self,
        severity: Severity,
        kind: ContractProblemKind,
        node_ref: NodeRef,
        message: &str,
    ) {
        let problem = self.located(severity, kind, node_ref, message);
        self.push(problem);
    }

    fn push(&mut self, problem: ContractProblem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    pub(super) fn located(
        &self,
        severity: Severity,
        kind: ContractProblemKind,
        node_ref: NodeRef,
        message: &str,
    ) -> ContractProblem {
        ContractProblem {
            severity,
            kind,
            at: self.documents.location(node_ref),
            message: message.to_owned(),
            repair: None,
        }
    }
}
