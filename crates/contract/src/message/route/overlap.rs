//! Finds templates that match the same paths with equal precedence.
//!
//! Two templates overlap if some path matches both, and the first segment in which they differ is
//! mixed in both with equally long literal text. Only the order of declaration then decides.
//! `/a/{x}/c` and `/a/b/{y}` also share paths, but the precedence rule decides between them, so
//! they are not reported.

use std::fmt;

use hashbrown::{HashMap, HashSet};
use http::Method;

use super::declared_route::Route;
use super::segment::{SegmentPiece, TemplateSegment};

/// How two templates overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OverlapKind {
    /// The same method of the same path is declared twice.
    Duplicate,
    /// They differ only in the names of their expressions, or in encoding, and declare different
    /// methods. Both are reachable, but the specification requires one key for them.
    SameShape,
    /// Mixed segments with equally long literal text that some value matches both of.
    EquallySpecific,
}

/// Two templates (base and path) that match the same paths. Requests go to the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateOverlap {
    pub kind: OverlapKind,
    pub first: String,
    pub second: String,
}

impl fmt::Display for TemplateOverlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, second, .. } = self;
        match self.kind {
            OverlapKind::Duplicate if first == second => {
                write!(f, "`{first}` declares one method twice")
            }
            OverlapKind::Duplicate => {
                write!(
                    f,
                    "`{first}` and `{second}` are the same path and declare the same method"
                )
            }
            OverlapKind::SameShape => {
                write!(
                    f,
                    "`{first}` and `{second}` are the same path: declare it once"
                )
            }
            OverlapKind::EquallySpecific => {
                write!(f, "`{first}` and `{second}` match some paths equally well")
            }
        }
    }
}

/// What routes of equal precedence up to some segment have in common.
#[derive(PartialEq, Eq, Hash)]
struct PrecedenceKey<'t> {
    before: Vec<&'t TemplateSegment>,
    /// The literal text of the mixed segment that follows; `None` where the template ends.
    literal_bytes: Option<usize>,
    length: usize,
}

/// The overlaps of a contract.
#[derive(Debug, Default)]
pub struct TemplateOverlaps {
    /// The overlaps, in the order of declaration. Every second declaration of a method is among
    /// them.
    pub found: Vec<TemplateOverlap>,
    /// Whether some templates were not compared, because there are too many of equal precedence.
    pub is_partial: bool,
}

/// How many overlaps are reported. A reader corrects the first ones and checks again.
const REPORTED_MAX: usize = 1_000;

/// How much work the comparison of mixed segments may be, in pairs of octets. Thousands of mixed
/// segments in one position could otherwise take minutes.
const COMPARED_MAX: usize = 2_000_000;

/// Routes of equal precedence up to some segment.
#[derive(Default)]
struct RouteGroup<'t> {
    /// One route for each list of segments.
    distinct: Vec<&'t Route>,
    /// Routes with different keys: enough to find one that differs from any other route.
    by_key: Vec<&'t Route>,
    /// The first route that declares a method.
    by_method: Vec<(&'t Method, &'t Route)>,
}

pub(super) fn find_overlaps(routes: &[Route]) -> TemplateOverlaps {
    let mut groups: HashMap<PrecedenceKey<'_>, RouteGroup<'_>> = HashMap::new();
    let mut search = OverlapSearch {
        overlaps: TemplateOverlaps::default(),
        known: HashSet::new(),
        counts: [0; 2],
        compared: 0,
    };
    for route in routes {
        for key in precedence_keys(route) {
            let is_whole = key.literal_bytes.is_none();
            let group = groups.entry(key).or_default();
            if is_whole {
                search.same_segments(group, route);
            } else {
                search.mixed_segments(group, route);
            }
        }
    }
    search.overlaps
}

struct OverlapSearch {
    overlaps: TemplateOverlaps,
    /// The overlaps that are known, by the keys of the routes.
    known: HashSet<(OverlapKind, Box<str>, Box<str>)>,
    /// The number of duplicates, and of other overlaps.
    counts: [usize; 2],
    compared: usize,
}

impl OverlapSearch {
    /// Compares a route with those that have the same segments: with few enough to find whether it
    /// has a path or a method of an earlier one.
    fn same_segments<'t>(&mut self, group: &mut RouteGroup<'t>, route: &'t Route) {
        let methods = || route.operations.iter().map(|(method, _)| method);
        let of_method = |peer: &&(&'t Method, &'t Route)| methods().any(|one| one == peer.0);
        for peer in &group.by_key {
            if self.compare(peer, route) {
                break;
            }
        }
        for (_, peer) in group.by_method.iter().filter(of_method) {
            self.compare(peer, route);
        }
        let is_new_key = group
            .by_key
            .iter()
            .all(|peer| peer.path.key() != route.path.key());
        if is_new_key && group.by_key.len() < 2 {
            group.by_key.push(route);
        }
        for method in methods() {
            if group.by_method.iter().all(|(known, _)| *known != method) {
                group.by_method.push((method, route));
            }
        }
    }

    /// Compares a route with those that have a mixed segment of equal precedence.
    fn mixed_segments<'t>(&mut self, group: &mut RouteGroup<'t>, route: &'t Route) {
        for peer in &group.distinct {
            if self.compared > COMPARED_MAX {
                self.overlaps.is_partial = true;
                return;
            }
            if peer.segments().eq(route.segments()) {
                // These have the other group in common, too.
                return;
            }
            self.compare(peer, route);
        }
        group.distinct.push(route);
    }

    /// Notes how two routes overlap. Returns whether they do.
    fn compare(&mut self, first: &Route, second: &Route) -> bool {
        let Some(kind) = overlap_kind(first, second, &mut self.compared) else {
            return false;
        };
        // A path that is added once for each of its operations repeats its overlaps.
        let names = (kind, first.key.clone(), second.key.clone());
        if !self.known.insert(names) {
            return true;
        }
        let count = &mut self.counts[usize::from(kind != OverlapKind::Duplicate)];
        *count += 1;
        if *count > REPORTED_MAX {
            self.overlaps.is_partial = true;
        } else {
            self.overlaps.found.push(TemplateOverlap {
                kind,
                first: first.key.to_string(),
                second: second.key.to_string(),
            });
        }
        true
    }
}

fn precedence_keys(route: &Route) -> Vec<PrecedenceKey<'_>> {
    let segments: Vec<&TemplateSegment> = route.segments().collect();
    let key = |before: &[_], literal_bytes| PrecedenceKey {
        before: before.to_vec(),
        literal_bytes,
        length: segments.len(),
    };
    let at_mixed = |(index, segment): (usize, &&TemplateSegment)| match segment {
        TemplateSegment::Mixed(mixed) => Some(key(&segments[..index], Some(mixed.literal_bytes()))),
        TemplateSegment::Literal(_) | TemplateSegment::Expression => None,
    };
    let mut keys: Vec<_> = segments.iter().enumerate().filter_map(at_mixed).collect();
    keys.push(key(&segments, None));
    keys
}

/// Counts the pairs of octets that are compared in `compared`.
fn overlap_kind(first: &Route, second: &Route, compared: &mut usize) -> Option<OverlapKind> {
    let is_duplicate = |(method, operation): &(_, u32)| {
        let others = &mut second.operations.iter();
        others.any(|(other, id)| other == method && id != operation)
    };
    let has_duplicate = first.operations.iter().any(is_duplicate);
    if first.path.key() == second.path.key() {
        // One path item below several bases: only a second operation for a method is a conflict.
        return has_duplicate.then_some(OverlapKind::Duplicate);
    }
    if first.segments().eq(second.segments()) {
        return Some(if has_duplicate {
            OverlapKind::Duplicate
        } else {
            OverlapKind::SameShape
        });
    }
    let mut pairs = first.segments().zip(second.segments());
    let all = pairs.all(|(one, other)| one == other || have_common_text(one, other, compared));
    all.then_some(OverlapKind::EquallySpecific)
}

#[derive(Clone, Copy)]
enum SegmentToken {
    Octet(u8),
    Any,
    Repeated,
}

/// Tokens of a segment. An expression is one octet followed by any number of octets.
fn tokens(segment: &TemplateSegment) -> Vec<SegmentToken> {
    let literal = |text: &[u8]| text.iter().copied().map(SegmentToken::Octet).collect();
    let of_piece = |piece: &SegmentPiece| match piece {
        SegmentPiece::Literal(text) => literal(text),
        SegmentPiece::Expression => vec![SegmentToken::Any, SegmentToken::Repeated],
    };
    match segment {
        TemplateSegment::Literal(text) => literal(text),
        TemplateSegment::Mixed(mixed) => mixed.pieces().iter().flat_map(of_piece).collect(),
        TemplateSegment::Expression => of_piece(&SegmentPiece::Expression),
    }
}

/// Whether the octets before the first expression differ.
fn begin_differently(one: &[SegmentToken], other: &[SegmentToken]) -> bool {
    let mut pairs = one.iter().zip(other);
    let differ = pairs.find_map(|pair| match pair {
        (SegmentToken::Octet(a), SegmentToken::Octet(b)) if a == b => None,
        (SegmentToken::Octet(_), SegmentToken::Octet(_)) => Some(true),
        _ => Some(false),
    });
    differ.unwrap_or(false)
}

/// Whether some text matches both segments. `common[j]` is the result for the tails from `one[i]`
/// and `other[j]`, `below[j]` the result for those from `one[i + 1]` and `other[j]`.
fn have_common_text(one: &TemplateSegment, other: &TemplateSegment, compared: &mut usize) -> bool {
    let (one, other) = (tokens(one), tokens(other));
    *compared += one.len() + other.len();
    let reversed = |tokens: &[SegmentToken]| tokens.iter().rev().copied().collect::<Vec<_>>();
    if begin_differently(&one, &other) || begin_differently(&reversed(&one), &reversed(&other)) {
        return false;
    }
    *compared += one.len() * other.len();
    let mut below = vec![false; other.len() + 1];
    for i in (0..=one.len()).rev() {
        let mut common = vec![false; other.len() + 1];
        for j in (0..=other.len()).rev() {
            let after = |table: &[bool]| table.get(j + 1).copied().unwrap_or(false);
            common[j] = match (one.get(i), other.get(j)) {
                (None, None) => true,
                (Some(SegmentToken::Repeated), _) | (_, Some(SegmentToken::Repeated)) => {
                    below[j] || after(&common)
                }
                (Some(SegmentToken::Octet(a)), Some(SegmentToken::Octet(b))) => {
                    a == b && after(&below)
                }
                (Some(_), Some(_)) => after(&below),
                (None, Some(_)) | (Some(_), None) => false,
            };
        }
        below = common;
    }
    below[0]
}
