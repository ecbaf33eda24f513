//! Which names a `required` of OpenAPI 3.0 does not demand in one direction.
//!
//! A property that is both required and `readOnly` is required in responses only, a `writeOnly`
//! one in requests only (3.0.4, Fixed Fields of the Schema Object). Composition spreads one
//! object over several schemas: `required` may stand in one branch of an `allOf` and the property
//! in another, or behind a `$ref`. What is required in a branch therefore depends on where the
//! branch is used, and the same schema gets one more definition for each way that matters.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_json::JsonNode;

use crate::openapi::dialect::MessageDirection;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::follow;

/// How deep composition is looked into.
const DEPTH_MAX: u8 = 8;

/// Names that are declared outside a schema, and that its `required` does not demand.
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
    demanded: HashMap<NodeRef, Arc<[&'d str]>>,
}

/// Composition applies all of these to the same object.
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
            demanded: HashMap::new(),
        }
    }

    /// Whether `required` of the schema at `node_ref` does not demand a name.
    pub(super) fn is_exempt(&self, place: NodeRef, exempt: ExemptNames, name: &str) -> bool {
        self.sets[exempt.0 as usize].contains(&name) || self.is_flagged(place, name, 0)
    }

    /// What a branch of a composition need not demand: what the composition was exempt from, and
    /// what it or a branch that applies beside this one declares with the flag.
    pub(super) fn of_branch(
        &mut self,
        place: NodeRef,
        exempt: ExemptNames,
        keyword: &str,
        branch: NodeRef,
    ) -> ExemptNames {
        let demanded = self.required_names(branch);
        if demanded.is_empty() {
            return ExemptNames::NONE;
        }
        // Only one of the alternatives applies; they say nothing about each other.
        let beside: &[&str] = match keyword {
            "allOf" => &COMPOSED,
            _ => &["allOf"],
        };
        let names = demanded.iter().copied().filter(|name| {
            let outside = self.sets[exempt.0 as usize].contains(name)
                || self.is_declared(place, name)
                || self.is_flagged_in(place, beside, name, 0);
            outside && !self.is_flagged(branch, name, 0)
        });
        let names = names.collect();
        self.intern(names)
    }

    /// The part of a set that matters to a schema.
    pub(super) fn restricted_to(&mut self, exempt: ExemptNames, target: NodeRef) -> ExemptNames {
        if exempt == ExemptNames::NONE {
            return exempt;
        }
        let demanded = self.required_names(target);
        let mut names = self.sets[exempt.0 as usize].clone();
        names.retain(|name| demanded.contains(name));
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

    /// Every name that `required` demands in a schema and in what it is composed of.
    fn required_names(&mut self, place: NodeRef) -> Arc<[&'d str]> {
        if let Some(known) = self.demanded.get(&place) {
            return Arc::clone(known);
        }
        let mut names = Vec::new();
        self.collect_demanded(place, &mut names, 0);
        names.sort_unstable();
        names.dedup();
        let names: Arc<[&'d str]> = names.into();
        self.demanded.insert(place, Arc::clone(&names));
        names
    }

    fn collect_demanded(&self, place: NodeRef, names: &mut Vec<&'d str>, depth: u8) {
        let Ok(place) = follow(self.documents, place) else {
            return;
        };
        let node = self.documents.node(place);
        let required = node.get("required").into_iter();
        names.extend(
            required
                .flat_map(JsonNode::elements)
                .filter_map(JsonNode::as_str),
        );
        if depth < DEPTH_MAX {
            for branch in branches(node, &COMPOSED) {
                self.collect_demanded(DocumentSet::node_ref(place, branch), names, depth + 1);
            }
        }
    }

    /// Whether a schema, or a part of what it is composed of, declares a property with the flag.
    fn is_flagged(&self, place: NodeRef, name: &str, depth: u8) -> bool {
        let Ok(place) = follow(self.documents, place) else {
            return false;
        };
        self.is_declared(place, name)
            || depth < DEPTH_MAX && self.is_flagged_in(place, &COMPOSED, name, depth + 1)
    }

    fn is_flagged_in(&self, place: NodeRef, keywords: &[&str], name: &str, depth: u8) -> bool {
        branches(self.documents.node(place), keywords)
            .any(|branch| self.is_flagged(DocumentSet::node_ref(place, branch), name, depth))
    }

    fn is_declared(&self, place: NodeRef, name: &str) -> bool {
        let properties = self.documents.node(place).get("properties");
        properties
            .and_then(|properties| properties.get(name))
            .is_some_and(|schema| self.has_flag(DocumentSet::node_ref(place, schema), 0))
    }

    /// Whether a property's schema has the flag: itself, by what all of it is made of, or by
    /// every alternative.
    fn has_flag(&self, place: NodeRef, depth: u8) -> bool {
        let Ok(place) = follow(self.documents, place) else {
            return false;
        };
        let node = self.documents.node(place);
        if node.get(self.flag).and_then(JsonNode::as_bool) == Some(true) {
            return true;
        }
        let carries = |branch| self.has_flag(DocumentSet::node_ref(place, branch), depth + 1);
        let every = |keyword| {
            let alternatives = node.get(keyword).filter(|list| !list.is_empty());
            alternatives.is_some_and(|list| list.elements().all(carries))
        };
        depth < DEPTH_MAX
            && (branches(node, &["allOf"]).any(carries) || every("anyOf") || every("oneOf"))
    }
}

fn branches<'n>(node: JsonNode<'n>, keywords: &[&str]) -> impl Iterator<Item = JsonNode<'n>> {
    let lists: Vec<JsonNode<'n>> = keywords
        .iter()
        .filter_map(|keyword| node.get(keyword))
        .collect();
    lists.into_iter().flat_map(JsonNode::elements)
}
