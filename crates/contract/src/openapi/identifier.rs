//! The identifiers of schemas: `$id`, `$anchor` and `$dynamicAnchor` (JSON Schema 2020-12 core,
//! section 8.2), and the base URI against which references resolve (section 9.1).
//!
//! A schema with `$id` is the root of a schema resource. Each document is a resource too; its base
//! URI is the address of its file. The index looks only at schemas, because the same names inside
//! an example, an `enum` or an unknown keyword are data. It stays empty for OpenAPI 3.0, which does
//! not have these keywords, and for contracts that do not use them.

use std::collections::HashMap;

use jsonschema::{Uri, uri};

use portcullis_json::JsonNode;

use super::dialect::Dialect;
use super::document::{Document, NodeRef};

/// The schema resources of a contract. Empty if no schema has an identifier.
#[derive(Debug, Default)]
pub(crate) struct SchemaIdentifiers {
    /// Sorted by root, so the last resource that contains a node is the innermost.
    resources: Vec<SchemaResource>,
    by_address: HashMap<String, NodeRef>,
}

#[derive(Debug)]
struct SchemaResource {
    root: NodeRef,
    base: Uri<String>,
    anchors: HashMap<String, NodeRef>,
    dynamic: Vec<(String, NodeRef)>,
}

/// Identifies a schema resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SchemaResourceId(usize);

impl SchemaResourceId {
    /// A number that is unique within the contract.
    pub(crate) fn number(self) -> usize {
        self.0
    }
}

/// Keywords whose value is a schema.
const SCHEMA_KEYWORDS: [&str; 11] = [
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value is an array of schemas.
const SCHEMA_ARRAY_KEYWORDS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords whose value is an object with a schema for each name.
const SCHEMA_MAP_KEYWORDS: [&str; 5] = [
    "$defs",
    "definitions",
    "dependentSchemas",
    "patternProperties",
    "properties",
];

impl SchemaIdentifiers {
    pub(super) fn of(documents: &[Document]) -> Self {
        let mut found = Self::default();
        let dialect = Dialect::of(documents[0].root());
        if !matches!(dialect, Ok(Dialect::V31 | Dialect::V32)) {
            return found;
        }
        let mut is_named = false;
        for (number, document) in (0..).zip(documents) {
            let Some(base) = address(document) else {
                return Self::default();
            };
            let root = document.root();
            let node_ref = NodeRef {
                document: number,
                node: root.index(),
            };
            found.add(node_ref, base.clone());
            let is_contract = root.get("openapi").is_some();
            if dialect == Ok(Dialect::V32)
                && let Some(own) = root.get("$self").and_then(|own| own.as_str())
            {
                is_named = true;
                found.rename(node_ref, own);
            }
            let base = found.resources[found.resources.len() - 1].base.clone();
            is_named |= IdentifierWalk {
                found: &mut found,
                document: number,
            }
            .run(root, &base, is_contract);
        }
        if !is_named {
            return Self::default();
        }
        found.resources.sort_by_key(|resource| resource.root);
        found
    }

    /// Whether any schema has a `$dynamicAnchor`.
    pub(crate) fn is_dynamic(&self) -> bool {
        self.resources.iter().any(|one| !one.dynamic.is_empty())
    }

    fn add(&mut self, root: NodeRef, base: Uri<String>) {
        self.by_address
            .entry(base.as_str().to_owned())
            .or_insert(root);
        self.resources.push(SchemaResource {
            root,
            base,
            anchors: HashMap::new(),
            dynamic: Vec::new(),
        });
    }

    /// Gives the document that was added last the URI in its `$self` (OpenAPI 3.2.0, OpenAPI Object,
    /// `$self`), which is also the base of its references. Its file still has its own address.
    fn rename(&mut self, root: NodeRef, own: &str) {
        let last = self.resources.len() - 1;
        if let Some(address) = self.absolute(SchemaResourceId(last), own) {
            let name = address.as_str().to_owned();
            self.by_address.entry(name).or_insert(root);
            self.resources[last].base = address;
        }
    }

    /// The innermost resource that contains a node. `node` returns the value of a reference.
    pub(crate) fn resource<'d>(
        &self,
        node_ref: NodeRef,
        node: impl Fn(NodeRef) -> JsonNode<'d>,
    ) -> Option<SchemaResourceId> {
        let upto = self.resources.partition_point(|one| one.root <= node_ref);
        let candidates = self.resources[..upto].iter().enumerate().rev();
        candidates
            .take_while(|(_, one)| one.root.document == node_ref.document)
            .find(|(_, one)| one.root == node_ref || node(one.root).contains_index(node_ref.node))
            .map(|(at, _)| SchemaResourceId(at))
    }

    /// The root schema of a resource.
    pub(crate) fn root(&self, resource: SchemaResourceId) -> NodeRef {
        self.resources[resource.0].root
    }

    /// The resource whose root is this node.
    pub(crate) fn resource_at(&self, root: NodeRef) -> Option<SchemaResourceId> {
        let found = self.resources.binary_search_by_key(&root, |one| one.root);
        found.ok().map(SchemaResourceId)
    }

    /// Resolves a reference without its fragment to an absolute URI. `None` if it is not a valid
    /// URI reference.
    pub(super) fn absolute(&self, from: SchemaResourceId, reference: &str) -> Option<Uri<String>> {
        uri::resolve_against(&self.resources[from.0].base.borrow(), reference).ok()
    }

    /// The root of the resource with this URI.
    pub(super) fn by_address(&self, address: &str) -> Option<NodeRef> {
        self.by_address.get(address).copied()
    }

    /// The schema of a resource with this `$anchor` or `$dynamicAnchor`.
    pub(super) fn anchor(&self, resource: SchemaResourceId, name: &str) -> Option<NodeRef> {
        self.resources[resource.0].anchors.get(name).copied()
    }

    /// The schemas of a resource with a `$dynamicAnchor`, by name.
    pub(crate) fn dynamic_anchors(&self, resource: SchemaResourceId) -> &[(String, NodeRef)] {
        &self.resources[resource.0].dynamic
    }
}

/// The `file:` URI of a document. No other resource can have the same base.
fn address(document: &Document) -> Option<Uri<String>> {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b'.')
        .remove(b'-')
        .remove(b'_')
        .remove(b'~');
    let path = std::path::absolute(&document.path).unwrap_or_else(|_| document.path.clone());
    let text = path.display().to_string().replace('\\', "/");
    let encoded = utf8_percent_encode(text.trim_start_matches('/'), KEPT);
    uri::from_str(&format!("file:///{encoded}")).ok()
}

struct IdentifierWalk<'f> {
    found: &'f mut SchemaIdentifiers,
    document: u32,
}

/// A value to visit, with the index of the resource that contains it.
enum PendingNode<'d> {
    Schema(JsonNode<'d>, usize),
    /// Anything else, which may contain schemas.
    Structure(JsonNode<'d>, usize),
}

impl IdentifierWalk<'_> {
    /// Registers the identifiers of the schemas below `root`. Returns whether there were any.
    fn run(mut self, root: JsonNode<'_>, base: &Uri<String>, is_contract: bool) -> bool {
        let resource = self.found.resources.len() - 1;
        debug_assert_eq!(&self.found.resources[resource].base, base);
        let mut open = vec![PendingNode::Structure(root, resource)];
        // A referenced file may hold a schema or other parts of a contract: visit it as both.
        if !is_contract {
            open.push(PendingNode::Schema(root, resource));
        }
        let mut is_named = false;
        while let Some(next) = open.pop() {
            match next {
                PendingNode::Schema(node, resource) => {
                    let own = self.name(node, resource, &mut is_named);
                    schemas_below(node, &mut |inner| {
                        open.push(PendingNode::Schema(inner, own))
                    });
                }
                PendingNode::Structure(node, resource) => {
                    structure_below(node, resource, &mut |next| open.push(next));
                }
            }
        }
        is_named
    }

    /// Registers the identifiers of one schema. Returns the resource that the schema belongs to.
    fn name(&mut self, node: JsonNode<'_>, outer: usize, is_named: &mut bool) -> usize {
        let text = |name| {
            node.get(name)
                .and_then(|value: JsonNode<'_>| value.as_str())
        };
        let node_ref = NodeRef {
            document: self.document,
            node: node.index(),
        };
        let mut own = outer;
        if let Some(id) = text("$id") {
            *is_named = true;
            own = self.begin(node_ref, id, outer);
        }
        let resource = &mut self.found.resources[own];
        for keyword in ["$anchor", "$dynamicAnchor"] {
            if let Some(name) = text(keyword) {
                *is_named = true;
                resource.anchors.entry(name.to_owned()).or_insert(node_ref);
                let is_first = resource.dynamic.iter().all(|(known, _)| known != name);
                if keyword == "$dynamicAnchor" && is_first {
                    resource.dynamic.push((name.to_owned(), node_ref));
                }
            }
        }
        own
    }

    fn begin(&mut self, node_ref: NodeRef, id: &str, outer: usize) -> usize {
        let file = id.split('#').next().unwrap_or_default();
        let Some(base) = self.found.absolute(SchemaResourceId(outer), file) else {
            return outer;
        };
        let known = self
            .found
            .resources
            .iter()
            .position(|one| one.root == node_ref);
        if let Some(known) = known {
            self.found
                .by_address
                .entry(base.as_str().to_owned())
                .or_insert(node_ref);
            self.found.resources[known].base = base;
            return known;
        }
        self.found.add(node_ref, base);
        self.found.resources.len() - 1
    }
}

fn schemas_below<'d>(schema: JsonNode<'d>, see: &mut dyn FnMut(JsonNode<'d>)) {
    for (name, value) in schema.members() {
        if SCHEMA_KEYWORDS.contains(&name) {
            see(value);
        } else if SCHEMA_ARRAY_KEYWORDS.contains(&name) {
            value.elements().for_each(&mut *see);
        } else if SCHEMA_MAP_KEYWORDS.contains(&name) {
            value.members().for_each(|(_, inner)| see(inner));
        }
    }
}

fn structure_below<'d>(node: JsonNode<'d>, resource: usize, see: &mut dyn FnMut(PendingNode<'d>)) {
    for (name, value) in node.members() {
        match name {
            "schema" | "itemSchema" => see(PendingNode::Schema(value, resource)),
            "schemas" => {
                for (_, schema) in value.members() {
                    see(PendingNode::Schema(schema, resource));
                }
            }
            "example" | "examples" => {}
            _ if name.starts_with("x-") => {}
            _ => see(PendingNode::Structure(value, resource)),
        }
    }
    for element in node.elements() {
        see(PendingNode::Structure(element, resource));
    }
}
