//! Writes patterns for names of properties.
//!
//! The validators of `jsonschema` match names themselves, with one engine for all of them. So these
//! patterns are written as text, with classes, anchors and word boundaries that every engine reads
//! alike. The text ends with a group without content whose name is the original pattern, so the
//! location of an error leads back to the contract, and two patterns never have the same text.

use std::borrow::Cow;
use std::fmt::Write as _;

use regex_automata::nfa::thompson;
use regex_syntax::hir::ClassUnicode;

use crate::pattern_fault::PatternFault;
use crate::pattern_tree::{PatternNode, PatternPosition, PatternTree};

use super::hir_writer::to_hir;

/// What the name of the group that has the original pattern begins with.
const GROUP_PREFIX: &str = "(?<ecma_";
const GROUP_SUFFIX: &str = ">)";

/// The largest automaton of a pattern for names, in bytes. Validators must build it.
pub const NAME_PATTERN_BYTES_MAX: usize = 32 << 20;

/// The number of ranges of characters, with all repetitions, up to which a pattern is small.
const RANGES_SMALL: u64 = 4_000;

/// The highest number of ranges of a pattern with references.
const RANGES_MAX: u64 = 20_000;

const WORD: &str = "[0-9A-Z_a-z]";

/// A pattern for names of properties, for the validators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    pub text: String,
    /// Whether it needs an engine that backtracks.
    pub backtracks: bool,
}

/// Writes a pattern for names of properties.
///
/// # Errors
/// A reference is repeated, which engines match differently, or the pattern is too large.
pub fn name_pattern(original: &str, tree: &PatternTree) -> Result<NamePattern, PatternFault> {
    if is_plain(original) {
        return Ok(NamePattern {
            text: original.to_owned(),
            backtracks: false,
        });
    }
    let needs_backtracking = |node: &PatternNode| match node {
        PatternNode::Lookaround { .. } | PatternNode::BackReference(_) => true,
        PatternNode::Position(position) => {
            matches!(
                position,
                PatternPosition::WordBoundary | PatternPosition::NotWordBoundary
            )
        }
        _ => false,
    };
    let repeats_references = |node: &PatternNode| {
        let refers = |inner: &PatternNode| matches!(inner, PatternNode::BackReference(_));
        matches!(node, PatternNode::Repeat(_) if node.any(&refers))
    };
    if tree.root.any(&repeats_references) {
        return Err(PatternFault {
            column: 1,
            reason: "a reference inside a repetition is not supported in `patternProperties`: write the repetition out, or use `propertyNames`".to_owned(),
        });
    }
    if is_too_large(&tree.root) {
        return Err(PatternFault {
            column: 1,
            reason: "its repetitions make it too large for names: repeat less, and bound the length with `maxLength` in `propertyNames`".to_owned(),
        });
    }
    let backtracks = tree.root.any(&needs_backtracking);
    // `jsonschema` leaves a pattern as it is from the first look-around on.
    let start = if backtracks { "(?=)(?:" } else { "(?:" };
    let mut text = start.to_owned();
    write(&tree.root, &mut text);
    text.push(')');
    text.push_str(GROUP_PREFIX);
    for byte in original.bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    text.push_str(GROUP_SUFFIX);
    Ok(NamePattern { text, backtracks })
}

/// Whether the automaton of a pattern is larger than validators build.
fn is_too_large(root: &PatternNode) -> bool {
    if root.range_count() < RANGES_SMALL {
        return false;
    }
    let Some(hir) = to_hir(&root.without_lookarounds()) else {
        return root.range_count() > RANGES_MAX;
    };
    let config = thompson::Config::new().nfa_size_limit(Some(NAME_PATTERN_BYTES_MAX));
    let built = thompson::Compiler::new()
        .configure(config)
        .build_from_hir(&hir);
    built.is_err()
}

/// Whether every engine reads a pattern alike, and none needs to compile it: a beginning, or a whole
/// text.
fn is_plain(pattern: &str) -> bool {
    let Some(rest) = pattern.strip_prefix('^') else {
        return false;
    };
    let rest = rest.strip_suffix('$').unwrap_or(rest);
    rest.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/'))
}

/// A JSON Pointer with each written pattern of names as it was in the contract.
pub fn named_as_written(pointer: &str) -> Cow<'_, str> {
    if !pointer.contains(GROUP_PREFIX) {
        return Cow::Borrowed(pointer);
    }
    let tokens = pointer.split('/').map(|token| {
        let original = token
            .rsplit_once(GROUP_PREFIX)
            .and_then(|(_, rest)| decoded(rest.strip_suffix(GROUP_SUFFIX)?));
        original.map_or(Cow::Borrowed(token), |original| {
            Cow::Owned(original.replace('~', "~0").replace('/', "~1"))
        })
    });
    Cow::Owned(tokens.collect::<Vec<_>>().join("/"))
}

fn decoded(digits: &str) -> Option<String> {
    let bytes = digits.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    String::from_utf8(bytes.collect::<Option<_>>()?).ok()
}

fn write(node: &PatternNode, out: &mut String) {
    match node {
        PatternNode::Empty => out.push_str("(?:)"),
        PatternNode::Class(class) => write_class(class, out),
        PatternNode::Concat(parts) => parts.iter().for_each(|part| write(part, out)),
        PatternNode::Alternation(parts) => {
            out.push_str("(?:");
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    out.push('|');
                }
                write(part, out);
            }
            out.push(')');
        }
        PatternNode::Repeat(repeat) => {
            out.push_str("(?:");
            write(&repeat.node, out);
            let most = repeat.most.map(|most| most.to_string()).unwrap_or_default();
            let lazy = if repeat.is_lazy { "?" } else { "" };
            let _ = write!(out, "){{{},{most}}}{lazy}", repeat.least);
        }
        // Next to the last group, which has a name, all others need one.
        PatternNode::Capture { number, node } => {
            let _ = write!(out, "(?<g{number}>");
            write(node, out);
            out.push(')');
        }
        PatternNode::Lookaround {
            is_ahead,
            is_negated,
            node,
        } => {
            out.push_str(match (is_ahead, is_negated) {
                (true, false) => "(?=",
                (true, true) => "(?!",
                (false, false) => "(?<=",
                (false, true) => "(?<!",
            });
            write(node, out);
            out.push(')');
        }
        PatternNode::Position(PatternPosition::Start) => out.push_str(r"\A"),
        PatternNode::Position(PatternPosition::End) => out.push_str(r"\z"),
        PatternNode::Position(PatternPosition::WordBoundary) => {
            let _ = write!(out, "(?:(?<={WORD})(?!{WORD})|(?<!{WORD})(?={WORD}))");
        }
        PatternNode::Position(PatternPosition::NotWordBoundary) => {
            let _ = write!(out, "(?:(?<={WORD})(?={WORD})|(?<!{WORD})(?!{WORD}))");
        }
        // A group that has not matched is the empty text.
        PatternNode::BackReference(groups) => {
            for group in groups {
                let _ = write!(out, r"(?(<g{group}>)\k<g{group}>|)");
            }
        }
    }
}

fn write_class(class: &ClassUnicode, out: &mut String) {
    let ranges = class.ranges();
    if ranges.is_empty() {
        // No character.
        out.push_str(r"[^\x{0}-\x{10FFFF}]");
        return;
    }
    if let [only] = ranges
        && only.start() == only.end()
    {
        let _ = write!(out, r"\x{{{:X}}}", u32::from(only.start()));
        return;
    }
    out.push('[');
    for range in ranges {
        let (first, last) = (u32::from(range.start()), u32::from(range.end()));
        let _ = write!(out, r"\x{{{first:X}}}-\x{{{last:X}}}");
    }
    out.push(']');
}
