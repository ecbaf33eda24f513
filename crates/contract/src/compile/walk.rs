//! What the walk over a contract carries with it, and how it ends.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_json::{Kind, Node};

use super::super::dialect::{Dialect, Direction};
use super::super::document::{Documents, Place};
use super::super::operation::{Operation, RequestBody, Response, StatusPattern};
use super::super::parameter::Parameter;
use super::super::problem::{Problem, ProblemKind, Severity};
use super::super::reference::follow;
use super::super::route::{RouteTable, RouteTableBuilder};
use super::super::schema::SchemaSet;
use super::super::security::Schemes;
use super::super::shape::Surface;
use super::entry::CompileOptions;
use super::schemas::Schemas;

/// The walk over one contract.
pub(super) struct Walk<'d> {
    pub(super) documents: &'d Documents,
    pub(super) surface: Surface<'d>,
    pub(super) options: &'d CompileOptions,
    pub(super) requests: Schemas<'d>,
    pub(super) responses: Schemas<'d>,
    pub(super) operations: Vec<Operation>,
    pub(super) routes: RouteTableBuilder,
    problems: Vec<Problem>,
    pub(super) schemes: Schemes,
    pub(super) names: HashMap<Arc<str>, Place>,
    pub(super) parameters: HashMap<Place, Option<Parameter>>,
    pub(super) bodies: HashMap<Place, Arc<RequestBody>>,
    pub(super) answers: HashMap<(Place, StatusPattern), Arc<Response>>,
}

/// What it gives.
pub(super) struct Walked {
    pub(super) operations: Vec<Operation>,
    pub(super) warnings: Vec<Problem>,
    pub(super) routes: RouteTable,
    pub(super) requests: SchemaSet,
    pub(super) responses: SchemaSet,
}

impl<'d> Walk<'d> {
    pub(super) fn new(
        documents: &'d Documents,
        dialect: Dialect,
        options: &'d CompileOptions,
    ) -> Self {
        Self {
            documents,
            surface: Surface { documents, dialect },
            options,
            requests: Schemas::new(documents, dialect, Direction::Request),
            responses: Schemas::new(documents, dialect, Direction::Response),
            operations: Vec::new(),
            routes: RouteTable::builder(),
            problems: Vec::new(),
            schemes: Schemes::of(documents),
            names: HashMap::new(),
            parameters: HashMap::new(),
            bodies: HashMap::new(),
            answers: HashMap::new(),
        }
    }

    pub(super) fn finish(mut self) -> Result<Walked, Vec<Problem>> {
        let routes = std::mem::replace(&mut self.routes, RouteTable::builder()).build();
        self.overlaps(&routes);
        let mut problems = self.problems;
        // One after the other: the second reuses what the first gave back, which on large contracts
        // is worth more than the milliseconds that a second thread would save.
        let requests = self.requests.build(self.documents, self.options.closed);
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
                Ok(Walked {
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
    pub(super) fn target(&mut self, place: Place) -> Option<Place> {
        match follow(self.documents, place) {
            Ok(target) => Some(target),
            Err((at, error)) => {
                self.error(ProblemKind::UnresolvedReference, at, &error.to_string());
                None
            }
        }
    }

    /// Follows a reference to an object; a problem where there is none. `what` names it, with
    /// its article.
    pub(super) fn object(&mut self, place: Place, what: &str) -> Option<Place> {
        let place = self.target(place)?;
        self.is_a(Kind::Object, place, what).then_some(place)
    }

    /// The members of `owner`'s member `name`; none where it is absent, and a problem where it
    /// is no object.
    pub(super) fn members(
        &mut self,
        near: Place,
        owner: Node<'d>,
        name: &str,
    ) -> impl Iterator<Item = (&'d str, Node<'d>)> + use<'d> {
        let found = self.member(Kind::Object, near, owner, name);
        found.into_iter().flat_map(Node::members)
    }

    /// The elements of `owner`'s member `name`; none where it is absent, and a problem where it
    /// is no array.
    pub(super) fn elements(
        &mut self,
        near: Place,
        owner: Node<'d>,
        name: &str,
    ) -> impl Iterator<Item = Node<'d>> + use<'d> {
        let found = self.member(Kind::Array, near, owner, name);
        found.into_iter().flat_map(Node::elements)
    }

    fn member(&mut self, kind: Kind, near: Place, owner: Node<'d>, name: &str) -> Option<Node<'d>> {
        let node = owner.get(name)?;
        let is_right = self.is_a(kind, Documents::place(near, node), &format!("`{name}`"));
        is_right.then_some(node)
    }

    /// Whether the value at `place` is of a kind; a problem where it is not. `what` names it.
    pub(super) fn is_a(&mut self, kind: Kind, place: Place, what: &str) -> bool {
        let found = self.documents.node(place).kind();
        if found != kind {
            let message = format!(
                "{what} must be {}, not {}",
                described(kind),
                described(found)
            );
            self.error(ProblemKind::MalformedDocument, place, &message);
        }
        found == kind
    }

    pub(super) fn error(&mut self, kind: ProblemKind, place: Place, message: &str) {
        self.problem(Severity::Error, kind, place, message);
    }

    pub(super) fn warn(&mut self, kind: ProblemKind, place: Place, message: &str) {
        self.problem(Severity::Warning, kind, place, message);
    }

    fn problem(&mut self, severity: Severity, kind: ProblemKind, place: Place, message: &str) {
        let at = self.documents.spot(place);
        let problem = Problem {
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

fn described(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Boolean => "a boolean",
        Kind::Number => "a number",
        Kind::String => "a string",
        Kind::Array => "an array",
        Kind::Object => "an object",
    }
}
