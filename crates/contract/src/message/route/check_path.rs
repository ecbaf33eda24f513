//! Rejects ambiguous request paths before they are matched against a contract.
//!
//! A path that two parties interpret differently bypasses the contract: the proxy may treat
//! `/public/..;/admin` as data while the server behind it resolves the dots. Such a path is
//! refused and not normalized, because the validated path must be the forwarded path.
//! `%2F` is data and is accepted, except next to a dot segment (`..%2Fadmin`), where a server that
//! decodes it would leave the matched template.

use std::str;

/// Why a path is refused. The message names the byte offset in the path and what to send instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedPath {
    #[error("the path does not start with `/`; send an absolute path")]
    NotAbsolute,
    #[error("empty segment at byte {offset} (`//`); send a single `/` between segments")]
    EmptySegment { offset: usize },
    #[error("dot segment at byte {offset}; send the path with `.` and `..` already resolved")]
    DotSegment { offset: usize },
    #[error("backslash at byte {offset}; send `/` between segments and no backslash in values")]
    Backslash { offset: usize },
    #[error("control character at byte {offset}; send the path without it, encoded or not")]
    ControlCharacter { offset: usize },
    #[error("raw `#` at byte {offset}; send `%23`")]
    Fragment { offset: usize },
    #[error("`%` without two hexadecimal digits at byte {offset}; send `%25` for a percent sign")]
    InvalidPercent { offset: usize },
    #[error("the octets at byte {offset} are not UTF-8 after decoding; percent-encode UTF-8 text")]
    InvalidUtf8 { offset: usize },
}

/// Checks that every recipient interprets this path (without query) as the contract does.
///
/// # Errors
/// The first ambiguity in the path, see [`MalformedPath`].
pub fn check_path(raw: &str) -> Result<(), MalformedPath> {
    let mut previous = 0;
    let mut suspicious = !raw.starts_with('/');
    for byte in raw.bytes() {
        suspicious |=
            SUSPICIOUS[usize::from(byte)] | (previous == b'/' && matches!(byte, b'/' | b'.'));
        previous = byte;
    }
    if suspicious {
        check_segments(raw)
    } else {
        Ok(())
    }
}

/// Octets that require the full check. Most paths contain none of them.
const SUSPICIOUS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = byte < 0x20 || matches!(byte as u8, b'%' | b'\\' | b'#' | 0x7f);
        byte += 1;
    }
    table
};

#[cold]
fn check_segments(raw: &str) -> Result<(), MalformedPath> {
    let rest = raw.strip_prefix('/').ok_or(MalformedPath::NotAbsolute)?;
    let mut offset = 1;
    let mut decoded = Vec::new();
    for segment in rest.split('/') {
        if segment.is_empty() && offset < raw.len() {
            return Err(MalformedPath::EmptySegment { offset });
        }
        decode_segment(segment.as_bytes(), offset, &mut decoded)?;
        if let Err(error) = str::from_utf8(&decoded) {
            let offset = offset + raw_length(segment.as_bytes(), error.valid_up_to());
            return Err(MalformedPath::InvalidUtf8 { offset });
        }
        if decoded.split(|byte| *byte == b'/').any(is_dot_segment) {
            return Err(MalformedPath::DotSegment { offset });
        }
        offset += segment.len() + 1;
    }
    Ok(())
}

fn decode_segment(raw: &[u8], start: usize, out: &mut Vec<u8>) -> Result<(), MalformedPath> {
    out.clear();
    let mut at = 0;
    while at < raw.len() {
        let offset = start + at;
        let byte = match raw[at] {
            b'%' => decode_unit(&raw[at..]).ok_or(MalformedPath::InvalidPercent { offset })?,
            b'#' => return Err(MalformedPath::Fragment { offset }),
            byte => byte,
        };
        match byte {
            b'\\' => return Err(MalformedPath::Backslash { offset }),
            0..=0x1f | 0x7f => return Err(MalformedPath::ControlCharacter { offset }),
            _ => out.push(byte),
        }
        at += if raw[at] == b'%' { 3 } else { 1 };
    }
    Ok(())
}

/// The number of raw octets that encode the first `decoded` octets.
fn raw_length(raw: &[u8], decoded: usize) -> usize {
    let mut at = 0;
    for _ in 0..decoded {
        at += if raw[at] == b'%' { 3 } else { 1 };
    }
    at
}

/// `.` and `..`, also with path parameters (`..;a=b`), which some servers strip before resolving.
fn is_dot_segment(decoded: &[u8]) -> bool {
    let name = decoded
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default();
    matches!(name, b"." | b"..")
}

/// The octet that `%XX` at the start of `raw` encodes (RFC 3986 section 2.1).
pub(super) fn decode_unit(raw: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = raw else {
        return None;
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use MalformedPath::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(raw: &str, expected: Result<(), MalformedPath>) {
        assert_eq!(check_path(raw), expected, "{raw}");
    }

    #[test]
    fn accepts_unambiguous_paths() {
        for raw in [
            "/",
            "/pets",
            "/pets/",
            "/a.b/..c/d..",
            "/.well-known/x",
            "/...",
            "/a;v=1/b",
        ] {
            check(raw, Ok(()));
        }
        for raw in [
            "/a%2Fb", "/%C3%A9", "/é", "/a%23b", "/100%25", "/a+b@c:d", "/%2F%2F",
        ] {
            check(raw, Ok(()));
        }
    }

    #[test]
    fn refuses_ambiguous_paths_with_their_offset() {
        check("", Err(NotAbsolute));
        check("*", Err(NotAbsolute));
        check("//", Err(EmptySegment { offset: 1 }));
        check("/a//b", Err(EmptySegment { offset: 3 }));
        check("/a/./b", Err(DotSegment { offset: 3 }));
        check("/..", Err(DotSegment { offset: 1 }));
        check("/a/%2e%2E/b", Err(DotSegment { offset: 3 }));
        check("/a/.%2e", Err(DotSegment { offset: 3 }));
        check("/a/..;/b", Err(DotSegment { offset: 3 }));
        check("/a/..;x=1", Err(DotSegment { offset: 3 }));
        check("/a/..%3bx", Err(DotSegment { offset: 3 }));
        check("/a/..%2Fadmin", Err(DotSegment { offset: 3 }));
        check("/a/x%2f..", Err(DotSegment { offset: 3 }));
        check("/a\\b", Err(Backslash { offset: 2 }));
        check("/a/b%5C", Err(Backslash { offset: 4 }));
        check("/a%00", Err(ControlCharacter { offset: 2 }));
        check("/a\u{0}", Err(ControlCharacter { offset: 2 }));
        check("/a%0d%0a", Err(ControlCharacter { offset: 2 }));
        check("/a%7F", Err(ControlCharacter { offset: 2 }));
        check("/a#b", Err(Fragment { offset: 2 }));
        check("/a%", Err(InvalidPercent { offset: 2 }));
        check("/a%2", Err(InvalidPercent { offset: 2 }));
        check("/a%+1", Err(InvalidPercent { offset: 2 }));
        check("/a%C3%A9%C3x", Err(InvalidUtf8 { offset: 8 }));
        check("/%C0%AE%C0%AE/", Err(InvalidUtf8 { offset: 1 }));
    }

    proptest! {
        #[test]
        fn fast_check_agrees_with_full_check(raw in "/?[a.%25Ce\\\\#;/2f\\x00é]{0,12}") {
            prop_assert_eq!(check_path(&raw), check_segments(&raw));
        }

        #[test]
        fn never_panics(raw in ".*") {
            let _ = check_path(&raw);
        }
    }
}
