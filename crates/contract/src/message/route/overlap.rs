//! Finds templates that match the same paths with equal precedence.
//!
//! Two templates overlap if some path matches both, and the first segment in which they differ is
//! mixed in both with equally long literal text. Only the order of declaration then decides.
//! `/a/{x}/c` and `/a/b/{y}` also share paths, but the precedence rule decides between them, so
//! they are not reported.

use std::fmt;

use hashbrown::HashMap;

use super::declared_route::Route;
use super::segment::{SegmentPiece, TemplateSegment};

/// How two templates overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

pub(super) fn find_overlaps(routes: &[Route]) -> Vec<TemplateOverlap> {
    let mut by_precedence: HashMap<PrecedenceKey<'_>, Vec<&Route>> = HashMap::new();
    let mut overlaps = Vec::new();
    for route in routes {
        for key in precedence_keys(route) {
            let peers = by_precedence.entry(key).or_default();
            for &peer in peers.iter() {
                let overlap = overlap_kind(peer, route).map(|kind| TemplateOverlap {
                    kind,
                    first: peer.key.to_string(),
                    second: route.key.to_string(),
                });
                // A path that is added once for each of its operations repeats its overlaps.
                overlaps.extend(overlap.filter(|found| !overlaps.contains(found)));
            }
            peers.push(route);
        }
    }
    overlaps
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

fn overlap_kind(first: &Route, second: &Route) -> Option<OverlapKind> {
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
    let all = pairs.all(|(one, other)| one == other || have_common_text(one, other));
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

/// Whether some text matches both segments. `common[j]` is the result for the tails from `one[i]`
/// and `other[j]`, `below[j]` the result for those from `one[i + 1]` and `other[j]`.
fn have_common_text(one: &TemplateSegment, other: &TemplateSegment) -> bool {
    let (one, other) = (tokens(one), tokens(other));
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
