//! Which edits a break comes from: those at the place that is refused, by the keyword that
//! refuses it, or those that are near.

use serde_json::Value;

use portcullis_contract::MessageDirection;

use super::change_level::ChangeLevel;
use super::containment::SchemaBreak;
use super::diff_rule::DiffRule;
use super::schema_diff::LocatedEdit;

/// The numbers of the edits that a break comes from; the best kind of match counts alone.
pub(super) fn responsible(
    edits: &[LocatedEdit],
    found: &SchemaBreak,
    side: MessageDirection,
) -> Vec<usize> {
    let ways: [fn(&LocatedEdit, &SchemaBreak) -> bool; 4] =
        [is_same_keyword, is_same_value, is_inside, is_around];
    let may_break = |edit: &LocatedEdit| {
        DiffRule::named(edit.edit.rule).level(Some(side)) == ChangeLevel::Breaking
    };
    for way in ways {
        let causes: Vec<usize> = edits
            .iter()
            .enumerate()
            .filter(|(_, edit)| may_break(edit) && way(edit, found))
            .map(|(number, _)| number)
            .collect();
        if !causes.is_empty() {
            return causes;
        }
    }
    // An edit that usually widens may narrow below `not`, or where alternatives exclude others.
    let (exact, _): (Vec<usize>, Vec<usize>) =
        (0..edits.len()).partition(|number| is_same_keyword(&edits[*number], found));
    match exact.is_empty() {
        true => (0..edits.len())
            .filter(|number| is_same_value(&edits[*number], found))
            .collect(),
        false => exact,
    }
}

/// The same keyword at the same place.
fn is_same_keyword(edit: &LocatedEdit, found: &SchemaBreak) -> bool {
    let keyword = edit.edit.keyword;
    match (&edit.edit.member, found.keyword.as_str()) {
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

/// Whether the refused object lacks a member.
fn lacks(found: &SchemaBreak, name: &str) -> bool {
    let object = found.witness.pointer(&found.pointer);
    object
        .and_then(Value::as_object)
        .is_none_or(|object| !object.contains_key(name))
}

/// Another keyword at the same place, or one about a member of the refused object.
fn is_same_value(edit: &LocatedEdit, found: &SchemaBreak) -> bool {
    is_at(&edit.pointer, &found.pointer) || is_at(parent(&edit.pointer), &found.pointer)
}

/// Somewhere inside of what is refused.
fn is_inside(edit: &LocatedEdit, found: &SchemaBreak) -> bool {
    begins_with(&edit.pointer, &found.pointer)
}

/// Somewhere around what is refused.
fn is_around(edit: &LocatedEdit, found: &SchemaBreak) -> bool {
    begins_with(&found.pointer, &edit.pointer)
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn is_at(pattern: &str, pointer: &str) -> bool {
    pattern.matches('/').count() == pointer.matches('/').count() && begins_with(pointer, pattern)
}

/// Whether a pointer begins with another one; `*` is any token.
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
    fn pointers_with_gaps() {
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
