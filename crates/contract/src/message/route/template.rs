//! A path template of a contract: segments of literals and `{name}` expressions.
//!
//! Adjacent expressions (`{a}{b}`) are an error, because no text separates their values. Keys that
//! no well-formed path matches (`/a//b`, `/a/../b`) are errors too, so an unreachable operation is
//! found when the contract is loaded and not in production.

use std::fmt;

use percent_encoding::percent_decode_str;

use super::check_path::{MalformedPath, check_path};
use super::segment::{SegmentPiece, TemplateSegment};

/// The most segments of a template. It bounds the recursion of a match.
pub const SEGMENTS_MAX: usize = 128;

/// Why a path key is not a template. Columns count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("it does not start with `/`; add the leading slash")]
    NoLeadingSlash,
    #[error("column {column}: `{{` is not closed within its segment; add `}}`")]
    Unclosed { column: usize },
    #[error("column {column}: `}}` closes nothing; remove it or add `{{` before it")]
    Unopened { column: usize },
    #[error("column {column}: `{{}}` has no name; name the parameter")]
    EmptyName { column: usize },
    #[error("column {column}: `{{{name}}}` occurs twice in the path; rename one of them")]
    RepeatedName { column: usize, name: String },
    #[error(
        "column {column}: `{{{name}}}` is adjacent to the expression before it; put text between \
         them to separate their values"
    )]
    Adjacent { column: usize, name: String },
    #[error("column {column}: a path cannot contain `?`; declare query parameters instead")]
    Query { column: usize },
    #[error("column {column}: a path cannot contain `#`; remove the fragment")]
    Fragment { column: usize },
    #[error("no request can match this path: {0}")]
    Unreachable(MalformedPath),
    #[error("the path has {count} segments; at most {SEGMENTS_MAX} are supported")]
    TooManySegments { count: usize },
}

/// A parsed path key, or the path of a server address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTemplate {
    key: Box<str>,
    names: Box<[Box<str>]>,
    pub(super) segments: Box<[TemplateSegment]>,
}

impl PathTemplate {
    /// Parses a key of the Paths Object.
    ///
    /// # Errors
    /// The mistake, its column and how to fix it.
    pub fn parse(path_key: &str) -> Result<Self, TemplateError> {
        if !path_key.starts_with('/') {
            return Err(TemplateError::NoLeadingSlash);
        }
        let mut parser = TemplateParser::default();
        let segments = path_key[1..]
            .split('/')
            .map(|text| parser.segment(text))
            .collect::<Result<Box<[_]>, _>>()?;
        check_path(path_key).map_err(TemplateError::Unreachable)?;
        if segments.len() > SEGMENTS_MAX {
            return Err(TemplateError::TooManySegments {
                count: segments.len(),
            });
        }
        Ok(Self {
            key: path_key.into(),
            names: parser.names.into(),
            segments,
        })
    }

    /// Parses the path of a server address, the base of the path keys. One trailing `/` is
    /// stripped, so `""` and `/` are empty bases. An expression matches any value of one segment,
    /// so the caller should expand a variable with an `enum` into one base for each value.
    ///
    /// # Errors
    /// The same as [`PathTemplate::parse`].
    pub fn parse_base(path: &str) -> Result<Self, TemplateError> {
        match path.strip_suffix('/').unwrap_or(path) {
            "" => Ok(Self {
                key: "".into(),
                names: Box::default(),
                segments: Box::default(),
            }),
            stripped => Self::parse(stripped),
        }
    }

    /// The template as it is written in the contract, without the trailing slash of a base.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The names of the expressions in order. The position of a name is its slot in
    /// [`PathCaptures`](super::PathCaptures).
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// The slot of an expression.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.names().position(|known| known == name)
    }
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)
    }
}

/// Parses a key and counts columns. `column` is the last character consumed.
#[derive(Debug)]
struct TemplateParser {
    column: usize,
    names: Vec<Box<str>>,
}

impl Default for TemplateParser {
    fn default() -> Self {
        Self {
            column: 1,
            names: Vec::new(),
        }
    }
}

impl TemplateParser {
    fn segment(&mut self, text: &str) -> Result<TemplateSegment, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (literal, after) = rest.split_at(rest.find(['{', '}']).unwrap_or(rest.len()));
            if !literal.is_empty() {
                pieces.push(self.literal(literal)?);
            }
            if after.is_empty() {
                break;
            }
            let (name, after) = self.expression(after)?;
            self.add_name(
                name,
                matches!(pieces.last(), Some(SegmentPiece::Expression)),
            )?;
            pieces.push(SegmentPiece::Expression);
            rest = after;
        }
        self.column += 1;
        Ok(TemplateSegment::new(pieces))
    }

    fn literal(&mut self, text: &str) -> Result<SegmentPiece, TemplateError> {
        self.advance(text)?;
        Ok(SegmentPiece::Literal(percent_decode_str(text).collect()))
    }

    /// Moves `column` over text, which may not contain `?` or `#`.
    fn advance(&mut self, text: &str) -> Result<(), TemplateError> {
        for character in text.chars() {
            self.column += 1;
            match character {
                '?' => {
                    return Err(TemplateError::Query {
                        column: self.column,
                    });
                }
                '#' => {
                    return Err(TemplateError::Fragment {
                        column: self.column,
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Splits `{name}rest`, leaving `column` at the opening brace.
    fn expression<'t>(&mut self, text: &'t str) -> Result<(&'t str, &'t str), TemplateError> {
        self.column += 1;
        let column = self.column;
        let Some(inside) = text.strip_prefix('{') else {
            return Err(TemplateError::Unopened { column });
        };
        match inside.split_once('}') {
            Some(("", _)) => Err(TemplateError::EmptyName { column }),
            Some((name, rest)) if !name.contains('{') => Ok((name, rest)),
            _ => Err(TemplateError::Unclosed { column }),
        }
    }

    fn add_name(&mut self, name: &str, adjacent: bool) -> Result<(), TemplateError> {
        let column = self.column;
        if adjacent {
            return Err(TemplateError::Adjacent {
                column,
                name: name.to_owned(),
            });
        }
        if self.names.iter().any(|known| **known == *name) {
            return Err(TemplateError::RepeatedName {
                column,
                name: name.to_owned(),
            });
        }
        self.advance(name)?;
        self.column += 1;
        self.names.push(name.into());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TemplateError::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(key: &str, names: &[&str]) {
        let template = PathTemplate::parse(key).unwrap();
        assert_eq!(template.names().collect::<Vec<_>>(), names, "{key}");
        assert_eq!(template.key(), key);
    }

    #[track_caller]
    fn check_error(key: &str, expected: TemplateError) {
        assert_eq!(PathTemplate::parse(key), Err(expected), "{key}");
    }

    #[test]
    fn parses_templates() {
        check("/", &[]);
        check("/pets/", &[]);
        check("/pets/{id}", &["id"]);
        check("/Calls/{Sid}.json", &["Sid"]);
        check("/compare/{base}...{head}", &["base", "head"]);
        check("/report({id})", &["id"]);
        check("/Users('{id}')/{part}", &["id", "part"]);
        check("/{index}:suggest", &["index"]);
    }

    #[test]
    fn reports_mistakes_with_their_column() {
        check_error("pets", NoLeadingSlash);
        check_error("", NoLeadingSlash);
        check_error("/é/{id", Unclosed { column: 4 });
        check_error("/a/{b/c}", Unclosed { column: 4 });
        check_error("/{a{b}}", Unclosed { column: 2 });
        check_error("/a}b", Unopened { column: 3 });
        check_error("/x/{}", EmptyName { column: 4 });
        check_error(
            "/{a}/{a}",
            RepeatedName {
                column: 6,
                name: "a".into(),
            },
        );
        check_error(
            "/{a}{b}",
            Adjacent {
                column: 5,
                name: "b".into(),
            },
        );
        check_error("/a?b={c}", Query { column: 3 });
        check_error("/a{?b}", Query { column: 4 });
        check_error("/{a}/b#c", Fragment { column: 7 });
        check_error(
            "/a//b",
            Unreachable(MalformedPath::EmptySegment { offset: 3 }),
        );
        check_error(
            "/a/%zz",
            Unreachable(MalformedPath::InvalidPercent { offset: 3 }),
        );
        let long = "/a".repeat(SEGMENTS_MAX + 1);
        check_error(
            &long,
            TooManySegments {
                count: SEGMENTS_MAX + 1,
            },
        );
    }

    #[test]
    fn strips_one_trailing_slash_of_a_base() {
        for (path, key) in [
            ("", ""),
            ("/", ""),
            ("/v1", "/v1"),
            ("/v1/", "/v1"),
            ("/{v}", "/{v}"),
        ] {
            assert_eq!(PathTemplate::parse_base(path).unwrap().key(), key);
        }
        assert!(PathTemplate::parse_base("v1").is_err());
    }

    proptest! {
        #[test]
        fn never_panics(key in "/?[a-c{}/%é?#.]{0,16}") {
            let _ = PathTemplate::parse(&key);
            let _ = PathTemplate::parse_base(&key);
        }
    }
}
