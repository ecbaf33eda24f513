//! Parses a JSON text to a tape and walks it.

use std::io;

use portcullis_json::{JsonLimits, JsonNode, SyntaxError, Tape};

const ORDER: &str = r#"{
  "id": 7,
  "total": 19.990000000000000001,
  "lines": [{"sku": "a-1", "count": 2}, {"sku": "b-2", "count": 1}]
}"#;

fn walk(value: JsonNode<'_>, depth: usize, out: &mut impl io::Write) -> io::Result<()> {
    let name = value.key().unwrap_or("-");
    let (line, kind) = (value.line(), value.kind());
    writeln!(out, "{line:>4}  {:depth$}{name}: {kind}", "")?;
    let children = value.members().map(|(_, member)| member);
    children
        .chain(value.elements())
        .try_for_each(|child| walk(child, depth + 2, out))
}

fn main() -> Result<(), SyntaxError> {
    let mut tape = Tape::new();
    let text = tape.parse("body", ORDER.as_bytes(), JsonLimits::default())?;
    let order = tape.root(text);
    let _ = walk(order, 0, &mut io::stdout().lock());

    let sku = order.pointer("/lines/1/sku").and_then(JsonNode::as_str);
    assert_eq!(sku, Some("b-2"));
    let total = order.get("total").and_then(JsonNode::number_text);
    assert_eq!(total, Some("19.990000000000000001"), "no digit is lost");

    let error = tape.parse("body", b"{\"id\": 7, \"id\": 8}", JsonLimits::default());
    let message = error.map_err(|error| error.to_string());
    assert_eq!(
        message,
        Err("member \"id\" is given twice in one object at line 1, column 11".to_owned())
    );
    Ok(())
}
