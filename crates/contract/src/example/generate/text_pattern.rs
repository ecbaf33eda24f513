//! Generates strings that match a regular expression.
//!
//! The generator walks the syntax tree of the expression. It takes the first branch of an
//! alternation, a readable character of a class, and `stretch` more repetitions than required, to
//! reach a length. It ignores look-around, which [`TextPattern::is_match`] respects.

use std::cell::RefCell;
use std::rc::Rc;

use hashbrown::HashMap;

use portcullis_pattern::{EcmaPattern, PatternNode, PatternReading, PatternTree, read_pattern};

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
    compiled: Option<EcmaPattern>,
    tree: Option<PatternTree>,
}

impl TextPattern {
    pub(super) fn new(pattern: &str) -> Self {
        let tree = read_pattern(pattern, PatternReading::Strict).ok();
        Self {
            compiled: tree
                .as_ref()
                .and_then(|tree| EcmaPattern::compile(tree).ok()),
            tree,
        }
    }

    /// Whether the text matches. An expression that cannot be compiled matches every text.
    pub(super) fn is_match(&self, text: &str) -> bool {
        let compiled = self.compiled.as_ref();
        compiled.is_none_or(|compiled| compiled.is_match(text, &|_| {}).unwrap_or(true))
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
                groups: HashMap::new(),
            };
            let root = &self.tree.as_ref()?.root;
            writer.write(root, &mut text).then_some(text)
        })
    }
}

struct PatternWriter {
    stretch: u32,
    salt: usize,
    left: usize,
    /// What each group has written.
    groups: HashMap<u32, String>,
}

impl PatternWriter {
    fn write(&mut self, node: &PatternNode, out: &mut String) -> bool {
        self.left = self.left.saturating_sub(1);
        if out.len() > TEXT_BYTES_MAX || self.left == 0 {
            return false;
        }
        match node {
            PatternNode::Empty | PatternNode::Position(_) | PatternNode::Lookaround { .. } => true,
            PatternNode::Class(class) => {
                let ranges = class.ranges().iter();
                let ranges: Vec<_> = ranges.map(|range| (range.start(), range.end())).collect();
                self.character(&ranges, out.len())
                    .map(|c| out.push(c))
                    .is_some()
            }
            PatternNode::Repeat(repeat) => {
                let most = repeat.most.unwrap_or(u32::MAX);
                let wanted = repeat.least.saturating_add(self.stretch).min(most);
                (0..wanted).all(|_| self.write(&repeat.node, out))
            }
            PatternNode::Capture { number, node } => {
                let start = out.len();
                let is_written = self.write(node, out);
                let written = out.get(start..).unwrap_or_default();
                self.groups.insert(*number, written.to_owned());
                is_written
            }
            PatternNode::BackReference(numbers) => {
                let mut known = numbers.iter().filter_map(|number| self.groups.get(number));
                out.push_str(known.next_back().map_or("", String::as_str));
                true
            }
            PatternNode::Concat(parts) => parts.iter().all(|part| self.write(part, out)),
            PatternNode::Alternation(branches) => {
                let start = out.len();
                (0..branches.len()).any(|index| {
                    out.truncate(start);
                    self.write(&branches[(index + self.salt) % branches.len()], out)
                })
            }
        }
    }

    /// A letter or digit if the ranges have one, varied by position.
    fn character(&self, ranges: &[(char, char)], position: usize) -> Option<char> {
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
