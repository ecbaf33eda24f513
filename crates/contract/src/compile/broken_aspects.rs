//! Which aspects of an operation depend on broken parts of the contract.
//!
//! A part can be shared by many operations, so the answer is found by walking from an operation to
//! the parts. Schemas are not walked: they are lowered as unknown where they are broken.

use portcullis_json::JsonNode;

use crate::message::compiled_contract::CompiledContract;
use crate::message::operation::{Operation, StatusPattern};
use crate::openapi::broken_part::BrokenPart;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::path_item::path_item_objects;

/// An aspect of an operation that a broken part leaves open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokenAspect {
    /// All of it.
    Operation,
    /// A parameter; `None` stands for any.
    Parameter {
        /// The part of the request that contains it, as the contract writes it.
        part: Option<String>,
        /// Its name.
        name: Option<String>,
    },
    /// The request body.
    RequestBody,
    /// A response; `None` stands for any.
    Response(Option<StatusPattern>),
    /// A header field of a response.
    Header {
        /// The status of the response.
        status: StatusPattern,
        /// The name of the header field.
        name: String,
    },
    /// The required credentials.
    Security,
    /// The addresses.
    Servers,
}

impl CompiledContract {
    /// The aspects of an operation that depend on broken parts, schemas excepted.
    pub fn broken_aspects(&self, operation: &Operation) -> Vec<(&BrokenPart, BrokenAspect)> {
        let parts = || self.broken_parts.iter().filter(|part| !part.is_schema);
        if parts().next().is_none() {
            return Vec::new();
        }
        let mut search = AspectSearch {
            contract: self,
            parts: parts().collect(),
            found: Vec::new(),
        };
        search.operation(operation);
        search.found
    }
}

struct AspectSearch<'c> {
    contract: &'c CompiledContract,
    parts: Vec<&'c BrokenPart>,
    found: Vec<(&'c BrokenPart, BrokenAspect)>,
}

impl<'c> AspectSearch<'c> {
    fn operation(&mut self, operation: &Operation) {
        let documents = &self.contract.documents;
        let entry = documents.entry_ref();
        let is_whole = |part: &&'c BrokenPart| {
            part.is_ambiguous
                && ([operation.node_ref, operation.path_item].contains(&part.node_ref)
                    || part.other == Some(operation.node_ref))
        };
        let whole: Vec<_> = self.parts.iter().copied().filter(is_whole).collect();
        self.found.extend(
            whole
                .into_iter()
                .map(|part| (part, BrokenAspect::Operation)),
        );
        let owners: Vec<NodeRef> = std::iter::once(operation.node_ref)
            .chain(path_item_objects(documents, operation.path_item))
            .collect();
        for owner in &owners {
            self.parameters(*owner);
        }
        if let Some(body) = documents.member(operation.node_ref, "requestBody") {
            self.below(body, || BrokenAspect::RequestBody);
        }
        self.responses(operation.node_ref);
        let nearest = |name: &str, owners: &[NodeRef]| {
            let mut owners = owners.iter();
            owners.find_map(|owner| documents.member(*owner, name))
        };
        if let Some(list) = nearest("security", &[operation.node_ref, entry]) {
            self.security(list);
        }
        if let Some(servers) = nearest("servers", &[&owners[..], &[entry]].concat()) {
            self.below(servers, || BrokenAspect::Servers);
        }
    }

    fn parameters(&mut self, owner: NodeRef) {
        let documents = &self.contract.documents;
        let Some(list) = documents.member(owner, "parameters") else {
            return;
        };
        let any = || BrokenAspect::Parameter {
            part: None,
            name: None,
        };
        self.at(list, any);
        for element in documents.node(list).elements() {
            let at = DocumentSet::node_ref(list, element);
            let declared = documents.node(self.contract.resolved(at));
            let text = |name: &str| declared.get(name).and_then(JsonNode::as_str);
            self.below(at, || BrokenAspect::Parameter {
                part: text("in").map(str::to_owned),
                name: text("name").map(str::to_owned),
            });
        }
    }

    fn responses(&mut self, owner: NodeRef) {
        let documents = &self.contract.documents;
        let Some(map) = documents.member(owner, "responses") else {
            return;
        };
        self.at(map, || BrokenAspect::Response(None));
        for (key, response) in documents.node(map).members() {
            let at = DocumentSet::node_ref(map, response);
            let Some(status) = StatusPattern::parse(key) else {
                self.at(at, || BrokenAspect::Response(None));
                continue;
            };
            self.below(at, || BrokenAspect::Response(Some(status)));
            let target = self.contract.resolved(at);
            let headers = documents.member(target, "headers");
            let Some(headers) = headers else { continue };
            for (name, header) in documents.node(headers).members() {
                self.below(DocumentSet::node_ref(headers, header), || {
                    BrokenAspect::Header {
                        status,
                        name: name.to_owned(),
                    }
                });
            }
        }
    }

    fn security(&mut self, list: NodeRef) {
        let documents = &self.contract.documents;
        self.below(list, || BrokenAspect::Security);
        let components = documents.member(documents.entry_ref(), "components");
        let schemes = components.and_then(|at| documents.member(at, "securitySchemes"));
        let Some(schemes) = schemes else { return };
        let requirements = documents.node(list).elements();
        for (name, _) in requirements.flat_map(JsonNode::members) {
            if let Some(scheme) = documents.member(schemes, name) {
                self.below(scheme, || BrokenAspect::Security);
            }
        }
    }

    /// Adds the aspect for the parts at a node.
    fn at(&mut self, node_ref: NodeRef, aspect: impl Fn() -> BrokenAspect) {
        let parts = self.parts.iter().copied();
        let here: Vec<_> = parts.filter(|part| part.node_ref == node_ref).collect();
        here.into_iter().for_each(|part| self.add(part, aspect()));
    }

    /// Adds the aspect for the parts at a node, below it, and behind its references.
    fn below(&mut self, node_ref: NodeRef, aspect: impl Fn() -> BrokenAspect) {
        let documents = &self.contract.documents;
        let mut here = Some(node_ref);
        let mut seen = Vec::new();
        while let Some(link) = here.filter(|link| !seen.contains(link)) {
            seen.push(link);
            let node = documents.node(link);
            let parts = self.parts.iter().copied();
            let inside: Vec<_> = parts
                .filter(|part| part.node_ref.document == link.document)
                .filter(|part| has_effect(node, part.node_ref.node))
                .collect();
            inside.into_iter().for_each(|part| self.add(part, aspect()));
            here = self.contract.ref_target(link);
        }
    }

    fn add(&mut self, part: &'c BrokenPart, aspect: BrokenAspect) {
        // The aspect of a header field is more exact than that of its response.
        if let BrokenAspect::Header { status, .. } = &aspect {
            let whole = BrokenAspect::Response(Some(*status));
            self.found
                .retain(|(known, same)| !(std::ptr::eq(*known, part) && *same == whole));
        }
        let mut found = self.found.iter();
        if !found.any(|(known, same)| std::ptr::eq(*known, part) && *same == aspect) {
            self.found.push((part, aspect));
        }
    }
}

/// Whether a node contains another where it matters for more than a schema or an example.
fn has_effect(node: JsonNode<'_>, index: u32) -> bool {
    let mut here = node;
    while here.index() != index {
        let members = here.members().map(|(name, value)| (Some(name), value));
        let elements = here.elements().map(|value| (None, value));
        let Some((name, next)) = members
            .chain(elements)
            .find(|(_, value)| value.contains_index(index))
        else {
            return false;
        };
        let is_annotation = name.is_some_and(|name| {
            matches!(
                name,
                "schema" | "itemSchema" | "example" | "examples" | "links"
            ) || name.starts_with("x-")
        });
        if is_annotation {
            return false;
        }
        here = next;
    }
    true
}
