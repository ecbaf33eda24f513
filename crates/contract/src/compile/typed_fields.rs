//! Reads the fields of a contract's objects, and reports values of other types.

use portcullis_json::{JsonKind, JsonNode};

use super::contract_compiler::ContractCompiler;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::contract_repair::ContractRepair;
use crate::openapi::document::{DocumentSet, NodeRef};

impl<'d> ContractCompiler<'d> {
    /// Follows the `$ref` like [`Self::target`] and reports a target that is not an object. `what`
    /// names it in the message, with its article.
    pub(super) fn object(&mut self, node_ref: NodeRef, what: &str) -> Option<NodeRef> {
        let node_ref = self.target(node_ref)?;
        self.is_object(node_ref, what).then_some(node_ref)
    }

    /// Whether the value at `node_ref` is an object, or null that the tolerant reading takes as an
    /// empty one. Reports any other value; `what` names it.
    pub(super) fn is_object(&mut self, node_ref: NodeRef, what: &str) -> bool {
        self.has_kind(JsonKind::Object, node_ref, what)
    }

    /// Whether the value at `node_ref` is of a type, or null that the tolerant reading takes as an
    /// empty one. Reports any other value; `what` names it.
    pub(super) fn has_kind(&mut self, kind: JsonKind, node_ref: NodeRef, what: &str) -> bool {
        match self.documents.node(node_ref).kind() {
            JsonKind::Null => self.is_empty_value(kind, node_ref, what),
            _ => self.is_a(kind, node_ref, what),
        }
    }

    /// Whether null stands where an object is declared, which is a flaw: nothing is declared.
    pub(super) fn is_left_empty(&mut self, node_ref: NodeRef, what: &str) -> bool {
        let is_empty = self.documents.node(node_ref).is_null();
        if is_empty {
            self.is_empty_value(JsonKind::Object, node_ref, what);
        }
        is_empty
    }

    /// Reports null. Returns whether the tolerant reading takes it as an empty value.
    fn is_empty_value(&mut self, kind: JsonKind, node_ref: NodeRef, what: &str) -> bool {
        let message = wrong_kind(what, kind, JsonKind::Null);
        let problem = ContractProblemKind::MalformedDocument;
        self.flaw(ContractRepair::EmptyValue, problem, node_ref, &message)
    }

    /// The properties of the object in the field `name` of `owner`. Empty if the field is absent.
    /// Reports a field that is not an object.
    pub(super) fn members(
        &mut self,
        near: NodeRef,
        owner: JsonNode<'d>,
        name: &str,
    ) -> impl Iterator<Item = (&'d str, JsonNode<'d>)> + use<'d> {
        let found = self.member(JsonKind::Object, near, owner, name);
        let documents = self.documents;
        let members = found.into_iter().flat_map(JsonNode::members);
        members
            .filter(move |(_, value)| !documents.is_overridden(DocumentSet::node_ref(near, *value)))
    }

    /// The elements of the array in the field `name` of `owner`. Empty if the field is absent.
    /// Reports a field that is not an array.
    pub(super) fn elements(
        &mut self,
        near: NodeRef,
        owner: JsonNode<'d>,
        name: &str,
    ) -> impl Iterator<Item = JsonNode<'d>> + use<'d> {
        let found = self.member(JsonKind::Array, near, owner, name);
        found.into_iter().flat_map(JsonNode::elements)
    }

    /// The boolean in the field `name` of `owner`. Nothing if it is absent. Reports a field that is not
    /// a boolean.
    pub(super) fn flag(&mut self, near: NodeRef, owner: JsonNode<'d>, name: &str) -> Option<bool> {
        let found = self.member(JsonKind::Boolean, near, owner, name);
        found.and_then(JsonNode::as_bool)
    }

    fn member(
        &mut self,
        kind: JsonKind,
        near: NodeRef,
        owner: JsonNode<'d>,
        name: &str,
    ) -> Option<JsonNode<'d>> {
        let node = owner.get(name)?;
        let node_ref = DocumentSet::node_ref(near, node);
        let what = format!("`{name}`");
        self.has_kind(kind, node_ref, &what).then_some(node)
    }

    /// Whether the value at `node_ref` is of a type. Reports a value of another type; `what` names
    /// it.
    pub(super) fn is_a(&mut self, kind: JsonKind, node_ref: NodeRef, what: &str) -> bool {
        let found = self.documents.node(node_ref).kind();
        if found != kind {
            let message = wrong_kind(what, kind, found);
            self.error(ContractProblemKind::MalformedDocument, node_ref, &message);
        }
        found == kind
    }
}

/// The message about a value of the wrong type.
pub(super) fn wrong_kind(what: &str, expected: JsonKind, found: JsonKind) -> String {
    format!(
        "{what} must be {}, not {}",
        expected.with_article(),
        found.with_article()
    )
}
