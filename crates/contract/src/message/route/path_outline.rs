//! The outline of a path that no operation has: what of it the contract knows, and the rest.
//!
//! Undocumented paths are told to people, so what a client chose must not show, and one path
//! with a thousand ids must be one path. A segment stays as it is where the contract has that
//! literal, is `{}` where the contract has an expression in its place, and below that only where
//! it looks like a word.

use std::fmt;

use memchr::memchr;

use super::route_table::RouteTable;

/// What a path looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathOutline {
    /// The segments that the contract knows, joined: `/orders/{}`.
    pub known: String,
    /// The others: words, and `{}` for everything else.
    pub rest: Vec<String>,
}

/// Segments of the rest that are told apart; what is deeper is left out.
const REST_MAX: usize = 8;

/// The longest word, in bytes.
const WORD_BYTES_MAX: usize = 32;

/// What stands for a segment that is not told.
const ANY: &str = "{}";

impl fmt::Display for PathOutline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.known)?;
        self.rest
            .iter()
            .try_for_each(|segment| write!(f, "/{segment}"))
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
                None if outline.rest.len() < REST_MAX => outline.rest.push(word(raw).to_owned()),
                None => break,
            }
        }
        outline
    }

    /// Where a segment leads, and whether by a literal.
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

/// A segment that looks like a word somebody wrote into a program, else `{}`.
fn word(raw: &str) -> &str {
    let is_word = |text: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_' | b'.');
        text.bytes().all(is_part) && text.starts_with(|first: char| first.is_ascii_alphabetic())
    };
    let is_version = |text: &str| {
        let digits = text.strip_prefix('v').unwrap_or_default();
        (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    match raw.len() <= WORD_BYTES_MAX && (raw.is_empty() || is_word(raw) || is_version(raw)) {
        true => raw,
        false => ANY,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{PathItemMethod, PathTemplate, RouteTable};
    use super::*;

    fn table(paths: &[&str]) -> RouteTable {
        let base = PathTemplate::parse_base("").unwrap();
        let verb = PathItemMethod::Get;
        let add = |builder: super::super::RouteTableBuilder, path: &&str| {
            builder.add(&base, &PathTemplate::parse(path).unwrap(), &[(verb, 0)])
        };
        paths.iter().fold(RouteTable::builder(), add).build()
    }

    #[test]
    fn only_what_the_contract_and_programs_say_is_told() {
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
        fn no_path_panics(path in "(/?(orders|users|a|%|\\{|é)?){0,12}|.{0,40}") {
            let outline = table(&["/orders/{id}", "/a/{b}.json"]).outline(&path);
            assert!(outline.rest.len() <= REST_MAX);
        }
    }
}
