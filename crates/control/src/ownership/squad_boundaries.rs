//! Finds the owner of a path: the patterns of a catalog as one automaton.
//!
//! All patterns share a trie of segments. A path is walked once, segment by segment, with the set
//! of nodes that its beginning leads to, as a nondeterministic automaton is simulated. So no
//! pattern causes backtracking, and the cost depends on the number of patterns that can still
//! match, not on the number of all patterns. Patterns are numbered from the most specific down, so
//! the lowest number that is reached decides.

use std::collections::HashMap;

use super::glob::Glob;
use portcullis_vocabulary::{Catalog, PathPattern, PatternExtent, PatternSegment, Squad};
use portcullis_vocabulary::{CatalogFile, CatalogLocations, ConfigLocation};

/// The boundaries between the squads of a catalog.
#[derive(Clone, Debug)]
pub struct SquadBoundaries {
    file: CatalogFile,
    /// The most specific pattern first.
    claims: Vec<PathClaim>,
    nodes: Vec<OwnershipNode>,
}

#[derive(Clone, Debug)]
struct PathClaim {
    pattern: PathPattern,
    /// The index of the squad in the catalog.
    squad: usize,
}

/// The owner of a path, and the pattern that decides.
#[derive(Clone, Copy, Debug)]
pub struct PathOwner<'b> {
    /// The squad.
    pub squad: &'b Squad,
    /// The pattern that decides.
    pub pattern: &'b PathPattern,
    /// Where the catalog declares the pattern.
    pub place: Option<&'b ConfigLocation>,
}

/// The index of a pattern in the order of precedence.
type ClaimIndex = usize;

/// A node of the trie: a beginning that patterns share.
#[derive(Clone, Debug, Default)]
struct OwnershipNode {
    literals: HashMap<Box<str>, usize>,
    wilds: Vec<(Glob, usize)>,
    /// The node after a `**`, to which any number of segments leads back.
    any_depth: Option<usize>,
    is_any_depth: bool,
    tree: Option<ClaimIndex>,
    below: Option<ClaimIndex>,
    alone: Option<ClaimIndex>,
}

impl SquadBoundaries {
    /// Compiles the patterns of a catalog.
    pub fn new(file: CatalogFile) -> Self {
        let squads = file.catalog.squads().iter().enumerate();
        let mut claims: Vec<PathClaim> = squads
            .flat_map(|(squad, Squad { paths, .. })| {
                let patterns = paths.iter().cloned();
                patterns.map(move |pattern| PathClaim { pattern, squad })
            })
            .collect();
        claims.sort_by(|a, b| b.pattern.cmp(&a.pattern));
        let mut nodes = vec![OwnershipNode::default()];
        for (index, claim) in claims.iter().enumerate() {
            insert(&mut nodes, &claim.pattern, index);
        }
        Self {
            file,
            claims,
            nodes,
        }
    }

    /// The catalog that the boundaries were compiled from.
    pub const fn catalog(&self) -> &Catalog {
        &self.file.catalog
    }

    /// Where the catalog's file declares things.
    pub const fn places(&self) -> &CatalogLocations {
        &self.file.places
    }

    /// All patterns with their owners, the most specific first.
    pub fn owners(&self) -> impl DoubleEndedIterator<Item = PathOwner<'_>> {
        self.claims.iter().map(|claim| self.owner(claim))
    }

    /// The owner of a path, which is relative to the repository's root and has no empty segments.
    pub fn owner_of(&self, path: &str) -> Option<PathOwner<'_>> {
        let claim = self.deciding_claim(path)?;
        Some(self.owner(&self.claims[claim]))
    }

    fn owner<'b>(&'b self, claim: &'b PathClaim) -> PathOwner<'b> {
        PathOwner {
            squad: &self.file.catalog.squads()[claim.squad],
            pattern: &claim.pattern,
            place: self.file.places.paths.get(&claim.pattern),
        }
    }

    fn deciding_claim(&self, path: &str) -> Option<ClaimIndex> {
        let mut best = self.nodes[0].tree;
        let (mut active, mut next) = (Vec::new(), Vec::new());
        self.enter(0, &mut active);
        let mut segments = path.split('/').peekable();
        while let Some(segment) = segments.next() {
            next.clear();
            for &node in &active {
                self.step(node, segment, &mut next);
            }
            let is_last = segments.peek().is_none();
            for &node in &next {
                let OwnershipNode {
                    tree, below, alone, ..
                } = &self.nodes[node];
                let matching = [*tree, below.filter(|_| !is_last), alone.filter(|_| is_last)];
                best = matching.into_iter().flatten().chain(best).min();
            }
            std::mem::swap(&mut active, &mut next);
        }
        best
    }

    /// Adds the nodes that one segment leads to from a node.
    fn step(&self, node: usize, segment: &str, next: &mut Vec<usize>) {
        let here = &self.nodes[node];
        if here.is_any_depth {
            self.enter(node, next);
        }
        if let Some(&literal) = here.literals.get(segment) {
            self.enter(literal, next);
        }
        for (wild, target) in &here.wilds {
            if wild.matches(segment) {
                self.enter(*target, next);
            }
        }
    }

    /// Adds a node, and the node that a `**` after it leads to without any segment.
    fn enter(&self, node: usize, active: &mut Vec<usize>) {
        for node in [Some(node), self.nodes[node].any_depth]
            .into_iter()
            .flatten()
        {
            if !active.contains(&node) {
                active.push(node);
            }
        }
    }
}

fn insert(nodes: &mut Vec<OwnershipNode>, pattern: &PathPattern, claim: ClaimIndex) {
    let mut at = 0;
    for segment in pattern.segments() {
        let fresh = nodes.len();
        let here = &mut nodes[at];
        at = match segment {
            PatternSegment::Literal(text) => *here.literals.entry(text.clone()).or_insert(fresh),
            PatternSegment::Wild(text) => {
                let known = here.wilds.iter().find(|(wild, _)| wild.as_str() == &**text);
                known.map(|(_, node)| *node).unwrap_or_else(|| {
                    here.wilds.push((Glob::new(text), fresh));
                    fresh
                })
            }
            PatternSegment::AnyDepth => *here.any_depth.get_or_insert(fresh),
        };
        if at == fresh {
            nodes.push(OwnershipNode {
                is_any_depth: *segment == PatternSegment::AnyDepth,
                ..OwnershipNode::default()
            });
        }
    }
    let end = match pattern.extent() {
        PatternExtent::Tree => &mut nodes[at].tree,
        PatternExtent::Below => &mut nodes[at].below,
        PatternExtent::Alone => &mut nodes[at].alone,
    };
    // The first claim is the most specific; equal patterns share a node.
    end.get_or_insert(claim);
}
