//! The header of a part (RFC 7578 section 4): its name, its media type and its other fields.
//!
//! Parsing is strict where recipients read another name or another part: one
//! `Content-Disposition: form-data` with one plain `name`, no folded lines, no transfer encoding, no
//! encoded or escaped names, no parts within parts. Parts that have no names may be multipart
//! themselves.

use portcullis_vocabulary::limits::PART_HEADERS_MAX;

use crate::message::header_parameters::{HeaderParameters, ParameterFault, parameter_fault};
use crate::message::media_range::is_token;

/// Whether parts have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartNaming {
    /// They are the fields of a form.
    Named,
    /// They are the fields of a form, of which some may be multipart themselves.
    NamedNesting,
    /// Only their order counts.
    Unnamed,
}

/// The header of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PartHead {
    /// The name of the form field.
    pub(super) name: String,
    /// `filename`: the part is a file.
    pub(super) file_name: Option<String>,
    /// `Content-Length`.
    pub(super) length: Option<u64>,
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
    #[error(
        "its name is empty, or recipients read it differently: send no spaces at its ends, no `\\`, `%22` or `=?`"
    )]
    Name,
    #[error(
        "a parameter of `content-disposition` contains `name=`, which recipients may take for the name"
    )]
    HiddenName,
    #[error("the field `{field}`: {fault}")]
    Parameters {
        field: &'static str,
        fault: ParameterFault,
    },
    #[error("it is multipart itself (RFC 7578 section 4.3); send its parts one by one")]
    Nested,
    #[error("its `content-length` is not a number")]
    Length,
    #[error("its `content-transfer-encoding` is not 7bit, 8bit or binary")]
    TransferEncoding,
}

impl PartHead {
    /// Reads the lines of a header, without the empty one that ends it.
    pub(super) fn parse(lines: &[u8], naming: PartNaming) -> Result<Self, PartHeadError> {
        let text = std::str::from_utf8(lines).map_err(|_| PartHeadError::Line)?;
        let mut head = Self::default();
        let mut is_named = false;
        for line in text.split("\r\n").filter(|_| !text.is_empty()) {
            let (name, value) = field(line)?;
            if head.fields.len() == PART_HEADERS_MAX {
                return Err(PartHeadError::Count);
            }
            match name.to_ascii_lowercase().as_str() {
                "content-disposition" if naming == PartNaming::Unnamed => {}
                "content-disposition" if is_named => {
                    return Err(PartHeadError::Repeated("content-disposition"));
                }
                "content-disposition" => {
                    (head.name, head.file_name) = disposition(value)?;
                    is_named = true;
                }
                "content-type" if head.content_type.is_some() => {
                    return Err(PartHeadError::Repeated("content-type"));
                }
                "content-type" => head.content_type = Some(content_type(value, naming)?),
                "content-length" if head.length.is_some() => {
                    return Err(PartHeadError::Repeated("content-length"));
                }
                "content-length" => head.length = Some(length(value)?),
                "content-transfer-encoding" if !is_identity(value) => {
                    return Err(PartHeadError::TransferEncoding);
                }
                _ => {}
            }
            head.fields.push((name.to_owned(), value.to_owned()));
        }
        let is_complete = is_named || naming == PartNaming::Unnamed;
        is_complete
            .then_some(head)
            .ok_or(PartHeadError::Disposition)
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

/// The name and the file name in `form-data; name="…"; filename="…"`.
fn disposition(value: &str) -> Result<(String, Option<String>), PartHeadError> {
    const FIELD: &str = "content-disposition";
    let (kind, parameters) = value.split_at(value.find(';').ok_or(PartHeadError::Disposition)?);
    if !kind.eq_ignore_ascii_case("form-data") {
        return Err(PartHeadError::Disposition);
    }
    let parameters = HeaderParameters::parse(parameters).map_err(|fault| match fault {
        ParameterFault::Malformed => PartHeadError::Disposition,
        fault => PartHeadError::Parameters {
            field: FIELD,
            fault,
        },
    })?;
    if !parameters.is_plain {
        return Err(PartHeadError::Disposition);
    }
    let name = parameters.value("name").ok_or(PartHeadError::Disposition)?;
    if !is_plain_name(name) {
        return Err(PartHeadError::Name);
    }
    // Some recipients search the whole field.
    let hides_name = |value: &str| value.to_ascii_lowercase().contains("name=");
    if parameters
        .iter()
        .any(|parameter| hides_name(parameter.value))
    {
        return Err(PartHeadError::HiddenName);
    }
    let file_name = parameters.value("filename").map(str::to_owned);
    Ok((name.to_owned(), file_name))
}

/// Whether all recipients read this name: some strip spaces, some decode `%22` (as HTML encodes a
/// quotation mark), some decode encoded words (RFC 2047).
fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && name.trim() == name
        && !["%22", "=?"].iter().any(|coded| name.contains(coded))
}

fn content_type(value: &str, naming: PartNaming) -> Result<String, PartHeadError> {
    if let Some(fault) = parameter_fault(value) {
        return Err(PartHeadError::Parameters {
            field: "content-type",
            fault,
        });
    }
    let is_named = naming == PartNaming::Named;
    if is_named && is_multipart(value) {
        return Err(PartHeadError::Nested);
    }
    Ok(value.to_owned())
}

/// Whether a part with this media type has parts itself.
pub(super) fn is_multipart(content_type: &str) -> bool {
    let kind = content_type.split('/').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("multipart")
}

fn length(value: &str) -> Result<u64, PartHeadError> {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    let length = value.parse().ok().filter(|_| is_number);
    length.ok_or(PartHeadError::Length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_dispositions() {
        let check = |value: &str, name: &str, file_name: Option<&str>| {
            let expected = (name.to_owned(), file_name.map(str::to_owned));
            assert_eq!(disposition(value), Ok(expected), "{value}");
        };
        check("form-data; name=\"a\"", "a", None);
        check("Form-Data;name=a", "a", None);
        check(
            "form-data; name=\"a\"; filename=\"b.png\"",
            "a",
            Some("b.png"),
        );
        check("form-data; filename=\"\"; name=\"a\"", "a", Some(""));
        check("form-data; name=\"é;=%2\"", "é;=%2", None);
        check("form-data; name=\"a b[c]'\"", "a b[c]'", None);
        let refuse = |value: &str, expected: PartHeadError| {
            assert_eq!(disposition(value), Err(expected), "{value}");
        };
        for malformed in [
            "form-data",
            "form-data; filename=a",
            "attachment; name=a",
            "form-data; name=\"a",
            "form-data; name=\"a\" b",
            "form-data; name=a b",
            "form-data; name=a; x",
            "form-data; name=a;",
            "form-data ; name=a",
            "form-data; name='a'",
            "form-data; name=a:b",
            "form-data;\u{a0}name=a",
        ] {
            refuse(malformed, PartHeadError::Disposition);
        }
        let parameters = |fault| PartHeadError::Parameters {
            field: "content-disposition",
            fault,
        };
        let repeated = || parameters(ParameterFault::Repeated);
        refuse("form-data; name=a; name=b", repeated());
        refuse("form-data; name=a; NAME=a", repeated());
        refuse("form-data; name=a; filename=b; filename=c", repeated());
        let extended = || parameters(ParameterFault::Extended);
        refuse("form-data; name*=UTF-8''a", extended());
        refuse("form-data; name=a; name*0=b", extended());
        refuse("form-data; name=a; filename*=UTF-8''b%20c", extended());
        let quoted = || parameters(ParameterFault::QuotedPair);
        refuse(r#"form-data; name="a\"b""#, quoted());
        refuse(r#"form-data; name="a\\""#, quoted());
        refuse(r#"form-data; name=a; filename="C:\dir\b""#, quoted());
        for name in ["", " a", "a ", "\u{a0}a", "a%22b", "=?utf-8?q?a?="] {
            refuse(&format!("form-data; name=\"{name}\""), PartHeadError::Name);
        }
        let hidden = "form-data; name=a; filename=\"b; NAME=c\"";
        refuse(hidden, PartHeadError::HiddenName);
    }

    #[test]
    fn heads() {
        let check = |lines: &str, expected: Result<&str, PartHeadError>| {
            let head = PartHead::parse(lines.as_bytes(), PartNaming::Named);
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
        let lines = |line: &str| format!("{named}\r\n{line}");
        check(&lines("Content-Length: 5"), Ok("a"));
        check(&lines("Content-Length: +5"), Err(PartHeadError::Length));
        check(
            &lines("Content-Length: 5\r\nContent-Length: 5"),
            Err(PartHeadError::Repeated("content-length")),
        );
        check(
            &lines("Content-Type: Multipart/mixed; boundary=c"),
            Err(PartHeadError::Nested),
        );
        check(
            &lines("Content-Type: text/plain; charset=utf-8; charset=utf-16"),
            Err(PartHeadError::Parameters {
                field: "content-type",
                fault: ParameterFault::Repeated,
            }),
        );
        check(
            &format!("{named}{}", "\r\nX-A: 1".repeat(40)),
            Err(PartHeadError::Count),
        );
    }
}
