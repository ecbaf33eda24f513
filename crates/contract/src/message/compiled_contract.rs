//! The compiled contract: everything that checks need, immutable.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use portcullis_json::pointer;
use portcullis_vocabulary::StatedObjectives;

use super::left_out_operation::LeftOutOperation;
use super::operation::{Operation, OutboundOperation};
use super::route::{PathCaptures, PathOutline, PrefixOverlap, RouteMatch, RouteTable};
use super::unread_path::UnreadPath;
use crate::openapi::asyncapi::event_contract::{EventAction, EventContract};
use crate::openapi::broken_part::{BrokenPart, BrokenSchemas};
use crate::openapi::contract_problem::{ContractProblem, ContractProblemKind};
use crate::openapi::dialect::{Dialect, MessageDirection};
use crate::openapi::document::{DocumentSet, NodeRef, SourceLocation};
use crate::openapi::path_item::{field_operations, path_item_objects};
use crate::openapi::reference::{follow, resolve};
use crate::openapi::revision::ContractIdentity;
use crate::schema::schema_set::SchemaSet;

/// One revision of a contract, compiled.
#[derive(Debug)]
pub struct CompiledContract {
    /// `info.title`.
    pub title: Arc<str>,
    /// `info.version`.
    pub version: Arc<str>,
    /// The hash of the content: `sha256:` and 64 hexadecimal digits.
    pub revision: Arc<str>,
    /// The dialect.
    pub dialect: Dialect,
    /// `info.x-squad-owner`, or that of the document.
    pub provider: Option<Arc<str>>,
    /// The operations, in the order of the document.
    pub operations: Vec<Operation>,
    /// What it says about objectives.
    pub objectives: StatedObjectives,
    /// The hosts of all servers, with their ports and `*` for variables. `None` if an operation has
    /// a server that does not name its host.
    pub server_hosts: Option<Vec<Box<str>>>,
    /// Webhooks and callbacks, where they were compiled ([`crate::CompileOptions::outbound_operations`]).
    pub outbound_operations: Vec<OutboundOperation>,
    /// Problems of the contract that do not prevent its enforcement.
    pub warnings: Vec<ContractProblem>,
    /// Those of the warnings that are about parts without effect.
    pub(crate) ineffective: Vec<ContractProblem>,
    /// The parts that could not be compiled, if they were tolerated
    /// ([`crate::CompileOptions::broken_parts`]), or that the tolerant reading leaves unknown.
    pub broken_parts: Vec<BrokenPart>,
    /// The operations that were left out because of such a part.
    pub left_out_operations: Vec<LeftOutOperation>,
    pub(crate) broken_schemas: BrokenSchemas,
    pub(crate) documents: DocumentSet,
    /// The names of all properties that schemas declare.
    pub(crate) declared_property_names: HashSet<Box<str>>,
    pub(crate) routes: RouteTable,
    /// The Path Items that could not be read, by the numbers in the routes.
    pub(crate) unread_paths: Vec<UnreadPath>,
    pub(crate) requests: SchemaSet,
    pub(crate) responses: SchemaSet,
}

impl CompiledContract {
    /// Replaces each name in a pointer that no schema declares by `*`. The sender chose such a
    /// name, so it is as private as a value.
    pub fn mask(&self, pointer: &str) -> String {
        mask(pointer, &self.declared_property_names)
    }

    /// The warnings about objectives that could not be read.
    pub fn unread_objectives(&self) -> impl Iterator<Item = &ContractProblem> {
        let kind = ContractProblemKind::MalformedObjective;
        let warnings = self.warnings.iter();
        warnings.filter(move |warning| warning.kind == kind)
    }

    /// What distinguishes this revision from others.
    pub fn identity(&self) -> ContractIdentity {
        ContractIdentity {
            title: Arc::clone(&self.title),
            version: Arc::clone(&self.version),
            revision: Arc::clone(&self.revision),
            provider: self.provider.clone(),
        }
    }

    /// Finds the operation for a method and a raw path.
    pub fn match_route(
        &self,
        method: &http::Method,
        path: &str,
        captures: &mut PathCaptures,
    ) -> RouteMatch<'_> {
        self.routes.find(method, path, captures)
    }

    /// The declared path that is most similar to an unknown one.
    pub fn nearest_path(&self, path: &str) -> Option<&str> {
        self.routes.nearest(path)
    }

    /// Every template with its base, once for each operation that is declared for it.
    pub fn declared_paths(&self) -> impl Iterator<Item = (&str, u32)> {
        self.routes.declared_paths()
    }

    /// How each of these templates relates to a path prefix, in the same order.
    pub fn prefix_overlaps(&self, prefix: &str) -> impl Iterator<Item = PrefixOverlap> {
        self.routes.prefix_overlaps(prefix)
    }

    /// The outline of a path without an operation, without the values that its sender chose.
    pub fn outline(&self, path: &str) -> PathOutline {
        self.routes.outline(path)
    }

    /// The file, line and pointer of a node.
    pub fn location(&self, node_ref: NodeRef) -> SourceLocation {
        self.documents.location(node_ref)
    }

    /// The documents that the contract was compiled from.
    pub fn documents(&self) -> &DocumentSet {
        &self.documents
    }

    /// The target of the chain of references that starts at a node. The node itself if it is not a
    /// reference or its target does not exist.
    pub fn resolved(&self, node_ref: NodeRef) -> NodeRef {
        follow(&self.documents, node_ref).unwrap_or(node_ref)
    }

    /// The objects that define the path item at a node: itself, and those that its `$ref` leads to.
    pub fn path_item_objects(&self, node_ref: NodeRef) -> Vec<NodeRef> {
        path_item_objects(&self.documents, node_ref)
    }

    /// Whether a Path Item Object, without those that its `$ref` leads to, declares an operation.
    pub fn declares_operations(&self, path_item: NodeRef) -> bool {
        let documents = &self.documents;
        let mut fields = documents.node(path_item).members();
        fields.any(|(name, value)| {
            let value = DocumentSet::node_ref(path_item, value);
            !field_operations(documents, self.dialect, name, value).is_empty()
        })
    }

    /// The target of a chain of references without sibling keywords. A schema that is only a
    /// reference is equal to its target.
    pub fn resolved_if_plain(&self, node_ref: NodeRef) -> NodeRef {
        let mut here = node_ref;
        // Compilation refuses longer chains.
        for _ in 0..64 {
            let is_plain = self.dialect == Dialect::V30 || self.documents.node(here).len() == 1;
            match self.ref_target(here).filter(|_| is_plain) {
                Some(next) => here = next,
                None => break,
            }
        }
        here
    }

    /// The target of the `$ref` of the object at a node, one step.
    pub fn ref_target(&self, node_ref: NodeRef) -> Option<NodeRef> {
        let reference = self.documents.node(node_ref).get("$ref")?.as_str()?;
        resolve(&self.documents, node_ref, reference).ok()
    }

    /// The files of the contract, the entry first and the overlays last.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let documents = self.documents.list().iter();
        let documents = documents.chain(self.documents.overlays());
        documents.map(|document| &*document.name)
    }

    /// The operation with this index, as [`crate::find_operation`] returns it.
    pub fn operation(&self, index: u32) -> &Operation {
        &self.operations[index as usize]
    }

    /// Whether the verdict about a response body may be unknown.
    pub fn has_unknown_responses(&self) -> bool {
        self.responses.has_unknown()
    }

    /// How many parts of the contract messages are not judged by, by kind. Each has a warning.
    pub fn unjudged_parts(&self) -> BTreeMap<&'static str, usize> {
        let mut parts = BTreeMap::new();
        let warnings = self.warnings.iter();
        for kind in warnings.filter_map(ContractProblem::unjudged_kind) {
            *parts.entry(kind).or_default() += 1;
        }
        parts
    }

    /// The channels and messages, if the contract is AsyncAPI.
    pub fn events(&self) -> Option<&EventContract> {
        self.documents.events().map(|events| &**events)
    }

    /// The operation whose body is the event, for the message with this number.
    pub fn event_operation(&self, message: usize) -> Option<&Operation> {
        self.webhook(&message.to_string())
    }

    /// The operation whose body is the event without its payload, for a message whose payload is judged
    /// apart.
    pub fn event_envelope(&self, message: usize) -> Option<&Operation> {
        self.webhook(&EventContract::envelope_name(message))
    }

    /// The operation whose body is any event of a channel and an action that can have a content type.
    /// `None` if no message has it.
    pub fn event_group(
        &self,
        channel: usize,
        action: EventAction,
        content_type: Option<&str>,
    ) -> Option<&Operation> {
        let members = self.events()?.group_of_type(channel, action, content_type);
        match members[..] {
            [] => None,
            [only] => self.event_operation(only),
            [..] => self.webhook(&EventContract::group_name(&members)),
        }
    }

    fn webhook(&self, name: &str) -> Option<&Operation> {
        let mut operations = self.outbound_operations.iter();
        let found = operations.find(|outbound| &*outbound.name == name);
        found.map(|outbound| &outbound.operation)
    }

    /// The schemas that are lowered as unknown.
    pub(crate) fn broken_schemas(&self) -> Option<&BrokenSchemas> {
        (!self.broken_schemas.reasons.is_empty()).then_some(&self.broken_schemas)
    }

    /// The schemas of one direction.
    pub(crate) fn schemas(&self, direction: MessageDirection) -> &SchemaSet {
        match direction {
            MessageDirection::Request => &self.requests,
            MessageDirection::Response => &self.responses,
        }
    }
}

/// The names of all properties that the schemas of some documents declare.
pub(crate) fn declared_names(documents: &DocumentSet) -> HashSet<Box<str>> {
    let mut names = HashSet::new();
    for document in documents.list() {
        let mut open = vec![document.root()];
        while let Some(node) = open.pop() {
            for (name, value) in node.members() {
                if name == "properties" {
                    names.extend(value.members().map(|(name, _)| name.into()));
                }
                open.push(value);
            }
            open.extend(node.elements());
        }
    }
    names
}

fn mask(pointer: &str, names: &HashSet<Box<str>>) -> String {
    let shown = |token: &str| {
        let name = pointer::unescape(token);
        let is_index = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let is_shown = is_index || names.contains(&*name);
        (if is_shown { token } else { "*" }).to_owned()
    };
    let mut tokens = pointer.split('/');
    let first = tokens.next().unwrap_or_default().to_owned();
    std::iter::once(first)
        .chain(tokens.map(shown))
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_names_that_no_schema_declares() {
        let names = HashSet::from(["emails".into(), "a/b".into()]);
        let check = |pointer, masked: &str| assert_eq!(mask(pointer, &names), masked);
        check("", "");
        check("/emails/0", "/emails/0");
        check("/emails/jane@x.example", "/emails/*");
        check("/a~1b/c", "/a~1b/*");
        check("/", "/*");
    }
}
