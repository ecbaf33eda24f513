//! Rules for strings: lengths, patterns, formats and the texts of `enum`.

use std::cell::Cell;
use std::sync::Arc;

use portcullis_pattern::{EcmaPattern, MatchEngine};

use crate::schema::format::{is_base64, is_base64url};
use crate::schema::timestamp::{is_date, is_date_time, is_time};

/// Rules that a text must follow.
#[derive(Debug, Default)]
pub(super) struct TextRules {
    /// In characters.
    pub(super) length_min: usize,
    pub(super) length_max: Option<usize>,
    pub(super) patterns: Vec<StringPattern>,
    pub(super) formats: Vec<TextFormat>,
    /// The only texts that are accepted, sorted.
    pub(super) one_of: Option<Vec<Box<str>>>,
    pub(super) shape: TextShape,
}

/// Which rules there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TextShape {
    Anything,
    /// One pattern, and perhaps a length.
    Pattern,
    #[default]
    Other,
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
            Self::Uuid => is_uuid(text.as_bytes()),
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

/// Whether a text is a UUID (RFC 9562 section 4).
fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
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

impl TextRules {
    /// The rules, once all are known.
    pub(super) fn finished(mut self) -> Self {
        let has_length = self.length_min > 0 || self.length_max.is_some();
        let has_values = !self.formats.is_empty() || self.one_of.is_some();
        self.shape = match self.patterns.len() {
            0 if !has_length && !has_values => TextShape::Anything,
            1 if !has_values => TextShape::Pattern,
            _ => TextShape::Other,
        };
        self
    }

    /// The position of the quote that ends the text that begins at `from`, if that pass over its
    /// bytes shows that the text follows the rules.
    #[inline]
    pub(super) fn quoted_end(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let [StringPattern(pattern)] = self.patterns.as_slice() else {
            return None;
        };
        let end = pattern.quoted_end(bytes, from)?;
        // All characters are ASCII.
        let length = end - from;
        let is_short = self
            .length_max
            .is_none_or(|length_max| length <= length_max);
        (is_short && length >= self.length_min).then_some(end)
    }

    /// Whether a text follows the rules. `false` may also mean that it is not known. Adds the steps
    /// of its patterns.
    #[inline]
    pub(super) fn accepts(&self, text: &str, steps: &Cell<u64>) -> bool {
        if let Some(texts) = &self.one_of
            && texts.binary_search_by(|known| (**known).cmp(text)).is_err()
        {
            return false;
        }
        self.has_right_length(text)
            && self
                .patterns
                .iter()
                .all(|pattern| pattern.matches(text, steps))
            && self.formats.iter().all(|format| format.accepts(text))
    }

    #[inline]
    fn has_right_length(&self, text: &str) -> bool {
        let length_max = self.length_max.unwrap_or(usize::MAX);
        if self.length_min == 0 && text.len() <= length_max {
            return true;
        }
        let length = text.chars().count();
        length >= self.length_min && length <= length_max
    }
}
