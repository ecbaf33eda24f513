//! Recognizes the edit that a break belongs to: the one of the refusing keyword, at the same place.

use std::sync::Arc;

use serde_json::Value;

use super::containment::SchemaBreak;
use super::schema_diff::SchemaEdit;

/// Whether a break is by the keyword that an edit changed, at one of the edit's places.
pub(super) fn is_by_edit(edit: &SchemaEdit, places: &[Arc<str>], found: &SchemaBreak) -> bool {
    let keyword = edit.keyword;
    match (&edit.property, found.keyword.as_str()) {
        (Some(name), "required") => {
            matches!(keyword, "properties" | "required")
                && places.iter().any(|at| is_at(parent(at), &found.pointer))
                && lacks(found, name)
        }
        (Some(_), _) => keyword == found.keyword && is_at_any(places, &found.pointer),
        // A read-only property is not required in requests, a write-only one not in responses.
        (None, "required") if matches!(keyword, "readOnly" | "writeOnly") => {
            places.iter().any(|at| is_at(parent(at), &found.pointer))
        }
        (None, refused) => {
            let is_same = keyword == refused
                || is_maximum(keyword) && is_maximum(refused)
                || is_minimum(keyword) && is_minimum(refused)
                || (keyword == "type" && matches!(refused, "enum" | "const" | "nullable"))
                || (keyword == "oneOf" && refused == "anyOf")
                || (keyword == "enum" && refused == "const")
                || (keyword == "const" && refused == "enum");
            is_same && is_at_any(places, &found.pointer)
        }
    }
}

/// Whether a keyword is an upper bound. OpenAPI 3.0 writes both forms with one keyword.
fn is_maximum(keyword: &str) -> bool {
    matches!(keyword, "maximum" | "exclusiveMaximum")
}

fn is_minimum(keyword: &str) -> bool {
    matches!(keyword, "minimum" | "exclusiveMinimum")
}

/// Whether a pointer is one of the places of an edit.
pub(super) fn is_at_any(places: &[Arc<str>], pointer: &str) -> bool {
    places.iter().any(|at| is_at(at, pointer))
}

/// Whether the refused object lacks a property.
fn lacks(found: &SchemaBreak, name: &str) -> bool {
    let object = found.witness.pointer(&found.pointer);
    object
        .and_then(Value::as_object)
        .is_none_or(|object| !object.contains_key(name))
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Whether a pointer matches a pattern, in which `*` stands for any token.
fn is_at(pattern: &str, pointer: &str) -> bool {
    let (mut wanted, mut tokens) = (pattern.split('/').skip(1), pointer.split('/').skip(1));
    loop {
        match (wanted.next(), tokens.next()) {
            (None, None) => return true,
            (Some(wanted), Some(token)) if wanted == "*" || wanted == token => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_match_with_wildcards() {
        let check = |pattern: &str, pointer: &str, expected: bool| {
            assert_eq!(is_at(pattern, pointer), expected, "{pattern} {pointer}");
        };
        check("", "", true);
        check("/a/*/b", "/a/3/b", true);
        check("/a/*", "/a", false);
        check("/a", "/b", false);
        check("/a", "/ab", false);
    }
}
