//! Matches names with the wildcards of one path segment.

/// A segment with wildcards, prepared for matching many names. Most names are refused by their
/// beginning or end, which costs two comparisons; with a single `*`, these comparisons suffice.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    text: Box<str>,
    /// The number of bytes before the first wildcard, and of those after the last.
    prefix: usize,
    suffix: usize,
    is_single_star: bool,
}

impl Glob {
    pub(super) fn new(text: &str) -> Self {
        let is_wildcard = ['*', '?'];
        let prefix = text.find(is_wildcard).unwrap_or(text.len());
        let suffix = text.rfind(is_wildcard).map_or(0, |at| text.len() - at - 1);
        Self {
            text: text.into(),
            prefix,
            suffix,
            is_single_star: text.get(prefix..text.len() - suffix) == Some("*"),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        let (name_bytes, text) = (name.as_bytes(), self.text.as_bytes());
        name_bytes.len() >= self.prefix + self.suffix
            && name_bytes.starts_with(&text[..self.prefix])
            && name_bytes.ends_with(&text[text.len() - self.suffix..])
            && (self.is_single_star || matches(&self.text, name))
    }
}

/// Whether a name matches a segment with `*` and `?`. In the worst case the time is proportional to
/// the product of both lengths.
pub(super) fn matches(wild: &str, name: &str) -> bool {
    // Where to continue if the current attempt fails: after the last `*` in the pattern, and one
    // character later in the name each time.
    let mut retry: Option<(&str, &str)> = None;
    let (mut wild, mut name) = (wild, name);
    loop {
        let (wanted, found) = (first(wild), first(name));
        match (wanted, found) {
            (Some(('*', rest)), _) => {
                retry = Some((rest, name));
                wild = rest;
                continue;
            }
            (Some((wanted, wild_rest)), Some((found, name_rest)))
                if wanted == '?' || wanted == found =>
            {
                (wild, name) = (wild_rest, name_rest);
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        let Some((behind, from)) = retry else {
            return false;
        };
        let Some((_, from)) = first(from) else {
            return false;
        };
        retry = Some((behind, from));
        (wild, name) = (behind, from);
    }
}

fn first(text: &str) -> Option<(char, &str)> {
    let mut characters = text.chars();
    let character = characters.next()?;
    Some((character, characters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_names_of_one_segment() {
        let check = |wild: &str, name: &str, expected: bool| {
            assert_eq!(matches(wild, name), expected, "{wild} {name}");
            assert_eq!(Glob::new(wild).matches(name), expected, "{wild} {name}");
        };
        check("*", "a", true);
        check("*.md", "read.me.md", true);
        check("*.md", ".md", true);
        check("*.md", "md", false);
        check("a*b*c", "a-b-b-c", true);
        check("a*b*c", "a-c-b", false);
        check("ab*ba", "aba", false);
        check("ab*ba", "abba", true);
        check("é*", "éa", true);
        check("?", "é", true);
        check("?", "ab", false);
        check("??*", "a", false);
        check("a?", "a", false);
        check(&"*a".repeat(50), &"a".repeat(49), false);
    }
}
