//! Path templates as sets of addresses: which addresses two templates have in common.
//!
//! A template here includes the base path of its server. Literals are compared decoded, as the
//! router of the contract compares them.

use percent_encoding::percent_decode_str;

/// A text that no contract declares as a segment. It stands for any value of an expression.
pub(super) const ANY_VALUE: &str = "anyvalue0";

/// A piece of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SegmentText<'t> {
    /// The text as the contract writes it, possibly percent-encoded.
    Literal(&'t str),
    /// The name of an expression.
    Expression(&'t str),
}

impl<'t> SegmentText<'t> {
    /// The name of an expression.
    pub(super) const fn name(&self) -> Option<&'t str> {
        match self {
            Self::Literal(_) => None,
            Self::Expression(name) => Some(name),
        }
    }
}

/// A path template with its base path.
#[derive(Clone, Debug)]
pub(super) struct AddressTemplate<'t> {
    pub(super) segments: Vec<Vec<SegmentText<'t>>>,
}

/// An expression that two templates may share: its name in the first and in the second.
type SharedName<'t> = (Option<&'t str>, Option<&'t str>);

/// A piece of the addresses that two templates have in common.
#[derive(Clone, Debug)]
enum SharedPiece<'t> {
    Literal(String),
    Expression(SharedName<'t>),
}

/// The addresses that two templates have in common.
#[derive(Clone, Debug)]
pub(super) struct SharedAddresses<'t> {
    segments: Vec<Vec<SharedPiece<'t>>>,
}

impl<'t> AddressTemplate<'t> {
    /// Reads a template that the contract has accepted.
    pub(super) fn of(text: &'t str) -> Self {
        let segments = text.split('/').skip(1).map(pieces).collect();
        Self { segments }
    }

    pub(super) fn len(&self) -> usize {
        self.segments.len()
    }

    /// Whether a segment has text next to an expression, so that another template may match the
    /// same text with equal precedence.
    pub(super) fn has_mixed_segments(&self) -> bool {
        self.segments.iter().any(|pieces| pieces.len() > 1)
    }

    /// Whether all addresses differ in the text of one segment, which is an expression.
    pub(super) fn has_one_expression(&self) -> bool {
        let patterns = self.segments.iter().filter(|own| literal(own).is_none());
        patterns.map(Vec::len).eq([1])
    }

    /// The addresses that match both templates; `None` if no address does.
    pub(super) fn shared(&self, other: &Self) -> Option<SharedAddresses<'t>> {
        if self.segments.len() != other.segments.len() || self.has_other_text(other) {
            return None;
        }
        let pairs = self.segments.iter().zip(&other.segments);
        let segments = pairs.map(|(one, two)| shared_segment(one, two));
        Some(SharedAddresses {
            segments: segments.collect::<Option<_>>()?,
        })
    }
}

impl AddressTemplate<'_> {
    /// Whether a segment has different literal text. A quick check that finds most of the templates
    /// without common addresses.
    pub(super) fn has_other_text(&self, other: &Self) -> bool {
        let mut segments = self.segments.iter().zip(&other.segments);
        segments.any(|(one, two)| match (literal(one), literal(two)) {
            (Some(one), Some(two)) => one != two && !one.contains('%') && !two.contains('%'),
            _ => false,
        })
    }
}

fn pieces(segment: &str) -> Vec<SegmentText<'_>> {
    let mut pieces = Vec::new();
    let mut rest = segment;
    while let Some((literal, after)) = rest.split_once('{') {
        if !literal.is_empty() {
            pieces.push(SegmentText::Literal(literal));
        }
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        pieces.push(SegmentText::Expression(name));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(SegmentText::Literal(rest));
    }
    pieces
}

impl<'t> SharedAddresses<'t> {
    /// An address, with a value for each expression.
    pub(super) fn address(&self, fill: impl Fn(SharedName<'t>) -> String) -> String {
        let mut address = String::new();
        for segment in &self.segments {
            address.push('/');
            for piece in segment {
                match piece {
                    SharedPiece::Literal(text) => address.push_str(text),
                    SharedPiece::Expression(names) => address.push_str(&fill(*names)),
                }
            }
        }
        address
    }

    /// The addresses as a template with the names of one side, or of the other where it has none.
    pub(super) fn template(&self, side: usize) -> String {
        self.address(|(one, two)| {
            let name = if side == 0 { one.or(two) } else { two.or(one) };
            format!("{{{}}}", name.unwrap_or_default())
        })
    }

    /// The addresses as a template with the names of one side, with the text of one of the addresses
    /// where the templates share no expression.
    pub(super) fn template_at(&self, side: usize, address: &str) -> String {
        let template = self.template(side);
        let (own, texts) = (template.split('/'), address.split('/'));
        let segments = own.zip(texts).enumerate().map(|(number, (own, text))| {
            let pieces = number.checked_sub(1).map(|number| &self.segments[number]);
            let is_shared = |piece: &SharedPiece<'t>| {
                matches!(piece, SharedPiece::Expression((Some(_), Some(_))))
            };
            if pieces.is_some_and(|pieces| pieces.iter().any(is_shared)) {
                own
            } else {
                text
            }
        });
        segments.collect::<Vec<_>>().join("/")
    }

    /// The expressions that have the same values in both templates.
    pub(super) fn aligned(&self) -> Vec<(String, String)> {
        let pieces = self.segments.iter().flatten();
        pieces
            .filter_map(|piece| match piece {
                SharedPiece::Expression((Some(one), Some(two))) => {
                    Some(((*one).to_owned(), (*two).to_owned()))
                }
                SharedPiece::Expression(_) | SharedPiece::Literal(_) => None,
            })
            .collect()
    }
}

/// The text of a segment without expressions.
pub(super) fn literal<'t>(pieces: &[SegmentText<'t>]) -> Option<&'t str> {
    match pieces {
        [] => Some(""),
        [SegmentText::Literal(text)] => Some(text),
        _ => None,
    }
}

fn shared_segment<'t>(
    one: &[SegmentText<'t>],
    two: &[SegmentText<'t>],
) -> Option<Vec<SharedPiece<'t>>> {
    match (literal(one), literal(two)) {
        (Some(one), Some(two)) => (decoded(one) == decoded(two)).then(|| fixed_text(two)),
        (Some(text), None) => matching_text(two, text),
        (None, Some(text)) => matching_text(one, text),
        (None, None) => both_patterns(one, two),
    }
}

/// A literal of one template that an expression of the other matches.
fn matching_text<'t>(pattern: &[SegmentText<'t>], text: &str) -> Option<Vec<SharedPiece<'t>>> {
    has_common_text(&tokens(pattern), &literal_tokens(text)).then(|| fixed_text(text))
}

fn fixed_text<'t>(text: &str) -> Vec<SharedPiece<'t>> {
    vec![SharedPiece::Literal(text.to_owned())]
}

fn decoded(text: &str) -> Vec<u8> {
    percent_decode_str(text).collect()
}

/// Two segments that both have expressions.
fn both_patterns<'t>(
    one: &[SegmentText<'t>],
    two: &[SegmentText<'t>],
) -> Option<Vec<SharedPiece<'t>>> {
    if is_same_pattern(one, two) {
        let piece = |(one, two): (&SegmentText<'t>, &SegmentText<'t>)| match (one, two) {
            (SegmentText::Expression(one), SegmentText::Expression(two)) => {
                SharedPiece::Expression((Some(one), Some(two)))
            }
            (SegmentText::Literal(text), _) | (_, SegmentText::Literal(text)) => {
                SharedPiece::Literal((*text).to_owned())
            }
        };
        return Some(one.iter().zip(two).map(piece).collect());
    }
    let of = |pieces: &[SegmentText<'t>], is_first: bool| -> Vec<SharedPiece<'t>> {
        let piece = |piece: &SegmentText<'t>| match piece {
            SegmentText::Literal(text) => SharedPiece::Literal((*text).to_owned()),
            SegmentText::Expression(name) if is_first => {
                SharedPiece::Expression((Some(name), None))
            }
            SegmentText::Expression(name) => SharedPiece::Expression((None, Some(name))),
        };
        pieces.iter().map(piece).collect()
    };
    match (one, two) {
        // A single expression matches every text of the other segment.
        ([SegmentText::Expression(_)], _) => Some(of(two, false)),
        (_, [SegmentText::Expression(_)]) => Some(of(one, true)),
        _ => common_text(&tokens(one), &tokens(two)).map(|text| fixed_text(&text)),
    }
}

/// Whether two segments differ in the names of their expressions only.
pub(super) fn is_same_pattern(one: &[SegmentText<'_>], two: &[SegmentText<'_>]) -> bool {
    let is_same_piece = |pair: (&SegmentText<'_>, &SegmentText<'_>)| match pair {
        (SegmentText::Literal(one), SegmentText::Literal(two)) => decoded(one) == decoded(two),
        (SegmentText::Expression(_), SegmentText::Expression(_)) => true,
        _ => false,
    };
    one.len() == two.len() && one.iter().zip(two).all(is_same_piece)
}

/// A token of a segment. An expression is one octet followed by any number of octets.
#[derive(Clone, Copy)]
pub(super) enum TextToken {
    Octet(u8),
    AnyOctet,
    MoreOctets,
}

pub(super) fn tokens(pieces: &[SegmentText<'_>]) -> Vec<TextToken> {
    let of_piece = |piece: &SegmentText<'_>| match piece {
        SegmentText::Literal(text) => literal_tokens(text),
        SegmentText::Expression(_) => vec![TextToken::AnyOctet, TextToken::MoreOctets],
    };
    pieces.iter().flat_map(of_piece).collect()
}

pub(super) fn literal_tokens(text: &str) -> Vec<TextToken> {
    decoded(text).into_iter().map(TextToken::Octet).collect()
}

/// Whether both segments match a common text.
pub(super) fn has_common_text(one: &[TextToken], two: &[TextToken]) -> bool {
    common_text(one, two).is_some()
}

/// A text that matches both segments, percent-encoded where it must be.
fn common_text(one: &[TextToken], two: &[TextToken]) -> Option<String> {
    let width = two.len() + 1;
    // Whether the tails from `i` and `j` have a common text.
    let mut is_common = vec![false; (one.len() + 1) * width];
    for i in (0..=one.len()).rev() {
        for j in (0..=two.len()).rev() {
            is_common[i * width + j] = (i, j) == (one.len(), two.len())
                || next_steps(one.get(i), two.get(j))
                    .iter()
                    .any(|(di, dj, _)| is_common[(i + di) * width + j + dj]);
        }
    }
    if !is_common[0] {
        return None;
    }
    let (mut i, mut j, mut text) = (0, 0, Vec::new());
    while (i, j) != (one.len(), two.len()) {
        let steps = next_steps(one.get(i), two.get(j));
        let (di, dj, octet) = steps
            .into_iter()
            .find(|(di, dj, _)| is_common[(i + di) * width + j + dj])?;
        text.extend(octet);
        (i, j) = (i + di, j + dj);
    }
    let encoded = percent_encoding::percent_encode(&text, percent_encoding::CONTROLS);
    Some(encoded.to_string().replace('/', "%2F"))
}

/// The next steps of a walk: how far in each segment, and the octet that this writes.
fn next_steps(one: Option<&TextToken>, two: Option<&TextToken>) -> Vec<(usize, usize, Option<u8>)> {
    use TextToken::{AnyOctet, MoreOctets, Octet};
    match (one, two) {
        (Some(Octet(a)), Some(Octet(b))) if a == b => vec![(1, 1, Some(*a))],
        (Some(Octet(octet)), Some(AnyOctet)) | (Some(AnyOctet), Some(Octet(octet))) => {
            vec![(1, 1, Some(*octet))]
        }
        (Some(AnyOctet), Some(AnyOctet)) => vec![(1, 1, Some(b'x'))],
        (Some(MoreOctets), Some(MoreOctets)) => vec![(1, 0, None), (0, 1, None)],
        (Some(MoreOctets), Some(Octet(octet))) => vec![(1, 0, None), (0, 1, Some(*octet))],
        (Some(MoreOctets), Some(AnyOctet)) => vec![(1, 0, None), (0, 1, Some(b'x'))],
        (Some(Octet(octet)), Some(MoreOctets)) => vec![(0, 1, None), (1, 0, Some(*octet))],
        (Some(AnyOctet), Some(MoreOctets)) => vec![(0, 1, None), (1, 0, Some(b'x'))],
        (Some(MoreOctets), None) => vec![(1, 0, None)],
        (None, Some(MoreOctets)) => vec![(0, 1, None)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_addresses_in_common() {
        let check = |one: &str, two: &str, expected: Option<&str>| {
            let (left, right) = (AddressTemplate::of(one), AddressTemplate::of(two));
            for (first, second, side) in [(&left, &right, 0), (&right, &left, 1)] {
                let shared = first.shared(second).map(|shared| shared.template(side));
                assert_eq!(shared.as_deref(), expected, "{one} {two}");
            }
        };
        check("/rooms/{r}", "/rooms/free", Some("/rooms/free"));
        check("/rooms/{r}", "/halls/free", None);
        check("/rooms/{r}", "/rooms/{r}/beds", None);
        check("/a/{x}/c", "/a/b/{y}", Some("/a/b/c"));
        check("/a/{x}", "/a/{x}.json", Some("/a/{x}.json"));
        check("/a/{x}.json", "/a/all.json", Some("/a/all.json"));
        check("/a/{x}.json", "/a/.json", None);
        check("/a/{x}.json", "/a/{y}.xml", None);
        check("/a/v{x}", "/a/{y}.json", Some("/a/v.json"));
        check("/a/%62", "/a/{y}", Some("/a/%62"));
    }

    #[test]
    fn names_what_is_shared() {
        let (one, two) = (
            AddressTemplate::of("/v1/{a}/x/{b}"),
            AddressTemplate::of("/v1/{c}/{d}/y"),
        );
        let shared = one.shared(&two).unwrap();
        assert_eq!(shared.aligned(), [("a".to_owned(), "c".to_owned())]);
        assert_eq!(
            shared.address(|_| ANY_VALUE.to_owned()),
            "/v1/anyvalue0/x/y"
        );
        assert_eq!(shared.template(0), "/v1/{a}/x/y");
        assert_eq!(shared.template(1), "/v1/{c}/x/y");
        assert_eq!(shared.template_at(1, "/v1/m/x/y"), "/v1/{c}/x/y");
        let (one, two) = (
            AddressTemplate::of("/{a}/{b}"),
            AddressTemplate::of("/{c}/{d}.json"),
        );
        let shared = one.shared(&two).unwrap();
        assert_eq!(shared.template_at(0, "/m/n.json"), "/{a}/n.json");
    }
}
