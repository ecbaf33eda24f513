//! Rules for strings: lengths, patterns, formats and the texts of `enum`.

use std::cell::Cell;
use std::sync::Arc;

use portcullis_json::text_reader::stop_after_quote;
use portcullis_pattern::{EcmaPattern, MatchEngine, QuotedRun};

use super::written_text::WrittenText;
use crate::schema::format::{is_base64, is_base64url};
use crate::schema::timestamp::{is_date, is_date_time, is_time};

/// The most texts that are compared with a message one by one.
const WRITTEN_TEXTS_MAX: usize = 8;

/// Rules that a text must follow.
#[derive(Debug, Default)]
pub(super) struct TextRules {
    /// In characters.
    length_min: usize,
    length_max: usize,
    /// What decides about most texts while their end is looked for.
    quick: QuickTextRule,
    compared: ComparedText,
}

/// The rules beyond the length.
#[derive(Debug, Default)]
pub(super) struct ComparedText {
    pub(super) patterns: Vec<StringPattern>,
    pub(super) formats: Vec<TextFormat>,
    /// The only texts that are accepted, sorted.
    pub(super) one_of: Option<Vec<Box<str>>>,
}

/// The rules that one look at a text can show to be followed.
#[derive(Debug, Default)]
enum QuickTextRule {
    #[default]
    Undecided,
    /// The text is long enough if it has so many bytes.
    Length {
        bytes_min: usize,
    },
    /// There is only a length as well.
    Pattern(QuotedRun),
    /// The only texts that are accepted, in quotes.
    OneOf(Box<[WrittenText]>),
    Uuid,
}

/// A pattern that is matched in linear time.
#[derive(Debug)]
pub(super) struct StringPattern(Arc<EcmaPattern>);

impl StringPattern {
    /// `None` if the pattern needs an engine whose steps are limited.
    pub(super) fn new(pattern: Arc<EcmaPattern>) -> Option<Self> {
        match pattern.engine() {
            MatchEngine::WordList | MatchEngine::ClassRun | MatchEngine::Linear => {
                Some(Self(pattern))
            }
            _ => None,
        }
    }

    /// Whether the pattern is known to match. Adds the steps that this takes.
    #[inline]
    fn matches(&self, text: &str, steps: &Cell<u64>) -> bool {
        let add = |taken| steps.set(steps.get().saturating_add(taken));
        self.0.is_match(text, &add) == Some(true)
    }
}

/// The formats that are checked here. Texts of other asserted formats are left to the validators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextFormat {
    Uuid,
    Date,
    Time,
    DateTime,
    Base64,
    Base64Url,
    Ipv4,
    Email,
}

impl TextFormat {
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "uuid" => Self::Uuid,
            "date" => Self::Date,
            "time" => Self::Time,
            "date-time" => Self::DateTime,
            "byte" => Self::Base64,
            "base64url" => Self::Base64Url,
            "ipv4" => Self::Ipv4,
            "email" => Self::Email,
            _ => return None,
        })
    }

    fn accepts(self, text: &str) -> bool {
        match self {
            Self::Uuid => text.as_bytes().try_into().is_ok_and(is_uuid),
            Self::Date => is_date(text),
            Self::Time => is_time(text),
            Self::DateTime => is_date_time(text),
            Self::Base64 => is_base64(text),
            Self::Base64Url => is_base64url(text),
            Self::Ipv4 => text.parse::<std::net::Ipv4Addr>().is_ok(),
            Self::Email => is_plain_email(text.as_bytes()),
        }
    }
}

/// The length of a UUID.
const UUID_BYTES: usize = 36;

/// Whether a text is a UUID (RFC 9562 section 4).
#[inline]
fn is_uuid(text: &[u8; UUID_BYTES]) -> bool {
    let is_hexadecimal = |byte: u8| {
        let letter = (byte | 0x20).wrapping_sub(b'a');
        (byte.wrapping_sub(b'0') < 10) | (letter < 6)
    };
    // Without branches, so several bytes are looked at together.
    let (mut hyphens, mut others) = (0_u8, 0_u8);
    for byte in text {
        let is_hyphen = *byte == b'-';
        hyphens += u8::from(is_hyphen);
        others += u8::from(!is_hyphen & !is_hexadecimal(*byte));
    }
    let has_hyphens = [8, 13, 18, 23].iter().all(|at| text[*at] == b'-');
    has_hyphens && hyphens == 4 && others == 0
}

/// Whether a text is an address of the kind that nearly all addresses are: atoms of letters, digits
/// and some signs, and a domain of labels (RFC 5321 section 4.1.2). Others are left to the
/// validators.
fn is_plain_email(text: &[u8]) -> bool {
    const LOCAL_BYTES_MAX: usize = 64;
    const BYTES_MAX: usize = 254;
    let Some(at) = memchr::memchr(b'@', text) else {
        return false;
    };
    let (local, domain) = (&text[..at], &text[at + 1..]);
    let is_atom = |atom: &[u8]| {
        !atom.is_empty()
            && atom
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+'))
    };
    let is_label = |label: &[u8]| {
        let is_edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        is_edge(label.first())
            && is_edge(label.last())
            && label.len() <= 63
            && label
                .windows(2)
                .all(|pair| pair != b"--" && (pair[0] == b'-' || pair[0].is_ascii_alphanumeric()))
    };
    let is_domain = |labels: usize| {
        labels >= 2
            && domain
                .rsplit(|byte| *byte == b'.')
                .next()
                .is_some_and(|label| label.iter().all(u8::is_ascii_alphabetic))
    };
    let mut labels = 0;
    text.len() <= BYTES_MAX
        && local.len() <= LOCAL_BYTES_MAX
        && local.split(|byte| *byte == b'.').all(is_atom)
        && domain.split(|byte| *byte == b'.').all(|label| {
            labels += 1;
            is_label(label)
        })
        && is_domain(labels)
}

impl QuickTextRule {
    fn of(rules: &ComparedText, length_min: usize) -> Option<Self> {
        let (patterns, formats) = (rules.patterns.as_slice(), rules.formats.as_slice());
        let quick = match (patterns, formats, &rules.one_of) {
            ([], [], None) => Self::Length {
                // A character has up to four bytes.
                bytes_min: length_min.saturating_mul(4).saturating_sub(3),
            },
            ([StringPattern(pattern)], [], None) => Self::Pattern(pattern.quoted_run()?.clone()),
            ([], [], Some(texts)) if length_min == 0 && texts.len() <= WRITTEN_TEXTS_MAX => {
                let is_plain = |text: &str| !text.bytes().any(is_escaped);
                let quoted = texts.iter().filter(|text| is_plain(text));
                let quoted = quoted.map(|text| WrittenText::new(format!("\"{text}\"").into()));
                Self::OneOf(quoted.collect::<Option<_>>()?)
            }
            ([], [TextFormat::Uuid], None) => Self::Uuid,
            _ => return None,
        };
        Some(quick)
    }
}

/// Whether JSON writes a byte as an escape.
const fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

impl TextRules {
    /// The rules for texts of some length; nothing if every text follows them.
    pub(super) fn new(
        compared: ComparedText,
        length_min: usize,
        length_max: Option<usize>,
    ) -> Option<Self> {
        let has_values = !compared.formats.is_empty() || compared.one_of.is_some();
        let is_limited = length_min > 0 || length_max.is_some();
        if !has_values && !is_limited && compared.patterns.is_empty() {
            return None;
        }
        let is_length_decided = compared.one_of.is_none() || !is_limited;
        let quick = QuickTextRule::of(&compared, length_min).filter(|_| is_length_decided);
        Some(Self {
            length_min,
            length_max: length_max.unwrap_or(usize::MAX),
            quick: quick.unwrap_or_default(),
            compared,
        })
    }

    /// The position after the text in quotes at `at`, where `word` is, if a look at its bytes shows
    /// that it follows the rules.
    #[inline(always)]
    pub(super) fn accepted_end(&self, bytes: &[u8], at: usize, word: u64) -> Option<usize> {
        let from = at + 1;
        match &self.quick {
            QuickTextRule::Length { bytes_min } => {
                let stop = stop_after_quote(bytes, at, word);
                let length = stop - from;
                let is_right = length >= *bytes_min && length <= self.length_max;
                (is_right && *bytes.get(stop)? == b'"').then_some(stop + 1)
            }
            QuickTextRule::Pattern(run) => {
                let stop = run.end(bytes, from)?;
                // All characters are ASCII.
                let length = stop - from;
                (length >= self.length_min && length <= self.length_max).then_some(stop + 1)
            }
            QuickTextRule::OneOf(texts) => texts.iter().find_map(|text| text.past(bytes, at)),
            QuickTextRule::Uuid => {
                let text = bytes.get(from..)?.first_chunk::<UUID_BYTES>()?;
                let past = from + UUID_BYTES + 1;
                let is_right = is_uuid(text)
                    && (self.length_min..=self.length_max).contains(&UUID_BYTES)
                    && *bytes.get(past - 1)? == b'"';
                is_right.then_some(past)
            }
            QuickTextRule::Undecided => None,
        }
    }

    /// Whether a text follows the rules. `false` may also mean that it is not known. Adds the steps
    /// of its patterns.
    pub(super) fn accepts(&self, text: &str, steps: &Cell<u64>) -> bool {
        let rules = &self.compared;
        if let Some(texts) = &rules.one_of
            && texts.binary_search_by(|known| (**known).cmp(text)).is_err()
        {
            return false;
        }
        self.has_right_length(text)
            && rules
                .patterns
                .iter()
                .all(|pattern| pattern.matches(text, steps))
            && rules.formats.iter().all(|format| format.accepts(text))
    }

    fn has_right_length(&self, text: &str) -> bool {
        if self.length_min == 0 && text.len() <= self.length_max {
            return true;
        }
        let length = text.chars().count();
        length >= self.length_min && length <= self.length_max
    }
}
