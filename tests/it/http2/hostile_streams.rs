//! Hostile streams: each is refused as the sentence of the RFC says, reaches no upstream, and leaves a
//! connection that it does not break usable.

use crate::support::app::App;
use crate::support::http2_client::*;
use crate::support::upstream::Upstream;

/// What may happen to a stream or its connection.
use StreamEnd::{Answer, GoAway, Reset};

/// Cases that ended otherwise, reported together when all were tried.
#[derive(Debug, Default)]
struct Mismatches(Vec<String>);

impl Mismatches {
    fn check(&mut self, (section, sentence): (&str, &str), found: StreamEnd, expected: StreamEnd) {
        if found != expected {
            self.0.push(format!(
                "{section}: {sentence}: {found:?}, not {expected:?}"
            ));
        }
    }
}

impl Drop for Mismatches {
    fn drop(&mut self) {
        assert!(
            self.0.is_empty() || std::thread::panicking(),
            "{:#?}",
            self.0
        );
    }
}

fn start() -> (App, Upstream) {
    let upstream = Upstream::ok();
    (App::shop(upstream.address), upstream)
}

/// A request with these fields instead of those of a valid GET.
fn with(changes: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    [&pseudo("GET", "/items")[..], changes].concat()
}

fn without(name: &str) -> Vec<(&'static str, &'static str)> {
    let fields = pseudo("GET", "/items");
    fields.into_iter().filter(|field| field.0 != name).collect()
}

fn replaced(name: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    let fields = pseudo("GET", "/items");
    let replace = |field: (&'static str, &'static str)| {
        if field.0 == name {
            (name, value)
        } else {
            field
        }
    };
    fields.into_iter().map(replace).collect()
}

/// RFC 9113 section 8.1.1: a malformed request is a stream error of type PROTOCOL_ERROR; an answer may
/// come before. The connection serves other streams.
#[test]
#[rustfmt::skip]
fn malformed_heads_are_refused() {
    let (app, upstream) = start();
    let malformed = Reset(PROTOCOL_ERROR);
    // What no field can be, the library does not decode. It ends the connection, as section 5.4.1 allows.
    let undecodable = GoAway(PROTOCOL_ERROR);
    type Fields = Vec<(&'static str, &'static str)>;
    let cases: &[(&str, &str, Fields, StreamEnd)] = &[
        ("8.2.1", "names have no upper case", with(&[("X-Upper", "1")]), undecodable),
        ("8.2.1", "a name is not empty", with(&[("", "1")]), undecodable),
        ("8.2.1", "names have no spaces", with(&[("x y", "1")]), undecodable),
        ("8.2.1", "names have no colon inside", with(&[("x:y", "1")]), undecodable),
        ("8.2.1", "values have no NUL", with(&[("x", "a\0b")]), undecodable),
        ("8.2.1", "values have no LF", with(&[("x", "a\nb: c")]), undecodable),
        ("8.2.1", "values have no CR", with(&[("x", "a\rb")]), undecodable),
        ("8.2.1", "a value does not begin with a space", with(&[("x", " a")]), Answer(400)),
        ("8.2.1", "a value does not end with a tab", with(&[("x", "a\t")]), Answer(400)),
        ("8.2.2", "no Connection", with(&[("connection", "close")]), malformed),
        ("8.2.2", "no Keep-Alive", with(&[("keep-alive", "5")]), malformed),
        ("8.2.2", "no Proxy-Connection", with(&[("proxy-connection", "close")]), malformed),
        ("8.2.2", "no Transfer-Encoding", with(&[("transfer-encoding", "chunked")]), malformed),
        ("8.2.2", "no Upgrade", with(&[("upgrade", "websocket")]), malformed),
        ("8.2.2", "TE is only trailers", with(&[("te", "trailers, deflate")]), malformed),
        ("8.3", "no unknown pseudo field", with(&[(":protocol-version", "2")]), undecodable),
        ("8.3", "no pseudo field of responses", with(&[(":status", "200")]), malformed),
        ("8.3", "pseudo fields come first", [vec![("x", "1")], with(&[])].concat(), malformed),
        ("8.3", "no second :method", with(&[(":method", "GET")]), malformed),
        ("8.3", "no second :path", with(&[(":path", "/items")]), malformed),
        ("8.3", "no second :scheme", with(&[(":scheme", "http")]), malformed),
        ("8.3", "no second :authority", with(&[(":authority", "shop")]), malformed),
        ("8.3.1", ":method is there", without(":method"), malformed),
        ("8.3.1", ":scheme is there", without(":scheme"), malformed),
        ("8.3.1", ":path is there", without(":path"), malformed),
        ("8.3.1", ":path is not empty", replaced(":path", ""), malformed),
        ("8.3.1", ":path begins with a slash", replaced(":path", "items"), malformed),
        ("8.3.1", ":path is not a URI", replaced(":path", "http://shop/items"), malformed),
        ("8.3.1", ":path is * with OPTIONS only", replaced(":path", "*"), Answer(400)),
        ("8.3.1", ":path has no space", replaced(":path", "/items HTTP/1.1"), malformed),
        ("8.3.1", ":path has no backslash", replaced(":path", "/items\\x"), Answer(400)),
        ("8.3.1", ":path has no broken escape", replaced(":path", "/items/%4"), Answer(400)),
        ("8.3.1", ":authority has no user", replaced(":authority", "user@shop"), Answer(400)),
        ("8.3.1", ":authority is a host", replaced(":authority", "shop/x"), malformed),
        ("8.3.1", ":authority is not empty", replaced(":authority", ""), malformed),
        ("8.3.1", "an http URI has a host", without(":authority"), Answer(400)),
        ("8.3.1", "Host equals :authority", with(&[("host", "other")]), Answer(400)),
        ("8.3.1", "one Host", with(&[("host", "shop"), ("host", "shop")]), Answer(400)),
        ("8.3.1", ":scheme is http or https", replaced(":scheme", "ftp"), Answer(400)),
        ("8.3.1", ":method is a token", replaced(":method", "GE T"), undecodable),
        ("8.5", "no tunnels", vec![(":method", "CONNECT"), (":authority", "shop:443")], Answer(501)),
        ("8.5", "CONNECT has no :path", [vec![(":method", "CONNECT")], with(&[])[1..].to_vec()].concat(), malformed),
        ("RFC 8441 4", "no extended CONNECT", [vec![(":method", "CONNECT"), (":protocol", "websocket")], with(&[])[1..].to_vec()].concat(), malformed),
        ("RFC 9110 8.6", "Content-Length is a number", with(&[("content-length", "x")]), malformed),
        ("RFC 9110 8.6", "Content-Length has no sign", with(&[("content-length", "+0")]), malformed),
        ("RFC 9110 8.6", "one Content-Length", with(&[("content-length", "0"), ("content-length", "1")]), malformed),
        ("8.1.1", "Content-Length equals the body, which is empty", with(&[("content-length", "1")]), malformed),
        ("RFC 9110 10.1.1", "no unknown expectation", with(&[("expect", "cake")]), Answer(417)),
    ];
    let mut found = Mismatches::default();
    for (section, sentence, fields, expected) in cases {
        let mut client = RawHttp2::connect(app.data);
        client.ask(1, fields);
        found.check((section, sentence), client.end_of(1), *expected);
        if *expected != undecodable {
            client.get(3, "/items");
            let end = client.end_of(3);
            assert!(matches!(end, Answer(200 | 0)), "{section}: {sentence}, then {end:?}");
            assert_eq!(upstream.request().request_line(), "GET /items HTTP/1.1");
        }
        assert!(upstream.requests.try_recv().is_err(), "{section}: {sentence}");
    }
}

/// RFC 9113 section 8.1.1: Content-Length equals the sum of DATA.
#[test]
#[rustfmt::skip]
fn bodies_have_the_length_that_they_declare() {
    let (app, upstream) = start();
    let post = |length: &'static str| {
        let mut fields = pseudo("POST", "/items").to_vec();
        fields.extend([("content-length", length), ("content-type", "application/json"), ("x-tenant", "a")]);
        frame(HEADERS, END_HEADERS, 1, block(&fields))
    };
    let cases: [(&str, Vec<Vec<u8>>); 5] = [
        ("too short", vec![post("5"), frame(DATA, END_STREAM, 1, b"{}")]),
        ("too long", vec![post("1"), frame(DATA, END_STREAM, 1, b"{}")]),
        ("too long, unfinished", vec![post("1"), frame(DATA, 0, 1, b"{}")]),
        ("too short before trailers", vec![post("5"), frame(DATA, 0, 1, b"{}"), frame(HEADERS, END_HEADERS | END_STREAM, 1, block(&[("x-sum", "1")]))]),
        ("DATA after none is expected", vec![post("0"), frame(DATA, END_STREAM, 1, b"x")]),
    ];
    for (what, frames) in cases {
        let mut client = RawHttp2::connect(app.data);
        client.send(frames.concat());
        assert_eq!(client.end_of(1), Reset(PROTOCOL_ERROR), "{what}");
        client.get(3, "/items");
        assert_eq!(client.end_of(3), Answer(200), "{what}");
        assert_eq!(upstream.request().request_line(), "GET /items HTTP/1.1", "{what}");
    }
}

/// RFC 9113 section 8.1: trailers end the stream, and have no pseudo fields.
#[test]
fn trailers_are_judged() {
    let (app, _upstream) = start();
    // Nothing in the head is refused, so nothing is answered before the body has ended.
    let valid = [("content-type", "application/json"), ("x-tenant", "a")];
    let head = [&pseudo("POST", "/items")[..], &valid].concat();
    let post = frame(HEADERS, END_HEADERS, 1, block(&head));
    let check = |flags: u8, fields: &[(&str, &str)], expected: StreamEnd| {
        let mut client = RawHttp2::connect(app.data);
        client.send(&post);
        client.send(frame(HEADERS, flags, 1, block(fields)));
        assert_eq!(client.end_of(1), expected, "{fields:?}");
    };
    let malformed = Reset(PROTOCOL_ERROR);
    check(END_HEADERS, &[("x", "1")], malformed);
    check(
        END_HEADERS | END_STREAM,
        &[("X", "1")],
        GoAway(PROTOCOL_ERROR),
    );
    check(
        END_HEADERS | END_STREAM,
        &[("connection", "close")],
        malformed,
    );
    check(
        END_HEADERS | END_STREAM,
        &[(":path", "/"), (":path", "/")],
        malformed,
    );
}

/// RFC 9113 sections 3 to 6: what breaks the framing ends the connection with GOAWAY.
#[test]
#[rustfmt::skip]
fn broken_framing_ends_the_connection() {
    let (app, upstream) = start();
    let get = |stream| frame(HEADERS, END_HEADERS | END_STREAM, stream, block(&pseudo("GET", "/items")));
    let open = frame(HEADERS, END_HEADERS, 1, block(&pseudo("POST", "/items")));
    let unfinished = frame(HEADERS, 0, 1, block(&pseudo("GET", "/items")));
    let after = |first: &[u8], second: Vec<u8>| [first.to_vec(), second].concat();
    let setting = |id: u8, value: u32| frame(SETTINGS, 0, 0, [&[0, id][..], &value.to_be_bytes()].concat());
    let protocol = GoAway(PROTOCOL_ERROR);
    // The RFC has a more exact code: COMPRESSION_ERROR, FRAME_SIZE_ERROR, FLOW_CONTROL_ERROR. The library
    // does not use it everywhere; the connection ends alike.
    let inexact = protocol;
    let size = GoAway(FRAME_SIZE_ERROR);
    let cases: &[(&str, &str, Vec<u8>, StreamEnd)] = &[
        ("4.1", "reserved bits and unknown types are ignored", after(&frame(0x42, 0xff, 0, b"x"), get(1)), Answer(200)),
        ("4.2", "frames are not larger than announced", frame(DATA, 0, 1, vec![0; 16_385]), size),
        ("4.3", "blocks decode", frame(HEADERS, END_HEADERS | END_STREAM, 1, [0xff, 0xff, 0xff, 0xff, 0xff]), inexact),
        ("4.3", "indexes exist", frame(HEADERS, END_HEADERS | END_STREAM, 1, [0xbf]), inexact),
        ("4.3", "a block is not interrupted by DATA", after(&unfinished, frame(DATA, 0, 1, b"x")), protocol),
        ("4.3", "a block is not interrupted by another one", after(&unfinished, get(3)), protocol),
        ("4.3", "a block is not interrupted by PING", after(&unfinished, frame(PING, 0, 0, [0; 8])), protocol),
        ("5.1", "DATA on an idle stream", frame(DATA, END_STREAM, 1, b"x"), protocol),
        ("5.1", "RST_STREAM on an idle stream", frame(RST_STREAM, 0, 1, [0; 4]), protocol),
        ("5.1", "WINDOW_UPDATE on an idle stream", frame(WINDOW_UPDATE, 0, 1, [0, 0, 0, 1]), protocol),
        ("5.1", "CONTINUATION without a block", frame(CONTINUATION, END_HEADERS, 1, []), protocol),
        ("5.1.1", "stream ids of clients are odd", get(2), protocol),
        ("5.1.1", "stream ids increase", [get(5), get(3)].concat(), protocol),
        ("5.3.1", "a stream does not depend on itself", frame(HEADERS, END_HEADERS | END_STREAM | WITH_PRIORITY, 1, [&[0, 0, 0, 1, 0][..], &block(&pseudo("GET", "/items"))].concat()), Reset(PROTOCOL_ERROR)),
        ("6.1", "DATA is on a stream", frame(DATA, 0, 0, b"x"), protocol),
        ("6.1", "padding is smaller than DATA", after(&open, frame(DATA, PADDED | END_STREAM, 1, [5, 0])), protocol),
        ("6.2", "HEADERS are on a stream", frame(HEADERS, END_HEADERS | END_STREAM, 0, block(&pseudo("GET", "/items"))), protocol),
        ("6.2", "padding is smaller than HEADERS", frame(HEADERS, PADDED | END_HEADERS | END_STREAM, 1, [200, 0]), protocol),
        ("6.3", "PRIORITY is on a stream", frame(PRIORITY, 0, 0, [0; 5]), protocol),
        ("6.3", "PRIORITY has five bytes", frame(PRIORITY, 0, 1, [0; 4]), inexact),
        ("6.4", "RST_STREAM is on a stream", frame(RST_STREAM, 0, 0, [0; 4]), protocol),
        ("6.4", "RST_STREAM has four bytes", after(&open, frame(RST_STREAM, 0, 1, [0; 3])), inexact),
        ("6.5", "SETTINGS are of the connection", frame(SETTINGS, 0, 1, []), protocol),
        ("6.5", "an acknowledgement is empty", frame(SETTINGS, ACK, 0, [0; 6]), inexact),
        ("6.5", "SETTINGS have six bytes each", frame(SETTINGS, 0, 0, [0; 5]), inexact),
        ("6.5.2", "ENABLE_PUSH is 0 or 1", setting(2, 2), protocol),
        ("6.5.2", "INITIAL_WINDOW_SIZE has 31 bits", setting(4, 1 << 31), inexact),
        ("6.5.2", "MAX_FRAME_SIZE is at least 16,384", setting(5, 16_383), protocol),
        ("6.5.2", "MAX_FRAME_SIZE has 24 bits", setting(5, 1 << 24), protocol),
        ("6.6", "clients do not push", after(&open, frame(PUSH_PROMISE, END_HEADERS, 1, [0, 0, 0, 2])), protocol),
        ("6.7", "PING is of the connection", frame(PING, 0, 1, [0; 8]), protocol),
        ("6.7", "PING has eight bytes", frame(PING, 0, 0, [0; 7]), inexact),
        ("6.8", "GOAWAY is of the connection", frame(GOAWAY, 0, 1, [0; 8]), protocol),
        ("6.9", "WINDOW_UPDATE has four bytes", frame(WINDOW_UPDATE, 0, 0, [0; 3]), inexact),
        ("6.9", "WINDOW_UPDATE of the connection is not 0", frame(WINDOW_UPDATE, 0, 0, [0; 4]), protocol),
        ("6.9.1", "the window of the connection has 31 bits", frame(WINDOW_UPDATE, 0, 0, [0x7f, 0xff, 0xff, 0xff]), GoAway(FLOW_CONTROL_ERROR)),
    ];
    let mut found = Mismatches::default();
    for (section, sentence, bytes, expected) in cases {
        let mut client = RawHttp2::connect(app.data);
        client.send(bytes);
        found.check((section, sentence), client.end_of(1), *expected);
        // What arrived before is served or not, and nothing else.
        while let Ok(request) = upstream.requests.try_recv() {
            assert_eq!(request.request_line(), "GET /items HTTP/1.1", "{section}: {sentence}");
        }
    }
}

/// RFC 9113 section 6.9.1: the window of a stream has 31 bits. An error of one stream ends no other.
#[test]
fn an_error_of_a_stream_leaves_the_connection_open() {
    let (app, _upstream) = start();
    let mut client = RawHttp2::connect(app.data);
    // At once, so that no answer comes first.
    let request = block(&pseudo("POST", "/items"));
    client.send(
        [
            frame(HEADERS, END_HEADERS, 1, request),
            frame(WINDOW_UPDATE, 0, 1, [0x7f, 0xff, 0xff, 0xff]),
        ]
        .concat(),
    );
    assert_eq!(client.end_of(1), Reset(FLOW_CONTROL_ERROR));
    client.get(3, "/items");
    assert_eq!(client.end_of(3), Answer(200));
}

/// RFC 9113 section 5.1: DATA after END_STREAM is an error of type STREAM_CLOSED.
#[test]
fn nothing_follows_the_end_of_a_stream() {
    let (app, _upstream) = start();
    let mut client = RawHttp2::connect(app.data);
    client.send(
        [
            frame(
                HEADERS,
                END_HEADERS | END_STREAM,
                1,
                block(&pseudo("GET", "/items")),
            ),
            frame(DATA, END_STREAM, 1, b"x"),
        ]
        .concat(),
    );
    let end = client.end_of(1);
    let is_closed = matches!(end, Reset(STREAM_CLOSED) | GoAway(PROTOCOL_ERROR));
    assert!(is_closed, "{end:?}");
}

/// RFC 9113 section 3.4: the preface is exact, and SETTINGS follow it.
#[test]
fn the_preface_is_exact() {
    let (app, _upstream) = start();
    let mut client = RawHttp2::silent(app.data);
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\rX");
    assert_ne!(client.end_of(1), Answer(200));
    // One byte at a time, it is still a preface.
    let mut client = RawHttp2::silent(app.data);
    for byte in [PREFACE, &frame(SETTINGS, 0, 0, [])].concat() {
        client.send([byte]);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    client.get(1, "/items");
    assert_eq!(client.end_of(1), Answer(200));
    // A method that begins alike is HTTP/1.1.
    let mut http1 = app.client();
    http1.send("PR");
    std::thread::sleep(std::time::Duration::from_millis(50));
    http1.send("OPFIND /items HTTP/1.1\r\nhost: shop\r\n\r\n");
    assert_eq!(http1.answer().status, 405);
}
