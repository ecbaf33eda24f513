//! Templates that match the same paths although nothing decides between them.
//!
//! Two templates overlap if some path fits both and the first segment in which their shapes differ
//! is mixed in both, with equally long literal text: only the order of declaration decides then.
//! `/a/{x}/c` and `/a/b/{y}` share paths as well, but there the rule decides: no finding.

use std::fmt;

use hashbrown::HashMap;

use super::route_table::Route;
use super::segment::{SegmentPiece, TemplateSegment};

/// How two templates overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverlapKind {
    /// The same method of the same path is declared twice.
    Duplicate,
    /// They differ only in the names of their expressions, or in encoding, and declare different
    /// methods: each is reached, though the specification wants them under one key.
    SameShape,
    /// Mixed segments of equally long literal text that some value fits both of.
    EquallySpecific,
}

/// Two templates (base and path) that match the same paths; the first is served.
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

/// Routes that no rank tells apart up to some segment, where the order of declaration decides.
#[derive(PartialEq, Eq, Hash)]
struct OverlapKey<'t> {
    before: Vec<&'t TemplateSegment>,
    /// Literal text of the mixed segment that follows; `None` where the template ends.
    literal_bytes: Option<usize>,
    length: usize,
}

pub(super) fn find_overlaps(routes: &[Route]) -> Vec<TemplateOverlap> {
    let mut tied: HashMap<OverlapKey<'_>, Vec<&Route>> = HashMap::new();
    let mut overlaps = Vec::new();
    for route in routes {
        for tie in ties(route) {
            let peers = tied.entry(tie).or_default();
            for &peer in peers.iter() {
                let overlap = overlap_kind(peer, route).map(|kind| TemplateOverlap {
                    kind,
                    first: peer.key.to_string(),
                    second: route.key.to_string(),
                });
                // A path added once for each of its operations repeats its findings.
                overlaps.extend(overlap.filter(|found| !overlaps.contains(found)));
            }
            peers.push(route);
        }
    }
    overlaps
}

fn ties(route: &Route) -> Vec<OverlapKey<'_>> {
    let segments: Vec<&TemplateSegment> = route.segments().collect();
    let tie = |before: &[_], literal_bytes| OverlapKey {
        before: before.to_vec(),
        literal_bytes,
        length: segments.len(),
    };
    let at_mixed = |(index, segment): (usize, &&TemplateSegment)| match segment {
        TemplateSegment::Mixed(mixed) => Some(tie(&segments[..index], Some(mixed.literal_bytes()))),
        TemplateSegment::Literal(_) | TemplateSegment::Expression => None,
    };
    let mut ties: Vec<_> = segments.iter().enumerate().filter_map(at_mixed).collect();
    ties.push(tie(&segments, None));
    ties
}

fn overlap_kind(first: &Route, second: &Route) -> Option<OverlapKind> {
    let clash = |(verb, operation): &(_, u32)| {
        let others = &mut second.operations.iter();
        others.any(|(other, id)| other == verb && id != operation)
    };
    let clashes = first.operations.iter().any(clash);
    if first.path.key() == second.path.key() {
        // One path item below several bases: only a second operation for a method is a conflict.
        return clashes.then_some(OverlapKind::Duplicate);
    }
    if first.segments().eq(second.segments()) {
        return Some(if clashes {
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

/// An expression is any octet, then any number of them.
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

/// Whether some text fits both. `common[j]` says so for the tails from `one[i]` and `other[j]`,
/// `below[j]` for those from `one[i + 1]`.
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
