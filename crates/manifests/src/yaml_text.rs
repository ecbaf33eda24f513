//! Writes JSON values as YAML (YAML 1.2.2, and readable as YAML 1.1).
//!
//! A text is written plainly only if no reader can take it for another type: a squad called `no` or
//! `1e3` stays a text. Texts of several lines are block scalars where each line stays as it is, and
//! quoted otherwise. Properties are in alphabetical order, those that identify an object first.

use std::fmt::Write;

use serde_json::{Map, Value};

/// Words that readers of YAML 1.1 take for a boolean, for null or for a number.
const RESERVED_WORDS: [&str; 11] = [
    "y", "n", "yes", "no", "true", "false", "on", "off", "null", "nan", "inf",
];

/// Properties that identify an object, in their order.
const FIRST_PROPERTIES: [&str; 4] = ["apiVersion", "kind", "metadata", "name"];

/// One document, without a marker in front.
pub fn yaml_text(value: &Value) -> String {
    let mut text = String::new();
    write_node(&mut text, value, 0);
    text
}

/// Writes a value that begins on a new line.
fn write_node(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(properties) if !properties.is_empty() => {
            for (index, (name, value)) in in_order(properties).into_iter().enumerate() {
                // The first property follows the dash of a list.
                if index > 0 || text.is_empty() || text.ends_with('\n') {
                    push_indent(text, indent);
                }
                text.push_str(&scalar_text(name));
                text.push(':');
                write_value(text, value, indent);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 || text.is_empty() || text.ends_with('\n') {
                    push_indent(text, indent);
                }
                text.push('-');
                match item {
                    Value::Object(properties) if !properties.is_empty() => {
                        text.push(' ');
                        write_node(text, item, indent + 2);
                    }
                    _ => write_value(text, item, indent),
                }
            }
        }
        scalar => {
            write_value(text, scalar, indent);
        }
    }
}

/// Writes a value behind the colon or the dash of its owner.
fn write_value(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(properties) if !properties.is_empty() => {
            text.push('\n');
            write_node(text, value, indent + 2);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            write_node(text, value, indent + 2);
        }
        Value::Object(_) => text.push_str(" {}\n"),
        Value::Array(_) => text.push_str(" []\n"),
        Value::String(value) => match block_indicator(value) {
            Some(indicator) => write_block(text, value, indicator, indent + 2),
            None => {
                let _ = writeln!(text, " {}", scalar_text(value));
            }
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            let _ = writeln!(text, " {value}");
        }
    }
}

fn in_order(properties: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let rank = |name: &str| FIRST_PROPERTIES.iter().position(|first| *first == name);
    let mut sorted: Vec<(&String, &Value)> = properties.iter().collect();
    sorted.sort_by_key(|(name, _)| (rank(name).unwrap_or(FIRST_PROPERTIES.len()), *name));
    sorted
}

fn push_indent(text: &mut String, indent: usize) {
    text.extend(std::iter::repeat_n(' ', indent));
}

fn write_block(text: &mut String, value: &str, indicator: &str, indent: usize) {
    let _ = writeln!(text, " {indicator}");
    for line in value.strip_suffix('\n').unwrap_or(value).split('\n') {
        if !line.is_empty() {
            push_indent(text, indent);
            text.push_str(line);
        }
        text.push('\n');
    }
}

/// How a text is written as a block; none if a reader could change it, or a terminal would have to.
fn block_indicator(value: &str) -> Option<&'static str> {
    let is_plain = |c: char| matches!(c, '\n' | '\t') || !is_escaped(c);
    let is_command = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
    let is_block = value.contains('\n')
        && !value.starts_with(['\n', ' ', '\t'])
        && !value.ends_with("\n\n")
        && value.chars().all(is_plain)
        && !value.lines().any(is_command);
    let indicator = if value.ends_with('\n') { "|" } else { "|-" };
    is_block.then_some(indicator)
}

/// A text on one line: plain if it can only be a text, else quoted.
fn scalar_text(value: &str) -> String {
    let is_plain_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | '-');
    let is_reserved = RESERVED_WORDS
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word));
    let is_plain = value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && value.chars().all(is_plain_char)
        && !is_reserved;
    if is_plain {
        value.to_owned()
    } else {
        quoted(value)
    }
}

/// A double-quoted scalar.
fn quoted(value: &str) -> String {
    let mut text = String::from('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            c if is_escaped(c) => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// Characters that YAML does not allow as they are, that break lines in YAML 1.1, or that change
/// the direction of text on a terminal. All have at most four hexadecimal digits.
fn is_escaped(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'
                ..='\u{202e}' | '\u{2066}'
                ..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_stay_texts() {
        let check = |text: &str, expected: &str| {
            assert_eq!(yaml_text(&json!({"a": text})), format!("a: {expected}\n"));
        };
        check("orders", "orders");
        check("apps/v1", "apps/v1");
        check("/livez", "/livez");
        check("no", "\"no\"");
        check("Off", "\"Off\"");
        check("1e3", "\"1e3\"");
        check("0x1f", "\"0x1f\"");
        check("8080", "\"8080\"");
        check("2026-01-01", "\"2026-01-01\"");
        check("-a", "\"-a\"");
        check(".inf", "\".inf\"");
        check("~", "\"~\"");
        check("", "\"\"");
        check("a: b", "\"a: b\"");
        check("a #b", "\"a #b\"");
        check("a\"\\", "\"a\\\"\\\\\"");
        check("\u{85}\u{202e}", "\"\\u0085\\u202e\"");
        check("a\n", "|\n  a");
        check("a\n\n b", "|-\n  a\n\n   b");
        check(" a\nb", "\" a\\nb\"");
        check("a\n\n", "\"a\\n\\n\"");
        check("a\n::stop::b", "\"a\\n::stop::b\"");
    }

    #[test]
    fn collections_are_indented() {
        let value = json!({
            "kind": "Pod", "apiVersion": "v1", "spec": {
                "list": [1, {"z": [], "name": "a", "b": {"c": true}}, [["x"], {}], "t\nu"],
                "none": null,
            },
        });
        let expected = "\
apiVersion: v1
kind: Pod
spec:
  list:
    - 1
    - name: a
      b:
        c: true
      z: []
    -
      -
        - x
      - {}
    - |-
      t
      u
  none: null
";
        assert_eq!(yaml_text(&value), expected);
    }
}
