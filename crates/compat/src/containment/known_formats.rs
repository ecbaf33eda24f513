//! Knowledge about formats besides their validators: sample strings, including edge cases, and
//! patterns that all strings of a format match.

/// A pattern that every string of a format matches. It may match other strings, too.
pub(super) fn wider_pattern(format: &str) -> Option<&'static str> {
    Some(match format {
        "date" => "^[0-9]{4}-[01][0-9]-[0-3][0-9]$",
        "date-time" => {
            "^[0-9]{4}-[01][0-9]-[0-3][0-9][Tt][0-2][0-9]:[0-5][0-9]:[0-6][0-9]([.][0-9]+)?([Zz]|[+-][0-2][0-9]:[0-5][0-9])$"
        }
        "time" => "^[0-2][0-9]:[0-5][0-9]:[0-6][0-9]([.][0-9]+)?([Zz]|[+-][0-2][0-9]:[0-5][0-9])$",
        "duration" => "^P([0-9]+[YMWD]|T|[0-9]+[HMS])+$",
        "uuid" => "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$",
        "ipv4" => "^[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}$",
        "ipv6" => "^[0-9A-Fa-f:.]{2,45}$",
        "email" | "idn-email" => "^[\\s\\S]+@[\\s\\S]+$",
        "hostname" => "^[A-Za-z0-9._-]{1,255}$",
        "byte" => "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
        "base64url" => "^[A-Za-z0-9_-]*={0,2}$",
        "uri" | "iri" => "^[A-Za-z][A-Za-z0-9+.-]*:",
        "json-pointer" => "^(/[\\s\\S]*)?$",
        "relative-json-pointer" => "^[0-9]",
        _ => return None,
    })
}

/// Whether every string of a format is one of another format (RFC 3986 section 4.1, RFC 3987 section
/// 2.2).
pub(super) fn is_part_of(format: &str, wider: &str) -> bool {
    matches!(
        (format, wider),
        ("uri", "uri-reference" | "iri" | "iri-reference")
            | ("uri-reference" | "iri", "iri-reference")
    )
}

/// Strings of a format, the simplest first.
pub(super) fn samples(format: &str) -> &'static [&'static str] {
    match format {
        "date" => &["2026-01-01", "2024-02-29", "0001-01-01"],
        "date-time" => &[
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.123456Z",
            "2026-01-01T12:30:00+02:00",
            "2026-01-01t00:00:00z",
        ],
        "time" => &["00:00:00Z", "12:30:00.5Z", "12:30:00+02:00"],
        "duration" => &["P1D", "PT1H", "P1Y2M3DT4H5M6S", "P1W"],
        "uuid" => &[
            "00000000-0000-0000-0000-000000000000",
            "3f0c1f6e-8a51-4d2b-9c5e-0123456789ab",
            "3F0C1F6E-8A51-4D2B-9C5E-0123456789AB",
        ],
        "email" => &["a@b.co", "first.last+tag@example.com"],
        "idn-email" => &["a@b.co", "é@例え.jp"],
        "hostname" => &["a", "example.com", "a-b.example"],
        "idn-hostname" => &["a", "example.com", "例え.jp"],
        "ipv4" => &["0.0.0.0", "192.0.2.1", "255.255.255.255"],
        "ipv6" => &["::", "2001:db8::1", "::ffff:192.0.2.1"],
        "uri" => &["a:b", "https://example.com/", "urn:x:y", "mailto:a@b.co"],
        "iri" => &["a:b", "https://example.com/", "https://例え.jp/é"],
        "uri-reference" => &["", "/a", "https://example.com/", "#a", "?b=c"],
        "iri-reference" => &["", "/a", "https://example.com/", "/é"],
        "uri-template" => &["", "/a", "/a/{b}"],
        "json-pointer" => &["", "/a", "/a/0"],
        "relative-json-pointer" => &["0", "1/a", "0#"],
        "regex" => &["", "a", "^a+$", "[a-z]{2,}"],
        "byte" => &["", "YQ==", "dGV4dA==", "YWI="],
        "base64url" => &["", "YQ", "YQ==", "dGV4dA", "-_-_"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use portcullis_contract::SchemaValidator;
    use serde_json::json;

    use super::*;

    /// The validators agree about all samples, also of the formats without this relation.
    #[test]
    fn strings_of_a_part_have_the_wider_format() {
        let formats = ["uri", "iri", "uri-reference", "iri-reference"];
        let mut pairs = 0;
        for (format, wider) in formats
            .iter()
            .flat_map(|one| formats.map(|other| (*one, other)))
        {
            let validator = SchemaValidator::new(&json!({ "format": wider })).unwrap();
            let accepts = |text: &&str| validator.accepts(&json!(text).to_string());
            let is_part = samples(format).iter().all(accepts);
            assert_eq!(
                is_part,
                format == wider || is_part_of(format, wider),
                "{format} {wider}"
            );
            pairs += usize::from(is_part);
        }
        assert_eq!(pairs, 9);
    }
}
