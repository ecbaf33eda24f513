//! Splits a pattern into conditions that are matched one after another.
//!
//! What looks ahead from the start of the text, or behind from its end, is a separate pattern:
//! `^(?=a)(?!b)c(?<!d)$` matches where `^(?:a)`, `^c$` and not `^(?:b)` or `(?:d)$` do. Alternatives
//! of the whole pattern are matched one after another too.

use crate::pattern_tree::{PatternNode, PatternPosition};

/// How the parts of a pattern decide it.
#[derive(Debug)]
pub(super) enum PatternConditions {
    /// Each part, and whether it must match.
    All(Vec<(bool, PatternNode)>),
    /// Any of these.
    Any(Vec<PatternNode>),
}

/// The conditions of a pattern without references; `None` if it is only one.
pub(super) fn conditions(root: &PatternNode) -> Option<PatternConditions> {
    match root {
        PatternNode::Capture { node, .. } => conditions(node),
        PatternNode::Alternation(parts) => Some(PatternConditions::Any(parts.clone())),
        PatternNode::Concat(parts) => split(parts),
        _ => None,
    }
}

fn split(parts: &[PatternNode]) -> Option<PatternConditions> {
    let start = PatternNode::Position(PatternPosition::Start);
    let end = PatternNode::Position(PatternPosition::End);
    let mut all = Vec::new();
    let mut rest = parts;
    if let [PatternNode::Position(PatternPosition::Start), after @ ..] = rest {
        let mut after = after;
        while let [
            PatternNode::Lookaround {
                is_ahead: true,
                is_negated,
                node,
            },
            next @ ..,
        ] = after
        {
            let part = PatternNode::Concat(vec![start.clone(), (**node).clone()]);
            all.push((!is_negated, part));
            after = next;
        }
        rest = after;
    }
    let has_start = rest.len() < parts.len();
    let mut has_end = false;
    if let [before @ .., PatternNode::Position(PatternPosition::End)] = rest {
        let mut before = before;
        has_end = true;
        while let [
            next @ ..,
            PatternNode::Lookaround {
                is_ahead: false,
                is_negated,
                node,
            },
        ] = before
        {
            let part = PatternNode::Concat(vec![(**node).clone(), end.clone()]);
            all.push((!is_negated, part));
            before = next;
        }
        rest = before;
    }
    if all.is_empty() {
        return None;
    }
    let mut last = Vec::with_capacity(rest.len() + 2);
    last.extend(has_start.then_some(start));
    last.extend_from_slice(rest);
    last.extend(has_end.then_some(end));
    all.push((true, PatternNode::concat(last)));
    Some(PatternConditions::All(all))
}
