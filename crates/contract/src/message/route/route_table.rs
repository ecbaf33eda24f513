//! The routing table: a trie over path segments whose literal edges share one hash table.
//!
//! One hash lookup decides a literal segment, so matching costs the same for ten operations and
//! for ten thousand. Only mixed segments in the same position are tried one after another. A match
//! enters every node at most once, so the number of nodes bounds backtracking for any path. A match
//! allocates only if a segment contains `%` or a path captures more than eight values.

use std::cmp::Reverse;
use std::hash::BuildHasher;
use std::ops::Range;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use http::Method;
use memchr::memchr;
use percent_encoding::percent_decode;
use smallvec::SmallVec;

use super::declared_route::Route;
use super::overlap::{TemplateOverlaps, find_overlaps};
use super::segment::{MixedSegment, TemplateSegment};
use super::template::PathTemplate;

/// The result of a lookup by path and method.
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
    /// The path exists and has further operations, which are not known. `part` is the number that it
    /// was added with.
    Unread {
        part: u32,
    },
    NotFound,
}

/// The raw values of the last match. The caller decodes them.
///
/// [`PathTemplate::slot`] of the template that the operation was added with gives the slot of a
/// value, so an operation looks up the slots of its parameters when it is compiled.
#[derive(Debug, Default, Clone)]
pub struct PathCaptures {
    spans: SmallVec<[(u32, u32); 8]>,
    base_captures: usize,
}

impl PathCaptures {
    /// The raw text of a path parameter in `path`, the path that was matched.
    #[must_use]
    pub fn value<'p>(&self, path: &'p str, slot: usize) -> Option<&'p str> {
        path.get(self.span(self.base_captures + slot)?)
    }

    /// The raw text of a variable in the path of the server address.
    #[must_use]
    pub fn base_value<'p>(&self, path: &'p str, slot: usize) -> Option<&'p str> {
        path.get(self.span(slot).filter(|_| slot < self.base_captures)?)
    }

    fn span(&self, index: usize) -> Option<Range<usize>> {
        self.spans
            .get(index)
            .map(|(start, end)| *start as usize..*end as usize)
    }

    fn push(&mut self, start: usize, end: usize) {
        // Path offsets fit in u32: the length was checked before matching.
        self.spans.push((start as u32, end as u32));
    }

    fn clear(&mut self) {
        self.spans.clear();
        self.base_captures = 0;
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

/// The operations of the templates that end at a node.
#[derive(Debug, Default)]
struct RouteLeaf {
    endpoints: Vec<RouteEndpoint>,
    allow: String,
    /// The number of the part of the contract that says which other operations there are, if it is
    /// not known.
    unread: Option<u32>,
}

#[derive(Debug)]
struct RouteEndpoint {
    method: Method,
    operation: u32,
    /// The number of captures in the base, which may differ between templates of the same shape.
    base_captures: usize,
}

impl RouteTable {
    /// A builder of a table.
    #[must_use]
    pub fn builder() -> RouteTableBuilder {
        let table = Self {
            nodes: vec![RouteNode::default()],
            ..Self::default()
        };
        RouteTableBuilder {
            table,
            mixed: HashMap::new(),
        }
    }

    /// Finds the operation for a raw path without query that passed
    /// [`check_path`](super::check_path), and stores its raw values in `captures`.
    pub fn find(&self, method: &Method, path: &str, captures: &mut PathCaptures) -> RouteMatch<'_> {
        captures.clear();
        let has_u32_offsets = u32::try_from(path.len()).is_ok();
        let walk = RouteWalk {
            table: self,
            path: path.as_bytes(),
        };
        let leaf = if has_u32_offsets && path.starts_with('/') {
            walk.match_segment(0, 1, captures)
        } else {
            None
        };
        let Some(leaf) = leaf else {
            return RouteMatch::NotFound;
        };
        let declared =
            |method: &Method| leaf.endpoints.iter().find(|known| known.method == *method);
        let endpoint = declared(method).or_else(|| {
            let is_head = *method == Method::HEAD;
            is_head.then(|| declared(&Method::GET)).flatten()
        });
        let Some(endpoint) = endpoint else {
            return match leaf.unread {
                Some(part) => RouteMatch::Unread { part },
                None => RouteMatch::MethodNotAllowed { allow: &leaf.allow },
            };
        };
        captures.base_captures = endpoint.base_captures;
        RouteMatch::Found {
            operation: endpoint.operation,
        }
    }

    /// Templates that match the same paths with equal precedence, in the order of declaration.
    /// Requests go to the one declared first.
    #[must_use]
    pub fn overlaps(&self) -> TemplateOverlaps {
        find_overlaps(&self.routes)
    }

    /// Every template with its base, once for each operation that is declared for it.
    pub fn declared_paths(&self) -> impl Iterator<Item = (&str, u32)> {
        self.routes.iter().flat_map(|route| {
            let operations = route.operations.iter();
            operations.map(|(_, operation)| (&*route.key, *operation))
        })
    }

    /// The child of a node for a segment that is one expression.
    pub(super) fn expression_child(&self, from: u32) -> Option<u32> {
        self.nodes[from as usize].expression
    }

    pub(super) fn literal_child(&self, from: u32, text: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one((from, text));
        let same = |edge: &LiteralEdge| edge.from == from && *edge.text == *text;
        self.literals.find(hash, same).map(|edge| edge.to)
    }
}

/// A match in progress.
#[derive(Clone, Copy)]
struct RouteWalk<'t, 'p> {
    table: &'t RouteTable,
    path: &'p [u8],
}

impl<'t> RouteWalk<'t, '_> {
    /// Matches the path from `start`, the first octet of a segment, below a node.
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

    /// Continues after a segment that ends at `end`.
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
    /// The children for mixed segments, by node.
    mixed: HashMap<(u32, MixedSegment), u32>,
}

impl RouteTableBuilder {
    /// Adds the operations of a path below a base; call it once for each base. A template without
    /// operations only declares the path. The operation added first for a path and method wins;
    /// [`RouteTable::overlaps`] reports the later ones.
    #[must_use]
    pub fn add(
        mut self,
        base: &PathTemplate,
        path: &PathTemplate,
        operations: &[(Method, u32)],
    ) -> Self {
        let leaf = self.leaf(base, path);
        let base_captures = base.names().len();
        for (method, operation) in operations {
            if leaf.endpoints.iter().all(|known| known.method != *method) {
                leaf.endpoints.push(RouteEndpoint {
                    method: method.clone(),
                    operation: *operation,
                    base_captures,
                });
            }
        }
        leaf.allow = allow(&leaf.endpoints);
        self.table.routes.push(Route {
            key: format!("{base}{path}").into(),
            base: base.clone(),
            path: path.clone(),
            operations: operations.to_vec(),
            unread: None,
        });
        self
    }

    /// Declares that a path below a base has further operations, which are not known. `part` is the
    /// number of the part of the contract that would say.
    #[must_use]
    pub fn add_unread(mut self, base: &PathTemplate, path: &PathTemplate, part: u32) -> Self {
        self.leaf(base, path).unread.get_or_insert(part);
        self.table.routes.push(Route {
            key: format!("{base}{path}").into(),
            base: base.clone(),
            path: path.clone(),
            operations: Vec::new(),
            unread: Some(part),
        });
        self
    }

    fn leaf(&mut self, base: &PathTemplate, path: &PathTemplate) -> &mut RouteLeaf {
        let mut node = 0;
        for segment in base.segments.iter().chain(&path.segments) {
            node = self.child(node, segment);
        }
        let leaf = &mut self.table.nodes[node as usize].leaf;
        leaf.get_or_insert_default()
    }

    /// The finished table.
    #[must_use]
    pub fn build(mut self) -> RouteTable {
        for node in &mut self.table.nodes {
            // The sort is stable: among equally long literals, the one declared first wins.
            node.mixed
                .sort_by_key(|(segment, _)| Reverse(segment.literal_bytes()));
        }
        self.table
    }

    fn child(&mut self, node: u32, segment: &TemplateSegment) -> u32 {
        // There are fewer than 2^32 nodes: each takes more than a byte of a contract in memory.
        let next = self.table.nodes.len() as u32;
        let parent = &mut self.table.nodes[node as usize];
        let child = match segment {
            TemplateSegment::Expression => *parent.expression.get_or_insert(next),
            TemplateSegment::Mixed(mixed) => {
                let key = (node, mixed.clone());
                let child = *self.mixed.entry(key).or_insert(next);
                if child == next {
                    parent.mixed.push((mixed.clone(), next));
                }
                child
            }
            TemplateSegment::Literal(text) => {
                parent.has_literals = true;
                self.literal_child(node, text, next)
            }
        };
        if child == next {
            self.table.nodes.push(RouteNode::default());
        }
        child
    }

    fn literal_child(&mut self, from: u32, text: &[u8], next: u32) -> u32 {
        if let Some(known) = self.table.literal_child(from, text) {
            return known;
        }
        let RouteTable {
            literals, hasher, ..
        } = &mut self.table;
        let hash = |edge: &LiteralEdge| hasher.hash_one((edge.from, &*edge.text));
        let edge = LiteralEdge {
            from,
            to: next,
            text: text.into(),
        };
        literals.insert_unique(hash(&edge), edge, hash);
        next
    }
}

/// The value of the `Allow` field.
fn allow(endpoints: &[RouteEndpoint]) -> String {
    let mut methods: Vec<&str> = endpoints
        .iter()
        .map(|known| known.method.as_str())
        .collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.sort_unstable();
    methods.dedup();
    methods.join(", ")
}
