//! Reads a JSON text by the rules of a program.
//!
//! Every function returns the position after what it read, or nothing if the text is not accepted:
//! it is not JSON, it breaks a rule, or the program does not cover it.

use std::num::NonZeroU64;

use portcullis_json::JsonLimits;
use portcullis_json::text_reader::{
    chunk_at, document_text, skip_space, stop_after_quote, string_stop,
};

use super::rules_id::RulesId;
use super::schema_kinds::KindSet;
use super::text_rules::TextRules;
use super::value_rules::{KindRule, OnePassProgram, ValueRules};
use super::written_name::MemberSpacing;

/// The deepest nesting that is read here.
const DEPTH_MAX: u32 = 128;

/// How many times the length of a text may be read in all, because alternatives are tried in turn.
const READS_MAX: usize = 8;

impl OnePassProgram {
    /// Whether a text is known to be one JSON value that the schema with this number accepts.
    pub(in crate::schema) fn accepts(&self, root: u32, source: &[u8], limits: JsonLimits) -> bool {
        self.judge(root, source, limits).is_some()
    }

    fn judge(&self, root: u32, source: &[u8], limits: JsonLimits) -> Option<()> {
        let rules = self
            .values
            .get((*self.roots.get(root as usize)?)? as usize)?;
        let text = document_text(source)?;
        let mut judge = TextJudge {
            program: self,
            bytes: source,
            text,
            depth_left: limits.depth_max.min(DEPTH_MAX),
            reached: 0,
            bytes_left: source.len().saturating_mul(READS_MAX) + READS_MAX,
            spacing: MemberSpacing::Compact,
            digests: Vec::new(),
            ranges: Vec::new(),
        };
        let (word, at) = judge.token(0);
        let past = judge.value(rules, word, at)?;
        (skip_space(source, past) == source.len()).then_some(())
    }
}

pub(super) struct TextJudge<'p, 's> {
    pub(super) program: &'p OnePassProgram,
    pub(super) bytes: &'s [u8],
    pub(super) text: &'s str,
    pub(super) depth_left: u32,
    /// How far the text was read, except for the scalar that may begin there.
    pub(super) reached: usize,
    /// How many bytes may still be read again. Only alternatives that fail make that necessary.
    bytes_left: usize,
    /// What was last between two values of an object.
    pub(super) spacing: MemberSpacing,
    /// The digests of names without a declaration in the open objects, innermost last.
    pub(super) digests: Vec<u64>,
    /// The elements of the open arrays that must be unique, innermost last.
    pub(super) ranges: Vec<(usize, usize)>,
}

#[inline(always)]
pub(super) const fn first_byte(word: u64) -> u8 {
    word.to_le_bytes()[0]
}

/// The length of the line feed at the beginning of a word and of the spaces after it, if the word has
/// what follows them.
#[inline(always)]
fn indentation(word: u64) -> Option<usize> {
    const SPACES: u64 = u64::from_le_bytes([b' '; 8]) >> 8;
    let others = NonZeroU64::new((word >> 8) ^ SPACES).filter(|_| first_byte(word) == b'\n')?;
    let spaces = others.trailing_zeros() & !7;
    let follows = first_byte(word >> 8 >> spaces);
    (follows > b' ').then_some((spaces / 8) as usize + 1)
}

impl<'p> TextJudge<'p, '_> {
    #[inline]
    pub(super) fn peek(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    pub(super) fn take(&mut self, bytes: usize) -> Option<()> {
        self.bytes_left = self.bytes_left.checked_sub(bytes)?;
        Some(())
    }

    #[inline(always)]
    pub(super) fn rules(&self, id: RulesId) -> Option<&'p ValueRules> {
        let program: &'p OnePassProgram = self.program;
        program.values.get(id as usize)
    }

    /// The text is not JSON, so no alternative accepts it.
    #[cold]
    pub(super) fn give_up<T>(&mut self) -> Option<T> {
        self.bytes_left = 0;
        None
    }

    /// The position after the space at `from`, if there is one. Most texts have at most one.
    #[inline(always)]
    pub(super) fn after_space(&self, from: usize) -> usize {
        from + usize::from(self.peek(from) == Some(b' '))
    }

    /// The eight bytes at `at`, the first one lowest. There are zeros after the end of the text.
    #[inline(always)]
    fn word_at(&self, at: usize) -> u64 {
        match chunk_at(self.bytes, at) {
            Some(chunk) => u64::from_le_bytes(*chunk),
            None => self.last_word(at),
        }
    }

    #[inline(never)]
    fn last_word(&self, at: usize) -> u64 {
        let rest = self.bytes.get(at..).unwrap_or_default().iter();
        rest.rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte))
    }

    /// The first byte at or after `from` that is not whitespace, with those after it, and its
    /// position. The byte is 0 at the end of the text.
    #[inline(always)]
    pub(super) fn token(&mut self, from: usize) -> (u64, usize) {
        self.near_token(self.after_space(from))
    }

    /// The same without a look for a single space first.
    #[inline(always)]
    pub(super) fn near_token(&mut self, from: usize) -> (u64, usize) {
        let word = self.word_at(from);
        if first_byte(word) > b' ' {
            return (word, from);
        }
        let at = match indentation(word) {
            Some(length) => from + length,
            None => self.distant_token(from),
        };
        (self.word_at(at), at)
    }

    /// The first byte after a value that is not whitespace, and its position.
    #[inline(always)]
    pub(super) fn separator(&mut self, past: usize) -> (u8, usize) {
        match self.peek(past) {
            Some(byte) if byte > b' ' => (byte, past),
            _ => {
                let at = self.distant_token(past);
                (self.peek(at).unwrap_or_default(), at)
            }
        }
    }

    #[inline(never)]
    fn distant_token(&mut self, from: usize) -> usize {
        let at = skip_space(self.bytes, from);
        self.reached = at;
        at
    }

    /// Reads the value that begins at `at`, where `word` is.
    #[inline(always)]
    pub(super) fn value(&mut self, rules: &'p ValueRules, word: u64, at: usize) -> Option<usize> {
        self.reached = at;
        let first = first_byte(word);
        match &rules.main {
            Some(KindRule::AnyText) if first == b'"' => self.any_text(word, at),
            Some(KindRule::Text(rules)) if first == b'"' => self.string(rules, word, at),
            Some(KindRule::Number(number)) => match number.accepted_length(word) {
                Some(length) => Some(at + length),
                None => self.other_value(rules, word, at),
            },
            Some(KindRule::Object(rules)) if first == b'{' => self.object(rules, at),
            Some(KindRule::Array(rules)) if first == b'[' => self.array(rules, at),
            _ => self.other_value(rules, word, at),
        }
    }

    #[inline(always)]
    fn any_text(&mut self, word: u64, at: usize) -> Option<usize> {
        let stop = stop_after_quote(self.bytes, at, word);
        if self.peek(stop) == Some(b'"') {
            return Some(stop + 1);
        }
        self.escaped_end(at, stop)
    }

    #[inline(always)]
    fn string(&mut self, rules: &TextRules, word: u64, at: usize) -> Option<usize> {
        match rules.accepted_end(self.bytes, at, word) {
            Some(past) => Some(past),
            None => self.compared_string(rules, at),
        }
    }

    /// Reads a value by the rule of its kind.
    #[inline(never)]
    fn other_value(&mut self, rules: &'p ValueRules, word: u64, at: usize) -> Option<usize> {
        let kind = match first_byte(word) {
            b'"' => KindSet::STRING,
            b'{' => KindSet::OBJECT,
            b'[' => KindSet::ARRAY,
            b'-' | b'0'..=b'9' => KindSet::NUMBER,
            b'n' => KindSet::NULL,
            _ => KindSet::BOOLEAN,
        };
        match rules.of_kind(kind)? {
            KindRule::Null => self.word(b"null", at),
            KindRule::Boolean(rules) => self.boolean(*rules, at),
            KindRule::Number(rules) => self.compared_number(rules, at),
            KindRule::AnyText => self.any_text(word, at),
            KindRule::Text(rules) => self.string(rules, word, at),
            KindRule::Array(rules) => self.array(rules, at),
            KindRule::Object(rules) => self.object(rules, at),
            KindRule::AnyOf(alternatives) => self.any_of(&alternatives.places, word, at),
        }
    }

    /// Tries the alternatives in turn.
    #[inline(never)]
    fn any_of(&mut self, places: &'p [RulesId], word: u64, at: usize) -> Option<usize> {
        let depth_left = self.depth_left;
        let (digests, ranges) = (self.digests.len(), self.ranges.len());
        for place in places {
            if let Some(past) = self.value(self.rules(*place)?, word, at) {
                return Some(past);
            }
            self.charge(at)?;
            self.depth_left = depth_left;
            self.digests.truncate(digests);
            self.ranges.truncate(ranges);
        }
        None
    }

    /// Takes what an alternative has read since `from`.
    fn charge(&mut self, from: usize) -> Option<()> {
        let past = match self.peek(self.reached) {
            Some(b'"') => string_stop(self.bytes, self.reached + 1),
            _ => self.reached,
        };
        self.take((past + 1).saturating_sub(from))
    }
}
