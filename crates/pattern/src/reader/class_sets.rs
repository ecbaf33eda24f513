//! The classes of characters that ECMA-262 defines (section 22.2.2.9).

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// LineTerminator (section 12.3).
pub(super) const LINE_TERMINATORS: &[(char, char)] =
    &[('\n', '\n'), ('\r', '\r'), ('\u{2028}', '\u{2029}')];

/// `\d`.
pub(super) const DIGITS: &[(char, char)] = &[('0', '9')];

/// `\w` without the flag `i`.
pub(super) const WORD_CHARACTERS: &[(char, char)] =
    &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];

/// `\s`: WhiteSpace and LineTerminator (sections 12.2 and 12.3).
pub(super) const SPACES: &[(char, char)] = &[
    ('\t', '\r'),
    (' ', ' '),
    ('\u{a0}', '\u{a0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{200a}'),
    ('\u{2028}', '\u{2029}'),
    ('\u{202f}', '\u{202f}'),
    ('\u{205f}', '\u{205f}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{feff}', '\u{feff}'),
];

pub(super) fn ranges(ranges: impl IntoIterator<Item = (char, char)>) -> ClassUnicode {
    let ranges = ranges.into_iter();
    ClassUnicode::new(ranges.map(|(first, last)| ClassUnicodeRange::new(first, last)))
}

pub(super) fn any_character() -> ClassUnicode {
    ranges([('\0', char::MAX)])
}

/// Every character but these.
pub(super) fn but(excluded: &[(char, char)]) -> ClassUnicode {
    let mut class = ranges(excluded.iter().copied());
    class.negate();
    class
}

/// The characters from one code point up to another. Surrogates are not characters.
pub(super) fn code_points(first: u32, last: u32) -> ClassUnicode {
    let below = (first, last.min(0xD7FF));
    let above = (first.max(0xE000), last);
    let characters = [below, above]
        .into_iter()
        .filter(|(first, last)| first <= last);
    let characters = characters
        .filter_map(|(first, last)| Some((char::from_u32(first)?, char::from_u32(last)?)));
    ranges(characters)
}
