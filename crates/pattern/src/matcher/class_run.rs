//! Patterns of classes in a row from the start of the text: `^[A-Z]{3}$`, `^[a-z][a-z0-9-]{0,62}$`,
//! `^\p{L}{1,255}$`, the pattern of a UUID.
//!
//! Each class takes as many characters as it may. That decides the pattern if no other class that
//! could come next contains a character that this one may leave, so there is nothing to give back.

use std::sync::Arc;

use regex_syntax::hir::ClassUnicode;

use crate::pattern_tree::{PatternNode, PatternPosition};

use super::character_set::CharacterSet;

/// The most classes of a run.
const CLASSES_MAX: usize = 64;

/// The most classes of a run that has tables of bytes.
const TABLES_MAX: usize = 16;

#[derive(Clone, Debug)]
pub(super) struct ClassRun {
    classes: Box<[CountedClass]>,
    /// The same classes for texts between quotes, if the run is short.
    quoted: Option<QuotedRun>,
    /// Whether the text may continue after the run.
    is_open: bool,
}

#[derive(Clone, Debug)]
struct CountedClass {
    set: CharacterSet,
    least: u32,
    most: u32,
}

/// Finds the ends of texts between quotes that match a pattern. Clones share their tables.
#[derive(Clone, Debug)]
pub struct QuotedRun(Arc<[QuotedClass]>);

/// A class of the bytes that stand for themselves between quotes.
#[derive(Clone, Debug)]
struct QuotedClass {
    members: [bool; 256],
    least: usize,
    most: usize,
}

/// A class that is repeated, as it is collected.
struct RepeatedClass {
    class: ClassUnicode,
    least: u32,
    most: Option<u32>,
}

impl ClassRun {
    /// `None` for any other pattern.
    pub(super) fn new(root: &PatternNode) -> Option<Self> {
        let mut parts = Vec::new();
        flatten(root, &mut parts)?;
        let (first, rest) = parts.split_first()?;
        if !matches!(first, PatternNode::Position(PatternPosition::Start)) {
            return None;
        }
        let (rest, is_open) = match rest.split_last() {
            Some((PatternNode::Position(PatternPosition::End), rest)) => (rest, false),
            _ => (rest, true),
        };
        let mut run: Vec<RepeatedClass> = Vec::new();
        for part in rest {
            let next = repeated(part)?;
            match run.last_mut() {
                Some(last) if last.class == next.class => {
                    last.least = last.least.checked_add(next.least)?;
                    last.most = match (last.most, next.most) {
                        (Some(one), Some(other)) => Some(one.checked_add(other)?),
                        _ => None,
                    };
                }
                _ => run.push(next),
            }
            if run.len() > CLASSES_MAX {
                return None;
            }
        }
        if !is_decided_by_greed(&run) {
            return None;
        }
        let classes = run.into_iter().map(|one| CountedClass {
            set: CharacterSet::new(&one.class),
            least: one.least,
            most: one.most.unwrap_or(u32::MAX),
        });
        let classes: Box<[CountedClass]> = classes.collect();
        let has_tables = !is_open && classes.len() <= TABLES_MAX;
        Some(Self {
            quoted: has_tables.then(|| QuotedRun(classes.iter().map(QuotedClass::new).collect())),
            classes,
            is_open,
        })
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        let mut rest = text;
        for class in &self.classes {
            match class.read(rest) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        self.is_open || rest.is_empty()
    }

    /// The same pattern for texts between quotes.
    pub(super) fn quoted(&self) -> Option<&QuotedRun> {
        self.quoted.as_ref()
    }
}

impl QuotedRun {
    /// The position of the quote that ends the text that begins at `from` in JSON, if the text is
    /// ASCII, has no escapes and matches. `None` means that this is not known. No class takes a quote
    /// or a backslash here, so a text that would need one does not match.
    #[inline]
    pub fn end(&self, bytes: &[u8], from: usize) -> Option<usize> {
        // Most patterns are one class, and most texts are short.
        if let [class] = &*self.0
            && let Some(window) = bytes.get(from..)?.first_chunk::<16>()
            && let Some(count) = window
                .iter()
                .position(|byte| !class.members[usize::from(*byte)])
        {
            let is_match = window[count] == b'"' && count >= class.least && count <= class.most;
            return is_match.then_some(from + count);
        }
        self.distant_end(bytes, from)
    }

    #[inline(never)]
    fn distant_end(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let mut classes = self.0.iter();
        let past = classes.try_fold(from, |at, class| class.end(bytes, at))?;
        (*bytes.get(past)? == b'"').then_some(past)
    }
}

impl QuotedClass {
    fn new(class: &CountedClass) -> Self {
        let is_member = |byte: u8| {
            matches!(byte, b' '..=b'~')
                && !matches!(byte, b'"' | b'\\')
                && class.set.contains_ascii(byte)
        };
        Self {
            members: std::array::from_fn(|byte| u8::try_from(byte).is_ok_and(is_member)),
            least: class.least as usize,
            most: class.most as usize,
        }
    }

    /// The position after the bytes that the class takes; `None` if there are too few.
    fn end(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let is_other = |byte: &u8| !self.members[usize::from(*byte)];
        let (chunks, rest) = bytes.get(from..)?.as_chunks::<8>();
        let mut taken = 0;
        // A loop of a known length is unrolled.
        for chunk in chunks {
            if let Some(count) = chunk.iter().position(is_other) {
                return self.checked_end(from, taken + count);
            }
            taken += 8;
            if taken >= self.most {
                return self.checked_end(from, taken);
            }
        }
        let count = rest.iter().take_while(|byte| !is_other(byte)).count();
        self.checked_end(from, taken + count)
    }

    fn checked_end(&self, from: usize, members: usize) -> Option<usize> {
        let taken = members.min(self.most);
        (taken >= self.least).then_some(from + taken)
    }
}

impl CountedClass {
    /// The text after the characters that the class takes; `None` if there are too few.
    fn read<'t>(&self, text: &'t str) -> Option<&'t str> {
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut count = 0;
        while count < self.most {
            match bytes.get(at) {
                Some(byte) if byte.is_ascii() => {
                    if !self.set.contains_ascii(*byte) {
                        break;
                    }
                    at += 1;
                }
                Some(_) => {
                    let character = text[at..].chars().next()?;
                    if !self.set.contains(character) {
                        break;
                    }
                    at += character.len_utf8();
                }
                None => break,
            }
            count += 1;
        }
        (count >= self.least).then(|| &text[at..])
    }
}

/// The parts in a row, without groups.
fn flatten<'n>(node: &'n PatternNode, out: &mut Vec<&'n PatternNode>) -> Option<()> {
    match node {
        PatternNode::Concat(parts) => parts.iter().try_for_each(|part| flatten(part, out)),
        PatternNode::Capture { node, .. } => flatten(node, out),
        PatternNode::Empty => Some(()),
        PatternNode::Class(_) | PatternNode::Repeat(_) | PatternNode::Position(_) => {
            out.push(node);
            Some(())
        }
        PatternNode::Alternation(_)
        | PatternNode::Lookaround { .. }
        | PatternNode::BackReference(_) => None,
    }
}

fn repeated(part: &PatternNode) -> Option<RepeatedClass> {
    let class = |node: &PatternNode| match node {
        PatternNode::Class(class) => Some(class.clone()),
        PatternNode::Capture { node, .. } => match &**node {
            PatternNode::Class(class) => Some(class.clone()),
            _ => None,
        },
        _ => None,
    };
    match part {
        PatternNode::Repeat(repeat) => Some(RepeatedClass {
            class: class(&repeat.node)?,
            least: repeat.least,
            most: repeat.most,
        }),
        _ => Some(RepeatedClass {
            class: class(part)?,
            least: 1,
            most: Some(1),
        }),
    }
}

/// Whether a class never has to leave a character to a later one. A class with a fixed number of
/// characters leaves none.
fn is_decided_by_greed(run: &[RepeatedClass]) -> bool {
    run.iter().enumerate().all(|(index, one)| {
        if one.most == Some(one.least) {
            return true;
        }
        for next in &run[index + 1..] {
            let mut common = one.class.clone();
            common.intersect(&next.class);
            if next.most != Some(0) && !common.ranges().is_empty() {
                return false;
            }
            if next.least > 0 {
                break;
            }
        }
        true
    })
}
