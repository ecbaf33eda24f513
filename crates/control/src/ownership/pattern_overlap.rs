//! Finds a path that two patterns both match.
//!
//! The segments of a path and the characters of a segment pose the same question: do two sequences
//! that contain "any number of anything" have a common instance? A search over pairs of positions
//! answers it, and visits each pair once.

use portcullis_vocabulary::{PathPattern, PatternExtent, PatternSegment};

/// An element of a sequence.
enum SequenceElement<T> {
    One(T),
    /// Any number of anything.
    Many,
}

/// A pair of positions that the search has reached.
struct ReachedPosition<W> {
    one: usize,
    other: usize,
    /// The index of the pair that it was reached from.
    before: usize,
    /// The element of the instance between both pairs.
    taken: Option<W>,
}

/// A path that both patterns match, if there is one.
pub(super) fn common_path(one: &PathPattern, other: &PathPattern) -> Option<String> {
    // Most patterns differ in their first segment, which needs no search.
    if let [
        Some(PatternSegment::Literal(one)),
        Some(PatternSegment::Literal(other)),
    ] = [one, other].map(|pattern| pattern.segments().first())
        && one != other
    {
        return None;
    }
    let (one, other) = (steps(one), steps(other));
    let found = search(
        &one,
        &other,
        |one, other| common_name(one, other),
        |segment| common_name(segment, segment),
    );
    found.map(|segments| segments.join("/"))
}

fn steps(pattern: &PathPattern) -> Vec<SequenceElement<&str>> {
    let segment = |segment| match segment {
        &PatternSegment::AnyDepth => SequenceElement::Many,
        PatternSegment::Literal(text) | PatternSegment::Wild(text) => SequenceElement::One(&**text),
    };
    let mut steps: Vec<_> = pattern.segments().iter().map(segment).collect();
    match pattern.extent() {
        PatternExtent::Alone => {}
        // The root of the repository is not a path.
        PatternExtent::Tree if steps.is_empty() => {
            steps.extend([SequenceElement::One("*"), SequenceElement::Many])
        }
        PatternExtent::Tree => steps.push(SequenceElement::Many),
        PatternExtent::Below => steps.extend([SequenceElement::One("*"), SequenceElement::Many]),
    }
    steps
}

/// A name that both segments match.
fn common_name(one: &str, other: &str) -> Option<String> {
    let steps = |text: &str| -> Vec<SequenceElement<char>> {
        let step = |character| match character {
            '*' => SequenceElement::Many,
            other => SequenceElement::One(other),
        };
        text.chars().map(step).collect()
    };
    let both = |one: &char, other: &char| match (*one, *other) {
        ('?', character) | (character, '?') => Some(plain(character)),
        (one, other) => (one == other).then_some(one),
    };
    let found = search(&steps(one), &steps(other), both, |character| {
        Some(plain(*character))
    })?;
    // An empty name is not valid; if both segments match it, they also match any other.
    let name: String = found.into_iter().collect();
    Some(if name.is_empty() { "x".into() } else { name })
}

const fn plain(character: char) -> char {
    if character == '?' { 'x' } else { character }
}

/// A common instance of two sequences. `both` joins two elements to one, `alone` converts an
/// element that the other sequence's [`SequenceElement::Many`] covers.
fn search<T, W>(
    one: &[SequenceElement<T>],
    other: &[SequenceElement<T>],
    both: impl Fn(&T, &T) -> Option<W>,
    alone: impl Fn(&T) -> Option<W>,
) -> Option<Vec<W>> {
    let width = other.len() + 1;
    let mut is_seen = vec![false; (one.len() + 1) * width];
    // The positions reached so far, each with the position before it.
    let mut reached = vec![ReachedPosition {
        one: 0,
        other: 0,
        before: 0,
        taken: None,
    }];
    let mut next = 0;
    while next < reached.len() {
        let (i, j) = (reached[next].one, reached[next].other);
        let mut reach = |i: usize, j: usize, taken| {
            if !std::mem::replace(&mut is_seen[i * width + j], true) {
                reached.push(ReachedPosition {
                    one: i,
                    other: j,
                    before: next,
                    taken,
                });
            }
        };
        match (one.get(i), other.get(j)) {
            (None, None) => return Some(path_to(reached, next)),
            (Some(SequenceElement::Many), Some(SequenceElement::Many)) => {
                reach(i + 1, j, None);
                reach(i, j + 1, None);
            }
            (Some(SequenceElement::Many), end) => {
                reach(i + 1, j, None);
                if let Some(SequenceElement::One(element)) = end
                    && let Some(taken) = alone(element)
                {
                    reach(i, j + 1, Some(taken));
                }
            }
            (end, Some(SequenceElement::Many)) => {
                reach(i, j + 1, None);
                if let Some(SequenceElement::One(element)) = end
                    && let Some(taken) = alone(element)
                {
                    reach(i + 1, j, Some(taken));
                }
            }
            (Some(SequenceElement::One(left)), Some(SequenceElement::One(right))) => {
                if let Some(taken) = both(left, right) {
                    reach(i + 1, j + 1, Some(taken));
                }
            }
            (None, Some(SequenceElement::One(_))) | (Some(SequenceElement::One(_)), None) => {}
        }
        next += 1;
    }
    None
}

fn path_to<W>(mut reached: Vec<ReachedPosition<W>>, end: usize) -> Vec<W> {
    let mut path = Vec::new();
    let mut at = end;
    while at != 0 {
        path.extend(reached[at].taken.take());
        at = reached[at].before;
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_common_paths() {
        let check = |one: &str, other: &str, expected: Option<&str>| {
            let (one, other) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(
                common_path(&one, &other).as_deref(),
                expected,
                "{one} {other}"
            );
        };
        check("a", "b", None);
        check("a", "a/b", Some("a/b"));
        check("a/*", "*/a", Some("a/a"));
        check("a/*", "*/a*b", Some("a/ab"));
        check("a/x?", "a/?y", Some("a/xy"));
        check("a/x*", "a/*y", Some("a/xy"));
        check("**/a", "b/**", Some("b/a"));
        check("a*/", "a/*", Some("a/x"));
        check("a*/", "ab", Some("ab/x"));
        check("*.md", "*.rs", None);
        check("**", "*", Some("x"));
        check("**/a/b", "**/b/c", Some("a/b/c"));
    }
}
