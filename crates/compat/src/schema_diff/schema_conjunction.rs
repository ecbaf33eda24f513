//! A schema merged with its references and the elements of its `allOf`.

use portcullis_contract::{CompiledContract, Dialect, DocumentSet, NodeRef};
use portcullis_json::{JsonKind, JsonNode};

use super::super::containment::SchemaParts;

/// A schema, its references and the elements of its `allOf`, as one set of keywords.
#[derive(Debug)]
pub(super) struct SchemaConjunction<'c> {
    pub(super) contract: &'c CompiledContract,
    /// The schema objects, each once, in document order.
    pub(super) parts: Vec<NodeRef>,
    /// Whether one of the schemas is `false`.
    pub(super) is_never: bool,
    /// The elements of `allOf`, before references are resolved.
    pub(super) conjuncts: Vec<NodeRef>,
    /// Whether the schema is `anyOf` or `oneOf` with two alternatives, one of which is null. The
    /// other alternative is then merged into the schema. This is how OpenAPI 3.1 writes `nullable`.
    pub(super) allows_null: bool,
    /// The alternative that was merged, after references are resolved.
    non_null: Option<NodeRef>,
    /// The schema objects with such alternatives.
    null_wrappers: Vec<NodeRef>,
    /// The schemas that were combined.
    roots: Vec<NodeRef>,
}

impl<'c> SchemaConjunction<'c> {
    /// The conjunction of schemas.
    pub(super) fn new(contract: &'c CompiledContract, roots: &[NodeRef]) -> Self {
        let mut view = Self {
            contract,
            parts: Vec::new(),
            is_never: false,
            conjuncts: Vec::new(),
            allows_null: false,
            non_null: None,
            null_wrappers: Vec::new(),
            roots: roots.to_vec(),
        };
        let mut open: Vec<NodeRef> = roots.iter().rev().copied().collect();
        let mut seen = Vec::new();
        while let Some(node_ref) = open.pop() {
            if !seen.contains(&node_ref) {
                seen.push(node_ref);
                view.take(node_ref, &mut open);
            }
        }
        view.parts.sort_unstable();
        view
    }

    fn take(&mut self, node_ref: NodeRef, open: &mut Vec<NodeRef>) {
        let node = self.contract.documents().node(node_ref);
        if node.kind() != JsonKind::Object {
            self.is_never |= node.as_bool() == Some(false);
            return;
        }
        if let Some(target) = self.contract.ref_target(node_ref) {
            open.push(target);
            // OpenAPI 3.0.4, Reference Object: siblings of `$ref` are ignored.
            if self.contract.dialect == Dialect::V30 || node.len() == 1 {
                return;
            }
        }
        for element in node.get("allOf").into_iter().flat_map(JsonNode::elements) {
            let at = DocumentSet::node_ref(node_ref, element);
            self.conjuncts.push(at);
            open.push(at);
        }
        if let Some(other) = non_null_alternative(node_ref, node) {
            self.allows_null = true;
            let target = self.contract.resolved_if_plain(other);
            self.non_null.get_or_insert(target);
            self.null_wrappers.push(node_ref);
            open.push(other);
        }
        self.parts.push(node_ref);
    }

    /// The schema objects.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (NodeRef, JsonNode<'c>)> {
        let documents = self.contract.documents();
        self.parts
            .iter()
            .map(move |node_ref| (*node_ref, documents.node(*node_ref)))
    }

    /// The schema objects without their locations.
    pub(super) fn objects(&self) -> Vec<JsonNode<'c>> {
        self.nodes().map(|(_, node)| node).collect()
    }

    /// All values of a keyword, with their locations.
    pub(super) fn all(
        &self,
        keyword: &'static str,
    ) -> impl Iterator<Item = (NodeRef, JsonNode<'c>)> {
        self.nodes().filter_map(move |(node_ref, node)| {
            let value = node.get(keyword)?;
            Some((DocumentSet::node_ref(node_ref, value), value))
        })
    }

    /// The first value of a keyword.
    pub(super) fn first(&self, keyword: &'static str) -> Option<(NodeRef, JsonNode<'c>)> {
        self.all(keyword).next()
    }

    /// Whether the keyword is `true` in any schema object.
    pub(super) fn is_set(&self, keyword: &'static str) -> bool {
        self.all(keyword)
            .any(|(_, value)| value.as_bool() == Some(true))
    }

    /// The properties of a keyword that maps names to schemas: each name with its schemas.
    pub(super) fn members(&self, keyword: &'static str) -> Vec<(&'c str, Vec<NodeRef>)> {
        let mut members: Vec<(&str, Vec<NodeRef>)> = Vec::new();
        for (near, object) in self.all(keyword) {
            for (name, value) in object.members() {
                members.push((name, vec![DocumentSet::node_ref(near, value)]));
            }
        }
        members.sort_by(|left, right| left.0.cmp(right.0));
        members.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1.append(&mut next.1);
            }
            is_same
        });
        members
    }

    /// The names in `required`, with their locations.
    pub(super) fn required(&self) -> Vec<(&'c str, NodeRef)> {
        let mut names: Vec<(&str, NodeRef)> = Vec::new();
        for (near, list) in self.all("required") {
            let elements = list.elements().filter_map(|name| {
                let at = DocumentSet::node_ref(near, name);
                Some((name.as_str()?, at))
            });
            names.extend(elements);
        }
        names.sort();
        names.dedup_by(|next, kept| next.0 == kept.0);
        names
    }

    /// The location to show for the schema.
    pub(super) fn node_ref(&self) -> Option<NodeRef> {
        self.parts.first().copied().or(self.root())
    }

    /// The first of the combined schemas.
    pub(super) fn root(&self) -> Option<NodeRef> {
        self.roots.first().copied()
    }

    /// The combined schemas.
    pub(super) fn roots(&self) -> Vec<NodeRef> {
        self.roots.clone()
    }

    /// The schemas that an edit can change.
    pub(super) fn schema_parts(self) -> SchemaParts {
        SchemaParts {
            roots: self.roots,
            parts: self.parts,
            non_null: self.non_null,
            null_wrappers: self.null_wrappers,
        }
    }
}

/// The alternative that is not null, if there are exactly two and the other is null.
pub(super) fn non_null_alternative(near: NodeRef, node: JsonNode<'_>) -> Option<NodeRef> {
    let list = node.get("anyOf").or(node.get("oneOf"))?;
    let is_null = |schema: &JsonNode<'_>| {
        let named = schema.get("type").and_then(|named| named.as_str());
        schema.len() == 1 && named == Some("null")
    };
    let mut others = list.elements().filter(|schema| !is_null(schema));
    let only = others
        .next()
        .filter(|_| others.next().is_none() && list.len() == 2)?;
    Some(DocumentSet::node_ref(near, only))
}
