//! The head of an HTTP/2 request, judged by the rules of HTTP/1.1 (RFC 9113 section 8).
//!
//! The HTTP/2 library has decoded it and refused what no field can be: repeated or unknown pseudo
//! fields, upper case in names, connection fields, `te` other than `trailers`, lengths that are not
//! numbers. The rest is judged here, so that an HTTP/2 request means what the same HTTP/1.1
//! request means. The library cuts a fragment off the path; it is never judged nor forwarded.

use h2::ext::Protocol;
use http::header::{CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderMap, HeaderValue};
use http::request::Parts;
use http::{Method, Uri};

use super::field_syntax::decimal;
use super::http_refusal::HttpRefusal;
use super::inspect_limits::InspectLimits;
use super::request_target;

/// What each field line takes in HTTP/1.1 beyond its name and value.
const LINE_BYTES: usize = 4;

/// Judges a head and joins its cookie fields. Its body is framed by the stream. Returns whether it asks
/// for WebSocket; it is the GET of such a handshake then.
///
/// # Errors
/// The first defect that is found.
pub fn check_http2_head(head: &mut Parts, limits: &InspectLimits) -> Result<bool, HttpRefusal> {
    let is_websocket = take_websocket(head)?;
    check_target(&head.method, &head.uri, limits)?;
    check_authority(&head.uri, &head.headers)?;
    join_cookies(&mut head.headers);
    let authorities =
        usize::from(head.uri.authority().is_some() && !head.headers.contains_key(HOST));
    check_fields(&head.headers, authorities, limits)?;
    check_length(&mut head.headers)?;
    let mut expectations = head.headers.get_all(EXPECT).iter();
    let is_known = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"100-continue");
    if expectations.all(is_known) {
        Ok(is_websocket)
    } else {
        Err(HttpRefusal::UnknownExpectation)
    }
}

/// Makes the GET of a handshake of an extended CONNECT for WebSocket (RFC 8441 section 5). Any other
/// CONNECT is a tunnel.
fn take_websocket(head: &mut Parts) -> Result<bool, HttpRefusal> {
    if head.method != Method::CONNECT {
        return Ok(false);
    }
    let protocol = head.extensions.remove::<Protocol>();
    let is_websocket = |protocol: &Protocol| protocol.as_str().eq_ignore_ascii_case("websocket");
    if !protocol.as_ref().is_some_and(is_websocket) {
        return Err(HttpRefusal::TunnelNotSupported);
    }
    if head.headers.contains_key(CONTENT_LENGTH) {
        return Err(HttpRefusal::HandshakeBody);
    }
    head.method = Method::GET;
    Ok(true)
}

/// Judges trailer fields, which have the limits of a head.
///
/// # Errors
/// The first defect that is found.
pub fn check_http2_trailers(
    trailers: &HeaderMap,
    limits: &InspectLimits,
) -> Result<(), HttpRefusal> {
    check_fields(trailers, 0, limits)
}

/// The head as the beginning of an HTTP/1.1 message, for the log.
pub fn http2_head_start(head: &Parts) -> Vec<u8> {
    let target = head.uri.path_and_query().map_or("*", |path| path.as_str());
    let host = match head.uri.authority() {
        Some(authority) => authority.as_str().as_bytes(),
        None => head
            .headers
            .get(HOST)
            .map_or(&b""[..], HeaderValue::as_bytes),
    };
    let line = format!("{} {target} HTTP/2\r\nhost: ", head.method);
    [line.as_bytes(), host, b"\r\n"].concat()
}

/// Only a path and a query, or `*` (RFC 9113 section 8.3.1).
fn check_target(method: &Method, uri: &Uri, limits: &InspectLimits) -> Result<(), HttpRefusal> {
    if !matches!(uri.scheme_str(), None | Some("http" | "https")) {
        return Err(HttpRefusal::MalformedTarget);
    }
    let target = uri.path_and_query().map_or("", |path| path.as_str());
    if target.len() > limits.target_bytes_max {
        return Err(HttpRefusal::TargetTooLong);
    }
    request_target::check_origin(method.as_str().as_bytes(), target.as_bytes())
}

/// One host: `:authority`, or else `Host`. If both are present, they are equal.
fn check_authority(uri: &Uri, headers: &HeaderMap) -> Result<(), HttpRefusal> {
    let mut hosts = headers.get_all(HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    if second.is_some() {
        return Err(HttpRefusal::RepeatedHost);
    }
    match (uri.authority(), host) {
        (None, None) => Err(HttpRefusal::MissingHost),
        (None, Some(host)) => request_target::check_host(host.as_bytes()),
        (Some(authority), host) => {
            let authority = authority.as_str().as_bytes();
            request_target::check_host(authority)?;
            match host {
                Some(host) if !host.as_bytes().eq_ignore_ascii_case(authority) => {
                    Err(HttpRefusal::AuthorityMismatch)
                }
                _ => Ok(()),
            }
        }
    }
}

/// Joins cookie fields, which clients split for compression (RFC 9113 section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut crumbs = headers.get_all(COOKIE).iter();
    let (Some(first), Some(second)) = (crumbs.next(), crumbs.next()) else {
        return;
    };
    let mut joined = [first.as_bytes(), b"; ", second.as_bytes()].concat();
    for crumb in crumbs {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(crumb.as_bytes());
    }
    if let Ok(joined) = HeaderValue::from_bytes(&joined) {
        headers.insert(COOKIE, joined);
    }
}

/// `others` are fields that HTTP/1.1 has in addition.
fn check_fields(
    headers: &HeaderMap,
    others: usize,
    limits: &InspectLimits,
) -> Result<(), HttpRefusal> {
    if headers.len() + others > limits.header_count_max {
        return Err(HttpRefusal::TooManyFields);
    }
    let mut bytes = 0;
    for (name, value) in headers {
        let value = value.as_bytes();
        // RFC 9113 section 8.2.1.
        let is_padded = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
        if is_padded(value.first()) || is_padded(value.last()) {
            return Err(HttpRefusal::PaddedValue);
        }
        bytes += name.as_str().len() + value.len() + LINE_BYTES;
    }
    if bytes > limits.header_bytes_max {
        return Err(HttpRefusal::HeadTooLarge);
    }
    Ok(())
}

/// Leaves one `Content-Length`. The library has refused different ones, and compares it with the body.
fn check_length(headers: &mut HeaderMap) -> Result<(), HttpRefusal> {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let Some(first) = lengths.next() else {
        return Ok(());
    };
    if decimal(first.as_bytes()).is_none() {
        return Err(HttpRefusal::MalformedContentLength);
    }
    if lengths.any(|length| length != first) {
        return Err(HttpRefusal::ConflictingContentLength);
    }
    let first = first.clone();
    headers.insert(CONTENT_LENGTH, first);
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use http::Request;

    use super::*;
    use crate::inspect::RequestReader;

    fn check(method: &str, uri: &str, fields: &[(&str, &str)]) -> Result<HeaderMap, HttpRefusal> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        let limits = InspectLimits {
            target_bytes_max: 100,
            header_count_max: 10,
            header_bytes_max: 500,
            forward_proxy: false,
        };
        check_http2_head(&mut head, &limits)?;
        Ok(head.headers)
    }

    #[test]
    #[rustfmt::skip]
    fn a_head_means_what_it_means_in_http_1() {
        let a = "http://a.test/";
        let refuses = |method: &str, uri: &str, fields: &[(&str, &str)], refusal| {
            assert_eq!(check(method, uri, fields).unwrap_err(), refusal, "{method} {uri} {fields:?}");
        };
        refuses("CONNECT", "a.test:1", &[], HttpRefusal::TunnelNotSupported);
        refuses("CONNECT", a, &[], HttpRefusal::TunnelNotSupported);
        refuses("GET", "ftp://a.test/", &[], HttpRefusal::MalformedTarget);
        refuses("GET", "*", &[("host", "a")], HttpRefusal::MalformedTarget);
        refuses("GET", "/\"", &[("host", "a")], HttpRefusal::MalformedTarget);
        refuses("GET", "/%1", &[("host", "a")], HttpRefusal::MalformedTarget);
        refuses("GET", &format!("/{}", "a".repeat(100)), &[("host", "a")], HttpRefusal::TargetTooLong);
        refuses("GET", "/", &[], HttpRefusal::MissingHost);
        refuses("GET", "/", &[("host", "a"), ("host", "a")], HttpRefusal::RepeatedHost);
        refuses("GET", "/", &[("host", "a/b")], HttpRefusal::InvalidHost);
        refuses("GET", "/", &[("host", "")], HttpRefusal::InvalidHost);
        refuses("GET", "http://u@a.test/", &[], HttpRefusal::InvalidHost);
        refuses("GET", a, &[("host", "b.test")], HttpRefusal::AuthorityMismatch);
        refuses("GET", a, &[("host", "a.test:80")], HttpRefusal::AuthorityMismatch);
        refuses("GET", a, &[("x", " a")], HttpRefusal::PaddedValue);
        refuses("GET", a, &[("x", "a\t")], HttpRefusal::PaddedValue);
        refuses("GET", a, &[("x", "1"); 11], HttpRefusal::TooManyFields);
        refuses("GET", a, &[("x", &"a".repeat(500))], HttpRefusal::HeadTooLarge);
        refuses("GET", a, &[("expect", "a-cake")], HttpRefusal::UnknownExpectation);
        refuses("GET", a, &[("content-length", "+1")], HttpRefusal::MalformedContentLength);
        refuses("GET", a, &[("content-length", "1, 1")], HttpRefusal::MalformedContentLength);
        refuses("GET", a, &[("content-length", "1"), ("content-length", "2")], HttpRefusal::ConflictingContentLength);
        assert!(check("OPTIONS", "*", &[("host", "a")]).is_ok());
        assert!(check("GET", "https://a.test/b?c={d}", &[("host", "A.test"), ("expect", "100-Continue")]).is_ok());
    }

    #[test]
    fn repeated_fields_with_one_meaning_become_one() {
        let crumbs = [
            ("cookie", "a=1"),
            ("x", "y"),
            ("cookie", "b=2"),
            ("cookie", "c=3"),
        ];
        let headers = check("GET", "http://a/", &crumbs).unwrap();
        let cookies: Vec<_> = headers.get_all(COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1; b=2; c=3"]);
        // Many crumbs are one field.
        assert!(check("GET", "http://a/", &[("cookie", "a=1"); 30]).is_ok());
        let lengths = [("content-length", "5"), ("content-length", "5")];
        let headers = check("POST", "http://a/", &lengths).unwrap();
        assert_eq!(headers.get_all(CONTENT_LENGTH).iter().count(), 1);
    }

    proptest::proptest! {
        /// What is accepted here is a valid HTTP/1.1 message, too.
        #[test]
        fn an_accepted_head_is_one_of_http_1(
            path in "[ -~]{0,12}|/[a-z%2fF?*\\\\#{}|^`\"<>é]{0,8}|[*]",
            host in "[a-z0-9.:@\\[\\]%/ -]{0,10}",
            value in "[ -~\t\u{80}-\u{ff}]{0,8}",
            method in "GET|OPTIONS|[A-Z!_]{1,5}",
        ) {
            let request = Request::builder().method(&*method).uri(&*path);
            let request = request.header("host", &*host).header("x", &*value).body(());
            if let Ok(request) = request
                && request.uri().authority().is_none()
            {
                let (mut head, ()) = request.into_parts();
                let limits = InspectLimits {
                    target_bytes_max: 100,
                    header_count_max: 10,
                    header_bytes_max: 500,
                    forward_proxy: false,
                };
                if check_http2_head(&mut head, &limits).is_ok() {
                    let target = head.uri.path_and_query().unwrap();
                    let message = format!("{method} {target} HTTP/1.1\r\nhost: {host}\r\nx: {value}\r\n\r\n");
                    let mut buffer = BytesMut::from(message.as_bytes());
                    let parsed = RequestReader::new(limits).take_head(&mut buffer);
                    proptest::prop_assert!(matches!(parsed, Ok(Some(_))), "{message} {parsed:?}");
                    proptest::prop_assert!(buffer.is_empty());
                }
            }
        }
    }

    #[test]
    fn an_extended_connect_is_the_get_of_a_handshake() {
        let check = |protocol: &str, fields: &[(&str, &str)]| {
            let mut request = Request::connect("https://a.test/chat?x");
            for (name, value) in fields {
                request = request.header(*name, *value);
            }
            let request = request.extension(Protocol::from(protocol)).body(());
            let (mut head, ()) = request.unwrap().into_parts();
            let limits = InspectLimits {
                target_bytes_max: 100,
                header_count_max: 10,
                header_bytes_max: 500,
                forward_proxy: false,
            };
            check_http2_head(&mut head, &limits).map(|is_websocket| (head.method, is_websocket))
        };
        assert_eq!(check("websocket", &[]), Ok((Method::GET, true)));
        assert_eq!(
            check("connect-udp", &[]),
            Err(HttpRefusal::TunnelNotSupported)
        );
        let length = ("content-length", "0");
        assert_eq!(
            check("websocket", &[length]),
            Err(HttpRefusal::HandshakeBody)
        );
        let other = ("host", "b.test");
        assert_eq!(
            check("websocket", &[other]),
            Err(HttpRefusal::AuthorityMismatch)
        );
    }

    #[test]
    fn the_log_shows_the_head() {
        let (head, ()) = Request::get("http://a.test/b?c")
            .body(())
            .unwrap()
            .into_parts();
        assert_eq!(
            http2_head_start(&head),
            b"GET /b?c HTTP/2\r\nhost: a.test\r\n"
        );
    }
}
