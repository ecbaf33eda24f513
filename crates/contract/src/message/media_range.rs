//! Media types and ranges: parsing, and choosing the most specific key of `content`.
//!
//! Matching follows OpenAPI 3.0.4 and 3.1.1 (keys of `content`: the most specific key wins) and
//! RFC 9110 section 8.3: types, subtypes and parameter names are case-insensitive. A message must
//! have every parameter of a key with the same value, except that it may omit `charset`.

/// A media type or range, borrowed from a header or a contract's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaRange<'a> {
    kind: &'a str,
    subtype: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> MediaRange<'a> {
    /// Parses `type/subtype; name=value`; `None` if the text is malformed.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = split_parameters(text);
        let (kind, subtype) = parts.next()?.trim().split_once('/')?;
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let mut parameters = Vec::new();
        for part in parts {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            let (name, value) = part.split_once('=')?;
            parameters.push((name.trim(), value.trim().trim_matches('"')));
        }
        Some(Self {
            kind,
            subtype,
            parameters,
        })
    }

    /// Whether this is JSON: `application/json`, `text/json` or a `+json` suffix (RFC 6839).
    pub fn is_json(&self) -> bool {
        (self.subtype.eq_ignore_ascii_case("json")
            && (self.kind.eq_ignore_ascii_case("application")
                || self.kind.eq_ignore_ascii_case("text")))
            || ends_with_ignore_case(self.subtype, "+json")
    }

    /// The type, as written: `text` of `text/plain`.
    pub fn kind(&self) -> &'a str {
        self.kind
    }

    /// The subtype, as written: `plain` of `text/plain`.
    pub fn subtype(&self) -> &'a str {
        self.subtype
    }

    /// Whether this is a range of media types.
    pub fn is_range(&self) -> bool {
        self.subtype.starts_with('*')
    }

    /// How often a parameter occurs. Recipients may use different ones of several.
    pub fn count(&self, name: &str) -> usize {
        let has_name = |(known, _): &&(&str, &str)| known.eq_ignore_ascii_case(name);
        self.parameters.iter().filter(has_name).count()
    }

    /// A parameter's value.
    pub fn parameter(&self, name: &str) -> Option<&'a str> {
        self.parameters
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// How specifically this range (a contract's key) covers a message's media type; `None` if it
    /// does not. Higher is more specific.
    pub fn covers(&self, other: &Self) -> Option<u32> {
        let specificity = match (self.kind, self.subtype) {
            ("*", "*") => 0,
            (kind, "*") if kind.eq_ignore_ascii_case(other.kind) => 1,
            (kind, suffix)
                if suffix.starts_with("*+")
                    && kind.eq_ignore_ascii_case(other.kind)
                    && ends_with_ignore_case(other.subtype, &suffix[1..]) =>
            {
                2
            }
            (kind, subtype)
                if kind.eq_ignore_ascii_case(other.kind)
                    && subtype.eq_ignore_ascii_case(other.subtype) =>
            {
                3
            }
            _ => return None,
        };
        let has_parameters =
            self.parameters
                .iter()
                .all(|(name, value)| match other.parameter(name) {
                    Some(found) => found.eq_ignore_ascii_case(value),
                    None => name.eq_ignore_ascii_case("charset"),
                });
        let counted = u32::try_from(self.parameters.len()).unwrap_or(u32::MAX >> 4);
        has_parameters.then_some(specificity + 4 * counted)
    }
}

fn ends_with_ignore_case(text: &str, suffix: &str) -> bool {
    text.len() > suffix.len()
        && text.is_char_boundary(text.len() - suffix.len())
        && text[text.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
}

/// Whether the text is a token (RFC 9110 section 5.6.2).
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Splits at `;` outside quoted strings.
fn split_parameters(text: &str) -> impl Iterator<Item = &str> {
    split_unquoted(text, ';')
}

/// Splits at a delimiter outside quoted strings.
pub(crate) fn split_unquoted(text: &str, delimiter: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |letter| {
        quoted ^= letter == '"';
        letter == delimiter && !quoted
    })
}

/// The index of the key that covers `found` most specifically; the first one of a tie.
pub(super) fn best_match<'k>(
    keys: impl IntoIterator<Item = &'k str>,
    found: &MediaRange<'_>,
) -> Option<usize> {
    let mut best = None;
    for (index, key) in keys.into_iter().enumerate() {
        let specificity = MediaRange::parse(key).and_then(|range| range.covers(found));
        if let Some(specificity) = specificity
            && best.is_none_or(|(highest, _)| specificity > highest)
        {
            best = Some((specificity, index));
        }
    }
    best.map(|(_, index)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose<'k>(keys: &[&'k str], found: &str) -> Option<&'k str> {
        let found = MediaRange::parse(found).unwrap();
        best_match(keys.iter().copied(), &found).map(|index| keys[index])
    }

    #[test]
    fn most_specific_key_wins() {
        let keys = [
            "*/*",
            "application/*",
            "application/*+json",
            "application/json",
        ];
        assert_eq!(choose(&keys, "application/json"), Some("application/json"));
        assert_eq!(
            choose(&keys, "APPLICATION/JSON; charset=utf-8"),
            Some("application/json")
        );
        assert_eq!(
            choose(&keys, "application/vnd.a+json"),
            Some("application/*+json")
        );
        assert_eq!(choose(&keys, "application/xml"), Some("application/*"));
        assert_eq!(choose(&keys, "text/plain"), Some("*/*"));
        assert_eq!(
            choose(&["application/json"], "application/vnd.a+json"),
            None
        );
        assert_eq!(choose(&["application/*+json"], "application/json"), None);
    }

    #[test]
    fn messages_need_the_parameters_of_a_key() {
        let keys = ["application/json", "application/json;version=1"];
        assert_eq!(choose(&keys, "application/json; Version=1"), Some(keys[1]));
        assert_eq!(choose(&keys, "application/json; version=2"), Some(keys[0]));
        assert_eq!(choose(&keys[1..], "application/json"), None);
        let charset = ["application/json; charset=utf-8"];
        assert_eq!(choose(&charset, "application/json"), Some(charset[0]));
        assert_eq!(
            choose(&charset, "application/json;charset=UTF-8"),
            Some(charset[0])
        );
        assert_eq!(choose(&charset, "application/json;charset=latin1"), None);
    }

    #[test]
    fn refuses_malformed_types() {
        for text in ["", "json", "/", "a/", "a b/c", "application/json; charset"] {
            assert_eq!(MediaRange::parse(text), None, "{text}");
        }
        let quoted = MediaRange::parse("a/b; x=\"1;2\"; y=3").unwrap();
        assert_eq!(quoted.parameter("X"), Some("1;2"));
        assert_eq!(quoted.parameter("y"), Some("3"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "([a-z*/;= \\t\",\\\\+é]|charset|;q=){0,20}") {
            if let Some(range) = MediaRange::parse(&text) {
                let _ = (range.is_json(), range.parameter("charset"), range.covers(&range));
            }
        }
    }
}
