//! The addresses of one template that another template matches, as conditions on the text of its
//! segments.

use percent_encoding::percent_decode_str;

use super::address_template::{
    AddressTemplate, SegmentText, has_common_text, is_same_pattern, literal, literal_tokens, tokens,
};

/// A condition on the text of one segment.
#[derive(Clone, Debug)]
pub(super) struct SegmentCondition<'t> {
    /// The number of the segment.
    pub(super) segment: usize,
    pieces: Vec<SegmentText<'t>>,
}

/// The conditions under which an address of `template` matches `other`: none if all of them do.
/// `None` if no address does.
pub(super) fn conditions<'t>(
    template: &AddressTemplate<'t>,
    other: &AddressTemplate<'t>,
) -> Option<Vec<SegmentCondition<'t>>> {
    if template.len() != other.len() || template.has_other_text(other) {
        return None;
    }
    let mut found = Vec::new();
    let pairs = template.segments.iter().zip(&other.segments);
    for (segment, (own, others)) in pairs.enumerate() {
        if !has_common_text(&tokens(own), &tokens(others)) {
            return None;
        }
        let is_whole = matches!(others[..], [SegmentText::Expression(_)]);
        if literal(own).is_none() && !is_whole && !is_same_pattern(own, others) {
            found.push(SegmentCondition {
                segment,
                pieces: others.clone(),
            });
        }
    }
    Some(found)
}

impl SegmentCondition<'_> {
    /// A condition for one text.
    pub(super) fn exactly(segment: usize, text: &str) -> SegmentCondition<'_> {
        SegmentCondition {
            segment,
            pieces: vec![SegmentText::Literal(text)],
        }
    }

    /// Whether a text, percent-encoded, meets the condition.
    pub(super) fn holds(&self, text: &str) -> bool {
        has_common_text(&tokens(&self.pieces), &literal_tokens(text))
    }

    /// The only text that meets the condition, if there is one.
    pub(super) fn text(&self) -> Option<String> {
        let text = literal(&self.pieces)?;
        let text = percent_decode_str(text).decode_utf8().ok()?;
        Some(text.into_owned())
    }

    /// The condition as a pattern, if its text can be written in one.
    pub(super) fn pattern(&self) -> Option<String> {
        let mut pattern = "^".to_owned();
        for piece in &self.pieces {
            match piece {
                SegmentText::Expression(_) => pattern.push_str("[\\s\\S]+"),
                SegmentText::Literal(text) => {
                    for c in percent_decode_str(text).decode_utf8().ok()?.chars() {
                        if c.is_ascii() && !c.is_ascii_alphanumeric() {
                            pattern.push_str(&format!("\\x{:02x}", u32::from(c)));
                        } else {
                            pattern.push(c);
                        }
                    }
                }
            }
        }
        pattern.push('$');
        Some(pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_describe_the_addresses_in_common() {
        let check = |template: &str, other: &str, expected: Option<&[&str]>| {
            let (template, other) = (AddressTemplate::of(template), AddressTemplate::of(other));
            let found = conditions(&template, &other);
            let patterns = found.map(|found| {
                let patterns = found.iter().map(|condition| condition.pattern().unwrap());
                patterns.collect::<Vec<_>>()
            });
            let expected = expected.map(|expected| {
                let owned = expected.iter().map(|pattern| (*pattern).to_owned());
                owned.collect::<Vec<_>>()
            });
            assert_eq!(patterns, expected);
        };
        check("/a/{x}", "/a/{y}", Some(&[]));
        check("/a/b", "/a/{y}", Some(&[]));
        check("/a/{x}", "/a/me", Some(&["^me$"]));
        check("/a/{x}", "/b/{x}", None);
        check(
            "/{a}/{b}",
            "/me/{b}.json",
            Some(&["^me$", "^[\\s\\S]+\\x2ejson$"]),
        );
        check("/a/{x}.json", "/a/{y}.json", Some(&[]));
        check("/a/{x}.json", "/a/{y}.xml", None);
    }

    #[test]
    fn a_condition_holds_for_the_texts_that_the_template_matches() {
        let (template, other) = (AddressTemplate::of("/{x}"), AddressTemplate::of("/{n}.{e}"));
        let found = conditions(&template, &other).unwrap();
        let [condition] = &found[..] else {
            panic!("{found:?}");
        };
        for (text, holds) in [("a.b", true), ("a", false), (".b", false), ("a%2Eb", true)] {
            assert_eq!(condition.holds(text), holds, "{text}");
        }
        assert_eq!(condition.text(), None);
        assert!(SegmentCondition::exactly(0, "a").holds("%61"));
        assert_eq!(SegmentCondition::exactly(0, "%61").text().unwrap(), "a");
    }
}
