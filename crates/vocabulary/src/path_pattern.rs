//! Path patterns: which paths of a repository a squad owns.
//!
//! A pattern is a path from the repository's root, segment by segment. Within a segment, `*` stands
//! for any characters and `?` for one; `**` as a whole segment stands for any number of segments. A
//! pattern owns what it matches and everything below. If it ends in `*`, it owns only the entries
//! of that directory; if it ends in `/**` after a segment with wildcards, only what is below. There
//! are no sets (`[a-z]`), alternatives or negations, because a pattern must mean the same in a
//! CODEOWNERS file.
//!
//! Every pattern has a [`PatternRank`], so exactly one of the patterns that match a path decides.
//!
//! Invariant: patterns with the same meaning are equal, however they are written (`a`, `/a/`,
//! `a/**` and `a/**/*`), and `**` is never the last segment.

use std::cmp::Reverse;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// A pattern that matches paths of a repository.
#[derive(Clone, Debug)]
pub struct PathPattern {
    text: Box<str>,
    segments: Vec<PatternSegment>,
    extent: PatternExtent,
}

/// One segment of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PatternSegment {
    /// Exactly this name.
    Literal(Box<str>),
    /// A name with `*` and `?` in it, at least one of them.
    Wild(Box<str>),
    /// Any number of segments, including none.
    AnyDepth,
}

/// How far a pattern reaches below what its segments match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PatternExtent {
    /// The match and everything below.
    Tree,
    /// Only what is below the match.
    Below,
    /// Only the match.
    Alone,
}

/// How specific a pattern is. Of two patterns, the one with the greater rank decides.
///
/// The criteria, in this order: segments without wildcards; the least number of segments of a
/// matching path; characters in segments with wildcards; whether the number of segments is bounded;
/// `?` in segments with wildcards; fewer `**`; fewer `*`. If one pattern matches only some of the paths that another
/// matches, it is always the more specific one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternRank {
    literals: usize,
    depth: usize,
    characters: usize,
    is_bounded: bool,
    singles: usize,
    any_depths: Reverse<usize>,
    stars: Reverse<usize>,
}

/// Why a text is not a path pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// It is blank.
    #[error("expected a path from the root of the repository, such as services/orders/**")]
    Blank,
    /// It is longer than any path.
    #[error("expected at most {} bytes", PathPattern::BYTES_MAX)]
    TooLong,
    /// It has an empty segment, `//`.
    #[error("expected a path without empty segments")]
    EmptySegment,
    /// It has a segment `.` or `..`.
    #[error("expected a path from the root of the repository, without `.` and `..`")]
    Relative,
    /// It has a character that is a wildcard elsewhere.
    #[error(
        "expected no {0:?}, which means nothing here (`?` stands for any one character, `*` for \
         several, `**` for segments)"
    )]
    Character(char),
}

impl PathPattern {
    /// The longest pattern, in bytes.
    pub const BYTES_MAX: usize = 1024;

    /// The segments.
    pub fn segments(&self) -> &[PatternSegment] {
        &self.segments
    }

    /// How far it reaches below what the segments match.
    pub const fn extent(&self) -> PatternExtent {
        self.extent
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How specific it is.
    pub fn rank(&self) -> PatternRank {
        let is_deep = |segment: &&PatternSegment| **segment == PatternSegment::AnyDepth;
        let any_depths = self.segments.iter().filter(is_deep).count();
        let wilds = || self.segments.iter().filter_map(PatternSegment::wild);
        let count = |wanted: fn(char) -> bool| {
            let characters = wilds().flat_map(str::chars);
            characters.filter(|character| wanted(*character)).count()
        };
        let is_below = usize::from(self.extent == PatternExtent::Below);
        PatternRank {
            literals: self.segments.len() - any_depths - wilds().count(),
            depth: self.segments.len() - any_depths + is_below,
            characters: count(|character| !matches!(character, '*' | '?')),
            is_bounded: any_depths == 0 && self.extent == PatternExtent::Alone,
            singles: count(|character| character == '?'),
            any_depths: Reverse(any_depths),
            stars: Reverse(count(|character| character == '*')),
        }
    }

    /// What decides between patterns that match the same path: the rank, and between equal ranks
    /// the canonical form, so that one pattern always decides.
    pub fn precedence(&self) -> impl Ord + use<'_> {
        (self.rank(), Reverse((&self.segments, self.extent)))
    }

    /// Whether the pattern has no wildcards. It then matches one path and everything below.
    pub fn is_literal(&self) -> bool {
        let is_literal = |segment: &PatternSegment| matches!(segment, PatternSegment::Literal(_));
        self.segments.iter().all(is_literal)
    }
}

impl PatternSegment {
    /// The text of a segment with wildcards.
    pub fn wild(&self) -> Option<&str> {
        match self {
            Self::Wild(text) => Some(text),
            Self::Literal(_) | Self::AnyDepth => None,
        }
    }

    fn parse(text: &str) -> Result<Self, InvalidPattern> {
        match text {
            "" => Err(InvalidPattern::EmptySegment),
            "." | ".." => Err(InvalidPattern::Relative),
            "**" => Ok(Self::AnyDepth),
            _ if text.contains(['*', '?']) => Ok(Self::Wild(canonical(text))),
            _ => Ok(Self::Literal(text.into())),
        }
    }

    fn is_star(&self) -> bool {
        self.wild() == Some("*")
    }
}

/// A segment in canonical form: each run of wildcards has its `?` first and at most one `*`.
fn canonical(text: &str) -> Box<str> {
    let mut written = String::with_capacity(text.len());
    let mut has_star = false;
    for character in text.chars() {
        match character {
            '*' => has_star = true,
            '?' => written.push('?'),
            _ => {
                if std::mem::take(&mut has_star) {
                    written.push('*');
                }
                written.push(character);
            }
        }
    }
    if has_star {
        written.push('*');
    }
    written.into()
}

impl FromStr for PathPattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        if text.trim().is_empty() {
            return Err(InvalidPattern::Blank);
        }
        if text.len() > Self::BYTES_MAX {
            return Err(InvalidPattern::TooLong);
        }
        let is_foreign = |c: char| matches!(c, '[' | ']' | '{' | '}' | '\\') || c.is_control();
        if let Some(character) = text.chars().find(|c| is_foreign(*c)) {
            return Err(InvalidPattern::Character(character));
        }
        if text.starts_with('!') {
            return Err(InvalidPattern::Character('!'));
        }
        if text.contains("//") {
            return Err(InvalidPattern::EmptySegment);
        }
        let path = text.strip_prefix('/').unwrap_or(text);
        let (path, is_directory) = match path.strip_suffix('/') {
            Some(path) => (path, true),
            None => (path, path.is_empty()),
        };
        let mut segments = Vec::new();
        if !path.is_empty() {
            for segment in path.split('/') {
                segments.push(PatternSegment::parse(segment)?);
            }
        }
        if is_directory {
            segments.push(PatternSegment::AnyDepth);
        }
        let (segments, extent) = reduce(segments);
        Ok(Self {
            text: text.into(),
            segments,
            extent,
        })
    }
}

/// The canonical form: each run of `*` and `**` has its `*` first and one `**`, and a run at the
/// end becomes an extent.
fn reduce(written: Vec<PatternSegment>) -> (Vec<PatternSegment>, PatternExtent) {
    let ends_deep = written.last() == Some(&PatternSegment::AnyDepth);
    let ends_in_star = written.last().is_some_and(PatternSegment::is_star);
    let mut segments = Vec::with_capacity(written.len());
    let mut is_deep = false;
    for segment in written {
        if segment == PatternSegment::AnyDepth {
            is_deep = true;
            continue;
        }
        if !segment.is_star() && std::mem::take(&mut is_deep) {
            segments.push(PatternSegment::AnyDepth);
        }
        segments.push(segment);
    }
    if !is_deep {
        let extent = if ends_in_star {
            PatternExtent::Alone
        } else {
            PatternExtent::Tree
        };
        return (segments, extent);
    }
    // A run that ends in `*` needs one segment less than the same run followed by `/**`.
    if !ends_deep {
        segments.pop();
    }
    let extent = match segments.last() {
        None | Some(PatternSegment::Literal(_)) => PatternExtent::Tree,
        Some(PatternSegment::Wild(_) | PatternSegment::AnyDepth) => PatternExtent::Below,
    };
    (segments, extent)
}

impl PartialEq for PathPattern {
    fn eq(&self, other: &Self) -> bool {
        (&self.segments, self.extent) == (&other.segments, other.extent)
    }
}

impl Eq for PathPattern {}

impl Hash for PathPattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.segments, self.extent).hash(state);
    }
}

impl PartialOrd for PathPattern {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PathPattern {
    /// By precedence: of several patterns that match a path, the greatest decides.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.precedence().cmp(&other.precedence())
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> PathPattern {
        text.parse().unwrap()
    }

    #[test]
    fn patterns_with_the_same_meaning_are_equal() {
        let check = |one: &str, other: &str| assert_eq!(pattern(one), pattern(other), "{one}");
        check("a", "/a");
        check("a", "a/");
        check("a", "a/**");
        check("a", "a/**/*");
        check("a", "a/**/**/");
        check("**", "/");
        check("**", "**/*");
        check("**/*/b", "*/**/b");
        check("a/**/*/*", "a/*/**");
        check("a/b*/", "a/b*/**");
        check("a*?/b", "a?**/b");
        assert_ne!(pattern("a/*"), pattern("a"));
        assert_ne!(pattern("b*"), pattern("b*/"));
        assert_ne!(pattern("*"), pattern("**"));
    }

    #[test]
    fn the_more_specific_pattern_is_greater() {
        let check = |general: &str, specific: &str| {
            assert!(pattern(general) < pattern(specific), "{general} {specific}");
        };
        check("**", "a");
        check("a", "a/b");
        check("a", "a/*");
        check("a/*/**", "a/*/*");
        check("a/**", "a/**/*.md");
        check("**/*.md", "a/**");
        check("**/*.md", "**/*.test.md");
        check("services/orders/**", "services/*/Dockerfile");
        check("*/*/*", "services/orders");
        check("**/b", "**/a/b");
        check("**/a/b", "**/a/**/a/b");
        check("*/**/b", "**/??/**/b");
        check("**/a", "a");
        check("b*", "b*/");
    }

    #[test]
    fn invalid_patterns_are_refused() {
        let check = |text: &str, expected: InvalidPattern| {
            assert_eq!(text.parse::<PathPattern>().unwrap_err(), expected, "{text}");
        };
        check(" ", InvalidPattern::Blank);
        check("a//b", InvalidPattern::EmptySegment);
        check("//", InvalidPattern::EmptySegment);
        check("../a", InvalidPattern::Relative);
        check("a/./b", InvalidPattern::Relative);
        check("a/[bc]", InvalidPattern::Character('['));
        check("{a,b}", InvalidPattern::Character('{'));
        check("a\\ b", InvalidPattern::Character('\\'));
        check("a\nb", InvalidPattern::Character('\n'));
        check("!a", InvalidPattern::Character('!'));
        check(&"a".repeat(1025), InvalidPattern::TooLong);
    }
}
