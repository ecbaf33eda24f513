//! Finds the field that a misspelt name probably means.
//!
//! Nearness is strict, because Schema Objects of OpenAPI 3.1 may have keywords of their own: a
//! longer name may differ in one or two letters, a shorter one only in its case or separators.

use portcullis_json::JsonNode;

use super::object_kind::ObjectKind;
use crate::openapi::dialect::Dialect;

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
    let plain_name = plain(name);
    let fields = kind.fields().iter().filter(|field| field.is_in(dialect));
    let known = fields.map(|field| field.name);
    if let Some(same) = known.clone().find(|known| plain(known) == plain_name) {
        return Some(same);
    }
    let absent = known.filter(|known| object.get(known).is_none());
    if kind == ObjectKind::Schema
        && let Some((_, meant)) = SYNONYMS.iter().find(|(other, _)| *other == plain_name)
    {
        return absent.clone().find(|known| known == meant);
    }
    let rated = absent
        .filter(|known| known.starts_with('$') == name.starts_with('$'))
        .map(|known| {
            let known_plain = plain(known);
            let distance = strsim::damerau_levenshtein(&known_plain, &plain_name);
            (distance, known, distance_max(known_plain.len()))
        });
    let near = rated.filter(|(distance, _, most)| distance <= most);
    near.min_by_key(|(distance, _, _)| *distance)
        .map(|(_, known, _)| known)
}

/// The greatest distance of a misspelt name from a field with a name of this length.
const fn distance_max(length: usize) -> usize {
    match length {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// A name without case and separators.
fn plain(name: &str) -> String {
    name.replace(['-', '_', ' '], "").to_lowercase()
}
