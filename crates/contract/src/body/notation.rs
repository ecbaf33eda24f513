//! Notations: what the octets of a body mean, by its media type.

use super::super::media::MediaRange;

/// How the value of a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Notation {
    /// One JSON value (RFC 8259).
    Json,
    /// `application/x-www-form-urlencoded` (WHATWG URL section 5.1).
    Form,
    /// `multipart/form-data` (RFC 7578).
    Multipart,
    /// JSON values, one on each line.
    Lines,
    /// JSON values, each after a record separator (RFC 7464).
    Sequence,
    /// Text: one scalar.
    Text,
    /// Octets without a notation that a schema could describe: only their number is known.
    Octets,
    /// A notation with values of its own that is not read: XML, YAML, event streams, other
    /// multiparts.
    Opaque,
}

impl Notation {
    /// The notation of a message of this media type.
    pub(in super::super) fn of(media: &MediaRange<'_>) -> Self {
        const LINES: [&str; 5] = ["x-ndjson", "ndjson", "jsonl", "x-jsonl", "x-jsonlines"];
        if media.is_json() {
            return Self::Json;
        }
        let kind = media.kind().to_ascii_lowercase();
        let subtype = media.subtype().to_ascii_lowercase();
        match (kind.as_str(), subtype.as_str()) {
            ("application", "x-www-form-urlencoded") => Self::Form,
            ("multipart", "form-data") => Self::Multipart,
            ("application", "json-seq") => Self::Sequence,
            ("application", lines) if LINES.contains(&lines) => Self::Lines,
            (_, other) if other.ends_with("+json-seq") => Self::Sequence,
            (_, other) if is_opaque(other) => Self::Opaque,
            ("multipart" | "message", _) | ("text", "event-stream") => Self::Opaque,
            ("text", _) => Self::Text,
            _ => Self::Octets,
        }
    }
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
    fn media_types_have_notations() {
        let check = |text, expected| {
            let media = MediaRange::parse(text).unwrap();
            assert_eq!(Notation::of(&media), expected, "{text}");
        };
        check("application/vnd.a+json; x=1", Notation::Json);
        check("APPLICATION/X-WWW-Form-Urlencoded", Notation::Form);
        check("multipart/form-data; boundary=a", Notation::Multipart);
        check("multipart/mixed; boundary=a", Notation::Opaque);
        check("application/x-ndjson", Notation::Lines);
        check("application/jsonl", Notation::Lines);
        check("application/json-seq", Notation::Sequence);
        check("application/geo+json-seq", Notation::Sequence);
        check("text/plain", Notation::Text);
        check("text/csv; charset=utf-8", Notation::Text);
        check("text/xml", Notation::Opaque);
        check("image/svg+xml", Notation::Opaque);
        check("text/event-stream", Notation::Opaque);
        check("application/yaml", Notation::Opaque);
        check("application/octet-stream", Notation::Octets);
        check("image/png", Notation::Octets);
    }
}
