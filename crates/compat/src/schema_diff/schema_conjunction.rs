//! What a schema says together with all that it refers to and is the conjunction of.

use portcullis_contract::{CompiledContract, Dialect, DocumentSet, NodeRef};
use portcullis_json::{JsonKind, JsonNode};

/// A schema, its references and the elements of its `allOf`, as one set of keywords.
#[derive(Debug)]
pub(super) struct SchemaConjunction<'c> {
    pub(super) contract: &'c CompiledContract,
    /// The schema objects, each once, in the order of their places.
    pub(super) parts: Vec<NodeRef>,
    /// Whether `false` is among them.
    pub(super) is_never: bool,
    /// What stands in `allOf`, as it is referred to.
    pub(super) conjuncts: Vec<NodeRef>,
    /// Whether null is one of two alternatives and the other is taken as the schema itself, which
    /// is how `nullable` is written where it is no keyword.
    pub(super) allows_null: bool,
    /// Where it begins.
    pub(super) root: Option<NodeRef>,
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
            root: roots.first().copied(),
        };
        let mut open: Vec<NodeRef> = roots.iter().rev().copied().collect();
        let mut seen = Vec::new();
        while let Some(place) = open.pop() {
            if !seen.contains(&place) {
                seen.push(place);
                view.take(place, &mut open);
            }
        }
        view.parts.sort_unstable();
        view
    }

    fn take(&mut self, place: NodeRef, open: &mut Vec<NodeRef>) {
        let node = self.contract.documents().node(place);
        if node.kind() != JsonKind::Object {
            self.is_never |= node.as_bool() == Some(false);
            return;
        }
        if let Some(target) = self.contract.ref_target(place) {
            open.push(target);
            // OpenAPI 3.0.4, Reference Object: what stands beside a reference is ignored.
            if self.contract.dialect == Dialect::V30 || node.len() == 1 {
                return;
            }
        }
        for element in node.get("allOf").into_iter().flat_map(JsonNode::elements) {
            let at = DocumentSet::node_ref(place, element);
            self.conjuncts.push(at);
            open.push(at);
        }
        if let Some(other) = non_null_alternative(place, node) {
            self.allows_null = true;
            open.push(other);
        }
        self.parts.push(place);
    }

    /// The schema objects.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (NodeRef, JsonNode<'c>)> {
        let documents = self.contract.documents();
        self.parts
            .iter()
            .map(move |place| (*place, documents.node(*place)))
    }

    /// The schema objects without their places.
    pub(super) fn objects(&self) -> Vec<JsonNode<'c>> {
        self.nodes().map(|(_, node)| node).collect()
    }

    /// Every value of a keyword, with its place.
    pub(super) fn all(
        &self,
        keyword: &'static str,
    ) -> impl Iterator<Item = (NodeRef, JsonNode<'c>)> {
        self.nodes().filter_map(move |(place, node)| {
            let value = node.get(keyword)?;
            Some((DocumentSet::node_ref(place, value), value))
        })
    }

    /// The first value of a keyword.
    pub(super) fn first(&self, keyword: &'static str) -> Option<(NodeRef, JsonNode<'c>)> {
        self.all(keyword).next()
    }

    /// Whether some part says `true`.
    pub(super) fn is_set(&self, keyword: &'static str) -> bool {
        self.all(keyword)
            .any(|(_, value)| value.as_bool() == Some(true))
    }

    /// The members of a keyword that holds an object of schemas: each name with its schemas.
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

    /// The names in `required`, with where they stand.
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

    /// Where it is best looked up.
    pub(super) fn place(&self) -> Option<NodeRef> {
        self.parts.first().copied().or(self.root)
    }
}

/// The other alternative where there are two and one is null.
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
