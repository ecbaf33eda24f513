//! Tests of the reader of requests: one line for each rule, then three properties. No bytes make it
//! panic; splitting the stream changes neither the verdict nor the requests; another HTTP library reads
//! every request that passes in the same way.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Version};
use http_body_util::{BodyExt, Empty};
use hyper::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::HttpRefusal::*;
use super::*;

const LIMITS: InspectLimits = InspectLimits {
    target_bytes_max: 64,
    header_count_max: 8,
    header_bytes_max: 512,
    forward_proxy: false,
};

/// Where a stream stands after all its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StreamPosition {
    Idle,
    Head,
    Body,
    Closed,
    Upgrading,
}

/// A request with what was read of its body.
#[derive(Clone, Debug, Default, PartialEq)]
struct ReadRequest {
    method: Method,
    target: String,
    version: Version,
    fields: HeaderMap,
    body: Vec<u8>,
    trailers: HeaderMap,
}

/// The result of reading a stream.
#[derive(Debug)]
struct ReadStream {
    requests: Vec<ReadRequest>,
    verdict: Result<StreamPosition, HttpRefusal>,
    /// How many bytes belong to complete requests.
    complete: usize,
}

/// Reads a stream that arrives in pieces of a length.
fn read_stream(stream: &[u8], piece: usize) -> ReadStream {
    let mut reader = RequestReader::new(LIMITS);
    let mut buffer = BytesMut::new();
    let mut read = ReadStream {
        requests: Vec::new(),
        verdict: Ok(StreamPosition::Idle),
        complete: 0,
    };
    let mut arrived = 0;
    let mut current: Option<(ExchangeTerms, RequestBodyDecoder)> = None;
    for bytes in stream.chunks(piece) {
        buffer.extend_from_slice(bytes);
        arrived += bytes.len();
        while matches!(
            read.verdict,
            Ok(StreamPosition::Idle | StreamPosition::Head | StreamPosition::Body)
        ) {
            let Some((terms, body)) = &mut current else {
                match reader.take_head(&mut buffer) {
                    Ok(Some(parsed)) => {
                        let terms = parsed.terms;
                        read.requests.push(of_head(&parsed.request));
                        current = Some((terms, reader.body_decoder(terms.framing)));
                        continue;
                    }
                    Ok(None) if buffer.is_empty() => read.verdict = Ok(StreamPosition::Idle),
                    Ok(None) => read.verdict = Ok(StreamPosition::Head),
                    Err(refusal) => read.verdict = Err(refusal),
                }
                break;
            };
            let request = read.requests.last_mut().unwrap();
            match body.decode(&mut buffer) {
                Ok(RequestBodyPart::Data(data)) => request.body.extend_from_slice(&data),
                Ok(RequestBodyPart::Trailers(trailers)) => request.trailers = trailers,
                Ok(RequestBodyPart::Incomplete) => {
                    read.verdict = Ok(StreamPosition::Body);
                    break;
                }
                Ok(RequestBodyPart::End) => {
                    assert!(body.has_ended());
                    read.complete = arrived - buffer.len();
                    read.verdict = Ok(match terms {
                        terms if terms.asks_upgrade => StreamPosition::Upgrading,
                        terms if terms.keeps_alive => StreamPosition::Idle,
                        _ => StreamPosition::Closed,
                    });
                    current = None;
                }
                Err(refusal) => read.verdict = Err(refusal),
            }
        }
    }
    read
}

fn of_head<B>(request: &Request<B>) -> ReadRequest {
    ReadRequest {
        method: request.method().clone(),
        target: request.uri().to_string(),
        version: request.version(),
        fields: request.headers().clone(),
        ..ReadRequest::default()
    }
}

/// The verdict on a stream that arrives at once.
fn verdict(stream: &[u8]) -> Result<StreamPosition, HttpRefusal> {
    read_stream(stream, usize::MAX).verdict
}

/// Checks the verdict on a stream, fed whole and byte by byte.
#[track_caller]
fn check(stream: impl AsRef<[u8]>, heads: usize, expected: Result<StreamPosition, HttpRefusal>) {
    let stream = stream.as_ref();
    let read = read_stream(stream, usize::MAX);
    assert_eq!(
        (read.requests.len(), read.verdict),
        (heads, expected),
        "{}",
        stream.escape_ascii()
    );
    let read = read_stream(stream, 1);
    assert_eq!(
        read.verdict.is_err(),
        expected.is_err(),
        "{}",
        stream.escape_ascii()
    );
}

#[track_caller]
fn accepts(stream: impl AsRef<[u8]>) {
    check(stream, 1, Ok(StreamPosition::Idle));
}

#[track_caller]
fn refuses(stream: impl AsRef<[u8]>, refusal: HttpRefusal) {
    check(stream, 0, Err(refusal));
}

/// A GET with these field lines after its Host.
fn get(fields: &str) -> String {
    let end = if fields.is_empty() {
        "\r\n"
    } else {
        "\r\n\r\n"
    };
    format!("GET / HTTP/1.1\r\nhost: a\r\n{fields}{end}")
}

/// A GET for this target.
fn get_target(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n")
}

/// A GET with this Host.
fn get_host(host: &str) -> String {
    format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n")
}

/// A POST with this chunked body.
fn chunked(body: &str) -> String {
    format!("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{body}")
}

#[test]
fn request_lines() {
    accepts(get(""));
    accepts("\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n");
    accepts("!#$%&'*+-.^_`|~aZ9 / HTTP/1.1\r\nhost: a\r\n\r\n");
    refuses("\nGET / HTTP/1.1\r\nhost: a\r\n\r\n", BareLineFeed);
    refuses("GET / HTTP/1.1\nhost: a\r\n\r\n", BareLineFeed);
    refuses("GET /\rHTTP/1.1\r\nhost: a\r\n\r\n", BareCarriageReturn);
    refuses("GET /\0 HTTP/1.1\r\nhost: a\r\n\r\n", ControlCharacter);
    refuses("GET  / HTTP/1.1\r\nhost: a\r\n\r\n", MalformedRequestLine);
    refuses("GET / HTTP/1.1 \r\nhost: a\r\n\r\n", MalformedRequestLine);
    refuses(" GET / HTTP/1.1\r\nhost: a\r\n\r\n", MalformedRequestLine);
    refuses("GET\t/\tHTTP/1.1\r\nhost: a\r\n\r\n", MalformedRequestLine);
    refuses("GET / x HTTP/1.1\r\nhost: a\r\n\r\n", MalformedRequestLine);
    refuses("G(T / HTTP/1.1\r\nhost: a\r\n\r\n", MalformedRequestLine);
    refuses("GET /\r\n\r\n", MalformedRequestLine);
    refuses("GET / http/1.1\r\nhost: a\r\n\r\n", MalformedRequestLine);
    refuses("GET / HTTP/1.10\r\nhost: a\r\n\r\n", MalformedRequestLine);
    refuses("GET / HTTP/01.1\r\nhost: a\r\n\r\n", MalformedRequestLine);
    refuses("GET / HTTP/1.2\r\nhost: a\r\n\r\n", UnsupportedVersion);
    refuses("GET / HTTP/0.9\r\nhost: a\r\n\r\n", UnsupportedVersion);
    refuses("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", UnsupportedVersion);
    refuses(
        "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n",
        TunnelNotSupported,
    );
    refuses("CONNECT /x HTTP/1.1\r\nhost: a\r\n\r\n", MalformedTarget);
    refuses(get_target(&format!("/{}", "a".repeat(64))), TargetTooLong);
    refuses(format!("GET /{}", "a".repeat(200)), TargetTooLong);
}

#[test]
fn targets() {
    accepts(get_target("/a%2F-._~!$&'()*+,;=:@[]{}|^//..?b/?`{}"));
    accepts(get_target("http://a/"));
    accepts(get_target("HTTPS://u%20:p@a:1?b"));
    accepts(get_target("http://[2001:db8::1]:80"));
    accepts("OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n");
    for target in [
        "*",
        "a",
        "?a",
        "#",
        "/#",
        "/\"",
        "/<",
        "/>",
        "/\\",
        "/\u{e4}",
        "/%",
        "/%2",
        "/%2g",
        "//a:b@c:x#",
        "ftp://a/",
        "http:/a",
        "http://",
        "http:///a",
        "http://a b",
        "http://a@b@c/",
        "http://a:x/",
        "http://[::1/",
        "http://[g]/",
        "a:80",
        "http://a\\b",
    ] {
        let request = get_target(target);
        assert!(verdict(request.as_bytes()).is_err(), "{target}");
    }
}

#[test]
fn hosts() {
    for host in [
        "a",
        "A.b-c_d~",
        "a:",
        "a:80",
        "1.2.3.4:5",
        "[::1]",
        "[::ffff:1.2.3.4]:80",
        "[v1.a:b]",
        "%41",
        "a,b",
        "0.0.0.0=5000",
    ] {
        accepts(get_host(host));
    }
    for host in [
        "", ":80", "a b", "a:b", "a:80:80", "a@b", "a/b", "a?b", "[::1", "::1", "[::1]a", "[]",
        "[v.a]", "%4", "%zz", "\u{e4}", "a\\b", "a#b", "http://a",
    ] {
        refuses(get_host(host), InvalidHost);
    }
    refuses("GET / HTTP/1.1\r\n\r\n", MissingHost);
    refuses("GET / HTTP/1.1\r\nx-host: a\r\n\r\n", MissingHost);
    refuses(get("Host: a"), RepeatedHost);
    refuses("GET / HTTP/1.0\r\nhost: a\r\nHOST: b\r\n\r\n", RepeatedHost);
    check("GET / HTTP/1.0\r\n\r\n", 1, Ok(StreamPosition::Closed));
}

#[test]
fn fields() {
    accepts(get("x:"));
    accepts(get("x: \t y\tz \t"));
    accepts(b"GET / HTTP/1.1\r\nhost: a\r\nx: \x80\xff\r\n\r\n");
    refuses(get("x: \u{1}"), ControlCharacter);
    refuses(get("x: \u{7f}"), ControlCharacter);
    refuses(get("x: \0"), ControlCharacter);
    refuses(get("x: y\nz: 1"), BareLineFeed);
    refuses(get("x: y\rz: 1"), BareCarriageReturn);
    refuses(get("x : y"), SpaceBeforeColon);
    refuses(get("x\t: y"), SpaceBeforeColon);
    refuses(get("x: y\r\n z"), FoldedField);
    refuses(get("x: y\r\n\tz"), FoldedField);
    refuses("GET / HTTP/1.1\r\n host: a\r\n\r\n", FoldedField);
    refuses(get("x"), MalformedFieldName);
    refuses(get(": y"), MalformedFieldName);
    refuses(get("x y: z"), MalformedFieldName);
    refuses(get("x\u{e4}: z"), MalformedFieldName);
    refuses(get("(x): z"), MalformedFieldName);
    refuses(get("x\u{1}: z"), MalformedFieldName);
    refuses(get(&["x: y"; 8].join("\r\n")), TooManyFields);
    refuses(get(&format!("x: {}", "y".repeat(512))), HeadTooLarge);
    refuses(
        format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(512)),
        HeadTooLarge,
    );
}

#[test]
fn lengths() {
    check(get("content-length: 1"), 1, Ok(StreamPosition::Body));
    accepts(get("content-length: 0"));
    accepts(get("content-length: 0003") + "abc");
    accepts(get("content-length: 3\r\nContent-Length: 3") + "abc");
    for length in [
        "",
        "+3",
        "-3",
        "3 3",
        "3,3",
        "3, 3",
        "0x3",
        "3.0",
        "3a",
        "٣",
        "9223372036854775808",
        "99999999999999999999",
    ] {
        refuses(
            get(&format!("content-length: {length}")),
            MalformedContentLength,
        );
    }
    refuses(
        get("content-length: 3\r\ncontent-length: 4"),
        ConflictingContentLength,
    );
    refuses(
        get("content-length: 0\r\ntransfer-encoding: chunked"),
        LengthWithTransferEncoding,
    );
    refuses(
        get("transfer-encoding: chunked\r\ncontent-length: 3"),
        LengthWithTransferEncoding,
    );
}

#[test]
fn transfer_codings() {
    let coded = |codings: &str| get(&format!("transfer-encoding: {codings}"));
    for codings in ["chunked", "CHUNKED", ", ,chunked", "\tchunked\t"] {
        check(coded(codings), 1, Ok(StreamPosition::Body));
    }
    for codings in [
        "",
        "identity",
        "chunked, gzip",
        "chunked,",
        "chunke",
        "xchunked",
        "\"chunked\"",
        "chunked;q=1",
        "chunked chunked",
    ] {
        refuses(coded(codings), TransferEncodingNotChunked);
    }
    refuses(
        coded("chunked\r\ntransfer-encoding:"),
        TransferEncodingNotChunked,
    );
    refuses(coded("chunked, chunked"), RepeatedChunked);
    refuses(
        coded("chunked\r\ntransfer-encoding: chunked"),
        RepeatedChunked,
    );
    refuses(coded("gzip, chunked"), UnknownTransferCoding);
    refuses(
        coded("identity\r\ntransfer-encoding: chunked"),
        UnknownTransferCoding,
    );
    refuses(
        "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n",
        TransferEncodingInHttp10,
    );
}

#[test]
fn chunks() {
    accepts(chunked("0\r\n\r\n"));
    accepts(chunked("000\r\n\r\n"));
    accepts(chunked("00000000000000000003\r\nabc\r\n0\r\n\r\n"));
    accepts(chunked("A\r\n0123456789\r\na;x\r\n0123456789\r\n0\r\n\r\n"));
    accepts(chunked(
        "1 ; x = \"a\\\"\\\\ ;\" ;y=z\r\na\r\n0;last\r\n\r\n",
    ));
    accepts(chunked("2\r\n\r\n\r\n0\r\nx: y\r\nhost: z\r\n\r\n"));
    for body in [
        "\r\n",
        "x\r\n",
        "-1\r\n",
        "+1\r\n",
        "0x1\r\n",
        " 1\r\n",
        "1 \r\n",
        "1_0\r\n",
        "1\t\r\n",
        "1 1\r\n",
        "1000000000000000\r\n",
        "ffffffffffffffffffff\r\n",
        "\u{e4}\r\n",
    ] {
        refuses_chunk(body, &[MalformedChunk, MalformedChunkExtension]);
    }
    for body in [
        "1;\r\n",
        "1;=x\r\n",
        "1;x=\r\n",
        "1;x=\"y\r\n",
        "1;x y\r\n",
        "1;x;\r\n",
        "1;(\r\n",
    ] {
        refuses_chunk(body, &[MalformedChunk, MalformedChunkExtension]);
    }
    refuses(
        chunked(&format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(2000))),
        MalformedChunkExtension,
    );
    refuses(
        chunked(&format!("1;{}\r\na\r\n", "x".repeat(1000)).repeat(9)),
        MalformedChunkExtension,
    );
    refuses(chunked("1\na\r\n0\r\n\r\n"), BareLineFeed);
    refuses(chunked("1\r\na\n0\r\n\r\n"), BareLineFeed);
    refuses(chunked("1\r\nab\r\n0\r\n\r\n"), MalformedChunkEnd);
    refuses(chunked("1\r\na0\r\n\r\n"), MalformedChunkEnd);
    refuses(chunked("1\r\r\na\r\n0\r\n\r\n"), BareCarriageReturn);
    refuses(chunked("0\r\nx : y\r\n\r\n"), SpaceBeforeColon);
    refuses(chunked("0\r\n x: y\r\n\r\n"), FoldedField);
    refuses(chunked("0\r\nx\r\n\r\n"), MalformedFieldName);
    refuses(
        chunked(&format!("0\r\n{}\r\n", "x: y\r\n".repeat(9))),
        TooManyFields,
    );
    refuses(
        chunked(&format!("0\r\nx: {}\r\n\r\n", "y".repeat(512))),
        HeadTooLarge,
    );
}

#[track_caller]
fn refuses_chunk(body: &str, refusals: &[HttpRefusal]) {
    let stream = chunked(body);
    let verdict = verdict(stream.as_bytes());
    assert!(
        verdict.is_err_and(|refusal| refusals.contains(&refusal)),
        "{body:?}: {verdict:?}"
    );
}

#[test]
fn expectations() {
    accepts(get("expect: 100-Continue"));
    refuses(get("expect:"), UnknownExpectation);
    refuses(get("expect: 100-continue, x"), UnknownExpectation);
    check(
        "GET / HTTP/1.0\r\nexpect: x\r\n\r\n",
        1,
        Ok(StreamPosition::Closed),
    );
}

#[test]
fn connections() {
    check(get("") + &get(""), 2, Ok(StreamPosition::Idle));
    check(
        get("content-length: 1") + "x" + &get("") + "GET",
        2,
        Ok(StreamPosition::Head),
    );
    check(
        get("connection: keep-alive, Close") + "anything \0 at all",
        1,
        Ok(StreamPosition::Closed),
    );
    check(
        get("connection: close\r\nconnection: keep-alive"),
        1,
        Ok(StreamPosition::Closed),
    );
    check(
        "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
        1,
        Ok(StreamPosition::Idle),
    );
    check(
        get("") + "GET / HTTP/1.1\r\nx y\r\n\r\n",
        1,
        Err(MalformedFieldName),
    );
    check(
        chunked("0\r\n\r\n") + &chunked("x\r\n"),
        1,
        Err(MalformedChunk),
    );
}

#[test]
fn nothing_after_a_request_to_upgrade_is_read() {
    let upgrading = |fields: &str| {
        let stream = get(fields) + &get("") + "\0\r\r\n";
        check(stream, 1, Ok(StreamPosition::Upgrading));
    };
    upgrading("connection: upgrade\r\nupgrade: websocket");
    upgrading("UPGRADE: h2c, WebSocket\r\nConnection: keep-alive\r\nconnection: x, Upgrade");
    upgrading("connection: upgrade, close\r\nupgrade: websocket");
    let stream = get("") + &get("connection: upgrade\r\nupgrade: websocket") + "rest";
    check(&stream, 2, Ok(StreamPosition::Upgrading));
    let complete = read_stream(stream.as_bytes(), usize::MAX).complete;
    assert_eq!(complete, stream.len() - "rest".len());
    // Others are ignored (RFC 9110 section 7.8).
    let ignored = |stream: String| check(stream + &get(""), 2, Ok(StreamPosition::Idle));
    ignored(get("upgrade: websocket"));
    ignored(get("connection: upgrade"));
    ignored(get("connection: upgrade\r\nupgrade: h2c"));
    ignored(get("connection: upgrade\r\nupgrade: websocket/13"));
    ignored(get("connection: upgrade\r\nupgrade: \u{e9}websocket"));
    check(
        "GET / HTTP/1.0\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        1,
        Ok(StreamPosition::Closed),
    );
    let with_body = |framing: &str| {
        let fields = format!("connection: upgrade\r\nupgrade: websocket\r\n{framing}");
        refuses(get(&fields), HandshakeBody);
    };
    with_body("content-length: 1");
    with_body("transfer-encoding: chunked");
    upgrading("connection: upgrade\r\nupgrade: websocket\r\ncontent-length: 0");
}

#[test]
fn requests_before_a_refused_one_pass() {
    let stream = get("") + "GET / HTTP/1.1\r\nx y\r\n\r\n";
    check(&stream, 1, Err(MalformedFieldName));
    assert_eq!(
        read_stream(stream.as_bytes(), usize::MAX).complete,
        get("").len()
    );

    // A body is refused with its head as far as it has arrived, and later by its reader.
    let stream = chunked("1\r\nab");
    check(&stream, 0, Err(MalformedChunkEnd));
    let read = read_stream(stream.as_bytes(), stream.len() - 1);
    assert_eq!(
        (read.requests.len(), read.verdict),
        (1, Err(MalformedChunkEnd))
    );
    assert_eq!(read.requests[0].body, b"a");
}

#[test]
fn a_line_that_cannot_become_valid_is_refused_before_its_end() {
    let refused = |stream: &str, refusal| {
        assert_eq!(verdict(stream.as_bytes()), Err(refusal), "{stream:?}");
    };
    refused("G(", MalformedRequestLine);
    refused("\u{e4}", MalformedRequestLine);
    refused("GET / HTTP/1.1\r\nbad field", MalformedFieldName);
    refused("GET / HTTP/1.1\r\n x", FoldedField);
    refused("GET / HTTP/1.1\r\nx ", MalformedFieldName);
    refused("GET / HTTP/1.1\r\nx: \u{1}y", ControlCharacter);
    refused("GET / HTTP/1.1\r\nx: \ry", BareCarriageReturn);
    for waiting in [
        "\r",
        "GET",
        "GET / HT",
        "GET / HTTP/1.1\r\n\r",
        "GET / HTTP/1.1\r\nx",
        "GET / HTTP/1.1\r\nx: (y\r",
    ] {
        check(waiting, 0, Ok(StreamPosition::Head));
    }
}

#[test]
fn the_terms_of_an_exchange() {
    let terms = |stream: String| {
        let mut buffer = BytesMut::from(stream.as_bytes());
        let parsed = RequestReader::new(LIMITS).take_head(&mut buffer);
        parsed.unwrap().unwrap().terms
    };
    let plain = terms(get(""));
    assert!(plain.keeps_alive && !plain.is_head && !plain.is_http10 && !plain.takes_trailers);
    assert!(terms("HEAD / HTTP/1.0\r\n\r\n".to_owned()).is_head);
    assert!(terms(get("te: gzip , Trailers")).takes_trailers);
    let waiting = "expect: 100-continue";
    assert!(terms(get(&format!("{waiting}\r\ncontent-length: 1"))).awaits_continue);
    assert!(!terms(get(waiting)).awaits_continue);
    let old = format!("POST / HTTP/1.0\r\n{waiting}\r\ncontent-length: 1\r\n\r\n");
    let old = terms(old);
    assert!(old.is_http10 && !old.awaits_continue && !old.keeps_alive);
    assert_eq!(old.framing, BodyFraming::Sized(1));
}

#[test]
fn names_and_sentences_are_distinct() {
    let mut names: Vec<_> = HttpRefusal::ALL
        .iter()
        .map(|refusal| refusal.name())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), HttpRefusal::ALL.len());
    for refusal in HttpRefusal::ALL {
        assert!(refusal.status().is_client_error() || refusal.status().is_server_error());
        assert!(refusal.sentence().ends_with('.') && !refusal.name().contains(' '));
    }
}

/// A valid or almost valid piece of a request.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(get("")),
        2 => Just(get("content-length: 5") + "hello"),
        2 => Just(chunked("3;a=b\r\nabc\r\n0\r\nx: y\r\n\r\n")),
        1 => Just(chunked("0\r\n\r\n")),
        1 => Just("GET http://u@b:1/c?d HTTP/1.1\r\nhost: a\r\n\r\n".to_owned()),
        1 => Just("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n".to_owned()),
        1 => Just(get("connection: close")),
        1 => Just(get("upgrade: x\r\nconnection: upgrade")),
        1 => Just(get("expect: 100-continue\r\ncontent-length: 1") + "x"),
        1 => Just("\r\n".to_owned()),
        1 => "[ -~]{0,12}(\r\n)?",
    ]
}

/// A few fragments with some bytes replaced, inserted or removed.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        Just(b'\r'),
        Just(b'\n'),
        Just(b' '),
        Just(b'\t'),
        Just(b':'),
        Just(b','),
        Just(b';'),
        Just(b'0'),
        Just(b'\0'),
        Just(b'%'),
        Just(b'/'),
        Just(b'@'),
        Just(b'['),
        any::<u8>()
    ];
    let edit = (any::<prop::sample::Index>(), 0..3_u8, byte);
    (
        prop::collection::vec(fragment(), 1..5),
        prop::collection::vec(edit, 0..3),
    )
        .prop_map(|(fragments, edits)| {
            let mut stream = fragments.concat().into_bytes();
            for (index, kind, byte) in edits {
                let at = index.index(stream.len() + 1).min(stream.len());
                match kind {
                    0 if at < stream.len() => stream[at] = byte,
                    1 if at < stream.len() => drop(stream.remove(at)),
                    _ => stream.insert(at, byte),
                }
            }
            stream
        })
}

/// The requests that another library reads, and whether it accepted all.
fn read_by_library(stream: &[u8]) -> (Vec<ReadRequest>, bool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async move {
        let (mut client, server) = tokio::io::duplex(1 << 20);
        client.write_all(stream).await.unwrap();
        client.shutdown().await.unwrap();
        let requests = Rc::new(RefCell::new(Vec::new()));
        let log = Rc::clone(&requests);
        let service = service_fn(move |request: Request<Incoming>| {
            let log = Rc::clone(&log);
            async move {
                let mut read = of_head(&request);
                let body = request.into_body().collect().await.unwrap();
                read.trailers = body.trailers().cloned().unwrap_or_default();
                read.body = body.to_bytes().to_vec();
                log.borrow_mut().push(read);
                Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
            }
        });
        let mut builder = http1::Builder::new();
        let connection = builder
            .half_close(true)
            .serve_connection(TokioIo::new(server), service);
        let outcome = connection.await;
        let mut answers = String::new();
        client.read_to_string(&mut answers).await.unwrap();
        let is_accepted = outcome.is_ok() && !answers.contains("HTTP/1.1 4");
        (requests.take(), is_accepted)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(stream in prop::collection::vec(any::<u8>(), 0..300), piece in 1..20_usize) {
        let read = read_stream(&stream, piece);
        prop_assert!(read.requests.len() <= stream.len() && read.complete <= stream.len());
    }

    #[test]
    fn splitting_does_not_change_what_is_read(stream in mutated(), piece in 1..40_usize) {
        let whole = read_stream(&stream, usize::MAX);
        let cut = read_stream(&stream, piece);
        prop_assert_eq!(whole.verdict.is_err(), cut.verdict.is_err());
        prop_assert_eq!(whole.complete, cut.complete);
        if whole.verdict.is_ok() {
            prop_assert_eq!((whole.requests, whole.verdict), (cut.requests, cut.verdict));
        } else {
            // The head of a request that is refused for its body may have arrived before the defect.
            prop_assert!(cut.requests.starts_with(&whole.requests));
        }
    }

    #[test]
    fn another_library_reads_the_same(stream in mutated()) {
        let mut read = read_stream(&stream, usize::MAX);
        // An unfinished body cannot be compared.
        if read.verdict == Ok(StreamPosition::Body) {
            read.requests.pop();
        }
        let (requests, is_accepted) = read_by_library(&stream[..read.complete]);
        prop_assert!(is_accepted, "{:?}", stream.escape_ascii().to_string());
        prop_assert_eq!(requests, read.requests);
    }
}
