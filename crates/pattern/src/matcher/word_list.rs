//! Patterns that write texts out: `^draft$`, `^x-`, `^(asc|desc)$`.

use crate::pattern_tree::{PatternNode, PatternPosition};

/// The most words that are compared one by one.
const WORDS_MAX: usize = 32;

/// Texts that a text must be equal to, or begin with.
#[derive(Clone, Debug)]
pub(super) struct WordList {
    words: Box<[Box<str>]>,
    /// Whether the text may continue after the word.
    is_open: bool,
}

impl WordList {
    /// `None` for any other pattern.
    pub(super) fn new(root: &PatternNode) -> Option<Self> {
        let PatternNode::Concat(parts) = root else {
            return None;
        };
        let (first, rest) = parts.split_first()?;
        if !matches!(first, PatternNode::Position(PatternPosition::Start)) {
            return None;
        }
        let (rest, is_open) = match rest.split_last() {
            Some((PatternNode::Position(PatternPosition::End), rest)) => (rest, false),
            _ => (rest, true),
        };
        let words = words(rest)?;
        (words.len() <= WORDS_MAX).then(|| Self {
            words: words.into_iter().map(String::into_boxed_str).collect(),
            is_open,
        })
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        let mut words = self.words.iter();
        if self.is_open {
            words.any(|word| text.starts_with(&**word))
        } else {
            words.any(|word| text == &**word)
        }
    }
}

/// The words that parts in a row write out.
fn words(parts: &[PatternNode]) -> Option<Vec<String>> {
    match parts {
        [PatternNode::Capture { node, .. }] => words(std::slice::from_ref(node)),
        [PatternNode::Alternation(alternatives)] => {
            let words = alternatives
                .iter()
                .map(|part| word(std::slice::from_ref(part)));
            words.collect()
        }
        _ => Some(vec![word(parts)?]),
    }
}

fn word(parts: &[PatternNode]) -> Option<String> {
    let mut word = String::new();
    for part in parts {
        match part {
            PatternNode::Empty => {}
            PatternNode::Class(class) => {
                let [range] = class.ranges() else {
                    return None;
                };
                (range.start() == range.end()).then(|| word.push(range.start()))?;
            }
            PatternNode::Concat(inner) => word.push_str(&self::word(inner)?),
            _ => return None,
        }
    }
    Some(word)
}
