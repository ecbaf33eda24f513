//! A graph of all schema pairs to compare.
//!
//! Schemas are shared and recursive, so each pair is compared once, however many sites use it.
//! Afterwards the graph marks the pairs that lead to an edit. The walk for a site visits only
//! marked pairs, each once, by the shortest path.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Write;

use portcullis_contract::{CompiledContract, NodeRef};

use super::super::compare_options::CompareOptions;
use super::lifecycle_annotations::{LifecycleSubject, lifecycle};
use super::local_difference::{LocalDifference, SubschemaPair};
use super::schema_conjunction::SchemaConjunction;
use super::schema_edit::{LocatedEdit, SchemaEdit, SchemaStep};
use super::{
    bound_keywords, compared_types, discriminator, property_keywords, schema_branches, subschemas,
    value_keywords,
};

/// The index of a pair.
pub(crate) type SchemaPairId = usize;

/// All pairs of schemas of two contracts.
#[derive(Debug)]
pub(crate) struct EditGraph<'c> {
    old: &'c CompiledContract,
    new: &'c CompiledContract,
    options: CompareOptions,
    numbers: HashMap<(Vec<NodeRef>, Vec<NodeRef>), SchemaPairId>,
    pairs: Vec<SchemaPair>,
    /// Pairs that are not compared yet.
    open: Vec<(SchemaPairId, Vec<NodeRef>, Vec<NodeRef>)>,
}

#[derive(Debug, Default)]
struct SchemaPair {
    edits: Vec<SchemaEdit>,
    next: Vec<(SchemaStep, SchemaPairId)>,
    leads_to_edits: bool,
}

impl<'c> EditGraph<'c> {
    pub(crate) fn new(
        old: &'c CompiledContract,
        new: &'c CompiledContract,
        options: CompareOptions,
    ) -> Self {
        Self {
            old,
            new,
            options,
            numbers: HashMap::new(),
            pairs: Vec::new(),
            open: Vec::new(),
        }
    }

    /// Adds the pair of root schemas of a site.
    pub(crate) fn add(&mut self, old: NodeRef, new: NodeRef) -> SchemaPairId {
        self.number(
            vec![self.old.resolved_if_plain(old)],
            vec![self.new.resolved_if_plain(new)],
        )
    }

    fn number(&mut self, old: Vec<NodeRef>, new: Vec<NodeRef>) -> SchemaPairId {
        let next = self.pairs.len();
        let known = *self
            .numbers
            .entry((old.clone(), new.clone()))
            .or_insert(next);
        if known == next {
            self.pairs.push(SchemaPair::default());
            self.open.push((known, old, new));
        }
        known
    }

    /// Compares all added pairs and everything reachable from them.
    pub(crate) fn explore(&mut self) {
        while let Some((id, old, new)) = self.open.pop() {
            let (old, new) = (
                SchemaConjunction::new(self.old, &old),
                SchemaConjunction::new(self.new, &new),
            );
            let LocalDifference { edits, edges } = self.compare(&old, &new);
            let mut next = Vec::with_capacity(edges.len());
            for SubschemaPair { step, old, new } in edges {
                let followed =
                    |contract: &CompiledContract, node_refs: Vec<NodeRef>| -> Vec<NodeRef> {
                        node_refs
                            .iter()
                            .map(|node_ref| contract.resolved_if_plain(*node_ref))
                            .collect()
                    };
                let (old, new) = (followed(self.old, old), followed(self.new, new));
                next.push((step, self.number(old, new)));
            }
            self.pairs[id].edits = edits;
            self.pairs[id].next = next;
        }
        self.mark();
    }

    fn compare(&self, old: &SchemaConjunction<'_>, new: &SchemaConjunction<'_>) -> LocalDifference {
        if let Some(local) = schema_branches::single_against_alternatives(old, new) {
            return local;
        }
        let mut local = LocalDifference::default();
        if old.is_never != new.is_never {
            let rule = if new.is_never {
                "schema.type.narrowed"
            } else {
                "schema.type.widened"
            };
            local
                .edits
                .push(SchemaEdit::of(rule, "false").between(old.node_ref(), new.node_ref()));
        }
        compared_types::compare(old, new, &mut local.edits);
        bound_keywords::compare(old, new, &mut local.edits);
        value_keywords::compare(old, new, &mut local.edits);
        discriminator::compare(old, new, &mut local.edits);
        let lifecycle_edits = lifecycle(
            LifecycleSubject::Schema,
            &old.objects(),
            &new.objects(),
            &self.options,
        );
        local
            .edits
            .extend(lifecycle_edits.into_iter().map(|(rule, word, from, to)| {
                SchemaEdit::of(rule, word)
                    .from(from)
                    .to(to)
                    .between(old.node_ref(), new.node_ref())
            }));
        property_keywords::compare(old, new, &mut local);
        subschemas::compare(old, new, &mut local);
        local
    }

    /// Marks the pairs that lead to edits, by walking the steps backwards.
    fn mark(&mut self) {
        let mut before: Vec<Vec<SchemaPairId>> = vec![Vec::new(); self.pairs.len()];
        let mut open = Vec::new();
        for (id, pair) in self.pairs.iter_mut().enumerate() {
            pair.next
                .iter()
                .for_each(|(_, next)| before[*next].push(id));
            pair.leads_to_edits = !pair.edits.is_empty();
            open.extend(pair.leads_to_edits.then_some(id));
        }
        while let Some(id) = open.pop() {
            for &earlier in &before[id] {
                if !self.pairs[earlier].leads_to_edits {
                    self.pairs[earlier].leads_to_edits = true;
                    open.push(earlier);
                }
            }
        }
    }

    /// The edits below a pair, each once, the nearest first.
    pub(crate) fn edits(&self, root: SchemaPairId) -> Vec<LocatedEdit> {
        let mut found = Vec::new();
        if !self.pairs[root].leads_to_edits {
            return found;
        }
        let mut seen = HashSet::from([root]);
        let mut open = VecDeque::from([(root, String::new())]);
        while let Some((id, pointer)) = open.pop_front() {
            let pair = &self.pairs[id];
            found.extend(pair.edits.iter().map(|edit| LocatedEdit {
                pointer: pointer_of(&pointer, edit),
                edit: edit.clone(),
            }));
            for (step, next) in &pair.next {
                if self.pairs[*next].leads_to_edits && seen.insert(*next) {
                    let mut pointer = pointer.clone();
                    write!(pointer, "{step}").expect("writing to a String does not fail");
                    open.push_back((*next, pointer));
                }
            }
        }
        found
    }
}

fn pointer_of(base: &str, edit: &SchemaEdit) -> String {
    match &edit.property {
        Some(name) => format!("{base}{}", SchemaStep::Property(name.as_str().into())),
        None => base.to_owned(),
    }
}
