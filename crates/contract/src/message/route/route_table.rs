//! The routing table: a trie over segments whose literal edges share one hash table.
//!
//! One probe decides a literal segment however many operations there are, so matching costs the
//! same for ten operations and for ten thousand. Only mixed segments in the same position are
//! tried one after another. Every node is entered at most once per match: backtracking cannot do
//! more work than the contract has nodes, whatever the path. Nothing is allocated, unless a
//! segment holds `%` or a path captures more than eight values.

use std::fmt::Write as _;
use std::hash::BuildHasher;
use std::ops::Range;

use hashbrown::{DefaultHashBuilder, HashTable};
use http::Method;
use memchr::memchr;
use percent_encoding::percent_decode;
use smallvec::SmallVec;

use super::overlap::{TemplateOverlap, find_overlaps};
use super::path_item_method::PathItemMethod;
use super::segment::{MixedSegment, TemplateSegment};
use super::template::PathTemplate;

/// What a path and a method lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteMatch<'t> {
    /// The operation's id. `HEAD` falls back to `GET`.
    Found {
        operation: u32,
    },
    /// The path exists; `allow` is the value for the `Allow` field (RFC 9110 section 10.2.1),
    /// sorted by name.
    MethodNotAllowed {
        allow: &'t str,
    },
    NotFound,
}

/// Raw values of the last match, to be decoded once by whoever needs them.
///
/// Slots are those of [`PathTemplate::slot`] on the template the operation was added with, so an
/// operation can look its parameters' slots up when it is compiled.
#[derive(Debug, Default, Clone)]
pub struct PathCaptures {
    spans: SmallVec<[(u32, u32); 8]>,
    of_base: usize,
}

impl PathCaptures {
    /// The raw text of a path parameter in `path`, the path that was matched.
    #[must_use]
    pub fn value<'p>(&self, path: &'p str, slot: usize) -> Option<&'p str> {
        path.get(self.span(self.of_base + slot)?)
    }

    /// The raw text of a variable in the path of the server address.
    #[must_use]
    pub fn base_value<'p>(&self, path: &'p str, slot: usize) -> Option<&'p str> {
        path.get(self.span(slot).filter(|_| slot < self.of_base)?)
    }

    fn span(&self, index: usize) -> Option<Range<usize>> {
        self.spans
            .get(index)
            .map(|(start, end)| *start as usize..*end as usize)
    }

    fn push(&mut self, start: usize, end: usize) {
        // A path fits: its length was checked before matching.
        self.spans.push((start as u32, end as u32));
    }

    fn clear(&mut self) {
        self.spans.clear();
        self.of_base = 0;
    }
}

/// The operations of one contract, by path and method.
#[derive(Debug, Default)]
pub struct RouteTable {
    nodes: Vec<RouteNode>,
    literals: HashTable<LiteralEdge>,
    hasher: DefaultHashBuilder,
    pub(super) routes: Vec<Route>,
}

/// One template with the methods declared for it; kept for findings and suggestions.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) base: PathTemplate,
    pub(super) path: PathTemplate,
    pub(super) key: Box<str>,
    pub(super) operations: Vec<(PathItemMethod, u32)>,
}

impl Route {
    pub(super) fn segments(&self) -> impl Iterator<Item = &TemplateSegment> {
        self.base.segments.iter().chain(&self.path.segments)
    }
}

#[derive(Debug, Default)]
struct RouteNode {
    has_literals: bool,
    /// Most specific first.
    mixed: Vec<(MixedSegment, u32)>,
    expression: Option<u32>,
    leaf: Option<Box<RouteLeaf>>,
}

#[derive(Debug)]
struct LiteralEdge {
    from: u32,
    to: u32,
    text: Box<[u8]>,
}

/// Where a template ends.
#[derive(Debug, Default)]
struct RouteLeaf {
    endpoints: Vec<RouteEndpoint>,
    allow: String,
}

#[derive(Debug)]
struct RouteEndpoint {
    verb: PathItemMethod,
    operation: u32,
    /// How many captures belong to the base; templates of one shape may differ in it.
    of_base: usize,
}

impl RouteTable {
    /// A table without operations.
    #[must_use]
    pub fn builder() -> RouteTableBuilder {
        let table = Self {
            nodes: vec![RouteNode::default()],
            ..Self::default()
        };
        RouteTableBuilder { table }
    }

    /// Finds the operation for a path (raw, without query, as [`check_path`](super::check_path)
    /// lets it pass) and leaves its raw values in `captures`.
    pub fn find(&self, method: &Method, path: &str, captures: &mut PathCaptures) -> RouteMatch<'_> {
        captures.clear();
        let small = u32::try_from(path.len()).is_ok();
        let walk = RouteWalk {
            table: self,
            path: path.as_bytes(),
        };
        let leaf = if small && path.starts_with('/') {
            walk.match_segment(0, 1, captures)
        } else {
            None
        };
        let Some(leaf) = leaf else {
            return RouteMatch::NotFound;
        };
        let found = PathItemMethod::of(method).and_then(|verb| {
            let declared = |verb| leaf.endpoints.iter().find(|known| known.verb == verb);
            declared(verb)
                .or_else(|| declared(PathItemMethod::Get).filter(|_| verb == PathItemMethod::Head))
        });
        let Some(endpoint) = found else {
            return RouteMatch::MethodNotAllowed { allow: &leaf.allow };
        };
        captures.of_base = endpoint.of_base;
        RouteMatch::Found {
            operation: endpoint.operation,
        }
    }

    /// Templates that match the same paths with nothing to decide between them, in the order of
    /// declaration; the first one declared is served.
    #[must_use]
    pub fn overlaps(&self) -> Vec<TemplateOverlap> {
        find_overlaps(&self.routes)
    }

    /// Every template, with its base, and an operation that is declared for it.
    pub fn declared_paths(&self) -> impl Iterator<Item = (&str, u32)> {
        self.routes.iter().flat_map(|route| {
            let claims = route.operations.iter();
            claims.map(|(_, operation)| (&*route.key, *operation))
        })
    }

    /// Where an expression leads that is a whole segment.
    pub(super) fn expression_child(&self, from: u32) -> Option<u32> {
        self.nodes[from as usize].expression
    }

    pub(super) fn literal_child(&self, from: u32, text: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one((from, text));
        let same = |edge: &LiteralEdge| edge.from == from && *edge.text == *text;
        self.literals.find(hash, same).map(|edge| edge.to)
    }
}

/// One match under way.
#[derive(Clone, Copy)]
struct RouteWalk<'t, 'p> {
    table: &'t RouteTable,
    path: &'p [u8],
}

impl<'t> RouteWalk<'t, '_> {
    /// Matches what follows `start`, the first octet of a segment, below a node.
    fn match_segment(
        self,
        node: u32,
        start: usize,
        captures: &mut PathCaptures,
    ) -> Option<&'t RouteLeaf> {
        let rest = &self.path[start..];
        let raw = &rest[..memchr(b'/', rest).unwrap_or(rest.len())];
        let (id, node) = (node, &self.table.nodes[node as usize]);
        let end = start + raw.len();
        if node.has_literals
            && let Some(child) = self.literal_child(id, raw)
            && let Some(leaf) = self.continue_after(child, end, captures)
        {
            return Some(leaf);
        }
        let mark = captures.spans.len();
        for (mixed, child) in &node.mixed {
            let capture = |span: Range<usize>| captures.push(start + span.start, start + span.end);
            if mixed.captures(raw, capture)
                && let Some(leaf) = self.continue_after(*child, end, captures)
            {
                return Some(leaf);
            }
            captures.spans.truncate(mark);
        }
        let child = node.expression.filter(|_| !raw.is_empty())?;
        captures.push(start, end);
        let leaf = self.continue_after(child, end, captures);
        if leaf.is_none() {
            captures.spans.truncate(mark);
        }
        leaf
    }

    /// Goes on after a segment that ends at `end`.
    fn continue_after(
        self,
        node: u32,
        end: usize,
        captures: &mut PathCaptures,
    ) -> Option<&'t RouteLeaf> {
        if end == self.path.len() {
            self.table.nodes[node as usize].leaf.as_deref()
        } else {
            self.match_segment(node, end + 1, captures)
        }
    }

    fn literal_child(self, node: u32, raw: &[u8]) -> Option<u32> {
        if memchr(b'%', raw).is_none() {
            return self.table.literal_child(node, raw);
        }
        let decoded: Vec<u8> = percent_decode(raw).collect();
        self.table.literal_child(node, &decoded)
    }
}

/// Collects the operations of a contract.
#[derive(Debug)]
pub struct RouteTableBuilder {
    table: RouteTable,
}

impl RouteTableBuilder {
    /// Adds the operations of a path below a base. Call it once for each base; a template without
    /// operations makes the path known. What was added first wins; later claims of the same path
    /// and method are reported by [`RouteTable::overlaps`].
    #[must_use]
    pub fn add(
        mut self,
        base: &PathTemplate,
        path: &PathTemplate,
        operations: &[(PathItemMethod, u32)],
    ) -> Self {
        let mut node = 0;
        for segment in base.segments.iter().chain(&path.segments) {
            node = self.child(node, segment);
        }
        let leaf = self.table.nodes[node as usize].leaf.get_or_insert_default();
        let base_captures = base.names().len();
        for &(verb, operation) in operations {
            if leaf.endpoints.iter().all(|known| known.verb != verb) {
                leaf.endpoints.push(RouteEndpoint {
                    verb,
                    operation,
                    of_base: base_captures,
                });
            }
        }
        leaf.allow = allow(&leaf.endpoints);
        self.table.routes.push(Route {
            key: format!("{base}{path}").into(),
            base: base.clone(),
            path: path.clone(),
            operations: operations.to_vec(),
        });
        self
    }

    /// The finished table.
    #[must_use]
    pub fn build(self) -> RouteTable {
        self.table
    }

    fn child(&mut self, node: u32, segment: &TemplateSegment) -> u32 {
        // Fewer than 2^32 nodes: each one takes more than a byte of a contract held in memory.
        let fresh = self.table.nodes.len() as u32;
        let parent = &mut self.table.nodes[node as usize];
        let child = match segment {
            TemplateSegment::Expression => *parent.expression.get_or_insert(fresh),
            TemplateSegment::Mixed(mixed) => mixed_child(&mut parent.mixed, mixed, fresh),
            TemplateSegment::Literal(text) => {
                parent.has_literals = true;
                self.literal_child(node, text, fresh)
            }
        };
        if child == fresh {
            self.table.nodes.push(RouteNode::default());
        }
        child
    }

    fn literal_child(&mut self, from: u32, text: &[u8], fresh: u32) -> u32 {
        if let Some(known) = self.table.literal_child(from, text) {
            return known;
        }
        let RouteTable {
            literals, hasher, ..
        } = &mut self.table;
        let hash = |edge: &LiteralEdge| hasher.hash_one((edge.from, &*edge.text));
        let edge = LiteralEdge {
            from,
            to: fresh,
            text: text.into(),
        };
        literals.insert_unique(hash(&edge), edge, hash);
        fresh
    }
}

/// The child for a mixed segment, inserted by precedence.
fn mixed_child(mixed: &mut Vec<(MixedSegment, u32)>, segment: &MixedSegment, fresh: u32) -> u32 {
    if let Some((_, known)) = mixed.iter().find(|(shape, _)| shape == segment) {
        return *known;
    }
    let length = segment.literal_bytes();
    let position = mixed.partition_point(|(shape, _)| shape.literal_bytes() >= length);
    mixed.insert(position, (segment.clone(), fresh));
    fresh
}

/// The value of the `Allow` field.
fn allow(endpoints: &[RouteEndpoint]) -> String {
    let declared = |verb| endpoints.iter().any(|known| known.verb == verb);
    let mut text = String::new();
    for verb in PathItemMethod::ALL {
        if declared(verb) || (verb == PathItemMethod::Head && declared(PathItemMethod::Get)) {
            let separator = if text.is_empty() { "" } else { ", " };
            // Writing into a String cannot fail.
            let _ = write!(text, "{separator}{}", verb.name());
        }
    }
    text
}
