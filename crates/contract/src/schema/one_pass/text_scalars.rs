//! Reads the scalars of a JSON text by their rules.

use std::cell::Cell;

use portcullis_json::text_reader::{number_end, string_stop, unescape_string};

use super::number_rules::{NumberLiteral, NumberRules, ShortDecimal};
use super::text_judge::TextJudge;
use super::text_rules::TextRules;
use super::value_rules::BooleanRules;

impl TextJudge<'_, '_> {
    #[inline]
    pub(super) fn word(&self, word: &[u8], at: usize) -> Option<usize> {
        let past = at + word.len();
        (self.bytes.get(at..past)? == word).then_some(past)
    }

    #[inline]
    pub(super) fn boolean(&self, rules: BooleanRules, at: usize) -> Option<usize> {
        if self.peek(at) == Some(b't') {
            rules.admits_true.then(|| self.word(b"true", at))?
        } else {
            rules.admits_false.then(|| self.word(b"false", at))?
        }
    }

    /// Judges a number whose first digits alone do not decide. It may be long.
    #[inline(never)]
    pub(super) fn compared_number(&mut self, rules: &NumberRules, at: usize) -> Option<usize> {
        let scanned = ShortDecimal::scan(self.bytes, at);
        let past = match scanned {
            Some((_, past)) => past,
            None => match number_end(self.text, at) {
                Some(past) => past,
                None => return self.give_up(),
            },
        };
        self.reached = past;
        let literal = NumberLiteral {
            text: self.text,
            from: at,
            past,
            short: scanned.map(|(short, _)| short),
        };
        rules.accepts(literal).then_some(past)
    }

    /// Judges a string of which the first look does not decide.
    #[inline(never)]
    pub(super) fn compared_string(&mut self, rules: &TextRules, at: usize) -> Option<usize> {
        let stop = string_stop(self.bytes, at + 1);
        self.reached = stop + 1;
        match self.peek(stop) {
            Some(b'"') => {
                self.text_follows(rules, self.text.get(at + 1..stop)?)?;
                Some(stop + 1)
            }
            Some(b'\\') => {
                let (text, past) = self.unescaped(at + 1, stop)?;
                self.text_follows(rules, &text)?;
                Some(past)
            }
            _ => self.give_up(),
        }
    }

    /// The position after a string without rules that ends, or has an escape, at `stop`.
    #[inline(never)]
    pub(super) fn escaped_end(&mut self, at: usize, stop: usize) -> Option<usize> {
        self.reached = stop + 1;
        match self.peek(stop) {
            Some(b'"') => Some(stop + 1),
            Some(b'\\') => Some(self.unescaped(at + 1, stop)?.1),
            _ => self.give_up(),
        }
    }

    /// The text of a string with its first escape at `escape`, and the position after the string.
    fn unescaped(&mut self, from: usize, escape: usize) -> Option<(String, usize)> {
        let mut text = self.text.get(from..escape)?.to_owned();
        let Some(past) = unescape_string(self.text, escape, &mut text) else {
            return self.give_up();
        };
        self.reached = past;
        Some((text, past))
    }

    fn text_follows(&mut self, rules: &TextRules, text: &str) -> Option<()> {
        let steps = Cell::new(0);
        let is_accepted = rules.accepts(text, &steps);
        self.take(usize::try_from(steps.get()).ok()?)?;
        is_accepted.then_some(())
    }
}
