//! Changes that a comparison cannot see, because the contract has no effect where they are.
//!
//! The linter knows these places: a path parameter that the path does not contain, a keyword that
//! the version of OpenAPI does not have, an alternative that accepts every value. Each is named if
//! the revisions differ there.

use std::collections::{BTreeMap, HashSet};

use portcullis_contract::{
    CompiledContract, ContractProblem, DocumentSet, NodeRef, ineffective_parts,
};
use portcullis_json::{JsonKind, JsonNode};

use super::schema_diff::canonical;

/// The number of notes. A contract can repeat one mistake thousands of times.
const NOTES_MAX: usize = 20;

/// A note for each mistake that hides a change, with its first location.
pub(super) fn hidden_edits(old: &CompiledContract, new: &CompiledContract) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<ContractProblem>> = BTreeMap::new();
    let mut comparison = TextComparison {
        contracts: [old, new],
        equal: HashSet::new(),
    };
    // The newer contract can be corrected, so its locations come first.
    for side in [1, 0] {
        for problem in ineffective_parts(comparison.contracts[side]) {
            let known = places.entry(problem.message.clone()).or_default();
            let is_known = known
                .iter()
                .any(|known| known.at.pointer == problem.at.pointer);
            if !is_known && comparison.differs_at(side, &problem) {
                known.push(problem);
            }
        }
    }
    places.retain(|_, places| !places.is_empty());
    let more = places.len().saturating_sub(NOTES_MAX);
    let notes = places.into_values().take(NOTES_MAX);
    let mut notes: Vec<String> = notes.filter_map(|places| note(&places)).collect();
    if more > 0 {
        notes.push(format!(
            "changes are not visible for {more} more reasons: run portcullis check"
        ));
    }
    notes
}

fn note(places: &[ContractProblem]) -> Option<String> {
    let first = places.first()?;
    let more = match places.len() {
        1 => String::new(),
        count => format!(" (and in {} more places)", count - 1),
    };
    let (file, line) = (&first.at.file, first.at.line);
    Some(format!(
        "changes here are not visible: {file}:{line}: {}{more}",
        first.message
    ))
}

/// Compares the text of both contracts with everything that it refers to.
struct TextComparison<'c> {
    contracts: [&'c CompiledContract; 2],
    /// Pairs of nodes that are equal.
    equal: HashSet<(NodeRef, NodeRef)>,
}

impl<'c> TextComparison<'c> {
    /// Whether the contracts differ where one of them has a problem.
    fn differs_at(&mut self, side: usize, problem: &ContractProblem) -> bool {
        let list = self.contracts[side].documents().list();
        let document = list.iter().position(|one| one.name == problem.at.file);
        let is_swagger = |contract: &&CompiledContract| contract.documents().is_swagger();
        if self.contracts.iter().any(is_swagger) {
            let written = |contract: &'c CompiledContract| {
                let root = contract.documents().list().get(document?)?.written_root();
                root.pointer(&problem.at.pointer)
                    .map(|node| node.to_value())
            };
            let [old, new] = self.contracts;
            return written(old) != written(new);
        }
        let at = |contract: &'c CompiledContract| -> Option<NodeRef> {
            let index = document?;
            let root = contract.documents().list().get(index)?.root();
            let near = contract.documents().root_ref(u32::try_from(index).ok()?);
            let node = root.pointer(&problem.at.pointer)?;
            Some(DocumentSet::node_ref(near, node))
        };
        let [old, new] = self.contracts;
        let (Some(old), Some(new)) = (at(old), at(new)) else {
            return true;
        };
        let mut assumed = HashSet::new();
        let is_equal = self.is_equal(old, new, &mut assumed);
        if is_equal {
            self.equal.extend(assumed);
        }
        !is_equal
    }

    /// Whether two nodes are equal, annotations excepted. A pair inside itself is assumed to be
    /// equal.
    fn is_equal(
        &self,
        old: NodeRef,
        new: NodeRef,
        assumed: &mut HashSet<(NodeRef, NodeRef)>,
    ) -> bool {
        let mut open = vec![(old, new)];
        while let Some((old, new)) = open.pop() {
            if self.equal.contains(&(old, new)) || !assumed.insert((old, new)) {
                continue;
            }
            let [before, after] = self.contracts;
            let left = before.documents().node(old);
            let right = after.documents().node(new);
            if left.kind() != right.kind() {
                return false;
            }
            match left.kind() {
                JsonKind::Object => {
                    let (names, other) = (effective(left), effective(right));
                    if !names.keys().eq(other.keys()) {
                        return false;
                    }
                    let pairs = names.values().zip(other.values());
                    open.extend(pairs.map(|(left, right)| {
                        let left = DocumentSet::node_ref(old, *left);
                        (left, DocumentSet::node_ref(new, *right))
                    }));
                    if let (Some(left), Some(right)) =
                        (before.ref_target(old), after.ref_target(new))
                    {
                        open.push((left, right));
                    }
                }
                JsonKind::Array => {
                    if left.len() != right.len() {
                        return false;
                    }
                    let pairs = left.elements().zip(right.elements());
                    open.extend(pairs.map(|(left, right)| {
                        let left = DocumentSet::node_ref(old, left);
                        (left, DocumentSet::node_ref(new, right))
                    }));
                }
                JsonKind::Null | JsonKind::Boolean | JsonKind::Number | JsonKind::String => {
                    if canonical(left) != canonical(right) {
                        return false;
                    }
                }
            }
        }
        true
    }
}

/// The members of an object that are more than annotations.
fn effective(node: JsonNode<'_>) -> BTreeMap<&str, JsonNode<'_>> {
    let is_annotation = |name: &str, value: JsonNode<'_>| match name {
        "title" | "description" | "summary" => value.as_str().is_some(),
        "example" | "examples" => true,
        _ => name.starts_with("x-"),
    };
    node.members()
        .filter(|(name, value)| !is_annotation(name, *value))
        .collect()
}
