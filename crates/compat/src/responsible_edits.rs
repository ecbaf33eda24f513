//! Attributes breaks to edits. The best match is an edit of the keyword that refuses the value, at
//! the same location; otherwise an edit nearby.

use serde_json::Value;

use portcullis_contract::MessageDirection;

use super::change_level::ChangeLevel;
use super::containment::SchemaBreak;
use super::diff_rule::DiffRule;
use super::schema_diff::LocatedEdit;

/// The indices of the edits that caused a break. Only the best kind of match counts.
pub(super) fn responsible(
    edits: &[LocatedEdit],
    found: &SchemaBreak,
    side: MessageDirection,
) -> Vec<usize> {
    let criteria: [fn(&LocatedEdit, &SchemaBreak) -> bool; 4] =
        [is_same_keyword, is_same_value, is_inside, is_around];
    let may_break = |edit: &LocatedEdit| {
        DiffRule::named(edit.edit.rule).level(Some(side)) == ChangeLevel::Breaking
    };
    for matches in criteria {
        let causes: Vec<usize> = edits
            .iter()
            .enumerate()
            .filter(|(_, edit)| may_break(edit) && matches(edit, found))
            .map(|(number, _)| number)
            .collect();
        if !causes.is_empty() {
            return causes;
        }
    }
    // An edit that normally widens a schema can narrow it under `not` or `oneOf`.
    let (exact, _): (Vec<usize>, Vec<usize>) =
        (0..edits.len()).partition(|number| is_same_keyword(&edits[*number], found));
    if exact.is_empty() {
        (0..edits.len())
            .filter(|number| is_same_value(&edits[*number], found))
            .collect()
    } else {
        exact
    }
}

/// The same keyword at the same location.
fn is_same_keyword(edit: &LocatedEdit, found: &SchemaBreak) -> bool {
    let keyword = edit.edit.keyword;
    match (&edit.edit.property, found.keyword.as_str()) {
        (Some(name), "required") => {
            matches!(keyword, "properties" | "required")
                && is_at(parent(&edit.pointer), &found.pointer)
                && lacks(found, name)
        }
        (Some(_), _) => keyword == found.keyword && is_at(&edit.pointer, &found.pointer),
        (None, refused) => {
            let is_same = keyword == refused
                || (keyword == "type" && matches!(refused, "enum" | "const" | "nullable"))
                || (keyword == "oneOf" && refused == "anyOf")
                || (keyword == "enum" && refused == "const")
                || (keyword == "const" && refused == "enum");
            is_same && is_at(&edit.pointer, &found.pointer)
        }
    }
}

/// Whether the refused object lacks a property.
fn lacks(found: &SchemaBreak, name: &str) -> bool {
    let object = found.witness.pointer(&found.pointer);
    object
        .and_then(Value::as_object)
        .is_none_or(|object| !object.contains_key(name))
}

/// Another keyword at the same location, or one about a property of the refused object.
fn is_same_value(edit: &LocatedEdit, found: &SchemaBreak) -> bool {
    is_at(&edit.pointer, &found.pointer) || is_at(parent(&edit.pointer), &found.pointer)
}

/// An edit inside the refused value.
fn is_inside(edit: &LocatedEdit, found: &SchemaBreak) -> bool {
    begins_with(&edit.pointer, &found.pointer)
}

/// An edit around the refused value.
fn is_around(edit: &LocatedEdit, found: &SchemaBreak) -> bool {
    begins_with(&found.pointer, &edit.pointer)
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn is_at(pattern: &str, pointer: &str) -> bool {
    pattern.matches('/').count() == pointer.matches('/').count() && begins_with(pointer, pattern)
}

/// Whether a pointer starts with another; `*` matches any token.
fn begins_with(pointer: &str, start: &str) -> bool {
    let mut tokens = pointer.split('/').skip(1);
    let same = |token: &str, other: &str| token == other || token == "*" || other == "*";
    start
        .split('/')
        .skip(1)
        .all(|wanted| tokens.next().is_some_and(|token| same(token, wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_match_with_wildcards() {
        let check = |pattern: &str, pointer: &str, at: bool, inside: bool| {
            assert_eq!(is_at(pattern, pointer), at, "{pattern} {pointer}");
            assert_eq!(begins_with(pattern, pointer), inside, "{pattern} {pointer}");
        };
        check("", "", true, true);
        check("/a/*/b", "/a/3/b", true, true);
        check("/a/*", "/a", false, true);
        check("/a", "/b", false, false);
        check("/a", "/ab", false, false);
    }
}
