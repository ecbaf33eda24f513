//! Whether two patterns match a common path, with a path that shows it.
//!
//! Both levels, segments of a path and characters of a segment, are the same question: do two
//! sequences with "any number of anything" in them have a common instance? It is answered by a
//! search over pairs of positions, each visited once.

use portcullis_vocabulary::{PathPattern, PatternExtent, PatternSegment};

/// An element of a sequence.
enum SequenceElement<T> {
    One(T),
    /// Any number of anything.
    Many,
}

/// A path that both patterns match; none where there is no such path.
pub(super) fn common_path(one: &PathPattern, other: &PathPattern) -> Option<String> {
    // Most patterns part at their first segment, which needs no search.
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
        // The repository itself is no path.
        PatternExtent::Tree if steps.is_empty() => {
            steps.extend([SequenceElement::One("*"), SequenceElement::Many])
        }
        PatternExtent::Tree => steps.push(SequenceElement::Many),
        PatternExtent::Below => steps.extend([SequenceElement::One("*"), SequenceElement::Many]),
    }
    steps
}

/// A name that both segments stand for.
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
    // Nothing is no name, and where nothing is common, so is anything.
    let name: String = found.into_iter().collect();
    Some(if name.is_empty() { "x".into() } else { name })
}

const fn plain(character: char) -> char {
    if character == '?' { 'x' } else { character }
}

/// The common instance of two sequences: `both` makes an element of two, `alone` of the one that
/// falls to the other's [`SequenceElement::Many`].
fn search<T, W>(
    one: &[SequenceElement<T>],
    other: &[SequenceElement<T>],
    both: impl Fn(&T, &T) -> Option<W>,
    alone: impl Fn(&T) -> Option<W>,
) -> Option<Vec<W>> {
    let width = other.len() + 1;
    let mut is_seen = vec![false; (one.len() + 1) * width];
    // Each position reached, with the one it was reached from and what that took.
    let mut reached: Vec<(usize, usize, usize, Option<W>)> = vec![(0, 0, 0, None)];
    let mut next = 0;
    while next < reached.len() {
        let (i, j) = (reached[next].0, reached[next].1);
        let mut reach = |i: usize, j: usize, taken| {
            if !std::mem::replace(&mut is_seen[i * width + j], true) {
                reached.push((i, j, next, taken));
            }
        };
        match (one.get(i), other.get(j)) {
            (None, None) => return Some(way_to(reached, next)),
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

fn way_to<W>(mut reached: Vec<(usize, usize, usize, Option<W>)>, end: usize) -> Vec<W> {
    let mut way = Vec::new();
    let mut at = end;
    while at != 0 {
        way.extend(reached[at].3.take());
        at = reached[at].2;
    }
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_meet() {
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
