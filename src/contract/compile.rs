//! Compiling: documents → operations, routing table and validators.
//!
//! The structure is walked on the raw documents, so that 3.0 and 3.1 are read by the same code
//! and every problem has a file, a line and a pointer. All problems of a contract are collected;
//! one error refuses it.

use std::collections::HashMap;
use std::sync::Arc;

use http::Method;

use crate::config::enforcement::Enforcement;
use crate::json::{Kind, Node};
use crate::squad::Tier;

use super::body::shape;
use super::compiled::CompiledContract;
use super::dialect::{Dialect, Direction};
use super::document::{Documents, Place};
use super::lower::Lowering;
use super::media::MediaRange;
use super::operation::{BodyRule, MediaType, Operation, RequestBody, Response, StatusPattern};
use super::parameter::{Parameter, Style, parameter};
use super::problem::{Problem, ProblemKind, Severity};
use super::reference::follow;
use super::revision::Identity;
use super::route::{OverlapKind, RouteTable, RouteTableBuilder, Template, Verb};
use super::schema::{SchemaKey, SchemaSet};
use super::server::base_paths;
use super::shape::Surface;
use super::violation::Part;

/// What can be set about compiling.
#[derive(Clone, Debug, Default)]
pub struct CompileOptions {
    /// Base paths that replace those of the document's `servers`.
    pub base_paths: Option<Vec<String>>,
}

/// Compiles the documents of a contract.
///
/// # Errors
/// Every problem found, errors and warnings, when there is an error among them.
pub fn compile(
    documents: Documents,
    options: &CompileOptions,
) -> Result<CompiledContract, Vec<Problem>> {
    let root = documents.entry().root();
    let dialect = Dialect::of(root).map_err(|message| {
        let at = documents.spot(documents.entry_place());
        vec![Problem {
            severity: Severity::Error,
            kind: ProblemKind::MalformedDocument,
            at,
            message,
        }]
    })?;
    let mut compiler = Compiler::new(&documents, dialect, options);
    compiler.paths();
    let walked = compiler.finish()?;
    let Identity {
        title,
        version,
        revision,
        provider,
    } = Identity::of(&documents);
    Ok(CompiledContract {
        title,
        version,
        revision,
        dialect,
        provider,
        operations: walked.operations,
        warnings: walked.warnings,
        routes: walked.routes,
        requests: walked.requests,
        responses: walked.responses,
        documents,
    })
}

struct Compiler<'d> {
    documents: &'d Documents,
    surface: Surface<'d>,
    options: &'d CompileOptions,
    requests: Schemas<'d>,
    responses: Schemas<'d>,
    operations: Vec<Operation>,
    routes: RouteTableBuilder,
    problems: Vec<Problem>,
    names: HashMap<Arc<str>, Place>,
    parameters: HashMap<Place, Option<Parameter>>,
    bodies: HashMap<Place, Option<Arc<RequestBody>>>,
    answers: HashMap<(Place, StatusPattern), Arc<Response>>,
}

/// What the walk over a contract gives.
struct Walked {
    operations: Vec<Operation>,
    warnings: Vec<Problem>,
    routes: RouteTable,
    requests: SchemaSet,
    responses: SchemaSet,
}

/// The schemas of one direction, while they are collected.
struct Schemas<'d> {
    lowering: Lowering<'d>,
    roots: Vec<u32>,
}

impl<'d> Schemas<'d> {
    fn new(documents: &'d Documents, dialect: Dialect, direction: Direction) -> Self {
        Self {
            lowering: Lowering::new(documents, dialect, direction),
            roots: Vec::new(),
        }
    }

    fn key(&mut self, place: Place) -> SchemaKey {
        let number = self.lowering.define(place);
        self.roots.push(number);
        SchemaKey::new(number)
    }

    fn build(mut self, documents: &Documents) -> Result<SchemaSet, Vec<Problem>> {
        self.roots.sort_unstable();
        self.roots.dedup();
        SchemaSet::build(self.lowering.finish(&self.roots), documents)
    }
}

/// The `servers` in force, and a place of the document they stand in.
type Servers<'d> = Option<(Place, Node<'d>)>;

/// What an operation takes from its path item and its document unless it says otherwise.
#[derive(Clone)]
struct Inherited<'d> {
    parameters: Vec<Parameter>,
    servers: Servers<'d>,
    provider: Option<Arc<str>>,
    tier: Option<Tier>,
}

impl<'d> Compiler<'d> {
    fn new(documents: &'d Documents, dialect: Dialect, options: &'d CompileOptions) -> Self {
        Self {
            documents,
            surface: Surface { documents, dialect },
            options,
            requests: Schemas::new(documents, dialect, Direction::Request),
            responses: Schemas::new(documents, dialect, Direction::Response),
            operations: Vec::new(),
            routes: RouteTable::builder(),
            problems: Vec::new(),
            names: HashMap::new(),
            parameters: HashMap::new(),
            bodies: HashMap::new(),
            answers: HashMap::new(),
        }
    }

    fn finish(mut self) -> Result<Walked, Vec<Problem>> {
        let routes = std::mem::replace(&mut self.routes, RouteTable::builder()).build();
        self.overlaps(&routes);
        let mut problems = self.problems;
        let (requests, responses) = std::thread::scope(|scope| {
            let responses = scope.spawn(|| self.responses.build(self.documents));
            let requests = self.requests.build(self.documents);
            (
                requests,
                responses
                    .join()
                    .expect("building a validator does not panic"),
            )
        });
        match (requests, responses) {
            (Ok(requests), Ok(responses))
                if problems
                    .iter()
                    .all(|problem| problem.severity < Severity::Error) =>
            {
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

    fn paths(&mut self) {
        let entry = self.documents.entry_place();
        let root = self.documents.node(entry);
        let Some(paths) = root.get("paths") else {
            if self.surface.dialect == Dialect::V30 {
                self.error(ProblemKind::MalformedDocument, entry, "`paths` is missing");
            }
            return;
        };
        let text = |owner: Option<Node<'d>>, name| {
            owner
                .and_then(|owner| owner.get(name))
                .and_then(|value| value.as_str())
        };
        let info = root.get("info");
        let inherited = Inherited {
            parameters: Vec::new(),
            servers: root.get("servers").map(|servers| (entry, servers)),
            provider: text(info, "x-squad-owner")
                .or(text(Some(root), "x-squad-owner"))
                .map(Arc::from),
            tier: text(info, "x-sla-tier")
                .or(text(Some(root), "x-sla-tier"))
                .and_then(tier),
        };
        for (key, item) in paths.members() {
            if key.starts_with("x-") {
                continue;
            }
            let place = Documents::place(entry, item);
            match Template::parse(key) {
                Ok(template) => self.path_item(&template, place, &inherited),
                Err(error) => {
                    self.error(
                        ProblemKind::MalformedPath,
                        place,
                        &format!("path `{key}`: {error}"),
                    );
                }
            }
        }
    }

    fn path_item(&mut self, template: &Template, place: Place, inherited: &Inherited<'d>) {
        let Some(place) = self.target(place) else {
            return;
        };
        let item = self.documents.node(place);
        if item.kind() != Kind::Object {
            return self.error(
                ProblemKind::MalformedDocument,
                place,
                "a path item must be an object",
            );
        }
        let mut inherited = self.inherit(place, item, inherited);
        inherited.parameters = self.parameters(place, item, template);
        let mut by_servers: Vec<(Servers<'d>, Vec<(Verb, u32)>)> =
            vec![(inherited.servers, vec![])];
        for (name, value) in item.members() {
            let Some(verb) = Verb::from_field(name) else {
                continue;
            };
            let place = Documents::place(place, value);
            let Some(id) = self.operation(template, verb, place, &inherited) else {
                continue;
            };
            match value.get("servers") {
                Some(servers) => by_servers.push((Some((place, servers)), vec![(verb, id)])),
                None => by_servers[0].1.push((verb, id)),
            }
        }
        for (servers, operations) in by_servers {
            if !operations.is_empty() {
                self.add_routes(servers, template, &operations);
            }
        }
    }

    fn add_routes(&mut self, servers: Servers<'d>, path: &Template, operations: &[(Verb, u32)]) {
        for base in self.bases(servers) {
            let builder = std::mem::replace(&mut self.routes, RouteTable::builder());
            self.routes = builder.add(&base, path, operations);
        }
    }

    fn inherit(&self, place: Place, node: Node<'d>, above: &Inherited<'d>) -> Inherited<'d> {
        let text = |name| node.get(name).and_then(|value| value.as_str());
        Inherited {
            parameters: Vec::new(),
            servers: node
                .get("servers")
                .map(|servers| (place, servers))
                .or(above.servers),
            provider: text("x-squad-owner")
                .map(Arc::from)
                .or_else(|| above.provider.clone()),
            tier: text("x-sla-tier").and_then(tier).or(above.tier),
        }
    }

    /// The templates of the base paths that `servers` name; `/` where none does.
    fn bases(&mut self, servers: Servers<'d>) -> Vec<Template> {
        let mut paths: Vec<(Place, String)> = Vec::new();
        let entry = self.documents.entry_place();
        if let Some(configured) = &self.options.base_paths {
            paths.extend(configured.iter().map(|path| (entry, path.clone())));
        } else if let Some((near, servers)) = servers {
            for server in servers.elements() {
                let place = Documents::place(near, server);
                match base_paths(server) {
                    Ok(found) => paths.extend(found.into_iter().map(|path| (place, path))),
                    Err(message) => self.error(ProblemKind::MalformedDocument, place, &message),
                }
            }
        }
        if paths.is_empty() {
            paths.push((entry, "/".to_owned()));
        }
        paths.sort_by(|left, right| left.1.cmp(&right.1));
        paths.dedup_by(|left, right| left.1.trim_end_matches('/') == right.1.trim_end_matches('/'));
        let mut bases = Vec::new();
        for (place, path) in paths {
            match Template::parse_base(&path) {
                Ok(base) => bases.push(base),
                Err(error) => self.error(
                    ProblemKind::MalformedPath,
                    place,
                    &format!("the server's path `{path}`: {error}"),
                ),
            }
        }
        bases
    }

    fn operation(
        &mut self,
        template: &Template,
        verb: Verb,
        place: Place,
        inherited: &Inherited<'d>,
    ) -> Option<u32> {
        let node = self.documents.node(place);
        if node.kind() != Kind::Object {
            self.error(
                ProblemKind::MalformedDocument,
                place,
                "an operation must be an object",
            );
            return None;
        }
        let method = Method::from_bytes(verb.name().as_bytes()).expect("verbs are methods");
        let own = self.inherit(place, node, inherited);
        let mut parameters = self.parameters(place, node, template);
        for above in &inherited.parameters {
            if !parameters.iter().any(|parameter| parameter.is_same(above)) {
                parameters.push(above.clone());
            }
        }
        self.undeclared_expressions(template, place, &parameters);
        let id = u32::try_from(self.operations.len()).ok()?;
        let operation = Operation {
            name: self.name(node, &method, template, place),
            path: template.key().into(),
            provider: own.provider,
            tier: own.tier,
            enforcement: self.enforcement(place, node),
            takes_any_query: parameters.iter().any(Parameter::takes_any_query),
            parameters,
            body: self.body(place, node, &method),
            responses: self.responses(place, node),
            method,
            place,
        };
        self.operations.push(operation);
        Some(id)
    }

    fn name(
        &mut self,
        node: Node<'d>,
        method: &Method,
        template: &Template,
        place: Place,
    ) -> Arc<str> {
        let declared = node.get("operationId").and_then(|id| id.as_str());
        let name: Arc<str> = match declared {
            Some(id) => id.into(),
            None => format!("{method} {}", template.key()).into(),
        };
        if let Some(first) = self.names.insert(Arc::clone(&name), place) {
            let line = self.documents.line(first);
            let message = format!(
                "the operationId `{name}` is taken by the operation in line {line}; metrics and refusals cannot tell them apart"
            );
            self.warn(ProblemKind::MalformedDocument, place, &message);
        }
        name
    }

    /// `x-portcullis: { request: report }`.
    fn enforcement(&mut self, near: Place, node: Node<'d>) -> Option<Enforcement> {
        let extension = node.get("x-portcullis")?;
        let mut enforcement = None;
        for (name, value) in extension.members() {
            let found = value
                .as_str()
                .and_then(|text| Enforcement::NAMES.iter().find(|(name, _)| *name == text));
            let at = Documents::place(near, value);
            match (name, found) {
                ("request", Some((_, found))) => enforcement = Some(*found),
                ("request", None) => self.error(
                    ProblemKind::MalformedDocument,
                    at,
                    "`x-portcullis.request` must be reject, report or off",
                ),
                (other, _) => self.warn(
                    ProblemKind::NotJudged,
                    at,
                    &format!("`x-portcullis.{other}` is not known here and does nothing"),
                ),
            }
        }
        enforcement
    }

    fn parameters(&mut self, near: Place, owner: Node<'d>, template: &Template) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        for element in owner
            .get("parameters")
            .into_iter()
            .flat_map(|list| list.elements())
        {
            let Some(place) = self.target(Documents::place(near, element)) else {
                continue;
            };
            let Some(mut parameter) = self.parameter(place) else {
                continue;
            };
            if parameter.is_ignored() {
                continue;
            }
            if parameter.part == Part::Path {
                let Some(slot) = template.slot(&parameter.name) else {
                    let message = format!(
                        "the path parameter `{}` does not stand in `{}` and is not judged",
                        parameter.name,
                        template.key()
                    );
                    self.warn(ProblemKind::MalformedParameter, place, &message);
                    continue;
                };
                parameter.slot = slot;
            }
            parameters.push(parameter);
        }
        parameters
    }

    fn parameter(&mut self, place: Place) -> Option<Parameter> {
        if let Some(known) = self.parameters.get(&place) {
            return known.clone();
        }
        let requests = &mut self.requests;
        let compiled = parameter(self.surface, place, &mut |schema| requests.key(schema));
        let found = match compiled {
            Ok(parameter) => {
                self.judgeable(&parameter);
                Some(parameter)
            }
            Err(error) => {
                self.error(ProblemKind::MalformedParameter, place, &error.to_string());
                None
            }
        };
        self.parameters.insert(place, found.clone());
        found
    }

    fn judgeable(&mut self, parameter: &Parameter) {
        if parameter.style == Style::OtherContent {
            let message = format!(
                "the values of `{}` are not judged: only JSON is among the media types of parameters",
                parameter.name
            );
            self.warn(ProblemKind::NotJudged, parameter.place, &message);
        }
    }

    fn undeclared_expressions(&mut self, template: &Template, place: Place, known: &[Parameter]) {
        for name in template.names() {
            if !known
                .iter()
                .any(|known| known.part == Part::Path && known.name == name)
            {
                let message = format!(
                    "`{{{name}}}` in `{}` has no parameter and takes any text",
                    template.key()
                );
                self.warn(ProblemKind::MalformedPath, place, &message);
            }
        }
    }

    fn body(&mut self, near: Place, operation: Node<'d>, method: &Method) -> BodyRule {
        let Some(declared) = operation.get("requestBody") else {
            return BodyRule::Undeclared;
        };
        // 3.0.4, Operation Object: ignored where HTTP gives a body no meaning. 3.1 lifted that.
        let has_meaning = ![Method::GET, Method::HEAD, Method::DELETE].contains(method);
        if self.surface.dialect == Dialect::V30 && !has_meaning {
            return BodyRule::Ignored;
        }
        let Some(place) = self.target(Documents::place(near, declared)) else {
            return BodyRule::Undeclared;
        };
        if !self.bodies.contains_key(&place) {
            let node = self.documents.node(place);
            let compiled = if node.kind() == Kind::Object {
                let required = node.get("required").and_then(|flag| flag.as_bool());
                let content = self.content(place, node, Direction::Request);
                Some(Arc::new(RequestBody {
                    required: required == Some(true),
                    content,
                    place,
                }))
            } else {
                self.error(
                    ProblemKind::MalformedDocument,
                    place,
                    "a request body must be an object",
                );
                None
            };
            self.bodies.insert(place, compiled);
        }
        match &self.bodies[&place] {
            Some(body) => BodyRule::Declared(Arc::clone(body)),
            None => BodyRule::Undeclared,
        }
    }

    fn responses(&mut self, near: Place, operation: Node<'d>) -> Vec<Arc<Response>> {
        let Some(declared) = operation.get("responses") else {
            return Vec::new();
        };
        let mut responses = Vec::new();
        for (key, value) in declared.members() {
            if key.starts_with("x-") {
                continue;
            }
            let at = Documents::place(near, value);
            let Some(status) = StatusPattern::parse(key) else {
                let message = format!(
                    "`{key}` is no status: use a code such as 200, a range such as 2XX, or default"
                );
                self.warn(ProblemKind::MalformedDocument, at, &message);
                continue;
            };
            let Some(place) = self.target(at) else {
                continue;
            };
            if !self.answers.contains_key(&(place, status)) {
                let content = self.content(place, self.documents.node(place), Direction::Response);
                let response = Arc::new(Response {
                    status,
                    content,
                    place,
                });
                self.answers.insert((place, status), response);
            }
            responses.push(Arc::clone(&self.answers[&(place, status)]));
        }
        responses
    }

    fn content(&mut self, near: Place, owner: Node<'d>, direction: Direction) -> Vec<MediaType> {
        let mut content = Vec::new();
        for (key, value) in owner
            .get("content")
            .into_iter()
            .flat_map(|map| map.members())
        {
            let Some(place) = self.target(Documents::place(near, value)) else {
                continue;
            };
            let Some(range) = MediaRange::parse(key) else {
                let message = format!("`{key}` is no media type: write type/subtype");
                self.warn(ProblemKind::MalformedDocument, place, &message);
                continue;
            };
            let is_json = range.is_json();
            let node = self.documents.node(place);
            let schemas = match direction {
                Direction::Request => &mut self.requests,
                Direction::Response => &mut self.responses,
            };
            let declared = node
                .get("schema")
                .map(|schema| Documents::place(place, schema));
            let shape = declared.filter(|_| !is_json).and_then(|schema| {
                shape(self.surface, &range, place, schema, &mut |at| {
                    schemas.key(at)
                })
            });
            let schema = declared
                .filter(|_| is_json || shape.is_some())
                .map(|schema| schemas.key(schema));
            content.push(MediaType {
                key: key.to_owned(),
                is_json,
                schema,
                shape,
                place,
            });
        }
        content
    }

    fn overlaps(&mut self, routes: &RouteTable) {
        let entry = self.documents.entry_place();
        let paths = self.documents.node(entry).get("paths");
        for overlap in routes.overlaps() {
            let at = paths
                .into_iter()
                .flat_map(|paths| paths.members())
                .find(|(key, _)| overlap.second.ends_with(key))
                .map_or(entry, |(_, item)| Documents::place(entry, item));
            match overlap.kind {
                OverlapKind::Duplicate => {
                    self.error(ProblemKind::AmbiguousPath, at, &overlap.to_string());
                }
                OverlapKind::SameShape | OverlapKind::EquallySpecific => {
                    self.warn(ProblemKind::AmbiguousPath, at, &overlap.to_string());
                }
            }
        }
    }

    /// Follows a reference of the structure; a problem where it leads nowhere.
    fn target(&mut self, place: Place) -> Option<Place> {
        match follow(self.documents, place) {
            Ok(target) => Some(target),
            Err((at, error)) => {
                self.error(ProblemKind::UnresolvedReference, at, &error.to_string());
                None
            }
        }
    }

    fn error(&mut self, kind: ProblemKind, place: Place, message: &str) {
        self.problem(Severity::Error, kind, place, message);
    }

    fn warn(&mut self, kind: ProblemKind, place: Place, message: &str) {
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

fn tier(text: &str) -> Option<Tier> {
    text.parse().ok()
}
