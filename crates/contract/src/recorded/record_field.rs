//! Typed access to the properties of a record, with located errors.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use http::{HeaderMap, Method};
use memchr::memchr2;

use portcullis_json::JsonNode;

use super::ignored_properties::{IgnoredProperties, RECORD};
use super::record_error::RecordError;
use super::recorded_exchange::add_header;

/// Base64 (RFC 4648 section 4), with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A value of a record, with its name for messages.
#[derive(Clone, Copy)]
pub(super) struct RecordField<'a> {
    pub(super) node: JsonNode<'a>,
    source: &'a str,
    name: &'static str,
}

impl<'a> RecordField<'a> {
    /// The record itself.
    pub(super) fn root(node: JsonNode<'a>, source: &'a str) -> Self {
        Self {
            node,
            source,
            name: RECORD,
        }
    }

    /// A value of the same record.
    pub(super) fn with(self, node: JsonNode<'a>, name: &'static str) -> Self {
        Self { node, name, ..self }
    }

    /// The property of an object, if it is present.
    pub(super) fn get(self, property: &str, name: &'static str) -> Option<Self> {
        self.node.get(property).map(|node| self.with(node, name))
    }

    /// A property that is present and not null.
    pub(super) fn present(self, property: &str, name: &'static str) -> Option<Self> {
        self.get(property, name)
            .filter(|field| !field.node.is_null())
    }

    /// A required property of an object.
    pub(super) fn expect(self, property: &str, name: &'static str) -> Result<Self, RecordError> {
        self.get(property, name)
            .ok_or_else(|| self.error(&format!("the property {property:?} is missing")))
    }

    /// The values of the properties `known`. Repeated properties are errors; unknown ones are counted
    /// and ignored.
    pub(super) fn known_properties<const N: usize>(
        self,
        known: [(&'static str, &'static str); N],
        ignored: &mut IgnoredProperties,
    ) -> Result<[Option<Self>; N], RecordError> {
        if !self.node.is_object() {
            return Err(self.expected("an object"));
        }
        let mut found = [None; N];
        for (property, node) in self.node.members() {
            let Some(at) = known.iter().position(|(name, _)| *name == property) else {
                ignored.add(self.name, property, &known.map(|(name, _)| name));
                continue;
            };
            let field = self.with(node, known[at].1);
            if found[at].replace(field).is_some() {
                return Err(field.error("occurs more than once in the same object"));
            }
        }
        Ok(found)
    }

    pub(super) fn text(self) -> Result<&'a str, RecordError> {
        self.node.as_str().ok_or_else(|| self.expected("a string"))
    }

    /// The source text of the value.
    pub(super) fn json(self) -> &'a str {
        let rest = self.source.get(self.node.offset() as usize..);
        let rest = rest.unwrap_or_default();
        rest.get(..json_bytes(rest.as_bytes())).unwrap_or_default()
    }

    pub(super) fn base64(self) -> Result<Vec<u8>, RecordError> {
        BASE64
            .decode(self.text()?)
            .map_err(|_| self.error("is not base64 (RFC 4648 section 4)"))
    }

    pub(super) fn method(self) -> Result<Method, RecordError> {
        Method::from_bytes(self.text()?.as_bytes())
            .map_err(|_| self.error("is not a method (RFC 9110 section 9.1)"))
    }

    /// A status code (RFC 9110 section 15).
    pub(super) fn status(self) -> Result<u16, RecordError> {
        let status = self
            .node
            .as_u64()
            .and_then(|status| u16::try_from(status).ok());
        status
            .filter(|status| (100..=999).contains(status))
            .ok_or_else(|| self.expected("a status of three digits"))
    }

    /// Adds this value as a header field.
    pub(super) fn add_to(self, headers: &mut HeaderMap, name: &str) -> Result<(), RecordError> {
        self.add_line(headers, name, self.text()?)
    }

    /// Adds text of this value as a header field.
    pub(super) fn add_line(
        self,
        headers: &mut HeaderMap,
        name: &str,
        value: &str,
    ) -> Result<(), RecordError> {
        add_header(headers, name, value).map_err(|problem| {
            let shown: String = name.chars().take(50).collect();
            self.error(&format!("{shown:?} {problem}"))
        })
    }

    pub(super) fn expected(self, what: &str) -> RecordError {
        self.error(&format!("expected {what}, found {}", self.node.kind()))
    }

    pub(super) fn error(self, message: &str) -> RecordError {
        RecordError::at(self.node, self.source, format!("{}: {message}", self.name))
    }
}

/// The length of the JSON value at the start of the text. The text was parsed before, so only
/// brackets and strings must be distinguished.
fn json_bytes(text: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at = string_end(text, at + 1),
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            b',' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
            return at;
        }
    }
    text.len()
}

/// The position of the closing quote of a string whose text begins at `from`.
fn string_end(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(found) = memchr2(b'"', b'\\', text.get(at..).unwrap_or_default()) {
        at += found;
        if text[at] == b'"' {
            return at;
        }
        at += 2;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_end_of_a_value() {
        let check = |value: &str| {
            for rest in ["", ",1", " }", "}", "]", "\n"] {
                let text = format!("{value}{rest}");
                assert_eq!(&text[..json_bytes(text.as_bytes())], value, "{text}");
            }
        };
        check("null");
        check("-1.50e+3");
        check("\"\"");
        check(r#""a\"},\\""#);
        check("{}");
        check(r#"{ "a" : [ 1, {"b]": "}\\"} ] }"#);
        check("[[],[]]");
    }
}
