//! Visits every object of the documents of a contract once, as the tables of `object_fields` say.
//!
//! It needs no compiled contract, so it also works for a contract that does not compile.
//! References that do not resolve are skipped, because compiling reports them.

use std::collections::HashSet;

use portcullis_json::{JsonKind, JsonNode};

use super::object_kind::{FieldContent, ObjectKind};
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::follow;

/// The objects of a contract.
#[derive(Debug, Default)]
pub(super) struct ContractObjects {
    /// Every object with its kind, without Reference Objects.
    pub(super) objects: Vec<(ObjectKind, NodeRef)>,
    /// The schemas that are Reference Objects, whose other fields OpenAPI 3.0 ignores.
    pub(super) references: Vec<NodeRef>,
}

impl ContractObjects {
    /// Every schema that is not a Reference Object.
    pub(super) fn schemas(&self) -> Vec<NodeRef> {
        let schemas = self.objects.iter();
        let schemas = schemas.filter(|(kind, _)| *kind == ObjectKind::Schema);
        schemas.map(|(_, node_ref)| *node_ref).collect()
    }
}

/// Collects all objects that can be reached from the entry document.
pub(super) fn contract_objects(documents: &DocumentSet, dialect: Dialect) -> ContractObjects {
    let mut walk = ObjectWalk {
        documents,
        dialect,
        seen: HashSet::new(),
        open: vec![(ObjectKind::OpenApi, documents.entry_ref())],
        found: ContractObjects::default(),
    };
    while let Some((kind, node_ref)) = walk.open.pop() {
        walk.visit(kind, node_ref);
    }
    walk.found
}

struct ObjectWalk<'d> {
    documents: &'d DocumentSet,
    dialect: Dialect,
    seen: HashSet<(ObjectKind, NodeRef)>,
    open: Vec<(ObjectKind, NodeRef)>,
    found: ContractObjects,
}

impl<'d> ObjectWalk<'d> {
    fn visit(&mut self, kind: ObjectKind, node_ref: NodeRef) {
        let node = self.documents.node(node_ref);
        if node.kind() != JsonKind::Object || !self.seen.insert((kind, node_ref)) {
            return;
        }
        if node.get("$ref").is_some() && kind.may_be_reference(self.dialect) {
            if let Ok(target) = follow(self.documents, node_ref) {
                self.open.push((kind, target));
            }
            match kind {
                ObjectKind::Schema if self.dialect == Dialect::V30 => {
                    self.found.references.push(node_ref);
                    return;
                }
                // The fields next to the reference count.
                ObjectKind::Schema | ObjectKind::PathItem | ObjectKind::OutboundPathItem => {}
                _ => return,
            }
        }
        self.found.objects.push((kind, node_ref));
        for (name, value) in node.members() {
            self.member(kind, node_ref, name, value);
        }
    }

    fn member(&mut self, kind: ObjectKind, near: NodeRef, name: &str, value: JsonNode<'d>) {
        if let Some(kind) = kind.member_kind() {
            if !name.starts_with("x-") {
                self.push(kind, near, value);
            }
            return;
        }
        let field = kind.field(name).filter(|field| field.is_in(self.dialect));
        match field.map(|field| field.content) {
            None | Some(FieldContent::Value) => {}
            Some(FieldContent::One(kind)) => self.push(kind, near, value),
            Some(FieldContent::List(kind)) => value
                .elements()
                .for_each(|element| self.push(kind, near, element)),
            Some(FieldContent::Map(kind)) => value
                .members()
                .for_each(|(_, member)| self.push(kind, near, member)),
        }
    }

    fn push(&mut self, kind: ObjectKind, near: NodeRef, node: JsonNode<'d>) {
        self.open.push((kind, DocumentSet::node_ref(near, node)));
    }
}
