//! Generates strings that match a regular expression.
//!
//! The generator walks the syntax tree of the expression. It takes the first branch of an alternation, a
//! readable character of a class, and `stretch` more repetitions than required, to reach a length. It
//! ignores look-around, which [`TextPattern::is_match`] respects.

use std::cell::RefCell;
use std::rc::Rc;
use std::str;

use fancy_regex::Regex;
use hashbrown::HashMap;
use regex_syntax::hir::{Class, Hir, HirKind};

const TEXT_BYTES_MAX: usize = 4_096;
/// The maximum number of steps for one text, because nested repetitions multiply.
const STEPS_MAX: usize = 20_000;

/// A cache of compiled patterns. Compiling is by far the most expensive step of an attempt.
#[derive(Debug, Default)]
pub(super) struct PatternCache {
    compiled: RefCell<HashMap<String, Rc<TextPattern>>>,
}

impl PatternCache {
    pub(super) fn compile(&self, pattern: &str) -> Rc<TextPattern> {
        let mut compiled = self.compiled.borrow_mut();
        let known = compiled
            .entry_ref(pattern)
            .or_insert_with(|| Rc::new(TextPattern::new(pattern)));
        Rc::clone(known)
    }
}

/// A pattern of a schema (ECMA-262), compiled for matching and for generating.
#[derive(Debug)]
pub(super) struct TextPattern {
    regex: Option<Regex>,
    syntax: Option<Hir>,
}

impl TextPattern {
    pub(super) fn new(pattern: &str) -> Self {
        let rust = jsonschema_regex::to_rust_regex(pattern);
        let rust = rust.as_deref().unwrap_or(pattern);
        let syntax = regex_syntax::parse(rust).ok().or_else(|| {
            let plain = without_lookarounds(pattern);
            regex_syntax::parse(&jsonschema_regex::to_rust_regex(&plain).ok()?).ok()
        });
        Self {
            regex: Regex::new(rust).ok(),
            syntax,
        }
    }

    /// Whether the text matches. An expression that cannot be compiled matches every text.
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex
            .as_ref()
            .is_none_or(|regex| regex.is_match(text).unwrap_or(true))
    }

    /// Texts that probably match, in increasing length.
    pub(super) fn texts(&self, salt: usize) -> impl Iterator<Item = String> {
        let stretches = (0..8).chain([10, 12, 16, 20, 24, 32, 36, 48, 64, 100, 128, 255]);
        stretches.filter_map(move |stretch| {
            let mut text = String::new();
            let mut writer = PatternWriter {
                stretch,
                salt,
                left: STEPS_MAX,
            };
            writer
                .write(self.syntax.as_ref()?, &mut text)
                .then_some(text)
        })
    }
}

/// Removes `(?=…)`, `(?!…)`, `(?<=…)` and `(?<!…)`.
fn without_lookarounds(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let looks = ["(?=", "(?!", "(?<=", "(?<!"]
            .iter()
            .any(|open| rest.starts_with(open));
        let length = match first {
            '\\' => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            '(' if looks => group_length(rest),
            _ => first.len_utf8(),
        };
        if !looks {
            out.push_str(&rest[..length]);
        }
        rest = &rest[length..];
    }
    out
}

/// The length in bytes of the group at the start of `text`.
fn group_length(text: &str) -> usize {
    let (mut depth, mut escaped, mut in_class) = (0_usize, false, false);
    for (index, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class && depth == 1 => return index + 1,
            ')' if !in_class => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

struct PatternWriter {
    stretch: u32,
    salt: usize,
    left: usize,
}

impl PatternWriter {
    fn write(&mut self, syntax: &Hir, out: &mut String) -> bool {
        self.left = self.left.saturating_sub(1);
        if out.len() > TEXT_BYTES_MAX || self.left == 0 {
            return false;
        }
        match syntax.kind() {
            HirKind::Empty | HirKind::Look(_) => true,
            HirKind::Literal(literal) => {
                let text = str::from_utf8(&literal.0);
                text.map(|text| out.push_str(text)).is_ok()
            }
            HirKind::Class(class) => self
                .character(class, out.len())
                .map(|c| out.push(c))
                .is_some(),
            HirKind::Repetition(repetition) => {
                let most = repetition.max.unwrap_or(u32::MAX);
                let wanted = repetition.min.saturating_add(self.stretch).min(most);
                (0..wanted).all(|_| self.write(&repetition.sub, out))
            }
            HirKind::Capture(capture) => self.write(&capture.sub, out),
            HirKind::Concat(parts) => parts.iter().all(|part| self.write(part, out)),
            HirKind::Alternation(branches) => {
                let start = out.len();
                (0..branches.len()).any(|index| {
                    out.truncate(start);
                    self.write(&branches[(index + self.salt) % branches.len()], out)
                })
            }
        }
    }

    /// A letter or digit if the class has one, varied by position.
    fn character(&self, class: &Class, position: usize) -> Option<char> {
        let ranges: Vec<(char, char)> = match class {
            Class::Unicode(class) => class
                .ranges()
                .iter()
                .map(|r| (r.start(), r.end()))
                .collect(),
            Class::Bytes(class) => {
                let bounds = |r: &regex_syntax::hir::ClassBytesRange| (r.start(), r.end());
                let chars = |(start, end)| (char::from(start), char::from(end));
                class.ranges().iter().map(bounds).map(chars).collect()
            }
        };
        let has = |wanted: char| {
            ranges
                .iter()
                .any(|(start, end)| (*start..=*end).contains(&wanted))
        };
        let readable: Vec<char> = ('a'..='z')
            .chain('1'..='9')
            .chain('A'..='Z')
            .filter(|c| has(*c))
            .collect();
        let visible = || (' '..='~').find(|c| has(*c));
        match readable.len() {
            0 => visible().or_else(|| ranges.first().map(|(start, _)| *start)),
            count => Some(readable[(position + self.salt) % count]),
        }
    }
}
