//! A digest of a part of a contract with everything that it refers to. Texts for readers, such as
//! descriptions and examples, do not count.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use portcullis_contract::{CompiledContract, DocumentSet, NodeRef};
use portcullis_json::{JsonKind, JsonNode};

use super::schema_diff::canonical;

/// Keywords whose values are texts for readers.
const ANNOTATIONS: [&str; 8] = [
    "title",
    "summary",
    "description",
    "example",
    "examples",
    "externalDocs",
    "$comment",
    "tags",
];

/// Keywords whose values are objects with free names.
const NAMED_VALUES: [&str; 15] = [
    "properties",
    "patternProperties",
    "dependentSchemas",
    "dependentRequired",
    "definitions",
    "$defs",
    "content",
    "headers",
    "responses",
    "encoding",
    "callbacks",
    "mapping",
    "schemas",
    "scopes",
    "variables",
];

/// Keywords whose values are data.
const DATA: [&str; 3] = ["const", "enum", "default"];

/// Digests of the parts of one contract.
pub(super) struct ContentDigests<'c> {
    contract: &'c CompiledContract,
    /// The digest of each node without the nodes that it refers to, and those nodes.
    own: HashMap<NodeRef, OwnContent>,
    whole: HashMap<NodeRef, String>,
}

#[derive(Clone)]
struct OwnContent {
    digest: [u8; 32],
    targets: Vec<NodeRef>,
}

impl<'c> ContentDigests<'c> {
    pub(super) fn new(contract: &'c CompiledContract) -> Self {
        Self {
            contract,
            own: HashMap::new(),
            whole: HashMap::new(),
        }
    }

    /// The digest of a node with everything that it refers to.
    pub(super) fn of(&mut self, node_ref: NodeRef) -> String {
        if let Some(known) = self.whole.get(&node_ref) {
            return known.clone();
        }
        let mut hash = Sha256::new();
        let mut seen = HashSet::from([node_ref]);
        let mut open = vec![node_ref];
        while let Some(next) = open.pop() {
            let own = self.own(next);
            hash.update(own.digest);
            for target in own.targets {
                if seen.insert(target) {
                    open.push(target);
                }
            }
        }
        let digest = hex(&hash.finalize());
        self.whole.insert(node_ref, digest.clone());
        digest
    }

    fn own(&mut self, node_ref: NodeRef) -> OwnContent {
        if let Some(known) = self.own.get(&node_ref) {
            return known.clone();
        }
        let mut writer = ContentWriter {
            contract: self.contract,
            near: node_ref,
            text: String::new(),
            targets: Vec::new(),
        };
        writer.write(self.contract.documents().node(node_ref), false);
        let own = OwnContent {
            digest: Sha256::digest(&writer.text).into(),
            targets: writer.targets,
        };
        self.own.insert(node_ref, own.clone());
        own
    }
}

/// Writes a node with sorted members and without annotations.
struct ContentWriter<'c> {
    contract: &'c CompiledContract,
    near: NodeRef,
    text: String,
    targets: Vec<NodeRef>,
}

impl ContentWriter<'_> {
    /// `has_free_names` says whether authors choose the names of the members, which are then not
    /// keywords.
    fn write(&mut self, node: JsonNode<'_>, has_free_names: bool) {
        match node.kind() {
            JsonKind::Object => self.object(node, has_free_names),
            JsonKind::Array => {
                self.text.push('[');
                for element in node.elements() {
                    self.write(element, false);
                    self.text.push(',');
                }
                self.text.push(']');
            }
            JsonKind::Null | JsonKind::Boolean | JsonKind::Number | JsonKind::String => {
                self.text.push_str(&canonical(node));
            }
        }
    }

    fn object(&mut self, node: JsonNode<'_>, has_free_names: bool) {
        if !has_free_names {
            let node_ref = DocumentSet::node_ref(self.near, node);
            self.targets.extend(self.contract.ref_target(node_ref));
        }
        let is_kept = |name: &str| has_free_names || !ANNOTATIONS.contains(&name);
        let mut members: Vec<(&str, JsonNode<'_>)> =
            node.members().filter(|(name, _)| is_kept(name)).collect();
        members.sort_by(|left, right| left.0.cmp(right.0));
        self.text.push('{');
        for (name, value) in members {
            self.text.push_str(&format!("{name:?}:"));
            if !has_free_names && DATA.contains(&name) {
                self.text.push_str(&canonical(value));
            } else {
                self.write(value, !has_free_names && NAMED_VALUES.contains(&name));
            }
            self.text.push(',');
        }
        self.text.push('}');
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
