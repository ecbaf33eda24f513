//! Finds the field that a misspelt name probably means.
//!
//! Nearness is strict, because Schema Objects of OpenAPI 3.1 may have other keywords.

use portcullis_json::JsonNode;

use super::object_kind::ObjectKind;
use crate::openapi::dialect::Dialect;
use crate::openapi::near_name::{is_same_name, nearest_name, plain_name};

/// Other names that authors write for a keyword of a Schema Object.
const SYNONYMS: [(&str, &str); 8] = [
    ("defs", "$defs"),
    ("max", "maximum"),
    ("maxlen", "maxLength"),
    ("min", "minimum"),
    ("minlen", "minLength"),
    ("ref", "$ref"),
    ("regex", "pattern"),
    ("regexp", "pattern"),
];

/// The field of an object that `name` probably means. A field that the object already has is meant
/// only if the names differ in nothing but case and separators.
pub(super) fn near_field(
    kind: ObjectKind,
    dialect: Dialect,
    object: JsonNode<'_>,
    name: &str,
) -> Option<&'static str> {
    let fields = kind.fields().iter().filter(|field| field.is_in(dialect));
    let known = fields.map(|field| field.name);
    if let Some(same) = known.clone().find(|known| is_same_name(known, name)) {
        return Some(same);
    }
    let absent = known.filter(|known| object.get(known).is_none());
    if kind == ObjectKind::Schema
        && let Some((_, meant)) = SYNONYMS
            .iter()
            .find(|(other, _)| *other == plain_name(name))
    {
        return absent.clone().find(|known| known == meant);
    }
    let alike = absent.filter(|known| known.starts_with('$') == name.starts_with('$'));
    nearest_name(alike, name)
}
