//! Reads a JSON text by the rules of a program.
//!
//! Every function returns the position after what it read, or nothing if the text is not accepted:
//! it is not JSON, it breaks a rule, or the program does not cover it.

use portcullis_json::JsonLimits;
use portcullis_json::text_reader::{document_text, skip_space, string_stop};

use super::property_names::{DeclaredName, ExpectedName, name_digest};
use super::rules_id::RulesId;
use super::value_rules::{ArrayRules, KindRule, NameSet, ObjectRules, OnePassProgram};

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
            reached: 0,
            bytes_left: source.len().saturating_mul(READS_MAX) + READS_MAX,
            digests: Vec::new(),
            ranges: Vec::new(),
        };
        let (first, at) = judge.token(0);
        let past = judge.value(rules?, first, at)?;
        (skip_space(source, past) == source.len()).then_some(())
    }
}

pub(super) struct TextJudge<'p, 's> {
    program: &'p OnePassProgram,
    pub(super) bytes: &'s [u8],
    pub(super) text: &'s str,
    depth_left: u32,
    /// How far the text was read, except for the scalar that may begin there.
    pub(super) reached: usize,
    /// How many bytes may still be read again. Only alternatives that fail make that necessary.
    bytes_left: usize,
    /// The digests of names without a declaration in the open objects, innermost last.
    digests: Vec<u64>,
    /// The elements of the open arrays that must be unique, innermost last.
    ranges: Vec<(usize, usize)>,
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

    /// The text is not JSON, so no alternative accepts it.
    #[cold]
    pub(super) fn give_up<T>(&mut self) -> Option<T> {
        self.bytes_left = 0;
        None
    }

    /// The position after the space at `from`, if there is one. Most texts have at most one.
    #[inline(always)]
    fn after_space(&self, from: usize) -> usize {
        from + usize::from(self.peek(from) == Some(b' '))
    }

    /// The first byte at or after `from` that is not whitespace, and its position. The byte is 0 at
    /// the end of the text.
    #[inline(always)]
    fn token(&mut self, from: usize) -> (u8, usize) {
        let at = self.after_space(from);
        match self.peek(at) {
            Some(byte) if byte > b' ' => (byte, at),
            _ => self.distant_token(at),
        }
    }

    #[inline(never)]
    fn distant_token(&mut self, from: usize) -> (u8, usize) {
        let at = skip_space(self.bytes, from);
        self.reached = at;
        (self.peek(at).unwrap_or_default(), at)
    }

    /// Reads the value that begins at `at` with the byte `first`.
    #[inline(always)]
    fn value(&mut self, id: RulesId, first: u8, at: usize) -> Option<usize> {
        self.reached = at;
        let program: &'p OnePassProgram = self.program;
        let rules = program.values.get(id as usize)?;
        match first {
            b'"' => match &rules.string {
                KindRule::Rules(rules) => self.string(rules, at),
                rule => self.any_of(rule, at),
            },
            b'{' => match &rules.object {
                KindRule::Rules(rules) => self.object(rules, at),
                rule => self.any_of(rule, at),
            },
            b'[' => match &rules.array {
                KindRule::Rules(rules) => self.array(rules, at),
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

    #[inline(never)]
    fn array(&mut self, rules: &'p ArrayRules, at: usize) -> Option<usize> {
        self.depth_left = self.depth_left.checked_sub(1)?;
        let first_range = self.ranges.len();
        let mut count = 0;
        let (mut first, mut at) = self.token(at + 1);
        if first != b']' {
            loop {
                let id = rules.prefix.get(count).unwrap_or(&rules.items);
                let past = self.value(*id, first, at)?;
                count += 1;
                if rules.unique {
                    self.add_unique(first_range, at, past)?;
                }
                if self.peek(past) == Some(b',') {
                    (first, at) = self.token(past + 1);
                    continue;
                }
                (first, at) = self.token(past);
                match first {
                    b',' => (first, at) = self.token(at + 1),
                    b']' => break,
                    _ => return self.give_up(),
                }
            }
        }
        self.reached = at;
        self.depth_left += 1;
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

    #[inline(never)]
    fn object(&mut self, rules: &'p ObjectRules, at: usize) -> Option<usize> {
        self.depth_left = self.depth_left.checked_sub(1)?;
        let first_digest = self.digests.len();
        let mut present = NameSet::default();
        let mut count = 0;
        let mut expected = rules.names.first();
        let (first, mut at) = self.token(at + 1);
        if first != b'}' {
            loop {
                let (name, past) = match rules.names.expect(expected, self.bytes, at) {
                    Some((name, past)) => (Some(name), past),
                    None => self.unexpected_name(rules, expected, first_digest, at)?,
                };
                let id = match name {
                    Some(name) => {
                        present.insert(name.number).then_some(())?;
                        expected = &name.next;
                        name.rules
                    }
                    None => rules.other?,
                };
                count += 1;
                let (value, value_at) = self.token(past);
                let past = self.value(id, value, value_at)?;
                if self.peek(past) == Some(b',') {
                    at = self.after_space(past + 1);
                    continue;
                }
                let (separator, separator_at) = self.token(past);
                match separator {
                    b',' => at = separator_at + 1,
                    b'}' => {
                        at = separator_at;
                        break;
                    }
                    _ => return self.give_up(),
                }
            }
        }
        self.reached = at;
        self.depth_left += 1;
        self.digests.truncate(first_digest);
        let has_right_count = count >= rules.properties_min && count <= rules.properties_max;
        (has_right_count && present.contains(&rules.required)).then_some(at + 1)
    }

    /// Reads the name at or after `from` and its colon. Returns the declared name, if it is one, and
    /// the position after the colon.
    #[inline(never)]
    fn unexpected_name(
        &mut self,
        rules: &'p ObjectRules,
        expected: &ExpectedName,
        first_digest: usize,
        from: usize,
    ) -> Option<(Option<&'p DeclaredName>, usize)> {
        let (b'"', at) = self.token(from) else {
            return self.give_up();
        };
        if let Some((name, past)) = rules.names.expect(expected, self.bytes, at) {
            return Some((Some(name), past));
        }
        let from = at + 1;
        let stop = string_stop(self.bytes, from);
        self.reached = stop + 1;
        match self.peek(stop) {
            Some(b'"') => {}
            Some(b'\\') => return None,
            _ => return self.give_up(),
        }
        let name = rules.names.find(self.bytes, from, stop);
        match name {
            Some(name) => rules.names.learn(expected, name),
            None => self.add_other_name(first_digest, from, stop)?,
        }
        let (b':', colon) = self.token(stop + 1) else {
            return self.give_up();
        };
        Some((name, colon + 1))
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
