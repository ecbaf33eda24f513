//! Properties that hold for every value and every text.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Number;

use super::*;
use crate::SyntaxErrorKind;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<u64>().prop_map(|number| Value::Number(number.into())),
        any::<i64>().prop_map(|number| Value::Number(number.into())),
        any::<f64>().prop_map(|number| Number::from_f64(number).map_or(Value::Null, Value::Number)),
        any::<String>().prop_map(Value::String),
        "[\"\\\\\u{0}-\u{1f}a-c/]{0,20}".prop_map(Value::String),
    ];
    leaf.prop_recursive(6, 200, 24, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..24).prop_map(Value::Array),
            btree_map("[a-e~/]{0,3}|[é-ú]{1,3}|\"[\\n\"]", inner, 0..24)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Texts close to JSON: a printed value with some bytes replaced.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let marks = prop::sample::select(b"[]{},:\"\\u0e+-.19tfn \n\x00\xC3\xA9".to_vec());
    (value(), vec((any::<prop::sample::Index>(), marks), 0..4)).prop_map(|(value, edits)| {
        let mut text = value.to_string().into_bytes();
        for (at, mark) in edits {
            let at = at.index(text.len());
            text[at] = mark;
        }
        text
    })
}

/// The tape agrees with `serde_json`, except where it is stricter by intent.
fn check_agreement(bytes: &[u8]) {
    let mut tape = Tape::new();
    let expected = serde_json::from_slice::<Value>(bytes);
    match tape.parse("body", bytes, JsonLimits::default()) {
        Ok(text) => assert_eq!(
            tape.root(text).to_value(),
            expected.expect("refused by the other")
        ),
        Err(error) => {
            let stricter = matches!(error.kind, SyntaxErrorKind::DuplicateKey(_));
            assert!(stricter || expected.is_err(), "{error}");
            assert!(error.offset <= bytes.len());
        }
    }
}

proptest! {
    #[test]
    fn printed_values_are_read_back(value in value()) {
        let compact = value.to_string();
        prop_assert_eq!(parse(&compact), Ok(value.clone()));
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(parse(&pretty), Ok(value.clone()));
        let tape = tape(&pretty);
        let read = Value::deserialize(tape.root(&pretty));
        prop_assert_eq!(read, Ok(value));
    }

    #[test]
    fn nearly_json_is_treated_as_by_serde_json(bytes in nearly_json()) {
        check_agreement(&bytes);
    }

    #[test]
    fn any_bytes_are_treated_as_by_serde_json(bytes in vec(any::<u8>(), 0..40)) {
        check_agreement(&bytes);
    }

    #[test]
    fn punctuation_is_treated_as_by_serde_json(text in "[\\[\\]{}:,\"\\\\u0-2eE.tfn+\\- ]{0,24}") {
        check_agreement(text.as_bytes());
    }

    #[test]
    fn a_decimal_is_read_to_the_nearest_float(text in "-?(0|[1-9][0-9]{0,16})(\\.[0-9]{1,16})?") {
        let nearest: f64 = text.parse().unwrap();
        let read = tape(&text).root(&text).as_f64();
        prop_assert_eq!(read.map(f64::to_bits), Some(nearest.to_bits()));
    }

    #[test]
    fn every_value_is_found_by_name(value in value()) {
        let text = value.to_string();
        let tape = tape(&text);
        let mut pending = vec![tape.root(&text)];
        while let Some(node) = pending.pop() {
            for (name, member) in node.members() {
                prop_assert_eq!(node.get(name).map(|found| found.index()), Some(member.index()));
                prop_assert_eq!(member.key(), Some(name));
            }
            pending.extend(node.members().map(|(_, member)| member).chain(node.elements()));
        }
    }

    #[test]
    fn an_equal_value_is_equal(value in value()) {
        use jsonschema::json::Node as _;
        let text = value.to_string();
        prop_assert!(tape(&text).root(&text).equals_value(&value));
        let twice = format!("[{text},{text}]");
        let schema = serde_json::json!({"properties": {"body": {"uniqueItems": true}}});
        let validator = jsonschema::options_for::<crate::TapeJson>().build(&schema).unwrap();
        prop_assert!(!validator.is_valid(tape(&twice).wrapped(&twice)));
    }
}
