//! The format of a body, by its media type.

use crate::message::media_range::MediaRange;

/// How a body encodes its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFormat {
    /// One JSON value (RFC 8259).
    Json,
    /// `application/x-www-form-urlencoded` (WHATWG URL section 5.1).
    Form,
    /// `multipart/form-data` (RFC 7578).
    Multipart,
    /// Another multipart type: parts in order, without names (RFC 2046 section 5.1.3).
    OrderedParts,
    /// One JSON value on each line.
    JsonLines,
    /// JSON values, each after a record separator (RFC 7464).
    JsonSequence,
    /// Server-sent events (HTML section 9.2).
    EventStream,
    /// Text: one scalar.
    Text,
    /// Octets without a structure that a schema could describe. Only their number is checked.
    Octets,
    /// A structured format that is not read: XML, YAML.
    Opaque,
}

impl BodyFormat {
    /// The format of a body with this media type.
    pub(crate) fn of(media: &MediaRange<'_>) -> Self {
        const LINES: [&str; 5] = ["x-ndjson", "ndjson", "jsonl", "x-jsonl", "x-jsonlines"];
        if media.is_json() {
            return Self::Json;
        }
        let kind = media.kind().to_ascii_lowercase();
        let subtype = media.subtype().to_ascii_lowercase();
        match (kind.as_str(), subtype.as_str()) {
            ("application", "x-www-form-urlencoded") => Self::Form,
            ("multipart", "form-data") => Self::Multipart,
            ("application", "json-seq") => Self::JsonSequence,
            ("application", lines) if LINES.contains(&lines) => Self::JsonLines,
            (_, other) if other.ends_with("+json-seq") => Self::JsonSequence,
            (_, other) if is_opaque(other) => Self::Opaque,
            ("multipart", _) => Self::OrderedParts,
            ("message", _) => Self::Opaque,
            ("text", "event-stream") => Self::EventStream,
            ("text", _) => Self::Text,
            _ => Self::Octets,
        }
    }
}

impl BodyFormat {
    /// Whether a body is a sequence of JSON texts or events (OpenAPI 3.2.0, Sequential Media Types).
    pub(crate) fn is_record_sequence(self) -> bool {
        matches!(
            self,
            Self::JsonLines | Self::JsonSequence | Self::EventStream
        )
    }
}

/// Whether content of a media type is text.
pub(super) fn is_text(range: &MediaRange<'_>) -> bool {
    let kind = range.kind();
    let format = BodyFormat::of(range);
    kind == "*"
        || kind.eq_ignore_ascii_case("text")
        || !matches!(
            format,
            BodyFormat::Octets
                | BodyFormat::Opaque
                | BodyFormat::Multipart
                | BodyFormat::OrderedParts
                | BodyFormat::EventStream
        )
}

fn is_opaque(subtype: &str) -> bool {
    ["xml", "yaml", "x-yaml", "cbor"].contains(&subtype)
        || ["+xml", "+yaml", "+cbor"]
            .iter()
            .any(|suffix| subtype.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_have_formats() {
        let check = |text, expected| {
            let media = MediaRange::parse(text).unwrap();
            assert_eq!(BodyFormat::of(&media), expected, "{text}");
        };
        check("application/vnd.a+json; x=1", BodyFormat::Json);
        check("APPLICATION/X-WWW-Form-Urlencoded", BodyFormat::Form);
        check("multipart/form-data; boundary=a", BodyFormat::Multipart);
        check("multipart/mixed; boundary=a", BodyFormat::OrderedParts);
        check("application/x-ndjson", BodyFormat::JsonLines);
        check("application/jsonl", BodyFormat::JsonLines);
        check("application/json-seq", BodyFormat::JsonSequence);
        check("application/geo+json-seq", BodyFormat::JsonSequence);
        check("text/plain", BodyFormat::Text);
        check("text/csv; charset=utf-8", BodyFormat::Text);
        check("text/xml", BodyFormat::Opaque);
        check("image/svg+xml", BodyFormat::Opaque);
        check("text/event-stream", BodyFormat::EventStream);
        check("application/yaml", BodyFormat::Opaque);
        check("application/octet-stream", BodyFormat::Octets);
        check("image/png", BodyFormat::Octets);
    }
}
