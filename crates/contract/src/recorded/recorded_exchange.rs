//! A recorded exchange: a request and its response.
//!
//! Path and query stay raw, byte for byte as they were recorded, because contracts match raw paths.

use std::borrow::Cow;

use http::Method;
use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::BodyLength;

/// One recorded exchange. It may contain secrets, so its `Debug` output omits the content.
pub struct RecordedExchange<'a> {
    /// The method.
    pub method: Method,
    /// The host and port of the URL, where the recording has a whole URL.
    pub authority: Option<&'a str>,
    /// The raw path.
    pub path: &'a str,
    /// The raw query without `?`.
    pub query: Option<&'a str>,
    /// The header fields of the request.
    pub headers: HeaderMap,
    /// The body of the request.
    pub body: RecordedBody<'a>,
    /// The response, where one was recorded.
    pub response: Option<RecordedResponse<'a>>,
}

/// A recorded response.
pub struct RecordedResponse<'a> {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: RecordedBody<'a>,
}

/// A recorded body.
pub enum RecordedBody<'a> {
    /// The message had no body.
    Absent,
    /// The recording does not say whether the message had a body.
    Unknown,
    /// The message had a body that the recording does not contain.
    NotRecorded,
    /// The bytes, without transfer coding.
    Bytes(Cow<'a, [u8]>),
}

impl RecordedBody<'_> {
    /// The length as the head of the message states it.
    pub(super) fn length(&self) -> BodyLength {
        match self {
            Self::Absent | Self::Unknown => BodyLength::Absent,
            Self::Bytes(bytes) if bytes.is_empty() => BodyLength::Absent,
            Self::NotRecorded | Self::Bytes(_) => BodyLength::Known,
        }
    }
}

impl<'a> From<&'a str> for RecordedBody<'a> {
    fn from(text: &'a str) -> Self {
        Self::Bytes(Cow::Borrowed(text.as_bytes()))
    }
}

impl From<Vec<u8>> for RecordedBody<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Cow::Owned(bytes))
    }
}

impl std::fmt::Debug for RecordedExchange<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordedExchange")
            .field("method", &self.method)
            .field("response", &self.response)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for RecordedResponse<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordedResponse")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for RecordedBody<'_> {
    /// Shows only the size.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Unknown => f.write_str("Unknown"),
            Self::NotRecorded => f.write_str("NotRecorded"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
        }
    }
}

/// The path and the query of a request target in origin form (RFC 9112 section 3.2.1).
fn split_target(target: &str) -> (&str, Option<&str>) {
    match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    }
}

/// The parts of a URL that a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UrlParts<'a> {
    /// The host and port, if the URL has them.
    pub(super) authority: Option<&'a str>,
    /// The path; `/` if it is empty (RFC 9110 section 7.1).
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
}

/// The parts of a request target: the path and the query in origin form, or a URL in absolute form (RFC
/// 9112 section 3.2). Neither has a fragment, so a `#` stays where it is.
pub(super) fn request_target(target: &str) -> UrlParts<'_> {
    let absolute = split_url(target).filter(|_| !target.starts_with('/') && !target.contains('#'));
    absolute.unwrap_or_else(|| {
        let (path, query) = split_target(target);
        UrlParts {
            authority: None,
            path,
            query,
        }
    })
}

/// The parts of a URL, or of its part after the host, without the fragment. `None` if it is not a
/// URL of HTTP.
pub(super) fn split_url(url: &str) -> Option<UrlParts<'_>> {
    let (authority, rest) = if url.starts_with('/') {
        (None, url)
    } else {
        let (scheme, rest) = url.split_once("://")?;
        let is_http = ["http", "https", "ws", "wss"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known));
        let path_at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(path_at).filter(|_| is_http)?;
        let host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        (Some(host), rest)
    };
    let (path, query) = split_target(rest.split('#').next().unwrap_or_default());
    let path = if path.is_empty() { "/" } else { path };
    Some(UrlParts {
        authority,
        path,
        query,
    })
}

/// Adds a header field. Ignores the pseudo-header fields of HTTP/2, which begin with a colon (RFC
/// 9113 section 8.3).
///
/// # Errors
/// Why the field is invalid.
pub(super) fn add_header(
    headers: &mut HeaderMap,
    name: &str,
    value: &str,
) -> Result<(), &'static str> {
    if name.starts_with(':') {
        return Ok(());
    }
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| "is not a header name")?;
    let value = HeaderValue::from_bytes(value.trim_matches([' ', '\t']).as_bytes())
        .map_err(|_| "has a control character in its value")?;
    headers
        .try_append(name, value)
        .map(|_| ())
        .map_err(|_| "exceeds the maximum number of header fields")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_keep_raw_paths_and_queries() {
        type Expected = Option<(Option<&'static str>, &'static str, Option<&'static str>)>;
        let check = |url: &str, expected: Expected| {
            let found = split_url(url).map(|url| (url.authority, url.path, url.query));
            assert_eq!(found, expected, "{url}");
        };
        check(
            "https://h/a%2Fb/../c?q=%20+&q#f",
            Some((Some("h"), "/a%2Fb/../c", Some("q=%20+&q"))),
        );
        check(
            "http://u:p@h:80?a?b",
            Some((Some("h:80"), "/", Some("a?b"))),
        );
        check("HTTP://[::1]:8080", Some((Some("[::1]:8080"), "/", None)));
        check("wss://h/é?", Some((Some("h"), "/é", Some(""))));
        check("https://h#f?q", Some((Some("h"), "/", None)));
        check("/a?b#c", Some((None, "/a", Some("b"))));
        check("ftp://h/a", None);
        check("h/a", None);
        check("", None);
    }

    #[test]
    fn targets_have_two_forms() {
        let check = |target: &str, path: &str, query: Option<&str>| {
            let found = request_target(target);
            assert_eq!((found.path, found.query), (path, query), "{target}");
        };
        check("/a?b", "/a", Some("b"));
        check("//h/a", "//h/a", None);
        check("http://h:1/a?b", "/a", Some("b"));
        check("https://h", "/", None);
        check("/a#b", "/a#b", None);
        check("http://h/a#b", "http://h/a#b", None);
        check("*", "*", None);
    }

    #[test]
    fn adds_header_fields() {
        let check = |name: &str, value: &str, expected: Result<(), &str>| {
            assert_eq!(add_header(&mut HeaderMap::new(), name, value), expected);
        };
        check("Accept", "\t é ", Ok(()));
        check(":authority", "h", Ok(()));
        check("a b", "c", Err("is not a header name"));
        check("a", "b\nc", Err("has a control character in its value"));
        let mut headers = HeaderMap::new();
        assert_eq!(add_header(&mut headers, ":path", "/"), Ok(()));
        assert!(headers.is_empty());
        let mut most = (0..).map(|at| add_header(&mut headers, &format!("a{at}"), ""));
        assert_eq!(
            most.find(Result::is_err),
            Some(Err("exceeds the maximum number of header fields"))
        );
    }
}
