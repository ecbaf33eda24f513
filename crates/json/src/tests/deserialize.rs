//! Reads typed models from a tape.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::{JsonKind, NumberError};

const ORDER: &str = "{\n  \"id\": 7,\n  \"lines\": [\n    {\"a/b\": 1, \"c~d\": \"x\"},\n    \
                     null\n  ],\n  \"big\": 123456789012345678901234567890\n}";

#[test]
fn handles_lead_to_values() {
    let tape = tape(ORDER);
    let root = tape.root(ORDER);
    let at = |pointer: &str| root.pointer(pointer);
    assert_eq!(at("").map(|node| node.kind()), Some(JsonKind::Object));
    assert_eq!(at("/id").and_then(|node| node.as_i64()), Some(7));
    assert_eq!(at("/lines/0/a~1b").and_then(|node| node.as_u64()), Some(1));
    assert_eq!(
        at("/lines/0/c~0d").and_then(|node| node.as_str()),
        Some("x")
    );
    assert_eq!(at("/lines/1").map(|node| node.is_null()), Some(true));
    for missing in [
        "id",
        "/lines/2",
        "/lines/00",
        "/lines/+0",
        "/lines/-",
        "/id/x",
        "/nothing",
    ] {
        assert_eq!(at(missing).map(|node| node.index()), None, "{missing}");
    }
    let big = at("/big").unwrap();
    assert_eq!(big.number_text(), Some("123456789012345678901234567890"));
    assert_eq!(
        (big.as_u64(), big.as_f64()),
        (None, Some(1.2345678901234568e29))
    );
    assert_eq!(tape.node(big.index(), ORDER).key(), Some("big"));
}

#[test]
fn handles_walk_containers() {
    let tape = tape(ORDER);
    let root = tape.root(ORDER);
    let names: Vec<_> = root.members().map(|(name, _)| name).collect();
    assert_eq!(names, ["id", "lines", "big"]);
    assert_eq!(
        (root.len(), root.members().len(), root.elements().len()),
        (3, 3, 0)
    );
    let lines = root.get("lines").unwrap();
    assert_eq!(
        (
            lines.len(),
            lines.elements().count(),
            lines.members().count()
        ),
        (2, 2, 0)
    );
    assert!(lines.elements().all(|line| line.key().is_none()));
}

#[test]
fn handles_report_lines() {
    let text = "{\n \"a\":\n  [1,\n  2]\n}";
    let tape = tape(text);
    let list = tape.root(text).get("a").unwrap();
    assert_eq!(
        (tape.root(text).line(), list.key_line(), list.line()),
        (1, 2, 3)
    );
    assert_eq!(
        list.elements().map(|node| node.line()).collect::<Vec<_>>(),
        [3, 4]
    );
    assert_eq!(list.offset() as usize, text.find('[').unwrap());
}

#[test]
fn values_are_built_without_text() {
    let mut tape = Tape::new();
    tape.begin("query");
    tape.begin_object();
    tape.key("page");
    tape.number("1e2").unwrap();
    tape.key("tags");
    tape.begin_array();
    tape.string("a");
    tape.boolean(true);
    tape.null();
    assert_eq!(tape.number("01"), Err(NumberError::Grammar));
    assert_eq!(tape.number("1 "), Err(NumberError::Grammar));
    assert_eq!(tape.number("-1e999"), Err(NumberError::Range));
    tape.end();
    tape.end();
    let expected = json!({"page": 100.0, "tags": ["a", true, null]});
    assert_eq!(tape.wrapped("").to_value(), json!({"query": expected}));
    assert_eq!(
        tape.root("").pointer("/tags/1").map(|node| node.line()),
        Some(1)
    );
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Shape {
    Dot,
    Circle(f64),
    Box { width: u8, height: u8 },
}

#[derive(Debug, Deserialize, PartialEq)]
struct Model<'a> {
    name: &'a str,
    #[serde(default)]
    note: Option<String>,
    shapes: Vec<Shape>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

fn model(text: &str) -> Result<Model<'_>, (Option<u32>, String)> {
    let tape = Box::leak(Box::new(tape(text)));
    Model::deserialize(tape.root(text)).map_err(|error| (error.index, error.message))
}

#[test]
fn typed_models_are_read() {
    let text = r#"{"name":"n","note":null,"x":[1],
        "shapes":["dot",{"circle":2},{"box":{"width":1,"height":2}}]}"#;
    let shapes = vec![
        Shape::Dot,
        Shape::Circle(2.0),
        Shape::Box {
            width: 1,
            height: 2,
        },
    ];
    let rest = BTreeMap::from([("x".to_owned(), json!([1]))]);
    assert_eq!(
        model(text),
        Ok(Model {
            name: "n",
            note: None,
            shapes,
            rest
        })
    );
}

#[test]
fn errors_report_the_entry_and_no_payload() {
    let text = r#"{"name":"n","shapes":[{"circle":"secret"}]}"#;
    let (index, message) = model(text).unwrap_err();
    assert_eq!(message, "expected f64, found a string");
    let place = tape(text)
        .root(text)
        .pointer("/shapes/0/circle")
        .map(|node| node.index());
    assert_eq!(index, place);
    let (_, message) = model(r#"{"name":1,"shapes":[]}"#).unwrap_err();
    assert_eq!(message, "expected a borrowed string, found an integer");
}
