//! Writes a pattern as the tree of the linear engine.

use regex_syntax::hir::{Class, Hir, Look, Repetition};

use crate::pattern_tree::{PatternNode, PatternPosition};

/// The pattern for the linear engine; `None` if it looks around or refers back.
pub fn to_hir(node: &PatternNode) -> Option<Hir> {
    Some(match node {
        PatternNode::Empty => Hir::empty(),
        PatternNode::Class(class) => Hir::class(Class::Unicode(class.clone())),
        PatternNode::Concat(parts) => Hir::concat(all(parts)?),
        PatternNode::Alternation(parts) => Hir::alternation(all(parts)?),
        PatternNode::Repeat(repeat) => Hir::repetition(Repetition {
            min: repeat.least,
            max: repeat.most,
            greedy: !repeat.is_lazy,
            sub: Box::new(to_hir(&repeat.node)?),
        }),
        PatternNode::Capture { node, .. } => to_hir(node)?,
        PatternNode::Position(position) => Hir::look(match position {
            PatternPosition::Start => Look::Start,
            PatternPosition::End => Look::End,
            PatternPosition::WordBoundary => Look::WordAscii,
            PatternPosition::NotWordBoundary => Look::WordAsciiNegate,
        }),
        PatternNode::Lookaround { .. } | PatternNode::BackReference(_) => return None,
    })
}

fn all(parts: &[PatternNode]) -> Option<Vec<Hir>> {
    parts.iter().map(to_hir).collect()
}
