//! Reads the arrays and objects of a JSON text by their rules.

use portcullis_json::text_reader::string_stop;

use super::name_sets::{OtherPresentNames, PresentNames};
use super::property_names::{DeclaredName, ExpectedName, name_digest};
use super::text_judge::{TextJudge, first_byte};
use super::value_rules::{ArrayRules, ObjectRules};
use super::written_name::MemberSpacing;

/// The most properties without a declaration in one object, and the most elements that are compared
/// with each other. More are left to the validators.
const COMPARED_MAX: usize = 64;

/// What comes next in an array, and where.
enum ArrayStep {
    /// With the bytes there.
    Element(u64, usize),
    End(usize),
}

/// What comes next in an object, and where: the values of properties, or the brace.
enum ObjectStep<'p> {
    Declared(&'p DeclaredName, usize),
    Other(usize),
    End(usize),
}

impl<'p> TextJudge<'p, '_> {
    #[inline(never)]
    pub(super) fn array(&mut self, rules: &'p ArrayRules, at: usize) -> Option<usize> {
        if rules.unique || !rules.prefix.is_empty() {
            return self.compared_array(rules, at);
        }
        self.depth_left = self.depth_left.checked_sub(1)?;
        let items = self.rules(rules.items)?;
        let mut count = 0;
        let (mut word, mut at) = self.near_token(at + 1);
        let end = loop {
            if count == 0 && first_byte(word) == b']' {
                break at;
            }
            let past = self.value(items, word, at)?;
            count += 1;
            match self.next_element(past)? {
                ArrayStep::Element(next, next_at) => (word, at) = (next, next_at),
                ArrayStep::End(at) => break at,
            }
        };
        self.reached = end;
        self.depth_left += 1;
        (count >= rules.items_min && count <= rules.items_max).then_some(end + 1)
    }

    /// Reads the comma after the element that ends at `past`, or the end of the array.
    #[inline(always)]
    fn next_element(&mut self, past: usize) -> Option<ArrayStep> {
        match self.separator(past) {
            (b',', comma) => {
                let (word, at) = self.token(comma + 1);
                Some(ArrayStep::Element(word, at))
            }
            (b']', at) => Some(ArrayStep::End(at)),
            _ => self.give_up(),
        }
    }

    /// Reads an array whose elements differ in their rules, or must not be equal.
    #[inline(never)]
    fn compared_array(&mut self, rules: &'p ArrayRules, at: usize) -> Option<usize> {
        self.depth_left = self.depth_left.checked_sub(1)?;
        let first_range = self.ranges.len();
        let mut count = 0;
        let (word, at) = self.near_token(at + 1);
        let mut step = match first_byte(word) {
            b']' => ArrayStep::End(at),
            _ => ArrayStep::Element(word, at),
        };
        let end = loop {
            let (word, at) = match step {
                ArrayStep::Element(word, at) => (word, at),
                ArrayStep::End(at) => break at,
            };
            let element = *rules.prefix.get(count).unwrap_or(&rules.items);
            let past = self.value(self.rules(element)?, word, at)?;
            count += 1;
            if rules.unique {
                self.add_unique(first_range, at, past)?;
            }
            step = self.next_element(past)?;
        };
        self.reached = end;
        self.depth_left += 1;
        self.ranges.truncate(first_range);
        (count >= rules.items_min && count <= rules.items_max).then_some(end + 1)
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
    pub(super) fn object(&mut self, rules: &'p ObjectRules, at: usize) -> Option<usize> {
        self.depth_left = self.depth_left.checked_sub(1)?;
        let first_digest = self.digests.len();
        let mut present = PresentNames::default();
        let mut others = OtherPresentNames::default();
        let mut count = 0;
        let mut expected = rules.names.first();
        let mut step = match rules.names.expect(expected, self.bytes, at + 1) {
            Some((name, past)) => ObjectStep::Declared(name, self.after_space(past)),
            None => self.first_member(rules, first_digest, at + 1)?,
        };
        let end = loop {
            let (id, mut at) = match step {
                ObjectStep::Declared(name, at) => {
                    present.insert(name.bit, &mut others).then_some(())?;
                    expected = &name.next;
                    (name.rules, at)
                }
                ObjectStep::Other(at) => (rules.other?, at),
                ObjectStep::End(at) => break at,
            };
            let mut id = id;
            let past = loop {
                count += 1;
                let (word, value_at) = self.near_token(at);
                let past = self.value(self.rules(id)?, word, value_at)?;
                // Most names come as expected.
                let next = rules
                    .names
                    .expect_next(expected, self.spacing, self.bytes, past);
                let Some((name, next_at)) = next else {
                    break past;
                };
                present.insert(name.bit, &mut others).then_some(())?;
                expected = &name.next;
                (id, at) = (name.rules, next_at);
            };
            if self.peek(past) == Some(b'}') {
                break past;
            }
            step = self.next_member(rules, expected, first_digest, past)?;
        };
        self.reached = end;
        self.depth_left += 1;
        self.digests.truncate(first_digest);
        let has_right_count = count >= rules.properties_min && count <= rules.properties_max;
        let has_required = present.contain(&others, &rules.required);
        (has_right_count && has_required).then_some(end + 1)
    }

    #[inline(never)]
    fn first_member(
        &mut self,
        rules: &'p ObjectRules,
        first_digest: usize,
        from: usize,
    ) -> Option<ObjectStep<'p>> {
        let (word, at) = self.token(from);
        match first_byte(word) {
            b'}' => Some(ObjectStep::End(at)),
            b'"' => self.member(rules, rules.names.first(), first_digest, at),
            _ => self.give_up(),
        }
    }

    /// Reads the comma and the name after the value that ends at `past`, or the end of the object.
    #[inline(never)]
    fn next_member(
        &mut self,
        rules: &'p ObjectRules,
        expected: &ExpectedName,
        first_digest: usize,
        past: usize,
    ) -> Option<ObjectStep<'p>> {
        let (separator, comma) = self.separator(past);
        match separator {
            b'}' => return Some(ObjectStep::End(comma)),
            b',' => {}
            _ => return self.give_up(),
        }
        let (word, at) = self.token(comma + 1);
        if first_byte(word) != b'"' {
            return self.give_up();
        }
        self.spacing = match at - past {
            1 => MemberSpacing::Compact,
            2 => MemberSpacing::Spaced,
            _ => MemberSpacing::Other,
        };
        self.member(rules, expected, first_digest, at)
    }

    /// Reads the name at `at` and its colon.
    fn member(
        &mut self,
        rules: &'p ObjectRules,
        expected: &ExpectedName,
        first_digest: usize,
        at: usize,
    ) -> Option<ObjectStep<'p>> {
        if let Some((name, past)) = rules.names.expect(expected, self.bytes, at) {
            return Some(ObjectStep::Declared(name, self.after_space(past)));
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
        let (word, colon) = self.near_token(stop + 1);
        if first_byte(word) != b':' {
            return self.give_up();
        }
        let at = self.after_space(colon + 1);
        Some(name.map_or(ObjectStep::Other(at), |name| ObjectStep::Declared(name, at)))
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
