//! A graph of all schema pairs to compare.
//!
//! Schemas are shared and recursive, so each pair is compared once, however many sites use it.
//! Afterwards the graph marks the pairs that lead to an edit. The walk for a site visits only
//! marked pairs, each once, by the shortest path.

use std::collections::VecDeque;

use std::sync::Arc;

use hashbrown::HashMap;
use portcullis_contract::{CompiledContract, Dialect, NodeRef};

use super::super::compare_options::CompareOptions;
use super::super::containment::SchemaParts;
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
    options: &'c CompareOptions,
    numbers: HashMap<(Vec<NodeRef>, Vec<NodeRef>), SchemaPairId>,
    pairs: Vec<SchemaPair>,
    /// Pairs that are not compared yet.
    open: Vec<(SchemaPairId, Vec<NodeRef>, Vec<NodeRef>)>,
}

#[derive(Debug, Default)]
struct SchemaPair {
    old: Vec<NodeRef>,
    new: Vec<NodeRef>,
    /// The schema objects of each revision.
    parts: [Vec<NodeRef>; 2],
    edits: Vec<SchemaEdit>,
    next: Vec<(SchemaStep, SchemaPairId)>,
    /// The pairs that lead here.
    before: Vec<SchemaPairId>,
    leads_to_edits: bool,
}

/// The maximum number of places of one edit in one value that are listed.
const PLACES_MAX: usize = 8;

/// Up to this number of pairs between the root and an edit, all ways to the edit are edited;
/// otherwise only the shortest.
const WAYS_MAX: usize = 64;

impl<'c> EditGraph<'c> {
    pub(crate) fn new(
        old: &'c CompiledContract,
        new: &'c CompiledContract,
        options: &'c CompareOptions,
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
            self.pairs[id].old = old.roots();
            self.pairs[id].parts = [old.parts.clone(), new.parts.clone()];
            self.pairs[id].new = new.roots();
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
            // No other keyword has an effect on both sides.
            let edit = compared_types::of_never(old, new);
            local
                .edits
                .push(edit.between(old.node_ref(), new.node_ref()));
            return local;
        }
        compared_types::compare(old, new, &mut local.edits);
        bound_keywords::compare(old, new, &mut local.edits);
        value_keywords::compare(old, new, &mut local.edits);
        discriminator::compare(old, new, &mut local.edits);
        let lifecycle_edits = lifecycle(
            LifecycleSubject::Schema,
            &old.objects(),
            &new.objects(),
            self.options,
        );
        local.edits.extend(lifecycle_edits.into_iter().map(|edit| {
            SchemaEdit::of(edit.rule, edit.keyword)
                .from(edit.before)
                .to(edit.after)
                .between(old.node_ref(), new.node_ref())
        }));
        property_keywords::compare(old, new, &mut local);
        subschemas::compare(old, new, &mut local);
        local
    }

    /// Marks the pairs that lead to edits, by walking the steps backwards.
    fn mark(&mut self) {
        let mut open = Vec::new();
        for id in 0..self.pairs.len() {
            let next: Vec<SchemaPairId> =
                self.pairs[id].next.iter().map(|(_, next)| *next).collect();
            for next in next {
                self.pairs[next].before.push(id);
            }
            self.pairs[id].leads_to_edits = !self.pairs[id].edits.is_empty();
            open.extend(self.pairs[id].leads_to_edits.then_some(id));
        }
        while let Some(id) = open.pop() {
            for earlier in self.pairs[id].before.clone() {
                if !self.pairs[earlier].leads_to_edits {
                    self.pairs[earlier].leads_to_edits = true;
                    open.push(earlier);
                }
            }
        }
    }

    /// The edits below a pair, each once, the nearest first, with the places that they reach.
    pub(crate) fn edits(&self, root: SchemaPairId) -> Vec<LocatedEdit> {
        if !self.pairs[root].leads_to_edits {
            return Vec::new();
        }
        let mut ways = vec![SchemaWay {
            pair: root,
            from: None,
            pointer: String::new(),
            applied: Vec::new(),
        }];
        let mut places: HashMap<SchemaPairId, Vec<usize>> = HashMap::from([(root, vec![0])]);
        let mut nearest = vec![root];
        let mut at = 0;
        while at < ways.len() {
            let SchemaWay {
                pair,
                ref pointer,
                ref applied,
                ..
            } = ways[at];
            let (base, applied) = (pointer.clone(), applied.clone());
            for (step, next) in &self.pairs[pair].next {
                if !self.pairs[*next].leads_to_edits || passes(&ways, at, *next) {
                    continue;
                }
                let known = places.entry(*next).or_default();
                if known.is_empty() {
                    nearest.push(*next);
                }
                if known.len() < PLACES_MAX {
                    known.push(ways.len());
                    ways.push(SchemaWay {
                        pair: *next,
                        from: Some(at),
                        pointer: format!("{base}{step}"),
                        applied: match step {
                            SchemaStep::Applied(keyword) => {
                                applied.iter().copied().chain([*keyword]).collect()
                            }
                            _ => applied.clone(),
                        },
                    });
                }
            }
            at += 1;
        }
        let located = nearest.iter().flat_map(|pair| {
            let ways = &ways;
            let places = &places[pair];
            let edits = self.pairs[*pair].edits.iter().enumerate();
            edits.map(move |(number, edit)| {
                let mut pointers: Vec<Arc<str>> = places
                    .iter()
                    .map(|way| pointer_of(&ways[*way].pointer, edit).into())
                    .collect();
                pointers.dedup();
                let mut applied = places.iter().map(|way| &ways[*way].applied);
                let plain = applied.clone().find(|applied| applied.is_empty());
                LocatedEdit {
                    applied: plain.or(applied.next()).cloned().unwrap_or_default(),
                    id: (*pair, number),
                    pointers,
                    edit: edit.clone(),
                }
            })
        });
        located.collect()
    }

    /// The schemas of a pair.
    pub(crate) fn parts(&self, id: SchemaPairId) -> [SchemaParts; 2] {
        let pair = &self.pairs[id];
        [
            SchemaConjunction::new(self.old, &pair.old).schema_parts(),
            SchemaConjunction::new(self.new, &pair.new).schema_parts(),
        ]
    }

    /// Whether another edit of the same schemas is of a keyword.
    pub(crate) fn also_edits(&self, found: &LocatedEdit, keyword: &str) -> bool {
        let (pair, number) = found.id;
        let edits = self.pairs[pair].edits.iter().enumerate();
        let mut others = edits.filter(|(other, _)| *other != number);
        others.any(|(_, edit)| edit.keyword == keyword)
    }

    /// Whether `readOnly` and `writeOnly` decide if a property is required. In OpenAPI 3.1 they only
    /// annotate it.
    pub(crate) fn has_conditional_requirements(&self) -> bool {
        [self.old, self.new]
            .iter()
            .any(|contract| contract.dialect == Dialect::V30)
    }

    /// The schemas of each revision from a root to a pair, on every way that leads there, or on the shortest
    /// if there are many.
    pub(crate) fn way(&self, root: SchemaPairId, target: SchemaPairId) -> [Vec<NodeRef>; 2] {
        let mut reached: HashMap<SchemaPairId, SchemaPairId> = HashMap::from([(root, root)]);
        let mut open = VecDeque::from([root]);
        while let Some(id) = open.pop_front() {
            for (_, next) in &self.pairs[id].next {
                if self.pairs[*next].leads_to_edits && !reached.contains_key(next) {
                    reached.insert(*next, id);
                    open.push_back(*next);
                }
            }
        }
        let mut between = vec![target];
        let mut at = 0;
        while at < between.len() && between.len() <= WAYS_MAX {
            for earlier in &self.pairs[between[at]].before {
                if reached.contains_key(earlier) && !between.contains(earlier) {
                    between.push(*earlier);
                }
            }
            at += 1;
        }
        if between.len() > WAYS_MAX {
            between = vec![target];
            let mut here = target;
            while let Some(earlier) = reached.get(&here).filter(|_| here != root) {
                here = *earlier;
                between.push(here);
            }
        }
        [0, 1].map(|revision| {
            let parts = between.iter().map(|id| &self.pairs[*id].parts[revision]);
            parts.flatten().copied().collect()
        })
    }

    /// The pairs that declare the schema of a pair as a property, with its name.
    pub(crate) fn holders(&self, id: SchemaPairId) -> Vec<(SchemaPairId, Arc<str>)> {
        let mut found = Vec::new();
        for holder in &self.pairs[id].before {
            for (step, next) in &self.pairs[*holder].next {
                if let SchemaStep::Property(name) = step
                    && *next == id
                    && !found
                        .iter()
                        .any(|(known, other)| known == holder && other == name)
                {
                    found.push((*holder, Arc::clone(name)));
                }
            }
        }
        found
    }
}

/// A way from the root to a pair.
struct SchemaWay {
    pair: SchemaPairId,
    /// The way that this one extends by a step.
    from: Option<usize>,
    /// The JSON pointer to the values of the pair.
    pointer: String,
    /// The keywords on the way that give the keywords below another meaning.
    applied: Vec<&'static str>,
}

/// Whether a way passes a pair.
fn passes(ways: &[SchemaWay], mut at: usize, pair: SchemaPairId) -> bool {
    loop {
        let way = &ways[at];
        match way.from {
            _ if way.pair == pair => return true,
            Some(from) => at = from,
            None => return false,
        }
    }
}

fn pointer_of(base: &str, edit: &SchemaEdit) -> String {
    match &edit.property {
        Some(name) => format!("{base}{}", SchemaStep::Property(name.as_str().into())),
        None => base.to_owned(),
    }
}
