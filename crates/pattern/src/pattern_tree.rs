//! The syntax tree of a pattern, with every class of characters written out.
//!
//! A subject is a text of Rust, which has no surrogates. So a class contains none either: an escape
//! of a lone surrogate is an empty class, which no text matches.

use regex_syntax::hir::ClassUnicode;

use crate::pattern_fault::PatternNote;

/// A pattern as a tree.
#[derive(Clone, Debug)]
pub struct PatternTree {
    pub root: PatternNode,
    /// How many groups capture. They are numbered from 1.
    pub capture_count: u32,
    /// The parts that are not ECMA-262 with Unicode.
    pub notes: Vec<PatternNote>,
    /// The same pattern without what a tolerant reading accepts.
    pub text: String,
}

/// A part of a pattern.
#[derive(Clone, Debug)]
pub enum PatternNode {
    Empty,
    /// One character of a class.
    Class(ClassUnicode),
    Concat(Vec<Self>),
    Alternation(Vec<Self>),
    Repeat(Box<PatternRepeat>),
    Capture {
        number: u32,
        node: Box<Self>,
    },
    Lookaround {
        is_ahead: bool,
        is_negated: bool,
        node: Box<Self>,
    },
    Position(PatternPosition),
    /// The text of the group that has matched, if any. Groups with equal names are alternatives.
    BackReference(Box<[u32]>),
}

/// A part that is repeated.
#[derive(Clone, Debug)]
pub struct PatternRepeat {
    pub node: PatternNode,
    pub least: u32,
    /// `None` without a limit.
    pub most: Option<u32>,
    pub is_lazy: bool,
}

/// A condition on a position in the text that reads nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternPosition {
    Start,
    End,
    WordBoundary,
    NotWordBoundary,
}

impl PatternTree {
    /// Whether the pattern refers to what a group has matched, which is not regular.
    pub fn has_back_references(&self) -> bool {
        self.root
            .any(&|node| matches!(node, PatternNode::BackReference(_)))
    }

    /// Whether the pattern looks ahead or behind.
    pub fn has_lookarounds(&self) -> bool {
        self.root
            .any(&|node| matches!(node, PatternNode::Lookaround { .. }))
    }
}

impl PatternNode {
    /// The parts of this one.
    pub(crate) fn parts(&self) -> &[Self] {
        match self {
            Self::Concat(parts) | Self::Alternation(parts) => parts,
            Self::Repeat(repeat) => std::slice::from_ref(&repeat.node),
            Self::Capture { node, .. } | Self::Lookaround { node, .. } => {
                std::slice::from_ref(&**node)
            }
            Self::Empty | Self::Class(_) | Self::Position(_) | Self::BackReference(_) => &[],
        }
    }

    /// Whether the condition holds for this part or for one inside it.
    pub(crate) fn any(&self, condition: &dyn Fn(&Self) -> bool) -> bool {
        condition(self) || self.parts().iter().any(|part| part.any(condition))
    }

    /// How many ranges of characters the part has, with all repetitions.
    pub(crate) fn range_count(&self) -> u64 {
        match self {
            Self::Class(class) => class.ranges().len() as u64,
            Self::Repeat(repeat) => {
                let times = repeat.least.max(repeat.most.unwrap_or(0)).max(1);
                repeat.node.range_count().saturating_mul(u64::from(times))
            }
            _ => {
                let counts = self.parts().iter().map(Self::range_count);
                counts.fold(1, u64::saturating_add)
            }
        }
    }

    /// Parts in a row as one.
    pub(crate) fn concat(mut parts: Vec<Self>) -> Self {
        match parts.len() {
            0 => Self::Empty,
            1 => parts.remove(0),
            _ => Self::Concat(parts),
        }
    }

    /// The pattern without its look-arounds, which matches at least as many texts if none of them is
    /// inside a negated one.
    pub fn without_lookarounds(&self) -> Self {
        match self {
            Self::Lookaround { .. } => Self::Empty,
            Self::Concat(parts) => {
                Self::Concat(parts.iter().map(Self::without_lookarounds).collect())
            }
            Self::Alternation(parts) => {
                Self::Alternation(parts.iter().map(Self::without_lookarounds).collect())
            }
            Self::Repeat(repeat) => Self::Repeat(Box::new(PatternRepeat {
                node: repeat.node.without_lookarounds(),
                ..**repeat
            })),
            Self::Capture { number, node } => Self::Capture {
                number: *number,
                node: Box::new(node.without_lookarounds()),
            },
            Self::Empty | Self::Class(_) | Self::Position(_) | Self::BackReference(_) => {
                self.clone()
            }
        }
    }
}
