//! One-line cases for each keyword, and for the values that a producer sends.

#![expect(
    clippy::needless_pass_by_value,
    reason = "a case is one line, and its schemas are written there"
)]

use serde_json::{Value, json};

use super::super::containment_verdict::{ProducerReading, ValueEncoding};
use super::super::text_form::{ItemSeparation, TextCarrier, TextForm};
use super::drafts::lowered;
use super::harness::{Outcome, decide, validator};

/// A query parameter with the default style.
const QUERY: TextForm = TextForm {
    carrier: TextCarrier::Query,
    items: ItemSeparation::Pairs,
    excludes_empty: false,
};

fn outcome(
    one: &Value,
    other: &Value,
    reading: ProducerReading,
    encoding: ValueEncoding,
) -> Outcome {
    let (first, second) = (
        validator(one, 2020).unwrap(),
        validator(other, 2020).unwrap(),
    );
    let is_counterexample = |value: &Value| {
        let readings = match encoding {
            ValueEncoding::Json => vec![value.clone()],
            ValueEncoding::Text(_) => super::super::text_readings::readings(value),
        };
        Some(first.is_valid(value) && !readings.iter().any(|reading| second.is_valid(reading)))
    };
    let documents = [lowered(one, 2020), lowered(other, 2020)];
    decide(
        &documents[0],
        &documents[1],
        reading,
        encoding,
        &is_counterexample,
    )
}

#[track_caller]
fn within(one: Value, other: Value) {
    assert_eq!(
        outcome(&one, &other, ProducerReading::Accepted, ValueEncoding::Json),
        Outcome::Contained,
        "{one} {other}"
    );
}

/// Not within, as the given smallest value shows.
#[track_caller]
fn beyond(one: Value, other: Value, witness: Value) {
    assert_eq!(
        outcome(&one, &other, ProducerReading::Accepted, ValueEncoding::Json),
        Outcome::Not(witness),
        "{one} {other}"
    );
}

/// Both schemas accept the same values.
#[track_caller]
fn same(one: Value, other: Value) {
    within(one.clone(), other.clone());
    within(other, one);
}

#[track_caller]
fn sent_within(one: Value, other: Value) {
    assert_eq!(
        outcome(&one, &other, ProducerReading::Sent, ValueEncoding::Json),
        Outcome::Contained,
        "{one} {other}"
    );
}

#[track_caller]
fn sent_beyond(one: Value, other: Value, witness: Value) {
    assert_eq!(
        outcome(&one, &other, ProducerReading::Sent, ValueEncoding::Json),
        Outcome::Not(witness),
        "{one} {other}"
    );
}

#[track_caller]
fn text_within(one: Value, other: Value) {
    assert_eq!(
        outcome(
            &one,
            &other,
            ProducerReading::Sent,
            ValueEncoding::Text(QUERY)
        ),
        Outcome::Contained,
        "{one} {other}"
    );
}

#[track_caller]
fn text_beyond(one: Value, other: Value, witness: Value) {
    assert_eq!(
        outcome(
            &one,
            &other,
            ProducerReading::Sent,
            ValueEncoding::Text(QUERY)
        ),
        Outcome::Not(witness),
        "{one} {other}"
    );
}

#[track_caller]
fn undecided(one: Value, other: Value) {
    let outcome = outcome(&one, &other, ProducerReading::Accepted, ValueEncoding::Json);
    assert!(
        matches!(outcome, Outcome::Undecided(_)),
        "{one} {other} {outcome:?}"
    );
}

#[test]
fn types_and_values() {
    within(json!({"type": "integer"}), json!({"type": "number"}));
    beyond(
        json!({"type": "number"}),
        json!({"type": "integer"}),
        json!(0.5),
    );
    within(
        json!({"type": "integer"}),
        json!({"type": ["string", "number"]}),
    );
    within(json!(false), json!({"type": "null"}));
    same(json!({"enum": [true, false]}), json!({"type": "boolean"}));
    same(json!({"enum": [1]}), json!({"const": 1.0}));
    same(
        json!({"enum": [0, 1, 2]}),
        json!({"type": "integer", "minimum": 0, "maximum": 2}),
    );
    beyond(
        json!({"enum": ["a", "b", "c"]}),
        json!({"enum": ["a", "c"]}),
        json!("b"),
    );
    beyond(
        json!({"type": ["string", "null"]}),
        json!({"type": "string"}),
        json!(null),
    );
    same(
        json!({"not": {"not": {"type": "null"}}}),
        json!({"type": "null"}),
    );
    within(
        json!({"enum": [{"a": [1]}]}),
        json!({"properties": {"a": {"contains": {"const": 1}}}}),
    );
    beyond(
        json!({"type": "array"}),
        json!({"not": {"const": [[]]}}),
        json!([[]]),
    );
    beyond(
        json!({"type": "object"}),
        json!({"not": {"const": {"a": 1}}}),
        json!({"a": 1}),
    );
}

#[test]
fn numbers() {
    let between = |low: f64, high: f64| json!({"type": "number", "minimum": low, "maximum": high});
    within(between(1.0, 2.0), between(0.5, 2.0));
    beyond(between(0.0, 2.0), between(0.5, 2.0), json!(0));
    same(
        json!({"type": "integer", "exclusiveMinimum": -1}),
        json!({"type": "integer", "minimum": 0}),
    );
    same(
        json!({"type": "integer", "multipleOf": 0.5}),
        json!({"type": "integer"}),
    );
    within(
        json!({"type": "number", "multipleOf": 6}),
        json!({"multipleOf": 1.5}),
    );
    beyond(
        json!({"multipleOf": 2, "type": "number"}),
        json!({"multipleOf": 4}),
        json!(2),
    );
    within(
        json!({"multipleOf": 0.01, "type": "number"}),
        json!({"multipleOf": 0.001}),
    );
    beyond(
        json!({"multipleOf": 0.001, "type": "number"}),
        json!({"multipleOf": 0.01}),
        json!(0.001),
    );
    same(
        json!({"allOf": [{"multipleOf": 4}, {"multipleOf": 6}], "type": "integer"}),
        json!({"multipleOf": 12, "type": "number"}),
    );
    within(
        json!({"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 1}),
        json!(false),
    );
    within(
        json!({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2}),
        json!(false),
    );
    beyond(
        json!({"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 2}),
        json!(false),
        json!(1.5),
    );
    beyond(
        json!({"type": "integer", "minimum": 9_007_199_254_740_993_u64}),
        json!({"minimum": 9_007_199_254_740_994_u64}),
        json!(9_007_199_254_740_993_u64),
    );
    within(
        json!({"type": "integer", "minimum": 1, "maximum": 10, "not": {"multipleOf": 2}}),
        json!({"enum": [1, 3, 5, 7, 9]}),
    );
}

fn textual(more: Value) -> Value {
    let mut schema = json!({"type": "string"});
    let keywords = schema.as_object_mut().unwrap();
    keywords.extend(more.as_object().unwrap().clone());
    schema
}

#[test]
fn strings() {
    let text = textual;
    within(
        text(json!({"minLength": 2, "maxLength": 3})),
        json!({"minLength": 1}),
    );
    beyond(
        text(json!({"maxLength": 4})),
        json!({"maxLength": 3}),
        json!("aaaa"),
    );
    within(
        text(json!({"pattern": "^[a-f]+$"})),
        json!({"pattern": "^[a-z]*$"}),
    );
    beyond(
        text(json!({"pattern": "^[0-9a-z]$"})),
        json!({"pattern": "[a-z]"}),
        json!("0"),
    );
    same(
        text(json!({"pattern": "^.{2,3}$", "maxLength": 2})),
        text(json!({"pattern": "^..$"})),
    );
    same(
        text(json!({"pattern": "^(a|b)$"})),
        json!({"enum": ["a", "b"]}),
    );
    within(
        text(json!({"pattern": "^\\d{4}$"})),
        json!({"minLength": 4, "maxLength": 4}),
    );
    within(text(json!({"pattern": "^é{3}$"})), json!({"maxLength": 3}));
    beyond(
        text(json!({"minLength": 1})),
        json!({"pattern": "."}),
        json!("\n"),
    );
}

#[test]
fn formats_and_lookarounds() {
    let text = textual;
    within(
        text(json!({"format": "date"})),
        json!({"minLength": 10, "maxLength": 10}),
    );
    within(
        text(json!({"format": "uuid"})),
        json!({"pattern": "^[0-9a-fA-F-]{36}$"}),
    );
    beyond(
        text(json!({"format": "date-time"})),
        json!({"maxLength": 20}),
        json!("2026-01-01T00:00:00.123456Z"),
    );
    beyond(
        json!({"type": "string"}),
        json!({"format": "date"}),
        json!(""),
    );
    beyond(
        text(json!({"pattern": "^(?=a)[ab]$"})),
        json!({"maxLength": 0}),
        json!("a"),
    );
    within(
        text(json!({"pattern": "^(?=a)[ab]$"})),
        json!({"maxLength": 1}),
    );
    within(
        text(json!({"pattern": "^(?=ab)[ab]+$"})),
        text(json!({"pattern": "^a"})),
    );
    beyond(
        text(json!({"pattern": "^(?!\\s*$).+"})),
        json!({"minLength": 2}),
        json!("a"),
    );
    within(
        text(json!({"pattern": "^(?!\\s*$).+"})),
        json!({"pattern": "\\S"}),
    );
    // A lookahead constrains strings only.
    beyond(
        json!({"type": "number", "pattern": "^(?!a)"}),
        json!({"type": "integer"}),
        json!(0.5),
    );
    undecided(
        text(json!({"pattern": "^(a+)b\\1$"})),
        json!({"minLength": 3}),
    );
}

#[test]
fn objects() {
    let declares = |members: Value| json!({"type": "object", "properties": members});
    within(
        json!({"type": "object", "required": ["a", "b"]}),
        json!({"required": ["b"]}),
    );
    beyond(
        json!({"type": "object", "required": ["a"]}),
        json!({"required": ["b"]}),
        json!({"a": null}),
    );
    within(
        declares(json!({"a": {"const": 1}})),
        declares(json!({"a": {"type": "integer"}})),
    );
    beyond(
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}),
        declares(json!({"a": {"minimum": 1}})),
        json!({"a": 0}),
    );
    beyond(
        json!({"type": "object"}),
        json!({"additionalProperties": false}),
        json!({"a": null}),
    );
    within(
        json!({"type": "object", "maxProperties": 0}),
        json!({"additionalProperties": false}),
    );
    within(
        json!({"additionalProperties": false, "properties": {"a": {}}}),
        json!({"maxProperties": 1}),
    );
    within(
        json!({"type": "object", "additionalProperties": false, "properties": {"a": {}}, "minProperties": 1}),
        json!({"required": ["a"]}),
    );
    within(
        json!({"type": "object", "propertyNames": {"enum": ["a", "b"]}, "minProperties": 2}),
        json!({"required": ["a", "b"]}),
    );
    within(
        json!({"patternProperties": {"^a": {"type": "integer"}}}),
        json!({"patternProperties": {"^ab": {"type": "number"}}}),
    );
    beyond(
        json!({"type": "object", "patternProperties": {"^ab": {"type": "number"}}}),
        json!({"patternProperties": {"^a": {"type": "number"}}}),
        json!({"a": null}),
    );
    within(
        json!({"dependentRequired": {"a": ["b"]}, "required": ["a"]}),
        json!({"required": ["b"]}).pointer("").map_or(
            json!(true),
            |schema| json!({"anyOf": [schema, {"not": {"type": "object"}}]}),
        ),
    );
    same(
        json!({"if": {"required": ["a"]}, "then": {"required": ["b"]}, "type": "object"}),
        json!({"dependentRequired": {"a": ["b"]}, "type": "object"}),
    );
}

#[test]
fn arrays() {
    let items = |schema: Value| json!({"type": "array", "items": schema});
    within(
        items(json!({"const": 1})),
        items(json!({"type": "integer"})),
    );
    beyond(
        items(json!({"type": "number"})),
        items(json!({"type": "integer"})),
        json!([0.5]),
    );
    within(
        json!({"type": "array", "prefixItems": [{"const": 1}], "items": false}),
        json!({"maxItems": 1}),
    );
    beyond(
        json!({"type": "array", "maxItems": 2}),
        json!({"prefixItems": [true, {"type": "null"}]}),
        json!([null, true]),
    );
    within(
        json!({"type": "array", "items": {"type": "boolean"}, "uniqueItems": true}),
        json!({"maxItems": 2}),
    );
    beyond(
        json!({"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": true, "minItems": 3}),
        json!({"contains": {"const": 4}}),
        json!([1, 2, 3]),
    );
    beyond(
        json!({"type": "array", "minItems": 2}),
        json!({"uniqueItems": true}),
        json!([null, null]),
    );
    within(
        json!({"type": "array", "contains": {"const": 1}, "minContains": 2}),
        json!({"minItems": 2}),
    );
    beyond(
        json!({"type": "array", "minItems": 1}),
        json!({"contains": {"type": "string"}, "maxContains": 0, "minContains": 0}),
        json!([""]),
    );
    within(
        json!({"type": "array", "items": {"type": "string"}, "minItems": 1}),
        json!({"contains": {"type": "string"}}),
    );
    within(
        json!({"type": "array", "prefixItems": [{"const": 1}, {"const": 1}], "minItems": 2}),
        json!({"not": {"uniqueItems": true}}),
    );
}

#[test]
fn alternatives_and_unevaluated_parts() {
    same(
        json!({"oneOf": [{"type": "string"}, {"type": "null"}]}),
        json!({"type": ["null", "string"]}),
    );
    beyond(
        json!({"anyOf": [{"type": "integer"}, {"minimum": 0}]}),
        json!({"oneOf": [{"type": "integer"}, {"minimum": 0}]}),
        json!(0),
    );
    within(
        json!({"allOf": [{"type": "string"}, {"minLength": 1}]}),
        json!({"type": "string", "minLength": 1}),
    );
    same(
        json!({"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"type": "string"}}}),
        json!({"type": "string"}),
    );
    let closed = json!({"allOf": [{"properties": {"a": {}}}], "properties": {"b": {}}, "unevaluatedProperties": false});
    same(
        closed,
        json!({"properties": {"a": {}, "b": {}}, "additionalProperties": false}),
    );
    let by_kind = json!({"anyOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}, {"properties": {"b": {}}}], "type": "object", "unevaluatedProperties": false});
    beyond(by_kind.clone(), json!({"required": ["a"]}), json!({}));
    within(
        by_kind,
        json!({"properties": {"a": {"const": 1}, "b": true}, "additionalProperties": false}),
    );
    same(
        json!({"type": "array", "prefixItems": [true], "unevaluatedItems": false}),
        json!({"type": "array", "maxItems": 1}),
    );
}

#[test]
fn recursion() {
    let list = |end: Value| json!({"type": "object", "properties": {"next": {"anyOf": [end, {"$ref": "#"}]}, "v": {"type": "integer"}}});
    within(
        list(json!({"type": "null"})),
        list(json!({"type": ["null", "string"]})),
    );
    beyond(
        list(json!({"type": "string"})),
        list(json!({"type": "null"})),
        json!({"next": ""}),
    );
    let unrolled = json!({"$ref": "#/$defs/one", "$defs": {
        "one": {"type": "object", "properties": {"next": {"$ref": "#/$defs/two"}}},
        "two": {"type": "object", "properties": {"next": {"$ref": "#/$defs/one"}}},
    }});
    same(
        unrolled,
        json!({"type": "object", "properties": {"next": {"$ref": "#"}}}),
    );
    within(
        json!({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}}),
        json!(false),
    );
}

#[test]
fn only_declared_properties_are_sent() {
    let old = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let new = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}});
    sent_within(old.clone(), new.clone());
    sent_beyond(
        new,
        json!({"type": "object", "properties": {"a": {}}, "additionalProperties": false}),
        json!({"b": 0}),
    );
    // An object without declared properties is a map, and a schema may declare itself open.
    sent_beyond(json!({"type": "object"}), old.clone(), json!({"a": null}));
    sent_beyond(
        json!({"type": "object", "properties": {"b": {}}, "additionalProperties": true}),
        old.clone(),
        json!({"a": null}),
    );
    // Parts of a composition declare properties together.
    let composed = json!({"allOf": [old, {"properties": {"c": {"type": "integer"}}}]});
    sent_beyond(
        composed.clone(),
        json!({"properties": {"c": {"minimum": 1}}}),
        json!({"c": 0}),
    );
    sent_within(composed, json!({"properties": {"d": false}}));
    // A required property is sent even if no schema declares it.
    sent_beyond(
        json!({"type": "object", "required": ["b"], "properties": {"a": {}}}),
        json!({"properties": {"b": {"type": "string"}}}),
        json!({"b": null}),
    );
    let either = json!({"oneOf": [
        {"type": "object", "properties": {"k": {"const": 1}, "a": {}}, "required": ["k"]},
        {"type": "object", "properties": {"k": {"const": 2}, "b": {}}, "required": ["k"]},
    ]});
    sent_within(either.clone(), json!({"not": {"required": ["a", "b"]}}));
    sent_beyond(
        either,
        json!({"properties": {"b": {"type": "string"}}}),
        json!({"b": null, "k": 2}),
    );
}

#[test]
fn text_is_read_by_the_schema_of_the_acceptor() {
    text_within(json!({"type": "integer"}), json!({"type": "string"}));
    text_beyond(
        json!({"type": "integer"}),
        json!({"type": "string", "maxLength": 0}),
        json!(0),
    );
    text_within(json!({"type": "boolean"}), json!({"type": "string"}));
    text_beyond(
        json!({"type": "string"}),
        json!({"type": "integer"}),
        json!(""),
    );
    text_within(json!({"enum": ["1", "2"]}), json!({"type": "integer"}));
    text_within(
        json!({"type": "string", "pattern": "^[1-9]$"}),
        json!({"type": ["string", "integer"]}),
    );
    text_within(
        json!({"type": "integer"}),
        json!({"type": "array", "items": {"type": "integer"}}),
    );
    text_within(
        json!({"type": "array", "items": {"type": "integer"}}),
        json!({"type": "array", "items": {"type": "string"}}),
    );
    text_beyond(
        json!({"type": "array", "items": {"type": "string"}}),
        json!({"type": "array", "items": {"type": "integer"}}),
        json!([""]),
    );
    text_beyond(
        json!({"type": "integer"}),
        json!({"type": "string", "enum": ["0", "1"]}),
        json!(2),
    );
}

#[test]
fn text_of_a_number_can_be_written_in_several_ways() {
    let integer = json!({"type": "integer"});
    let digits = |pattern: &str| json!({"type": "string", "pattern": pattern});
    text_beyond(integer.clone(), digits("^[0-9]+$"), json!(-1));
    text_beyond(integer.clone(), digits("^-?[0-9]+$"), json!(1.0));
    text_within(integer.clone(), digits("^[-+.eE0-9]+$"));
    text_within(integer.clone(), json!({"type": "string", "minLength": 1}));
    text_beyond(
        json!({"type": "integer", "minimum": 0}),
        json!({"type": "string", "maxLength": 3}),
        json!(1000),
    );
    let digit = json!({"type": "integer", "minimum": 1, "maximum": 9});
    text_beyond(digit.clone(), digits("^[1-9]$"), json!(1.0));
    text_within(
        digit,
        json!({"type": ["string", "integer"], "pattern": "^[1-9]$"}),
    );
    text_beyond(
        json!({"type": "number"}),
        digits(r"^-?[0-9]+(\.[0-9]+)?$"),
        json!(1e21),
    );
    text_beyond(
        json!({"enum": [1, 2]}),
        json!({"enum": ["1", "2"]}),
        json!(1.0),
    );
    text_within(json!({"enum": [1, 2]}), json!({"enum": ["1", 1, 2]}));
    text_within(json!({"enum": [1, 2]}), json!({"type": "string"}));
    text_beyond(
        json!({"type": "array", "items": integer}),
        json!({"type": "array", "items": digits("^-?[0-9]+$")}),
        json!([1.0]),
    );
    text_beyond(digits("^[0-9]+$"), json!({"type": "integer"}), json!("00"));
}

#[track_caller]
fn carried(form: TextForm, one: &Value, other: &Value, expected: Option<Value>) {
    let found = outcome(one, other, ProducerReading::Sent, ValueEncoding::Text(form));
    let expected = expected.map_or(Outcome::Contained, Outcome::Not);
    assert_eq!(found, expected, "{form:?} {one} {other}");
}

#[test]
fn text_carries_no_null_and_no_array_without_items() {
    let integer = json!({"type": "integer"});
    let integers = json!({"type": "array", "items": {"type": "integer"}});
    let nullable = json!({"type": ["integer", "null"]});
    text_within(nullable.clone(), integer.clone());
    text_within(
        json!({"type": "array", "items": nullable}),
        integers.clone(),
    );
    text_within(
        json!({"type": "object", "additionalProperties": nullable}),
        json!({"type": "object", "additionalProperties": integer}),
    );
    let at_least_one = json!({"type": "array", "items": {"type": "integer"}, "minItems": 1});
    text_within(integers.clone(), at_least_one.clone());
    text_beyond(
        at_least_one,
        json!({"type": "array", "items": {"type": "integer"}, "minItems": 2}),
        json!([0]),
    );
    // Two items are two pairs, so they are not a single value.
    text_beyond(integers.clone(), integer.clone(), json!([0, 0]));
    text_beyond(integers.clone(), json!({"type": "string"}), json!([0, 0]));
    text_within(integer, integers);
}

#[test]
fn items_in_one_text_look_like_a_string() {
    let comma = TextForm {
        items: ItemSeparation::Comma,
        ..QUERY
    };
    let integers = json!({"type": "array", "items": {"type": "integer"}});
    carried(comma, &integers, &json!({"type": "string"}), None);
    carried(
        comma,
        &integers,
        &json!({"type": "integer"}),
        Some(json!([0, 0])),
    );
}

#[test]
fn text_must_be_able_to_stand_in_its_place() {
    let text = json!({"type": "string"});
    let form = |carrier| TextForm {
        carrier,
        items: ItemSeparation::Comma,
        excludes_empty: carrier == TextCarrier::Path,
    };
    // A path segment is not empty, and not a dot segment.
    let (path, header) = (form(TextCarrier::Path), form(TextCarrier::Header));
    carried(path, &text, &json!({"minLength": 1}), None);
    carried(path, &text, &json!({"not": {"enum": [".", ".."]}}), None);
    carried(path, &text, &json!({"pattern": "^[^\\n\\\\]*$"}), None);
    carried(
        path,
        &text,
        &json!({"not": {"const": "/"}}),
        Some(json!("/")),
    );
    carried(
        path,
        &text,
        &json!({"not": {"const": "..."}}),
        Some(json!("...")),
    );
    // White space around a header field does not belong to it.
    carried(
        header,
        &text,
        &json!({"pattern": "^([^ \\t](.|\\s)*[^ \\t]|[^ \\t])?$"}),
        None,
    );
    carried(
        header,
        &text,
        &json!({"not": {"const": "a b"}}),
        Some(json!("a b")),
    );
    carried(
        form(TextCarrier::Cookie),
        &text,
        &json!({"pattern": "^[^;]*$"}),
        None,
    );
    carried(
        form(TextCarrier::Body),
        &text,
        &json!({"minLength": 1}),
        None,
    );
}

#[test]
fn fields_of_forms_are_text_and_what_is_inside_of_them_is_json() {
    let form = TextForm {
        carrier: TextCarrier::Form,
        items: ItemSeparation::Pairs,
        excludes_empty: true,
    };
    let field = |schema: Value| json!({"type": "object", "properties": {"a": schema}});
    let check = |one: Value, other: Value, expected: Option<Value>| {
        carried(
            form,
            &field(one),
            &field(other),
            expected.map(|a| json!({"a": a})),
        );
    };
    let text = json!({"type": "string"});
    let integer = json!({"type": "integer"});
    check(integer.clone(), text.clone(), None);
    check(
        integer.clone(),
        json!({"type": "array", "items": text}),
        None,
    );
    check(json!({"type": ["string", "null"]}), text.clone(), None);
    check(
        json!({"type": "array", "items": integer}),
        integer.clone(),
        Some(json!([0, 0])),
    );
    // The text of an object is JSON, so a number stays a number.
    check(field(integer), field(text), Some(json!({"a": 0})));
}
#[test]
fn a_property_that_is_required_by_one_alternative_is_sent() {
    // Two keywords share the alternative "without `a`". The other alternative of the second keyword
    // requires `x`, so `x` is sent although nothing declares it.
    sent_beyond(
        json!({
            "type": "object",
            "properties": {"b": {}},
            "dependentRequired": {"a": ["x"]},
            "dependentSchemas": {"a": {"maxProperties": 0}},
        }),
        json!({"properties": {"x": {"type": "null"}}}),
        json!({"x": true}),
    );
}
