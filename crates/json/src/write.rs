//! Writes a value as JSON text: members in their order, numbers as they were written.

use std::fmt;

use super::json_node::{JsonKind, JsonNode};

impl fmt::Display for JsonNode<'_> {
    /// Recursive: the depth limit of the parse bounds it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            JsonKind::Null => f.write_str("null"),
            JsonKind::Boolean => write!(f, "{}", self.as_bool().unwrap_or_default()),
            JsonKind::Number => f.write_str(self.number_text().unwrap_or("0")),
            JsonKind::String => write_text(f, self.as_str().unwrap_or_default()),
            JsonKind::Array => {
                f.write_str("[")?;
                for (at, element) in self.elements().enumerate() {
                    f.write_str(if at == 0 { "" } else { "," })?;
                    element.fmt(f)?;
                }
                f.write_str("]")
            }
            JsonKind::Object => {
                f.write_str("{")?;
                for (at, (name, value)) in self.members().enumerate() {
                    f.write_str(if at == 0 { "" } else { "," })?;
                    write_text(f, name)?;
                    f.write_str(":")?;
                    value.fmt(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    // Serialising a string does not fail.
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

#[cfg(test)]
mod tests {
    use crate::{JsonLimits, Tape};

    #[test]
    fn text_is_written_as_it_was_read_without_whitespace() {
        let check = |text: &str, expected: &str| {
            let mut tape = Tape::new();
            let source = tape
                .parse("k", text.as_bytes(), JsonLimits::default())
                .unwrap();
            assert_eq!(tape.root(source).to_string(), expected);
        };
        check(
            r#" { "b" : [ 1.50 , 1e2, null,true ] , "a" : {} } "#,
            r#"{"b":[1.50,1e2,null,true],"a":{}}"#,
        );
        check(r#""\u00e9\n\"/""#, "\"é\\n\\\"/\"");
        check("[]", "[]");
    }
}
