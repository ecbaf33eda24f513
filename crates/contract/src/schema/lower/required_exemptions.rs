//! Names that `required` of OpenAPI 3.0 does not require in one direction.
//!
//! A required property with `readOnly` is required only in responses, one with `writeOnly` only in
//! requests (OpenAPI 3.0.4, Fixed Fields of the Schema Object). Composition can split an object
//! over several schemas: `required` may be in one branch of an `allOf` and the property in another,
//! or behind a `$ref`. So what a branch requires depends on where it is used, and a schema gets one
//! definition for each set of exempt names.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use portcullis_json::JsonNode;

use crate::openapi::dialect::MessageDirection;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::follow;

/// The maximum depth of composition that is examined.
const DEPTH_MAX: u8 = 8;

/// Identifies a set of names that a `required` omits because of properties declared outside of its
/// schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ExemptNames(u32);

impl ExemptNames {
    pub(super) const NONE: Self = Self(0);
}

#[derive(Debug)]
pub(super) struct RequiredExemptions<'d> {
    documents: &'d DocumentSet,
    flag: &'static str,
    sets: Vec<Vec<&'d str>>,
    required: HashMap<NodeRef, Arc<[&'d str]>>,
}

/// Keywords whose subschemas apply to the same object.
const COMPOSED: [&str; 3] = ["allOf", "anyOf", "oneOf"];

impl<'d> RequiredExemptions<'d> {
    pub(super) fn new(documents: &'d DocumentSet, direction: MessageDirection) -> Self {
        Self {
            documents,
            flag: match direction {
                MessageDirection::Request => "readOnly",
                MessageDirection::Response => "writeOnly",
            },
            sets: vec![Vec::new()],
            required: HashMap::new(),
        }
    }

    /// Whether the `required` of the schema at `node_ref` omits a name.
    pub(super) fn is_exempt(&self, node_ref: NodeRef, exempt: ExemptNames, name: &str) -> bool {
        self.sets[exempt.0 as usize].contains(&name) || self.is_flagged(node_ref, name)
    }

    /// The exempt names of a branch of a composition: those of the composition itself, and those
    /// that it or another applicable branch declares with the flag.
    pub(super) fn of_branch(
        &mut self,
        node_ref: NodeRef,
        exempt: ExemptNames,
        keyword: &str,
        branch: NodeRef,
    ) -> ExemptNames {
        let required = self.required_names(branch);
        if required.is_empty() {
            return ExemptNames::NONE;
        }
        // Alternatives do not apply together, so they do not affect each other.
        let siblings: &[&str] = match keyword {
            "allOf" => &COMPOSED,
            _ => &["allOf"],
        };
        let names = required.iter().copied().filter(|name| {
            let outside = self.sets[exempt.0 as usize].contains(name)
                || self.is_declared(node_ref, name)
                || self.is_flagged_in(node_ref, siblings, name);
            outside && !self.is_flagged(branch, name)
        });
        let names = names.collect();
        self.intern(names)
    }

    /// The subset of the exempt names that a schema requires.
    pub(super) fn restricted_to(&mut self, exempt: ExemptNames, target: NodeRef) -> ExemptNames {
        if exempt == ExemptNames::NONE {
            return exempt;
        }
        let required = self.required_names(target);
        let mut names = self.sets[exempt.0 as usize].clone();
        names.retain(|name| required.contains(name));
        self.intern(names)
    }

    fn intern(&mut self, mut names: Vec<&'d str>) -> ExemptNames {
        names.sort_unstable();
        names.dedup();
        let known = self.sets.iter().position(|set| *set == names);
        let number = known.unwrap_or_else(|| {
            self.sets.push(names);
            self.sets.len() - 1
        });
        ExemptNames(u32::try_from(number).unwrap_or_default())
    }

    /// Every name in the `required` of a schema and of the schemas that it is composed of.
    fn required_names(&mut self, node_ref: NodeRef) -> Arc<[&'d str]> {
        if let Some(known) = self.required.get(&node_ref) {
            return Arc::clone(known);
        }
        let documents = self.documents;
        let lists = self.composition_of(vec![node_ref]).into_iter();
        let lists = lists.filter_map(|part| documents.node(part).get("required"));
        let mut names: Vec<&'d str> = lists
            .flat_map(JsonNode::elements)
            .filter_map(JsonNode::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        let names: Arc<[&'d str]> = names.into();
        self.required.insert(node_ref, Arc::clone(&names));
        names
    }

    /// These schemas and the schemas that they are composed of, each once: a schema can occur in
    /// its composition any number of times.
    fn composition_of(&self, schemas: Vec<NodeRef>) -> Vec<NodeRef> {
        let mut seen = HashSet::new();
        let mut parts = Vec::new();
        let mut level = schemas;
        for _ in 0..=DEPTH_MAX {
            let targets = level
                .iter()
                .filter_map(|at| follow(self.documents, *at).ok());
            level = targets.filter(|target| seen.insert(*target)).collect();
            parts.extend_from_slice(&level);
            let below = level.iter().flat_map(|at| {
                let branches = branches(self.documents.node(*at), &COMPOSED);
                branches.map(|branch| DocumentSet::node_ref(*at, branch))
            });
            level = below.collect();
        }
        parts
    }

    /// Whether a schema, or a schema that it is composed of, declares a property with the flag.
    fn is_flagged(&self, node_ref: NodeRef, name: &str) -> bool {
        let mut parts = self.composition_of(vec![node_ref]).into_iter();
        parts.any(|part| self.is_declared(part, name))
    }

    fn is_flagged_in(&self, node_ref: NodeRef, keywords: &[&str], name: &str) -> bool {
        let branches = branches(self.documents.node(node_ref), keywords);
        let branches = branches.map(|branch| DocumentSet::node_ref(node_ref, branch));
        let mut parts = self.composition_of(branches.collect()).into_iter();
        parts.any(|part| self.is_declared(part, name))
    }

    fn is_declared(&self, node_ref: NodeRef, name: &str) -> bool {
        let properties = self.documents.node(node_ref).get("properties");
        properties
            .and_then(|properties| properties.get(name))
            .is_some_and(|schema| {
                let schema = DocumentSet::node_ref(node_ref, schema);
                self.has_flag(schema, 0, &mut HashMap::new())
            })
    }

    /// Whether the schema of a property has the flag: itself, in a branch of `allOf`, or in every
    /// alternative.
    ///
    /// `known` has the results of compositions by their depth.
    fn has_flag(
        &self,
        node_ref: NodeRef,
        depth: u8,
        known: &mut HashMap<(NodeRef, u8), bool>,
    ) -> bool {
        let Ok(node_ref) = follow(self.documents, node_ref) else {
            return false;
        };
        let node = self.documents.node(node_ref);
        if node.get(self.flag).and_then(JsonNode::as_bool) == Some(true) {
            return true;
        }
        let is_composed = || COMPOSED.iter().any(|keyword| node.get(keyword).is_some());
        if depth >= DEPTH_MAX || !is_composed() {
            return false;
        }
        if let Some(has_flag) = known.get(&(node_ref, depth)) {
            return *has_flag;
        }
        let mut carries =
            |branch| self.has_flag(DocumentSet::node_ref(node_ref, branch), depth + 1, known);
        let has_flag = branches(node, &["allOf"]).any(&mut carries)
            || ["anyOf", "oneOf"].into_iter().any(|keyword| {
                let alternatives = node.get(keyword).filter(|list| !list.is_empty());
                alternatives.is_some_and(|list| list.elements().all(&mut carries))
            });
        known.insert((node_ref, depth), has_flag);
        has_flag
    }
}

fn branches<'n>(node: JsonNode<'n>, keywords: &[&str]) -> impl Iterator<Item = JsonNode<'n>> {
    let lists: Vec<JsonNode<'n>> = keywords
        .iter()
        .filter_map(|keyword| node.get(keyword))
        .collect();
    lists.into_iter().flat_map(JsonNode::elements)
}
