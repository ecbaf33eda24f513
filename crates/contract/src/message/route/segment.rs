//! One segment of a template, and how it matches one raw segment of a path.
//!
//! Literals are stored decoded and compared unit by unit, where a unit is one octet or one `%XX`.
//! An encoded path therefore matches without a decoded copy, and a capture never splits a unit.
//! If a literal inside a mixed segment occurs several times, values on the left are as short as
//! possible: `{name}.{ext}` splits `a.tar.gz` into `a` and `tar.gz`.

use std::ops::Range;

use super::check_path::decode_unit;

/// Literal text (decoded octets) or a `{name}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum SegmentPiece {
    Literal(Box<[u8]>),
    Expression,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum TemplateSegment {
    /// Decoded octets; empty after a trailing slash.
    Literal(Box<[u8]>),
    Mixed(MixedSegment),
    Expression,
}

/// Alternating literals and expressions, at least one of each. Expressions are never adjacent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct MixedSegment {
    pieces: Box<[SegmentPiece]>,
}

impl TemplateSegment {
    pub(super) fn new(mut pieces: Vec<SegmentPiece>) -> Self {
        match pieces.as_mut_slice() {
            [] => Self::Literal(Box::default()),
            [SegmentPiece::Literal(text)] => Self::Literal(std::mem::take(text)),
            [SegmentPiece::Expression] => Self::Expression,
            _ => Self::Mixed(MixedSegment {
                pieces: pieces.into(),
            }),
        }
    }
}

impl MixedSegment {
    pub(super) fn pieces(&self) -> &[SegmentPiece] {
        &self.pieces
    }

    /// The length of the literal text. Longer text is more specific.
    pub(super) fn literal_bytes(&self) -> usize {
        let length = |piece: &SegmentPiece| match piece {
            SegmentPiece::Literal(text) => text.len(),
            SegmentPiece::Expression => 0,
        };
        self.pieces.iter().map(length).sum()
    }

    /// Matches all of `raw` and passes the value of each expression to `capture` in order. Some
    /// values may have been passed before a mismatch returns `false`.
    pub(super) fn captures(&self, raw: &[u8], mut capture: impl FnMut(Range<usize>)) -> bool {
        let (mut at, mut end) = (0, raw.len());
        let mut pieces = &*self.pieces;
        if let [SegmentPiece::Literal(text), rest @ ..] = pieces {
            let Some(length) = match_start(raw, text) else {
                return false;
            };
            (at, pieces) = (length, rest);
        }
        if let [rest @ .., SegmentPiece::Literal(text)] = pieces {
            let Some(length) = match_end(&raw[at..], text) else {
                return false;
            };
            (end, pieces) = (end - length, rest);
        }
        // The remaining pieces start and end with an expression.
        for piece in pieces {
            let SegmentPiece::Literal(text) = piece else {
                continue;
            };
            let Some(found) = find(&raw[..end], at, text) else {
                return false;
            };
            capture(at..found.start);
            at = found.end;
        }
        capture(at..end);
        at < end
    }
}

/// The octet and the length of the first unit of `raw`.
fn unit(raw: &[u8]) -> (u8, usize) {
    decode_unit(raw).map_or_else(|| (raw[0], 1), |octet| (octet, 3))
}

/// The length of the prefix of `raw` that encodes `literal`.
fn match_start(raw: &[u8], literal: &[u8]) -> Option<usize> {
    let mut at = 0;
    for expected in literal {
        if at == raw.len() {
            return None;
        }
        let (octet, length) = unit(&raw[at..]);
        if octet != *expected {
            return None;
        }
        at += length;
    }
    Some(at)
}

/// The length of the suffix of `raw` that encodes `literal`. A `%` third from the end opens a unit:
/// `%` is not a hexadecimal digit, so it cannot be the end of another unit.
fn match_end(raw: &[u8], literal: &[u8]) -> Option<usize> {
    let mut end = raw.len();
    for expected in literal.iter().rev() {
        let last = end.checked_sub(1)?;
        let encoded = end
            .checked_sub(3)
            .and_then(|start| decode_unit(&raw[start..end]));
        let (octet, length) = encoded.map_or((raw[last], 1), |octet| (octet, 3));
        if octet != *expected {
            return None;
        }
        end -= length;
    }
    Some(raw.len() - end)
}

/// The first range, at least one unit after `from`, in which `raw` encodes `literal`.
fn find(raw: &[u8], from: usize, literal: &[u8]) -> Option<Range<usize>> {
    let mut at = from;
    while at < raw.len() {
        at += unit(&raw[at..]).1;
        if let Some(length) = match_start(&raw[at..], literal) {
            return Some(at..at + length);
        }
    }
    None
}
