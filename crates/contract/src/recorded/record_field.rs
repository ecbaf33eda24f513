//! Typed access to the members of a record, with the place of whatever is wrong.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use http::{HeaderMap, Method};
use memchr::memchr2;

use portcullis_json::JsonNode;

use super::record_error::RecordError;
use super::recorded_exchange::add_header;

/// Base64 (RFC 4648 section 4), with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A value of a record, with its name in words.
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
            name: "the record",
        }
    }

    /// A value of the same record.
    pub(super) fn with(self, node: JsonNode<'a>, name: &'static str) -> Self {
        Self { node, name, ..self }
    }

    /// The member of an object, if it is there.
    pub(super) fn get(self, member: &str, name: &'static str) -> Option<Self> {
        self.node.get(member).map(|node| self.with(node, name))
    }

    /// The member of an object.
    pub(super) fn expect(self, member: &str, name: &'static str) -> Result<Self, RecordError> {
        self.get(member, name)
            .ok_or_else(|| self.error(&format!("the member {member:?} is missing")))
    }

    /// The values of the members `known`; another member is a fault, and so is one that comes
    /// twice.
    pub(super) fn known_members<const N: usize>(
        self,
        known: [(&str, &'static str); N],
    ) -> Result<[Option<Self>; N], RecordError> {
        if !self.node.is_object() {
            return Err(self.expected("an object"));
        }
        let mut found = [None; N];
        for (member, node) in self.node.members() {
            let Some(at) = known.iter().position(|(name, _)| *name == member) else {
                return Err(self.unknown(node, member, known.map(|(name, _)| name)));
            };
            let field = self.with(node, known[at].1);
            if found[at].replace(field).is_some() {
                return Err(field.error("came before in the same object"));
            }
        }
        Ok(found)
    }

    fn unknown<const N: usize>(
        self,
        node: JsonNode<'_>,
        member: &str,
        known: [&str; N],
    ) -> RecordError {
        let shown: String = member.chars().take(50).collect();
        let near = known
            .into_iter()
            .find(|name| strsim::damerau_levenshtein(&shown.to_lowercase(), name) <= 2);
        let hint = match near {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("expected only {}", known.join(", ")),
        };
        let message = format!("{}: unknown member {shown:?}; {hint}", self.name);
        RecordError::at(node, self.source, message)
    }

    pub(super) fn text(self) -> Result<&'a str, RecordError> {
        self.node.as_str().ok_or_else(|| self.expected("a string"))
    }

    /// The JSON text of the value, as it stands in the record.
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
            .map_err(|_| self.error("is no method (RFC 9110 section 9.1)"))
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

/// How long the JSON value is with which the text begins. The text was parsed before, so only
/// brackets and strings have to be told apart.
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

/// Where the closing quote stands of a string whose text begins at `from`.
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
    fn a_value_ends_where_its_text_does() {
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
