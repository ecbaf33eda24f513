//! The header of a part (RFC 7578 section 4): its name, its media type and its other fields.
//!
//! Parsing is strict: one `Content-Disposition: form-data` with one `name`, no folded lines, no
//! transfer encoding and no encoded names.

use portcullis_vocabulary::limits::PART_HEADERS_MAX;

use crate::message::media_range::is_token;

/// The header of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PartHead {
    /// The name of the form field.
    pub(super) name: String,
    /// Whether the part is a file: it has `filename` or `filename*`.
    pub(super) is_file: bool,
    /// `Content-Type`.
    pub(super) content_type: Option<String>,
    /// All header fields in order. The case of names is kept.
    pub(super) fields: Vec<(String, String)>,
}

/// Why the header of a part cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PartHeadError {
    #[error("its header has a line that is not `name: value`")]
    Line,
    #[error("its header has more than {PART_HEADERS_MAX} fields")]
    Count,
    #[error("the field `{0}` occurs more than once")]
    Repeated(&'static str),
    #[error("`content-disposition: form-data; name=\"…\"` is missing or malformed (RFC 7578)")]
    Disposition,
    #[error("its `content-transfer-encoding` is not 7bit, 8bit or binary (RFC 7578 section 4.7)")]
    TransferEncoding,
}

impl PartHead {
    /// Reads the lines of a header, without the empty one that ends it.
    pub(super) fn parse(lines: &[u8]) -> Result<Self, PartHeadError> {
        let text = std::str::from_utf8(lines).map_err(|_| PartHeadError::Line)?;
        let mut head = Self::default();
        let mut is_named = false;
        for line in text.split("\r\n").filter(|_| !text.is_empty()) {
            let (name, value) = field(line)?;
            if head.fields.len() == PART_HEADERS_MAX {
                return Err(PartHeadError::Count);
            }
            match name.to_ascii_lowercase().as_str() {
                "content-disposition" if is_named => {
                    return Err(PartHeadError::Repeated("content-disposition"));
                }
                "content-disposition" => {
                    (head.name, head.is_file) =
                        disposition(value).ok_or(PartHeadError::Disposition)?;
                    is_named = true;
                }
                "content-type" if head.content_type.is_some() => {
                    return Err(PartHeadError::Repeated("content-type"));
                }
                "content-type" => head.content_type = Some(value.to_owned()),
                "content-transfer-encoding" if !is_identity(value) => {
                    return Err(PartHeadError::TransferEncoding);
                }
                _ => {}
            }
            head.fields.push((name.to_owned(), value.to_owned()));
        }
        is_named.then_some(head).ok_or(PartHeadError::Disposition)
    }
}

fn field(line: &str) -> Result<(&str, &str), PartHeadError> {
    let (name, value) = line.split_once(':').ok_or(PartHeadError::Line)?;
    let is_control = |byte: u8| byte.is_ascii_control() && byte != b'\t';
    if !is_token(name) || value.bytes().any(is_control) {
        return Err(PartHeadError::Line);
    }
    Ok((name, value.trim_matches([' ', '\t'])))
}

fn is_identity(coding: &str) -> bool {
    ["7bit", "8bit", "binary"]
        .iter()
        .any(|known| coding.eq_ignore_ascii_case(known))
}

/// The name in `form-data; name="…"`, and whether a file name is present.
fn disposition(value: &str) -> Option<(String, bool)> {
    let (kind, mut rest) = value.split_at(value.find(';')?);
    if !kind.trim_end().eq_ignore_ascii_case("form-data") {
        return None;
    }
    let (mut name, mut filename, mut extended) = (None, None, None);
    while let Some(parameters) = rest.strip_prefix(';') {
        let parameters = parameters.trim_start();
        if parameters.is_empty() {
            break;
        }
        let (key, after) = parameters.split_once('=')?;
        let (value, after) = parameter_value(after)?;
        let slot = match key.to_ascii_lowercase().as_str() {
            "name" => &mut name,
            "filename" => &mut filename,
            "filename*" => &mut extended,
            // Recipients may use different names.
            "name*" => return None,
            _ if is_token(key) => &mut None,
            _ => return None,
        };
        if slot.replace(value).is_some() {
            return None;
        }
        rest = after.trim_start();
    }
    let is_file = filename.is_some() || extended.is_some();
    rest.trim_matches(';')
        .trim()
        .is_empty()
        .then_some((name?, is_file))
}

/// A token or a quoted string (RFC 9110 section 5.6), and what follows it.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ' ', '\t']).unwrap_or(text.len());
        let (token, rest) = text.split_at(end);
        return is_token(token).then(|| (token.to_owned(), rest));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => match letters.next() {
                Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                // Some senders do not escape the backslashes of file names.
                Some((_, other)) => value.extend(['\\', other]),
                None => return None,
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_dispositions() {
        let check = |value: &str, expected: Option<(&str, bool)>| {
            let found = disposition(value);
            let found = found.as_ref().map(|(name, file)| (name.as_str(), *file));
            assert_eq!(found, expected, "{value}");
        };
        check("form-data; name=\"a\"", Some(("a", false)));
        check("Form-Data;name=a", Some(("a", false)));
        check(
            "form-data; name=\"a\"; filename=\"b.png\"",
            Some(("a", true)),
        );
        check(
            "form-data; filename*=UTF-8''b%20c; name=a",
            Some(("a", true)),
        );
        check(r#"form-data; name="a\"b\\c""#, Some(("a\"b\\c", false)));
        check(
            r#"form-data; name=a; filename="C:\dir\b""#,
            Some(("a", true)),
        );
        check("form-data; name=\"é;=%22\"", Some(("é;=%22", false)));
        check("form-data; name=\"\";", Some(("", false)));
        for malformed in [
            "form-data",
            "form-data; filename=a",
            "attachment; name=a",
            "form-data; name=\"a",
            "form-data; name=\"a\" b",
            "form-data; name=a b",
            "form-data; name=a; name=b",
            "form-data; name=a; NAME=a",
            "form-data; name*=UTF-8''a",
            "form-data; name=a; x",
        ] {
            check(malformed, None);
        }
    }

    #[test]
    fn heads() {
        let check = |lines: &str, expected: Result<&str, PartHeadError>| {
            let head = PartHead::parse(lines.as_bytes());
            assert_eq!(
                head.as_ref().map(|head| head.name.as_str()),
                expected.as_ref().copied()
            );
        };
        let named = "Content-Disposition: form-data; name=a";
        check(named, Ok("a"));
        check(
            &format!("X-A: 1\r\n{named}\r\nContent-Type: image/png"),
            Ok("a"),
        );
        check(
            &format!("{named}\r\nContent-Transfer-Encoding: binary"),
            Ok("a"),
        );
        check("", Err(PartHeadError::Disposition));
        check("Content-Type: text/plain", Err(PartHeadError::Disposition));
        check(
            &format!("{named}\r\n{named}"),
            Err(PartHeadError::Repeated("content-disposition")),
        );
        check(&format!("{named}\r\n folded: 1"), Err(PartHeadError::Line));
        check(&format!("{named}\nX-A: 1"), Err(PartHeadError::Line));
        check(&format!("{named}\r\nX-A : 1"), Err(PartHeadError::Line));
        check(
            &format!("{named}\r\nContent-Transfer-Encoding: base64"),
            Err(PartHeadError::TransferEncoding),
        );
        check(
            &format!("{named}{}", "\r\nX-A: 1".repeat(40)),
            Err(PartHeadError::Count),
        );
    }
}
