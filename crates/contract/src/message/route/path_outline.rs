//! The outline of a path that matches no operation: its declared beginning, and the rest.
//!
//! Undocumented paths appear in reports, so values that clients chose must not appear in them, and
//! one path with a thousand ids must be reported once. A segment is kept if the contract has that
//! literal and becomes `{}` if the contract has an expression there. Below the declared part a
//! segment is kept only if it looks like a word.

use std::fmt;

use memchr::memchr;

use super::route_table::RouteTable;

/// A path without the values that a client chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathOutline {
    /// The segments that match the contract, joined: `/orders/{}`.
    pub known: String,
    /// The other segments: words, and `{}` for everything else.
    pub rest: Vec<String>,
}

/// The most segments of the rest; deeper segments are omitted.
const REST_SEGMENTS_MAX: usize = 8;

/// The longest word, in bytes.
const WORD_BYTES_MAX: usize = 32;

/// Replaces a segment that is not shown.
const ANY: &str = "{}";

impl fmt::Display for PathOutline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.known)?;
        self.rest
            .iter()
            .try_for_each(|segment| write!(f, "/{segment}"))
    }
}

impl PathOutline {
    /// The outline of a raw path that no contract declares, without its query.
    #[must_use]
    pub fn unmatched(path: &str) -> Self {
        let segments = path.split('/').skip(1).take(REST_SEGMENTS_MAX);
        Self {
            known: String::new(),
            rest: segments.map(|raw| word(raw).to_owned()).collect(),
        }
    }
}

impl RouteTable {
    /// The outline of a raw path, without its query.
    #[must_use]
    pub fn outline(&self, path: &str) -> PathOutline {
        let mut outline = PathOutline::default();
        let mut node = Some(0);
        for raw in path.split('/').skip(1) {
            let step = node.and_then(|node| self.step(node, raw));
            node = step.map(|(child, _)| child);
            match step {
                Some((_, is_literal)) => {
                    outline.known.push('/');
                    outline.known.push_str(if is_literal { raw } else { ANY });
                }
                None if outline.rest.len() < REST_SEGMENTS_MAX => {
                    outline.rest.push(word(raw).to_owned())
                }
                None => break,
            }
        }
        outline
    }

    /// The child node for a segment, and whether a literal leads there.
    fn step(&self, node: u32, raw: &str) -> Option<(u32, bool)> {
        if memchr(b'%', raw.as_bytes()).is_none()
            && let Some(child) = self.literal_child(node, raw.as_bytes())
        {
            return Some((child, true));
        }
        let expression = self.expression_child(node).filter(|_| !raw.is_empty())?;
        Some((expression, false))
    }
}

/// The segment if it looks like a word or a version (`v2`), else `{}`.
fn word(raw: &str) -> &str {
    let is_word = |text: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_' | b'.');
        text.bytes().all(is_part) && text.starts_with(|first: char| first.is_ascii_alphabetic())
    };
    let is_version = |text: &str| {
        let digits = text.strip_prefix('v').unwrap_or_default();
        (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if raw.len() <= WORD_BYTES_MAX && (raw.is_empty() || is_word(raw) || is_version(raw)) {
        raw
    } else {
        ANY
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::{PathTemplate, RouteTable};
    use super::*;

    fn table(paths: &[&str]) -> RouteTable {
        let base = PathTemplate::parse_base("").unwrap();
        let method = Method::GET;
        let add = |builder: super::super::RouteTableBuilder, path: &&str| {
            builder.add(
                &base,
                &PathTemplate::parse(path).unwrap(),
                &[(method.clone(), 0)],
            )
        };
        paths.iter().fold(RouteTable::builder(), add).build()
    }

    #[test]
    fn outlines_show_declared_segments_and_words_only() {
        let table = table(&["/orders", "/orders/{id}", "/users/{name}/posts"]);
        let check = |path: &str, known: &str, rest: &str| {
            let outline = table.outline(path);
            assert_eq!(
                (&*outline.known, &*outline.rest.join("/")),
                (known, rest),
                "{path}"
            );
        };
        check("/orders/17/notes", "/orders/{}", "notes");
        check("/users/alice/likes", "/users/{}", "likes");
        check("/users/alice/posts/9", "/users/{}/posts", "{}");
        check("/carts/7f3c/items", "", "carts/{}/items");
        check("/carts/jane@x.example", "", "carts/{}");
        check("/v2/orders", "", "v2/orders");
        check("/a%20b", "", "{}");
        check("/orders/", "/orders", "");
        check("/a/b/c/d/e/f/g/h/i/j", "", "a/b/c/d/e/f/g/h");
        check(&format!("/{}", "a".repeat(40)), "", "{}");
        check("", "", "");
        check("*", "", "");
    }

    proptest::proptest! {
        #[test]
        fn never_panics(path in "(/?(orders|users|a|%|\\{|é)?){0,12}|.{0,40}") {
            let outline = table(&["/orders/{id}", "/a/{b}.json"]).outline(&path);
            assert!(outline.rest.len() <= REST_SEGMENTS_MAX);
        }
    }
}
