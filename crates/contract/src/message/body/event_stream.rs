//! Server-sent events (HTML section 9.2.6, Interpreting an event stream), as JSON objects (OpenAPI
//! 3.2.0, Special Considerations for Server-Sent Events): `data` and, where an event has them,
//! `event`, `id` and `retry`.
//!
//! Comments and unknown fields are ignored, and an event has `data`. HTML drops a last
//! event without a blank line after it, and the example of OpenAPI counts it; it counts here, so
//! that no event is left unchecked.

use serde_json::{Map, Value};

/// The event between two blank lines, as the text of a JSON object; `None` if it has no data.
pub(super) fn event(text: &str) -> Option<Vec<u8>> {
    let mut event = EventFields::default();
    for line in text.split(['\r', '\n']).filter(|line| !line.is_empty()) {
        event.line(line);
    }
    event.object().map(|object| object.to_string().into_bytes())
}

/// The text of a stream without the byte order mark that may begin it.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The fields of an event so far.
#[derive(Default)]
struct EventFields {
    data: Option<String>,
    others: Map<String, Value>,
}

impl EventFields {
    fn line(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            "event" => self.put(name, Value::from(value)),
            "id" if !value.contains('\0') => self.put(name, Value::from(value)),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                if let Ok(milliseconds) = value.parse::<u64>() {
                    self.put(name, Value::from(milliseconds));
                }
            }
            _ => {}
        }
    }

    fn put(&mut self, name: &str, value: Value) {
        self.others.insert(name.to_owned(), value);
    }

    fn object(mut self) -> Option<Value> {
        let data = self.data?;
        self.others.insert("data".to_owned(), Value::from(data));
        Some(Value::Object(self.others))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::body_format::BodyFormat;
    use super::super::json_records::records;
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &Value) {
        let found: Vec<Value> = records(BodyFormat::EventStream, text.as_bytes())
            .map(|event| serde_json::from_slice(&event.unwrap()).unwrap())
            .collect();
        assert_eq!(Value::from(found), *expected, "{text:?}");
    }

    #[test]
    fn reads_events_as_html_does() {
        check("data: a\n\n", &json!([{"data": "a"}]));
        check(
            "\u{feff}data:a\r\rdata:  b\r\n\r\n",
            &json!([{"data": "a"}, {"data": " b"}]),
        );
        check("data: a\ndata: b\ndata\n\n", &json!([{"data": "a\nb\n"}]));
        check(
            "event: x\nid: 1\nretry: 50\nother: y\n: comment\ndata: a\n\n",
            &json!([{"event": "x", "id": "1", "retry": 50, "data": "a"}]),
        );
        check("event: x\n\ndata: a\n\n", &json!([{"data": "a"}]));
        check("retry: 5s\nid: \0\ndata\n\n", &json!([{"data": ""}]));
        check("\u{feff}\n\u{feff}data: a\n\n", &json!([]));
        check(": only a comment\n\n\n", &json!([]));
        check("", &json!([]));
    }

    #[test]
    fn a_last_event_without_a_blank_line_counts() {
        check(
            "data: a\n\ndata: b\n",
            &json!([{"data": "a"}, {"data": "b"}]),
        );
        check("data: a\n\ndata: b", &json!([{"data": "a"}, {"data": "b"}]));
    }
}
