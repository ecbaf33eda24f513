//! Charsets: decoding the octets of text.

use std::borrow::Cow;

use super::body_format::BodyFormat;
use crate::message::media_range::MediaRange;

/// A charset that can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    Utf8,
    Ascii,
    Latin1,
}

/// The octets are not text in the declared charset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {0} text")]
pub(crate) struct CharsetError(&'static str);

impl Charset {
    /// The supported charsets, for messages.
    pub(crate) const NAMES: &'static str = "charset utf-8, us-ascii or iso-8859-1";

    /// Those that bodies of a format may have.
    pub(crate) const fn names_for(format: BodyFormat) -> &'static str {
        match format {
            BodyFormat::Form => "charset utf-8 or us-ascii",
            _ => Self::NAMES,
        }
    }

    /// The charset of a media type; `None` if it is not supported. The default is UTF-8: RFC 6657
    /// lets each media type define its default, and RFC 7578 section 4.4 and WHATWG URL choose UTF-8.
    pub(crate) fn of(media: &MediaRange<'_>) -> Option<Self> {
        const NAMES: [(&str, Charset); 7] = [
            ("utf-8", Charset::Utf8),
            ("utf8", Charset::Utf8),
            ("us-ascii", Charset::Ascii),
            ("ascii", Charset::Ascii),
            ("iso-8859-1", Charset::Latin1),
            ("iso8859-1", Charset::Latin1),
            ("latin1", Charset::Latin1),
        ];
        let Some(name) = media.parameter("charset") else {
            return Some(Self::Utf8);
        };
        NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, charset)| *charset)
    }

    /// Decodes text. Copies only if the charset is not UTF-8.
    ///
    /// # Errors
    /// The octets are not text in this charset.
    pub(crate) fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, CharsetError> {
        match self {
            Self::Ascii if !bytes.is_ascii() => Err(CharsetError("US-ASCII")),
            Self::Utf8 | Self::Ascii => std::str::from_utf8(bytes)
                .map(Cow::Borrowed)
                .map_err(|_| CharsetError("UTF-8")),
            Self::Latin1 => Ok(bytes.iter().map(|byte| char::from(*byte)).collect()),
        }
    }
}

/// Whether the charset of a media type is supported for this format.
pub(crate) fn is_readable(format: BodyFormat, media: &MediaRange<'_>) -> bool {
    match format {
        // The escapes encode UTF-8, whatever the charset (WHATWG URL section 5.1).
        BodyFormat::Form => matches!(Charset::of(media), Some(Charset::Utf8 | Charset::Ascii)),
        BodyFormat::Text => Charset::of(media).is_some(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_charsets() {
        let check = |media: &str, bytes: &[u8], expected: Result<&str, &str>| {
            let media = MediaRange::parse(media).unwrap();
            let charset = Charset::of(&media).unwrap();
            let text = charset.decode(bytes).map_err(|error| error.to_string());
            assert_eq!(text.as_deref(), expected.map_err(str::to_owned).as_deref());
        };
        check("text/plain", "é".as_bytes(), Ok("é"));
        check("text/plain", b"\xe9", Err("not UTF-8 text"));
        check("text/plain; charset=\"UTF-8\"", b"a", Ok("a"));
        check("text/plain; charset=us-ascii", b"a", Ok("a"));
        check(
            "text/plain; charset=us-ascii",
            b"\xc3\xa9",
            Err("not US-ASCII text"),
        );
        check("text/plain; charset=ISO-8859-1", b"\xe9", Ok("é"));
        let unknown = MediaRange::parse("text/plain; charset=utf-16").unwrap();
        assert_eq!(Charset::of(&unknown), None);
    }
}
