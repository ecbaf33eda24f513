//! Reads a JSON text by the rules of a program.
//!
//! Every function returns the position after what it read, or nothing if the text is not accepted:
//! it is not JSON, it breaks a rule, or the program does not cover it.

use std::cell::Cell;

use portcullis_json::JsonLimits;
use portcullis_json::text_reader::{
    document_text, next_token, number_end, skip_space, string_stop, unescape_string,
};

use super::number_rules::{NumberLiteral, NumberRules, ShortDecimal};
use super::property_names::{NameMatch, name_digest};
use super::rules_id::RulesId;
use super::text_rules::TextRules;
use super::value_rules::{
    ArrayRules, BooleanRules, KindRule, NameSet, ObjectRules, OnePassProgram,
};

/// The deepest nesting that is read here.
const DEPTH_MAX: u32 = 128;

/// How many times the length of a text may be read in all, because alternatives are tried in turn.
const READS_MAX: usize = 8;

/// The most properties without a declaration in one object, and the most elements that are compared
/// with each other. More are left to the validators.
const COMPARED_MAX: usize = 64;

impl OnePassProgram {
    /// Whether a text is known to be one JSON value that the schema with this number accepts.
    pub(in crate::schema) fn accepts(&self, root: u32, source: &[u8], limits: JsonLimits) -> bool {
        self.judge(root, source, limits).is_some()
    }

    fn judge(&self, root: u32, source: &[u8], limits: JsonLimits) -> Option<()> {
        let rules = *self.roots.get(root as usize)?;
        let text = document_text(source)?;
        let mut judge = TextJudge {
            program: self,
            bytes: source,
            text,
            depth_left: limits.depth_max.min(DEPTH_MAX),
            bytes_left: source.len().saturating_mul(READS_MAX) + READS_MAX,
            digests: Vec::new(),
            ranges: Vec::new(),
        };
        let (first, at) = next_token(source, 0)?;
        let past = judge.value(rules?, first, at)?;
        (skip_space(source, past) == source.len()).then_some(())
    }
}

struct TextJudge<'p, 's> {
    program: &'p OnePassProgram,
    bytes: &'s [u8],
    text: &'s str,
    depth_left: u32,
    /// How much may still be read, in bytes of strings and names and in values.
    bytes_left: usize,
    /// The digests of names without a declaration in the open objects, innermost last.
    digests: Vec<u64>,
    /// The elements of the open arrays that must be unique, innermost last.
    ranges: Vec<(usize, usize)>,
}

impl<'p> TextJudge<'p, '_> {
    #[inline]
    fn peek(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    #[inline]
    fn take(&mut self, bytes: usize) -> Option<()> {
        self.bytes_left = self.bytes_left.checked_sub(bytes)?;
        Some(())
    }

    /// Reads the value that begins at `at` with the byte `first`.
    fn value(&mut self, id: RulesId, first: u8, at: usize) -> Option<usize> {
        self.take(1)?;
        let program: &'p OnePassProgram = self.program;
        let rules = program.values.get(id as usize)?;
        match first {
            b'"' => match &rules.string {
                KindRule::Rules(rules) => self.string(rules, at),
                rule => self.any_of(rule, at),
            },
            b'{' => match &rules.object {
                KindRule::Rules(rules) => self.nested(|judge| judge.object(rules, at)),
                rule => self.any_of(rule, at),
            },
            b'[' => match &rules.array {
                KindRule::Rules(rules) => self.nested(|judge| judge.array(rules, at)),
                rule => self.any_of(rule, at),
            },
            b'-' | b'0'..=b'9' => match &rules.number {
                KindRule::Rules(rules) => self.number(rules, at),
                rule => self.any_of(rule, at),
            },
            b'n' => match &rules.null {
                KindRule::Rules(_) => self.word(b"null", at),
                rule => self.any_of(rule, at),
            },
            _ => match &rules.boolean {
                KindRule::Rules(rules) => self.boolean(**rules, at),
                rule => self.any_of(rule, at),
            },
        }
    }

    /// Tries the alternatives in turn.
    #[inline(never)]
    fn any_of<T>(&mut self, rule: &'p KindRule<T>, at: usize) -> Option<usize> {
        let KindRule::AnyOf(alternatives) = rule else {
            return None;
        };
        let depth_left = self.depth_left;
        let (digests, ranges) = (self.digests.len(), self.ranges.len());
        let first = self.peek(at)?;
        for alternative in alternatives {
            if let Some(past) = self.value(*alternative, first, at) {
                return Some(past);
            }
            self.depth_left = depth_left;
            self.digests.truncate(digests);
            self.ranges.truncate(ranges);
        }
        None
    }

    #[inline]
    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Option<usize>) -> Option<usize> {
        self.depth_left = self.depth_left.checked_sub(1)?;
        let past = read(self)?;
        self.depth_left += 1;
        Some(past)
    }

    #[inline]
    fn word(&self, word: &[u8], at: usize) -> Option<usize> {
        let past = at + word.len();
        (self.bytes.get(at..past)? == word).then_some(past)
    }

    #[inline]
    fn boolean(&self, rules: BooleanRules, at: usize) -> Option<usize> {
        if self.peek(at) == Some(b't') {
            rules.admits_true.then(|| self.word(b"true", at))?
        } else {
            rules.admits_false.then(|| self.word(b"false", at))?
        }
    }

    #[inline]
    fn number(&mut self, rules: &NumberRules, at: usize) -> Option<usize> {
        match ShortDecimal::scan(self.bytes, at) {
            Some((short, past)) if rules.accepts_whole(short) => Some(past),
            Some((short, past)) => self.compared_number(rules, at, past, Some(short)),
            None => self.compared_number(rules, at, number_end(self.text, at)?, None),
        }
    }

    /// Judges a number whose integer part alone does not decide. It may be long.
    #[inline(never)]
    fn compared_number(
        &mut self,
        rules: &NumberRules,
        at: usize,
        past: usize,
        short: Option<ShortDecimal>,
    ) -> Option<usize> {
        self.take(past - at)?;
        let literal = NumberLiteral {
            text: self.text,
            from: at,
            past,
            short,
        };
        rules.accepts(literal).then_some(past)
    }

    #[inline]
    fn string(&mut self, rules: &TextRules, at: usize) -> Option<usize> {
        let stop = string_stop(self.bytes, at + 1);
        self.take(stop - at)?;
        match self.peek(stop)? {
            b'"' => {
                if !rules.accept_all {
                    self.text_follows(rules, self.text.get(at + 1..stop)?)?;
                }
                Some(stop + 1)
            }
            b'\\' => self.escaped_string(rules, at + 1, stop),
            _ => None,
        }
    }

    #[inline]
    fn text_follows(&mut self, rules: &TextRules, text: &str) -> Option<()> {
        let steps = Cell::new(0);
        let is_accepted = rules.accepts(text, &steps);
        self.take(usize::try_from(steps.get()).ok()?)?;
        is_accepted.then_some(())
    }

    #[cold]
    fn escaped_string(&mut self, rules: &TextRules, from: usize, escape: usize) -> Option<usize> {
        let mut text = self.text.get(from..escape)?.to_owned();
        let past = unescape_string(self.text, escape, &mut text)?;
        self.take(past - escape)?;
        self.text_follows(rules, &text)?;
        Some(past)
    }

    fn array(&mut self, rules: &'p ArrayRules, at: usize) -> Option<usize> {
        let bytes = self.bytes;
        let first_range = self.ranges.len();
        let mut count = 0;
        let (mut first, mut at) = next_token(bytes, at + 1)?;
        if first == b']' {
            return (rules.items_min == 0).then_some(at + 1);
        }
        loop {
            let id = rules.prefix.get(count).unwrap_or(&rules.items);
            let past = self.value(*id, first, at)?;
            count += 1;
            if rules.unique {
                self.add_unique(first_range, at, past)?;
            }
            let (separator, separator_at) = next_token(bytes, past)?;
            at = separator_at;
            match separator {
                b',' => (first, at) = next_token(bytes, at + 1)?,
                b']' => break,
                _ => return None,
            }
        }
        self.ranges.truncate(first_range);
        (count >= rules.items_min && count <= rules.items_max).then_some(at + 1)
    }

    /// Adds an element to those of its array, if it is of a kind whose text shows whether two
    /// elements are equal, and differs from all others.
    fn add_unique(&mut self, first: usize, at: usize, past: usize) -> Option<()> {
        let element = self.bytes.get(at..past)?;
        let is_plain = match element {
            [b'"', text @ ..] => !text.contains(&b'\\'),
            [b'-' | b'[' | b'{', ..] => false,
            [b'0'..=b'9', ..] => element.iter().all(u8::is_ascii_digit),
            _ => true,
        };
        let others = self.ranges.get(first..)?;
        let is_new = others
            .iter()
            .all(|&(at, past)| self.bytes.get(at..past) != Some(element));
        if !is_plain || !is_new || others.len() >= COMPARED_MAX {
            return None;
        }
        self.ranges.push((at, past));
        Some(())
    }

    fn object(&mut self, rules: &'p ObjectRules, at: usize) -> Option<usize> {
        let bytes = self.bytes;
        let first_digest = self.digests.len();
        let mut present = NameSet::default();
        let (mut count, mut previous) = (0, None);
        let (mut first, mut at) = next_token(bytes, at + 1)?;
        let past = if first == b'}' {
            at + 1
        } else {
            loop {
                if first != b'"' {
                    return None;
                }
                let (id, past_name) = match self.name(rules, previous, at + 1)? {
                    Ok(name) => {
                        present.insert(name.number).then_some(())?;
                        previous = Some(name.number);
                        (name.rules, name.past)
                    }
                    Err(past) => {
                        self.add_other_name(first_digest, at + 1, past - 1)?;
                        (rules.other?, past)
                    }
                };
                count += 1;
                let (b':', colon) = next_token(bytes, past_name)? else {
                    return None;
                };
                let (value, value_at) = next_token(bytes, colon + 1)?;
                let past = self.value(id, value, value_at)?;
                match next_token(bytes, past)? {
                    (b',', comma) => (first, at) = next_token(bytes, comma + 1)?,
                    (b'}', end) => break end + 1,
                    _ => return None,
                }
            }
        };
        self.digests.truncate(first_digest);
        let has_right_count = count >= rules.properties_min && count <= rules.properties_max;
        (has_right_count && present.contains(&rules.required)).then_some(past)
    }

    /// Reads the name whose text begins at `from`: a declared one, or the position after another.
    #[inline]
    fn name(
        &mut self,
        rules: &ObjectRules,
        previous: Option<usize>,
        from: usize,
    ) -> Option<Result<NameMatch, usize>> {
        if let Some(name) = rules.names.expect(previous, self.bytes, from) {
            return Some(Ok(name));
        }
        let stop = string_stop(self.bytes, from);
        if self.peek(stop)? != b'"' {
            return None;
        }
        self.take(stop - from)?;
        let name = rules.names.find(self.bytes, from, stop);
        if let Some(name) = name {
            rules.names.learn(previous, name.number);
        }
        Some(name.ok_or(stop + 1))
    }

    /// Adds a name without a declaration, if it differs from all others of its object.
    fn add_other_name(&mut self, first: usize, from: usize, stop: usize) -> Option<()> {
        let digest = name_digest(self.bytes.get(from..stop)?);
        let others = self.digests.get(first..)?;
        if others.contains(&digest) || others.len() >= COMPARED_MAX {
            return None;
        }
        self.digests.push(digest);
        Some(())
    }
}
