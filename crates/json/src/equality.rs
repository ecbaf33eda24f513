//! Equality of values in JSON Schema: numbers are compared mathematically, objects without the
//! order of their members. Of members with the same name, only the last one counts.
//!
//! The hash of a value agrees with equality exactly: equal values have equal hashes, and the hash
//! covers everything that equality compares. A hash that rounds would let a sender choose many
//! different values with one hash, and every set of them would be quadratic.
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
            member_count(left) == member_count(right)
                && left.members().all(|(name, l)| {
                    is_overridden(left, name, l)
                        || right.get(name).is_some_and(|r| nodes_equal(l, r))
                })
        }
    }
}

/// The number of different names in an object.
fn member_count(object: JsonNode<'_>) -> usize {
    if !object.tape.has_duplicates() {
        return object.len();
    }
    let members = object.members();
    members
        .filter(|(name, value)| !is_overridden(object, name, *value))
        .count()
}

/// Whether a later member of the object has the same name.
fn is_overridden(object: JsonNode<'_>, name: &str, value: JsonNode<'_>) -> bool {
    object.tape.has_duplicates()
        && object
            .get(name)
            .is_some_and(|last| last.index() != value.index())
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
                && member_count(node) == expected.len()
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
        let same = |other: &(u64, JsonNode<'_>)| other.0 == hash && nodes_equal(element, other.1);
        if seen.find(hash, same).is_some() {
            return false;
        }
        seen.insert_unique(hash, (hash, element), |(hash, _)| *hash);
    }
    true
}

/// Hashes a value; equal values have equal hashes.
pub(super) fn hash_node(node: JsonNode<'_>, seed: &DefaultHashBuilder) -> u64 {
    let mut hasher = seed.build_hasher();
    let entry = node.entry();
    hasher.write_u8(entry.tag as u8);
    match entry.tag {
        EntryTag::Null | EntryTag::False | EntryTag::True => {}
        EntryTag::String | EntryTag::Key => node.tape.text(entry, node.source).hash(&mut hasher),
        EntryTag::Number => Decimal::new(node.tape.text(entry, node.source)).hash(&mut hasher),
        EntryTag::Array => {
            for element in node.elements() {
                hasher.write_u64(hash_node(element, seed));
            }
        }
        EntryTag::Object => {
            let members = node
                .members()
                .filter(|(name, value)| !is_overridden(node, name, *value))
                .map(|(name, value)| seed.hash_one((name, hash_node(value, seed))));
            hasher.write_u64(members.fold(0, u64::wrapping_add));
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{DuplicateKeys, JsonLimits, Tape};

    /// Whether two JSON texts are equal as values. Fails if their hashes say otherwise.
    fn equal(left: &str, right: &str) -> bool {
        let limits = JsonLimits {
            duplicate_keys: DuplicateKeys::Allow,
            ..JsonLimits::default()
        };
        let text = format!("[{left},{right}]");
        let mut tape = Tape::new();
        let source = tape.parse("", text.as_bytes(), limits).expect("JSON");
        let pair: Vec<JsonNode<'_>> = tape.root(source).elements().collect();
        let seed = DefaultHashBuilder::default();
        let are_equal = nodes_equal(pair[0], pair[1]);
        assert_eq!(are_equal, nodes_equal(pair[1], pair[0]), "{text}");
        let are_hashed_alike = hash_node(pair[0], &seed) == hash_node(pair[1], &seed);
        assert_eq!(are_equal, are_hashed_alike, "{text}");
        are_equal
    }

    #[test]
    fn hashes_are_as_exact_as_equality() {
        for (left, right, expected) in [
            ("1e-400", "1e-401", false),
            ("1e-400", "10e-401", true),
            (
                "100000000000000000000000000000000001",
                "100000000000000000000000000000000002",
                false,
            ),
            (
                "100000000000000000000000000000000001",
                "100000000000000000000000000000000001.00",
                true,
            ),
            ("1234567890123456789", "12345678901234567890", false),
            ("10000000000000000000100", "1.00000000000000000001e22", true),
            ("0.1", "0.10000000000000000000000001", false),
            ("0", "-0.0e7", true),
            ("-3", "3", false),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#, true),
            (r#"{"a":1,"a":2}"#, r#"{"a":1,"b":2}"#, false),
            (r#"{"a":1,"b":[0.50]}"#, r#"{"b":[5e-1],"a":1.0}"#, true),
        ] {
            assert_eq!(equal(left, right), expected, "{left} {right}");
        }
    }

    /// Literals that round to few floats.
    fn literal() -> impl Strategy<Value = String> {
        prop_oneof![
            "-?[1-3]0{30,36}[0-9]",
            "-?[1-9](\\.0{1,2})?e-3[0-9]{2}",
            "-?0\\.10{20,24}[0-9]",
            "-?[0-9](\\.[0-9]{1,3})?(e[+-]?[0-3])?",
        ]
    }

    proptest! {
        #[test]
        fn numbers_hash_alike_exactly_if_they_are_equal(left in literal(), right in literal()) {
            equal(&left, &right);
        }

        #[test]
        fn a_number_in_another_notation_is_the_same(digits in "[1-9][0-9]{0,40}", zeros in 0_usize..9) {
            let shifted = format!("{digits}{}e-{zeros}", "0".repeat(zeros));
            prop_assert!(equal(&digits, &shifted));
            let scientific = format!("{}.{}0e{}", &digits[..1], &digits[1..], digits.len() - 1);
            prop_assert!(equal(&digits, &scientific));
        }
    }
}
