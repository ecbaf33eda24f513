//! Equality of values in JSON Schema: numbers are compared mathematically, objects without the
//! order of their members.
//!
//! All functions are recursive; the depth limit of the parse bounds them.

use std::hash::{BuildHasher, Hash, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};
use serde_json::{Number, Value};

use super::json_node::JsonNode;
use super::number::{self, Decimal};
use super::tape_entry::EntryTag;

/// Arrays up to this length are compared pair by pair.
const PAIRWISE_MAX: usize = 12;

/// Whether two values are equal. Numbers are compared exactly, whatever their size.
pub(super) fn nodes_equal(left: JsonNode<'_>, right: JsonNode<'_>) -> bool {
    let (left_entry, right_entry) = (left.entry(), right.entry());
    if left_entry.tag != right_entry.tag {
        return false;
    }
    let left_text = || left.tape.text(left_entry, left.source);
    let right_text = || right.tape.text(right_entry, right.source);
    match left_entry.tag {
        EntryTag::Null | EntryTag::False | EntryTag::True => true,
        EntryTag::String | EntryTag::Key => left_text() == right_text(),
        EntryTag::Number => numbers_equal(left_text(), right_text()),
        EntryTag::Array => {
            left.len() == right.len()
                && left
                    .elements()
                    .zip(right.elements())
                    .all(|(l, r)| nodes_equal(l, r))
        }
        EntryTag::Object => {
            left.len() == right.len()
                && left
                    .members()
                    .all(|(name, l)| right.get(name).is_some_and(|r| nodes_equal(l, r)))
        }
    }
}

fn numbers_equal(left: &str, right: &str) -> bool {
    left == right || Decimal::new(left) == Decimal::new(right)
}

/// Whether a value equals a value of a schema.
pub(super) fn equals_value(node: JsonNode<'_>, expected: &Value) -> bool {
    match expected {
        Value::Null => node.is_null(),
        Value::Bool(expected) => node.as_bool() == Some(*expected),
        Value::String(expected) => node.as_str() == Some(expected),
        Value::Number(expected) => node
            .number_text()
            .is_some_and(|text| equals_number(text, expected)),
        Value::Array(expected) => {
            node.is_array()
                && node.len() == expected.len()
                && node
                    .elements()
                    .zip(expected)
                    .all(|(node, expected)| equals_value(node, expected))
        }
        Value::Object(expected) => {
            node.is_object()
                && node.len() == expected.len()
                && expected.iter().all(|(name, expected)| {
                    node.get(name).is_some_and(|n| equals_value(n, expected))
                })
        }
    }
}

/// Compares a number with a number of a schema. If `serde_json` rounded the latter, its shortest
/// text stands for the number that the schema means.
fn equals_number(text: &str, expected: &Number) -> bool {
    if let Some(expected) = expected.as_i64()
        && let Some(integer) = number::as_i64(text)
    {
        return integer == expected;
    }
    Decimal::new(text) == Decimal::new(&expected.to_string())
}

/// Whether no two elements of an array are equal.
pub(super) fn is_unique(array: JsonNode<'_>) -> bool {
    let elements = array.elements();
    if elements.len() <= PAIRWISE_MAX {
        let mut rest = elements;
        while let Some(element) = rest.next() {
            if rest.clone().any(|other| nodes_equal(element, other)) {
                return false;
            }
        }
        return true;
    }
    let seed = DefaultHashBuilder::default();
    let mut seen = HashTable::with_capacity(elements.len());
    for element in elements {
        let hash = hash_node(element, &seed);
        if seen
            .find(hash, |&other| nodes_equal(element, other))
            .is_some()
        {
            return false;
        }
        seen.insert_unique(hash, element, |&other| hash_node(other, &seed));
    }
    true
}

/// Hashes a value; equal values have equal hashes.
fn hash_node(node: JsonNode<'_>, seed: &DefaultHashBuilder) -> u64 {
    let mut hasher = seed.build_hasher();
    let entry = node.entry();
    hasher.write_u8(entry.tag as u8);
    match entry.tag {
        EntryTag::Null | EntryTag::False | EntryTag::True => {}
        EntryTag::String | EntryTag::Key => node.tape.text(entry, node.source).hash(&mut hasher),
        EntryTag::Number => {
            // Equal numbers round to the same float; adding 0.0 makes both zeros equal.
            let rounded = node.as_f64().unwrap_or_default() + 0.0;
            rounded.to_bits().hash(&mut hasher);
        }
        EntryTag::Array => {
            for element in node.elements() {
                hasher.write_u64(hash_node(element, seed));
            }
        }
        EntryTag::Object => {
            let members = node
                .members()
                .map(|(name, value)| seed.hash_one((name, hash_node(value, seed))));
            hasher.write_u64(members.fold(0, u64::wrapping_add));
        }
    }
    hasher.finish()
}
