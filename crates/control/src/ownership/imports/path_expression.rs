//! Path patterns as regular expressions, in the syntax that JavaScript and Java share.
//!
//! Repetitions are never nested, because checkers refuse such expressions as slow.

use super::import_rules::ImportRules;
use crate::ownership::pattern_overlap::common_path;
use crate::ownership::squad_boundaries::PathOwner;
use portcullis_vocabulary::{PathPattern, PatternExtent, PatternSegment, Squad};

/// Expressions of all paths that a squad owns, one for each of its patterns.
pub(super) fn owned_paths(rules: &ImportRules<'_>, squad: &Squad) -> Vec<String> {
    let bodies = owned_bodies(rules, squad).into_iter();
    bodies.map(|body| format!("^{body}$")).collect()
}

/// Expressions of the paths that a squad owns and offers for import.
pub(super) fn public_paths(rules: &ImportRules<'_>, squad: &Squad) -> Vec<String> {
    let owned = owned_bodies(rules, squad).join("|");
    let public = squad.public.iter();
    public
        .map(|pattern| format!("^(?=(?:{owned})$){}$", expression(pattern)))
        .collect()
}

/// Each pattern of a squad without the paths for which a pattern of another squad decides.
fn owned_bodies(rules: &ImportRules<'_>, squad: &Squad) -> Vec<String> {
    // The most specific first.
    let owners: Vec<PathOwner<'_>> = rules.boundaries().owners().collect();
    let mut bodies = Vec::new();
    for (index, owner) in owners.iter().enumerate() {
        if owner.squad.name != squad.name {
            continue;
        }
        let stronger = owners[..index].iter().filter(|other| {
            other.squad.name != squad.name && common_path(other.pattern, owner.pattern).is_some()
        });
        let stronger: Vec<String> = stronger.map(|other| expression(other.pattern)).collect();
        let own = expression(owner.pattern);
        bodies.push(match stronger.as_slice() {
            [] => own,
            stronger => format!("(?!(?:{})$){own}", stronger.join("|")),
        });
    }
    bodies
}

/// The expression of the paths that a pattern matches, without anchors.
fn expression(pattern: &PathPattern) -> String {
    let mut text = String::new();
    let segments = pattern.segments();
    if segments.is_empty() {
        return ".*".to_owned();
    }
    for (index, segment) in segments.iter().enumerate() {
        match segment {
            PatternSegment::AnyDepth => {
                text.push_str("(?:.*/|)");
                continue;
            }
            PatternSegment::Literal(name) | PatternSegment::Wild(name) => {
                push_name(name, &mut text)
            }
        }
        if index + 1 < segments.len() {
            text.push('/');
        }
    }
    text.push_str(match pattern.extent() {
        PatternExtent::Tree => "(?:/.*|)",
        PatternExtent::Below => "/.+",
        PatternExtent::Alone => "",
    });
    text
}

fn push_name(name: &str, text: &mut String) {
    for character in name.chars() {
        match character {
            '*' => text.push_str("[^/]*"),
            '?' => text.push_str("[^/]"),
            '.' | '+' | '^' | '$' | '(' | ')' | '|' => text.extend(['\\', character]),
            // Path patterns contain no brackets, braces and backslashes.
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_become_expressions() {
        let check = |pattern: &str, expected: &str| {
            assert_eq!(expression(&pattern.parse().unwrap()), expected, "{pattern}");
        };
        check("services/orders/**", "services/orders(?:/.*|)");
        check("/", ".*");
        check("**/*.test.ts", "(?:.*/|)[^/]*\\.test\\.ts(?:/.*|)");
        check("apps/*", "apps/[^/]*");
        check("apps/web-?/", "apps/web-[^/]/.+");
        check("a/**/b", "a/(?:.*/|)b(?:/.*|)");
        check("a/(x)+", "a/\\(x\\)\\+(?:/.*|)");
    }
}
