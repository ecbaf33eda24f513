//! Bounds: keywords with a numeric value. If `allOf` combines several, the tightest applies. An
//! exclusive bound of an integer is compared as the inclusive one with the same effect if the other
//! revision has an inclusive one.

use std::borrow::Cow;
use std::cmp::Ordering;

use portcullis_contract::{Dialect, DocumentSet, NodeRef};
use portcullis_json::{JsonNode, compare_numbers};

use super::schema_conjunction::SchemaConjunction;
use super::schema_edit::SchemaEdit;

/// A bound keyword and its rules: increased, decreased, set, unset.
struct BoundKeyword {
    keyword: &'static str,
    /// Whether the keyword is a lower bound, so that the greatest of several is the tightest.
    is_lower: bool,
    rules: [&'static str; 4],
}

macro_rules! bound {
    ($keyword:literal, $is_lower:literal, $name:literal) => {
        BoundKeyword {
            keyword: $keyword,
            is_lower: $is_lower,
            rules: [
                concat!("schema.", $name, ".increased"),
                concat!("schema.", $name, ".decreased"),
                concat!("schema.", $name, ".set"),
                concat!("schema.", $name, ".unset"),
            ],
        }
    };
}

static BOUNDS: [BoundKeyword; 12] = [
    bound!("maximum", false, "maximum"),
    bound!("minimum", true, "minimum"),
    bound!("exclusiveMaximum", false, "exclusive-maximum"),
    bound!("exclusiveMinimum", true, "exclusive-minimum"),
    bound!("maxLength", false, "max-length"),
    bound!("minLength", true, "min-length"),
    bound!("maxItems", false, "max-items"),
    bound!("minItems", true, "min-items"),
    bound!("maxProperties", false, "max-properties"),
    bound!("minProperties", true, "min-properties"),
    bound!("maxContains", false, "max-contains"),
    bound!("minContains", true, "min-contains"),
];

/// Compares all bounds.
pub(super) fn compare(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    edits: &mut Vec<SchemaEdit>,
) {
    for bound in &BOUNDS {
        let changes_form = bound.changes_form(old, new);
        let (before, after) = (bound.of(old, changes_form), bound.of(new, changes_form));
        let at = |view: &SchemaConjunction<'_>, found: &Option<(NodeRef, Cow<'_, str>)>| {
            found.as_ref().map(|(at, _)| *at).or(view.node_ref())
        };
        let [increased, decreased, set, unset] = bound.rules;
        let rule = match (&before, &after) {
            (None, None) => continue,
            (None, Some(_)) => set,
            (Some(_), None) => unset,
            (Some((_, before)), Some((_, after))) => match compare_numbers(before, after) {
                Ordering::Equal => continue,
                Ordering::Less => increased,
                Ordering::Greater => decreased,
            },
        };
        let text = |found: &Option<(NodeRef, Cow<'_, str>)>| {
            found.as_ref().map(|(_, text)| text.to_string())
        };
        edits.push(
            SchemaEdit::of(rule, bound.keyword)
                .from(text(&before))
                .to(text(&after))
                .between(at(old, &before), at(new, &after)),
        );
    }
}

impl BoundKeyword {
    /// Whether one revision bounds integers by the inclusive keyword and the other by the exclusive
    /// one.
    fn changes_form(&self, old: &SchemaConjunction<'_>, new: &SchemaConjunction<'_>) -> bool {
        let forms = ["maximum", "minimum"].map(|name| {
            let of_name = |bound: &&Self| bound.keyword.to_lowercase().ends_with(name);
            BOUNDS.iter().filter(of_name).collect::<Vec<_>>()
        });
        let forms = forms
            .iter()
            .find(|forms| forms.iter().any(|bound| bound.keyword == self.keyword));
        let used = |view: &SchemaConjunction<'_>| -> Vec<&str> {
            let forms = forms.into_iter().flatten();
            let is_used = |bound: &&&Self| {
                let mut values = view.nodes();
                values.any(|(_, node)| bound.value(view.contract.dialect, node).is_some())
            };
            forms.filter(is_used).map(|bound| bound.keyword).collect()
        };
        let is_integer = |view: &SchemaConjunction<'_>| {
            let mut types = view.all("type");
            types.any(|(_, named)| named.as_str() == Some("integer"))
        };
        let (old_forms, new_forms) = (used(old), used(new));
        let differ = !old_forms.is_empty() && !new_forms.is_empty() && old_forms != new_forms;
        differ && is_integer(old) && is_integer(new)
    }

    /// The tightest value of the keyword, with its location. Exclusive bounds count as inclusive
    /// ones if `is_inclusive`.
    fn of<'c>(
        &self,
        view: &SchemaConjunction<'c>,
        is_inclusive: bool,
    ) -> Option<(NodeRef, Cow<'c, str>)> {
        let values = view.nodes().filter_map(|(node_ref, node)| {
            let value = self.value(view.contract.dialect, node)?;
            let text = Cow::Borrowed(value.number_text()?);
            Some((DocumentSet::node_ref(node_ref, value), text))
        });
        let exclusive = self.exclusive().filter(|_| is_inclusive);
        let shifted = view.nodes().filter_map(|(node_ref, node)| {
            let value = exclusive.as_ref()?.value(view.contract.dialect, node)?;
            let text = Cow::Owned(self.inclusive(value)?);
            Some((DocumentSet::node_ref(node_ref, value), text))
        });
        let is_shifted = |text: &str| is_inclusive && self.is_exclusive() && is_integer_text(text);
        let all = values.filter(|(_, text)| !is_shifted(text)).chain(shifted);
        all.reduce(|tightest, next| {
            let is_tighter = match compare_numbers(&next.1, &tightest.1) {
                Ordering::Equal => false,
                Ordering::Greater => self.is_lower,
                Ordering::Less => !self.is_lower,
            };
            if is_tighter { next } else { tightest }
        })
    }

    /// The exclusive bound on the same side.
    fn exclusive(&self) -> Option<&'static Self> {
        let keyword = match self.keyword {
            "maximum" => "exclusiveMaximum",
            "minimum" => "exclusiveMinimum",
            _ => return None,
        };
        BOUNDS.iter().find(|bound| bound.keyword == keyword)
    }

    fn is_exclusive(&self) -> bool {
        self.keyword.starts_with("exclusive")
    }

    /// The inclusive bound that has the effect of an exclusive one on integers.
    fn inclusive(&self, value: JsonNode<'_>) -> Option<String> {
        let text = value.number_text().filter(|text| is_integer_text(text))?;
        let bound: i64 = text.parse().ok()?;
        let step = if self.is_lower { 1 } else { -1 };
        bound.checked_add(step).map(|bound| bound.to_string())
    }

    /// In OpenAPI 3.0 `exclusiveMaximum` and `exclusiveMinimum` are flags of `maximum` and
    /// `minimum`.
    fn value<'c>(&self, dialect: Dialect, node: JsonNode<'c>) -> Option<JsonNode<'c>> {
        let own = node.get(self.keyword);
        if dialect != Dialect::V30 {
            return own;
        }
        let is_flag = |flag: &str| node.get(flag).and_then(JsonNode::as_bool) == Some(true);
        match self.keyword {
            "maximum" => own.filter(|_| !is_flag("exclusiveMaximum")),
            "minimum" => own.filter(|_| !is_flag("exclusiveMinimum")),
            "exclusiveMaximum" => node.get("maximum").filter(|_| is_flag("exclusiveMaximum")),
            "exclusiveMinimum" => node.get("minimum").filter(|_| is_flag("exclusiveMinimum")),
            _ => own,
        }
    }
}

/// Whether the text of a number is a small integer, so that an inclusive bound can replace it.
fn is_integer_text(text: &str) -> bool {
    let bound = text.parse::<i64>().ok();
    bound.is_some_and(|bound| bound.checked_add(1).is_some() && bound.checked_sub(1).is_some())
}
