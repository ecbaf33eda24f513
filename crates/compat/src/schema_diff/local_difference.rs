//! The difference between two schemas, without their subschemas.

use std::collections::BTreeSet;

use portcullis_contract::NodeRef;

use super::schema_edit::{SchemaEdit, SchemaStep};

/// The schemas of both revisions after a step.
pub(super) struct SubschemaPair {
    pub(super) step: SchemaStep,
    pub(super) old: Vec<NodeRef>,
    pub(super) new: Vec<NodeRef>,
}

/// The result of comparing two schemas, without their subschemas.
#[derive(Default)]
pub(super) struct LocalDifference {
    pub(super) edits: Vec<SchemaEdit>,
    pub(super) edges: Vec<SubschemaPair>,
}

/// The names of both lists, each with its schemas in either revision.
pub(super) fn either<'n>(
    old: &[(&'n str, Vec<NodeRef>)],
    new: &[(&'n str, Vec<NodeRef>)],
) -> impl Iterator<Item = (&'n str, Vec<NodeRef>, Vec<NodeRef>)> {
    let names: BTreeSet<&str> = old.iter().chain(new).map(|(name, _)| *name).collect();
    let of = |list: &[(&str, Vec<NodeRef>)], name: &str| {
        let found = list.binary_search_by(|(known, _)| (*known).cmp(name));
        found.map_or_else(|_| Vec::new(), |at| list[at].1.clone())
    };
    let pairs: Vec<_> = names
        .into_iter()
        .map(|name| (name, of(old, name), of(new, name)))
        .collect();
    pairs.into_iter()
}
