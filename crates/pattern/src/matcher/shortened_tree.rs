//! Shortens what stands at an open end of a pattern.
//!
//! A match may start and end anywhere. So of a repetition at an open end only the required part
//! counts: `a{2,50}b+` matches where `a{2}b` does, because a match without the other repetitions
//! starts later or ends earlier. Patterns with references are left as they are.

use crate::pattern_tree::{PatternNode, PatternRepeat};

/// The pattern with short ends.
pub(super) fn shortened(root: &PatternNode) -> PatternNode {
    let root = shorten(root, PatternEnd::First);
    shorten(&root, PatternEnd::Last)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PatternEnd {
    First,
    Last,
}

fn shorten(node: &PatternNode, end: PatternEnd) -> PatternNode {
    match node {
        PatternNode::Concat(parts) => {
            let mut parts = parts.clone();
            while !parts.is_empty() {
                let at = if end == PatternEnd::First {
                    0
                } else {
                    parts.len() - 1
                };
                let short = shorten(&parts[at], end);
                if !matches!(short, PatternNode::Empty) {
                    parts[at] = short;
                    break;
                }
                parts.remove(at);
            }
            PatternNode::concat(parts)
        }
        PatternNode::Alternation(parts) => {
            PatternNode::Alternation(parts.iter().map(|part| shorten(part, end)).collect())
        }
        PatternNode::Capture { node, .. } => shorten(node, end),
        PatternNode::Repeat(repeat) => match repeat.least {
            0 => PatternNode::Empty,
            1 => shorten(&repeat.node, end),
            least => PatternNode::Repeat(Box::new(PatternRepeat {
                node: repeat.node.clone(),
                most: Some(least),
                ..**repeat
            })),
        },
        PatternNode::Empty
        | PatternNode::Class(_)
        | PatternNode::Lookaround { .. }
        | PatternNode::Position(_)
        | PatternNode::BackReference(_) => node.clone(),
    }
}
