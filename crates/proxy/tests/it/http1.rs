//! HTTP/1.1 on both sides of a relay.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use portcullis_proxy::{ClientLimits, ResponseTimeouts, UpstreamLimits};
use tokio::sync::Notify;

use crate::support::client::{Answer, Client};
use crate::support::relay::{Mode, Relay, Setup};
use crate::support::upstream::{AnswerAt, Recorded, Step, Upstream, send};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const MIB: usize = 1 << 20;
const SHORT: Duration = Duration::from_millis(150);

/// Limits that keep tests of timeouts short.
fn impatient() -> Setup {
    let limits = ClientLimits {
        request_head_timeout: SHORT,
        request_body_timeout: SHORT,
        keep_alive_timeout: SHORT,
        write_timeout: SHORT,
        half_close_grace: SHORT,
        drain_idle_grace: SHORT,
        ..ClientLimits::default()
    };
    let upstream_limits = UpstreamLimits {
        connect_timeout: SHORT,
        ..UpstreamLimits::default()
    };
    let timeouts = ResponseTimeouts {
        head: SHORT,
        body_idle: SHORT,
    };
    Setup {
        limits,
        upstream_limits,
        timeouts,
        ..Setup::default()
    }
}

/// The request that the upstream receives, which it answers with 200.
fn forwarded(request: &str) -> Recorded {
    forwarded_by(Setup::default(), request)
}

fn forwarded_by(setup: Setup, request: &str) -> Recorded {
    let upstream = Upstream::ok();
    let relay = Relay::start(upstream.address, setup);
    let mut client = relay.client();
    client.send(request);
    client.finish();
    assert_eq!(client.answer().status, 200, "{request}");
    assert!(client.is_closed());
    upstream.request()
}

/// The response that a client receives if the upstream answers a GET with these steps.
fn answered(response: &str) -> Answer {
    answered_to(
        "GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n",
        response,
    )
}

fn answered_to(request: &str, response: &str) -> Answer {
    let steps = vec![send(response), Step::Close];
    let upstream = Upstream::start(move |_| steps.clone());
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    client.send(request);
    let answer = client
        .read_answer(!request.starts_with("HEAD"))
        .expect("a response");
    upstream.request();
    answer
}

/// Checks that a request is refused and that the upstream receives none of it.
#[track_caller]
fn check_refused(request: impl AsRef<[u8]>, status: u16, name: &str) {
    let upstream = Upstream::ok();
    let relay = Relay::start(upstream.address, impatient());
    let mut client = relay.client();
    client.send(request);
    let answer = client.answer();
    assert_eq!((answer.status, answer.refusal()), (status, name));
    assert_eq!(answer.field("connection"), Some("close"));
    assert!(answer.field("date").is_some());
    assert!(answer.complete && client.is_closed());
    assert!(upstream.requests.try_recv().is_err());
}

/// Empty lines before a request are ignored (RFC 9112 section 2.2), so the wait stays that of an idle
/// connection, which ends without an answer.
#[test]
fn an_empty_line_in_two_segments_begins_no_head() {
    let upstream = Upstream::ok();
    let relay = Relay::start(upstream.address, impatient());
    let mut client = relay.client();
    client.send("\r");
    // The relay reads the first segment meanwhile; nothing shows that it has.
    std::thread::sleep(SHORT / 5);
    client.send("\n");
    assert!(client.is_closed(), "it answered an idle connection");
}

#[test]
fn a_request_passes_unchanged() {
    let request = forwarded("GET /a%2fb/../c//?x=%20&y HTTP/1.1\r\nHost: Example.com:80\r\n\r\n");
    assert_eq!(request.request_line(), "GET /a%2fb/../c//?x=%20&y HTTP/1.1");
    assert_eq!(request.fields("host"), ["Example.com:80"]);
    assert_eq!(request.fields("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(request.fields("x-forwarded-proto"), ["http"]);
    assert_eq!(request.fields("x-forwarded-host"), ["Example.com:80"]);
    assert_eq!(
        request.fields("forwarded"),
        ["for=127.0.0.1;host=\"Example.com:80\";proto=http"]
    );
    assert_eq!(request.fields("x-request-id")[0].len(), 36);
}

#[test]
fn connections_are_kept_on_both_sides() {
    let upstream = Upstream::ok();
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    for _ in 0..3 {
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(client.answer().status, 200);
        assert_eq!(upstream.request().connection, 0);
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let upstream = Upstream::start(|request| {
        let target = request.request_line().split(' ').nth(1).unwrap();
        vec![send(&format!(
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{target}"
        ))]
    });
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    let get = |target| format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n");
    let post =
        "POST /b HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    client.send(format!("{}{post}\r\n{}", get("/a"), get("/c")));
    let bodies = [
        client.answer().body,
        client.answer().body,
        client.answer().body,
    ];
    assert_eq!(bodies, [b"/a", b"/b", b"/c"]);
}

#[test]
fn requests_before_a_defect_are_answered() {
    let upstream = Upstream::ok();
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    let good = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    client.send(format!(
        "{good}{good}GET / HTTP/1.1\r\nhost: a\r\nx : y\r\n\r\n{good}"
    ));
    assert_eq!(client.answer().status, 200);
    assert_eq!(client.answer().status, 200);
    assert_eq!(client.answer().refusal(), "space-before-colon");
    assert!(client.is_closed());
    assert_eq!(upstream.requests.try_iter().count(), 2);
}

#[test]
fn accepts_a_request_byte_by_byte() {
    let upstream = Upstream::ok();
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    let request = "POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\
                   3;a=\"b\"\r\nabc\r\n00\r\nx-t: 1\r\n\r\n";
    for byte in request.bytes() {
        client.send([byte]);
    }
    assert_eq!(client.answer().status, 200);
    assert_eq!(upstream.request().body, b"abc");
}

#[test]
fn defects_are_refused() {
    let too_many = format!(
        "GET / HTTP/1.1\r\nhost: a\r\n{}\r\n",
        "x: y\r\n".repeat(100)
    );
    let too_large = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}", "y".repeat(70_000));
    let too_long = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(9000));
    check_refused(too_many, 431, "too-many-fields");
    check_refused(too_large, 431, "head-too-large");
    check_refused(too_long, 414, "target-too-long");
    check_refused("GET / HTTP/1.1\r\n\r\n", 400, "missing-host");
    check_refused(
        "PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n",
        505,
        "unsupported-version",
    );
    check_refused(
        "CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n",
        501,
        "tunnel-not-supported",
    );
    check_refused(
        "GET / HTTP/1.1\r\nhost: a\r\nexpect: x\r\n\r\n",
        417,
        "unknown-expectation",
    );
    check_refused(
        "GET / HTTP/1.1\r\nhost: a\r\nbad field",
        400,
        "malformed-field-name",
    );
    check_refused("GET / HTTP/1.1\r\nhost: a", 408, "head-timeout");
    check_refused("G(T", 400, "malformed-request-line");
    // A body that arrives with its head is judged with it.
    let head = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n";
    check_refused(format!("{head}x\r\n"), 400, "malformed-chunk");
}

/// A client that speaks TLS gets the answer in its own language, at its first byte.
#[test]
fn tls_on_a_plain_port_gets_an_alert() {
    for hello in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"\x16",
    ] {
        let relay = Relay::start(Upstream::ok().address, impatient());
        let mut client = relay.client();
        client.send(hello);
        let mut answer = Vec::new();
        client.stream().read_to_end(&mut answer).unwrap();
        assert_eq!(answer, [0x15, 3, 3, 0, 2, 2, 40]);
    }
}

#[test]
fn a_silent_connection_is_closed_silently() {
    let relay = Relay::start(Upstream::ok().address, impatient());
    assert!(relay.client().is_closed());
}

/// Sends a head, waits until it is being served, then sends the rest.
fn answer_to_late_body(mode: Mode, head: &str, rest: &str) -> (Answer, bool) {
    let upstream = Upstream::ok();
    let relay = Relay::start(
        upstream.address,
        Setup {
            mode,
            ..impatient()
        },
    );
    let mut client = relay.client();
    client.send(head);
    match mode {
        Mode::Collect { .. } => assert_eq!(client.answer().status, 100),
        _ => upstream.head(),
    }
    client.send(rest);
    let answer = client.answer();
    let closed = client.is_closed();
    assert!(
        upstream.requests.try_recv().is_err(),
        "a malformed request never looks complete"
    );
    (answer, closed)
}

#[test]
fn a_malformed_body_aborts_the_request() {
    let head = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n";
    let waiting =
        "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n";
    let collect = Mode::Collect { bytes_max: 100 };
    for (mode, head) in [(Mode::Stream, head), (collect, waiting)] {
        let (answer, closed) = answer_to_late_body(mode, head, "zz\r\n");
        assert_eq!(
            (answer.status, answer.refusal(), closed),
            (400, "malformed-chunk", true)
        );
        let (answer, closed) = answer_to_late_body(mode, head, "1\r\nab");
        assert_eq!(
            (answer.status, answer.refusal(), closed),
            (400, "malformed-chunk-end", true)
        );
        let (answer, closed) = answer_to_late_body(mode, head, "");
        assert_eq!(
            (answer.status, answer.refusal(), closed),
            (408, "body-timeout", true)
        );
    }
}

#[test]
fn bodies_keep_their_framing() {
    let sized = forwarded("PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 003\r\n\r\nabc");
    assert_eq!(
        (sized.fields("content-length"), sized.body.as_slice()),
        (vec!["3"], &b"abc"[..])
    );
    let chunked = "transfer-encoding: ,Chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n";
    for method in ["POST", "GET", "DELETE"] {
        let request = forwarded(&format!("{method} / HTTP/1.1\r\nhost: a\r\n{chunked}"));
        assert_eq!(request.fields("transfer-encoding"), ["chunked"]);
        assert_eq!(request.body, b"abc");
    }
    let empty = forwarded("POST / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(empty.fields("content-length"), ["0"]);
    let get = forwarded("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert!(get.fields("content-length").is_empty());
}

#[test]
fn trailers_pass_both_ways_except_forbidden_ones() {
    let request = "POST / HTTP/1.1\r\nhost: a\r\ntrailer: x-sum\r\nte: trailers\r\n\
                   transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-sum: 7\r\nhost: evil\r\n\r\n";
    let collect = Mode::Collect { bytes_max: 100 };
    for mode in [Mode::Stream, collect] {
        let recorded = forwarded_by(
            Setup {
                mode,
                ..Setup::default()
            },
            request,
        );
        assert_eq!(recorded.trailers, ["x-sum: 7"]);
        assert_eq!(recorded.fields("te"), ["trailers"]);
    }
    let answer = answered(
        "HTTP/1.1 200 OK\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n\
         1\r\na\r\n0\r\nx-sum: 7\r\nset-cookie: evil\r\n\r\n",
    );
    assert_eq!(
        (answer.trailers.as_str(), answer.complete),
        ("x-sum: 7", true)
    );
}

#[test]
fn sends_100_continue_only_if_the_body_is_read() {
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n";
    let upstream = Upstream::ok();
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    client.send(head);
    assert_eq!(client.answer().status, 100);
    client.send("abc");
    assert_eq!(client.answer().status, 200);
    assert_eq!(upstream.request().body, b"abc");

    let refusing = Setup {
        mode: Mode::Refuse,
        ..Setup::default()
    };
    let too_small = Setup {
        mode: Mode::Collect { bytes_max: 2 },
        ..Setup::default()
    };
    for (setup, status) in [(refusing, 401), (too_small, 413)] {
        let relay = Relay::start(upstream.address, setup);
        let mut client = relay.client();
        client.send(head);
        let answer = client.answer();
        assert_eq!(
            (answer.status, answer.field("connection")),
            (status, Some("close"))
        );
        assert!(client.is_closed());
    }
}

/// It would only delay the answer.
#[test]
fn a_client_that_sends_its_body_at_once_gets_no_100_continue() {
    let upstream = Upstream::ok();
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    let head = "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n";
    for body in [
        "content-length: 3\r\n\r\nabc",
        "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ] {
        client.send(format!("{head}{body}"));
        assert_eq!(client.answer().status, 200);
        assert_eq!(upstream.request().body, b"abc");
    }
}

#[test]
fn an_unread_body_closes_the_connection_only_if_necessary() {
    let upstream = Upstream::ok();
    let relay = Relay::start(
        upstream.address,
        Setup {
            mode: Mode::Refuse,
            ..Setup::default()
        },
    );
    let mut client = relay.client();
    for _ in 0..2 {
        client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc");
        let answer = client.answer();
        assert_eq!((answer.status, answer.field("connection")), (401, None));
    }
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nab");
    assert_eq!(client.answer().field("connection"), Some("close"));
    assert!(client.is_closed());
}

#[test]
fn responses_without_a_body_have_none() {
    let head = "HEAD / HTTP/1.1\r\nhost: a\r\n\r\n";
    let answer = answered_to(head, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
    assert_eq!(
        (answer.status, answer.field("content-length")),
        (200, Some("5"))
    );
    assert_eq!(answered("HTTP/1.1 204 No Content\r\n\r\n").status, 204);
    assert_eq!(
        answered("HTTP/1.1 304 Not Modified\r\netag: \"x\"\r\n\r\n").status,
        304
    );
    let answer = answered("HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n");
    assert_eq!((answer.status, answer.field("content-length")), (204, None));
}

#[test]
fn responses_pass_in_every_framing() {
    let check = |response: &str| {
        let answer = answered(response);
        assert_eq!((answer.status, answer.complete), (200, true), "{response}");
        assert_eq!(answer.body, b"abc", "{response}");
        assert_eq!(
            (answer.field("keep-alive"), answer.field("upgrade")),
            (None, None)
        );
    };
    check("HTTP/1.1 200 OK\r\ncontent-length: 3\r\nkeep-alive: x\r\nupgrade: h2c\r\n\r\nabc");
    check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n");
    check("HTTP/1.1 200 OK\r\n\r\nabc");
    check("HTTP/1.0 200 OK\r\n\r\nabc");
    check("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc");
}

/// They arrive while the final response is still to come, and fields of the hop are removed.
#[test]
fn interim_responses_are_passed_on() {
    let go = Arc::new(Notify::new());
    let wait = Arc::clone(&go);
    let upstream = Upstream::start(move |_| {
        vec![
            send(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n\
                 HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nlink: </b>\r\nkeep-alive: x\r\n\
                 x-portcullis: x\r\nconnection: x-hop\r\nx-hop: 1\r\ncontent-length: 9\r\n\r\n",
            ),
            Step::Wait(Arc::clone(&wait)),
            send("HTTP/1.1 199 Own\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
        ]
    });
    let mut setup = Setup::default();
    for mode in [Mode::Stream, Mode::Collect { bytes_max: 10 }] {
        setup.mode = mode;
        let relay = Relay::start(upstream.address, setup.clone());
        let mut client = relay.client();
        for _ in 0..2 {
            client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
            assert_eq!(client.answer().head, "HTTP/1.1 102 Processing\r\n\r\n");
            let hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nlink: </b>\r\n\r\n";
            assert_eq!(client.answer().head, hints);
            go.notify_one();
            assert_eq!(client.answer().head, "HTTP/1.1 199 \r\n\r\n");
            assert_eq!(client.answer().body, b"ok");
        }
        // Pipelined requests get theirs in order.
        let get = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        client.send(get.repeat(3));
        for _ in 0..3 {
            go.notify_one();
            let (interim, answer) = client.final_answer();
            let statuses: Vec<u16> = interim.iter().map(|answer| answer.status).collect();
            assert_eq!((statuses, answer.status), (vec![102, 103, 199], 200));
        }
    }
}

#[test]
fn a_client_of_http_1_0_gets_no_interim_responses() {
    let upstream = Upstream::start(|_| {
        vec![
            send("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"),
            send(OK),
        ]
    });
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    client.send("GET / HTTP/1.0\r\nhost: a\r\n\r\n");
    assert_eq!(client.answer().status, 200);
}

/// A client that does not read gets as many as its buffers hold; the others are dropped.
#[test]
fn interim_responses_do_not_wait_for_a_client_without_bound() {
    const COUNT: usize = 10_000;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let upstream = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        let link = "x".repeat(4000);
        let hints = format!("HTTP/1.1 103 Early Hints\r\nlink: {link}\r\n\r\n");
        stream.write_all(hints.repeat(COUNT).as_bytes()).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
    });
    let relay = Relay::to(address);
    let mut client = relay.client();
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    upstream.join().unwrap();
    let (interim, answer) = client.final_answer();
    assert_eq!(answer.body, b"ok");
    assert!((1..COUNT).contains(&interim.len()), "{}", interim.len());
    assert!(interim.iter().all(|answer| answer.status == 103));
}

#[test]
fn ambiguous_responses_are_not_passed_on() {
    let check = |response: &str, name: &str| {
        let answer = answered(response);
        assert_eq!((answer.status, answer.refusal()), (502, name), "{response}");
    };
    check(
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "malformed",
    );
    check(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nabc",
        "malformed",
    );
    check(
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        "malformed",
    );
    check(
        "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nabcd",
        "malformed",
    );
    check(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        "malformed",
    );
    check("HTTP/1.1 200 OK\r\nbad field\r\n\r\n", "malformed");
    check("SSH-2.0-OpenSSH\r\n", "malformed");
    check("HTTP/1.1 200 OK\r\ncontent-len", "closed");
}

#[test]
fn an_interrupted_response_never_looks_complete() {
    for response in [
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
    ] {
        let answer = answered(response);
        assert!(answer.status == 200 && !answer.complete, "{response}");
    }
}

#[test]
fn a_broken_response_to_http_1_0_ends_in_a_reset() {
    let upstream = Upstream::start(|_| {
        vec![
            send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"),
            Step::Close,
        ]
    });
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    client.send("GET / HTTP/1.0\r\n\r\n");
    let mut all = Vec::new();
    let outcome = client.stream().read_to_end(&mut all);
    assert_eq!(
        outcome.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionReset
    );
    assert_eq!(
        upstream.request().fields("host"),
        [upstream.address.to_string()]
    );
}

#[test]
fn http_1_0_is_answered_until_its_end() {
    let upstream = Upstream::start(|_| {
        vec![send(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        )]
    });
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    client.send("GET / HTTP/1.0\r\nhost: a\r\n\r\n");
    let answer = client.answer();
    assert_eq!(
        (answer.body.as_slice(), answer.field("transfer-encoding")),
        (&b"abc"[..], None)
    );
}

#[test]
fn a_connection_of_http_1_0_is_kept_if_its_client_asks() {
    let upstream = Upstream::ok();
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    let mut shown = |connection: &str| {
        client.send(format!(
            "GET / HTTP/1.0\r\nhost: a\r\nconnection: {connection}\r\n\r\n"
        ));
        let answer = client.answer();
        assert!(answer.head.starts_with("HTTP/1.0 200 "), "{}", answer.head);
        assert_eq!(
            (answer.body.as_slice(), answer.complete),
            (&b"ok"[..], true)
        );
        answer.field("connection").map(str::to_owned)
    };
    for _ in 0..2 {
        assert_eq!(shown("keep-alive").as_deref(), Some("keep-alive"));
    }
    assert_eq!(shown("x").as_deref(), Some("close"));
    assert!(client.is_closed());
}

#[test]
fn a_stale_connection_is_replaced() {
    // Each connection answers once and is then closed without `connection: close`.
    let upstream = Upstream::start(|_| vec![send(OK), Step::Close]);
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    for connection in 0..20 {
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(client.answer().status, 200);
        assert_eq!(upstream.request().connection, connection);
    }
}

#[test]
fn repeats_only_repeatable_requests() {
    // The first connection answers once, and then closes after a complete request.
    let attempt = |second: &str| {
        let count = std::sync::atomic::AtomicUsize::new(0);
        let upstream = Upstream::start(move |_| {
            match count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                1 => vec![Step::Close],
                _ => vec![send(OK)],
            }
        });
        let relay = Relay::to(upstream.address);
        let mut client = relay.client();
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(client.answer().status, 200);
        client.send(second);
        (client.answer().status, upstream.requests.try_iter().count())
    };
    assert_eq!(attempt("GET / HTTP/1.1\r\nhost: a\r\n\r\n"), (200, 3));
    assert_eq!(attempt("POST / HTTP/1.1\r\nhost: a\r\n\r\n"), (502, 2));
    assert_eq!(
        attempt("PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx"),
        (200, 3)
    );
}

#[test]
fn an_upstream_that_fails_is_reported() {
    let unreachable = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let check = |address, name: &str| {
        let relay = Relay::start(address, impatient());
        let mut client = relay.client();
        for _ in 0..2 {
            client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
            assert_eq!(client.answer().refusal(), name);
        }
    };
    check(unreachable, "connect");
    let never = Arc::new(Notify::new());
    let unresponsive = Upstream::start(move |_| vec![Step::Wait(Arc::clone(&never))]);
    check(unresponsive.address, "timeout");
    let closing = Upstream::start(|_| vec![Step::Close]);
    check(closing.address, "closed");
}

#[test]
fn a_stalled_response_is_aborted() {
    let never = Arc::new(Notify::new());
    let upstream = Upstream::start(move |_| {
        vec![
            send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"),
            Step::Wait(Arc::clone(&never)),
        ]
    });
    let relay = Relay::start(upstream.address, impatient());
    let mut client = relay.client();
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert!(!client.answer().complete);
}

/// The time for a head does not bound the gaps inside a body.
#[test]
fn a_quiet_stream_is_not_aborted() {
    let go = Arc::new(Notify::new());
    let wait = Arc::clone(&go);
    let upstream = Upstream::start(move |_| {
        vec![
            send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n"),
            Step::Wait(Arc::clone(&wait)),
            send("data: 2\n\n"),
            Step::Close,
        ]
    });
    let mut setup = impatient();
    setup.timeouts.body_idle = Duration::from_secs(60);
    let relay = Relay::start(upstream.address, setup);
    let mut client = relay.client();
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    // Another request shows that the time for a head has passed.
    let mut other = relay.client();
    other.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\n");
    assert_eq!(other.answer().status, 408);
    go.notify_one();
    let answer = client.answer();
    assert!(answer.complete);
    assert_eq!(answer.body, b"data: 1\n\ndata: 2\n\n");
}

#[test]
fn an_early_response_is_relayed() {
    for (field, shown) in [("", None), ("connection: close\r\n", Some("close"))] {
        let text = format!("HTTP/1.1 403 Forbidden\r\n{field}content-length: 2\r\n\r\nno");
        let upstream = Upstream::start_at(AnswerAt::Head, move |_| vec![send(&text), Step::Close]);
        let relay = Relay::to(upstream.address);
        let mut client = relay.client();
        client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nabc");
        let answer = client.answer();
        assert_eq!((answer.status, answer.body.as_slice()), (403, &b"no"[..]));
        assert_eq!(answer.field("connection"), shown);
        assert!(client.is_closed());
    }
}

/// The upstream closes its connection with a part of the request unread, which resets it. Its response
/// arrives before that and reaches the client.
#[test]
fn an_early_response_survives_the_reset_of_the_connection() {
    let upstream = Upstream::start_at(AnswerAt::Head, |_| {
        vec![
            send("HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno"),
            Step::Close,
        ]
    });
    let relay = Relay::to(upstream.address);
    let piece = vec![b'x'; 256 * 1024];
    for _ in 0..20 {
        let mut client = relay.client();
        client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4194304\r\n\r\n");
        for _ in 0..16 {
            client.send(&piece);
        }
        let answer = client.answer();
        assert_eq!((answer.status, answer.body), (413, b"no".to_vec()));
    }
}

#[test]
fn bodies_may_flow_in_both_directions_at_once() {
    let go = Arc::new(Notify::new());
    let wait = Arc::clone(&go);
    let upstream = Upstream::start_at(AnswerAt::Head, move |_| {
        vec![
            send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab"),
            Step::Wait(Arc::clone(&wait)),
            send("cd"),
        ]
    });
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nx");
    upstream.head();
    go.notify_one();
    let answer = client.answer();
    assert_eq!(
        (answer.body.as_slice(), answer.complete),
        (&b"abcd"[..], true)
    );
}

#[test]
fn absolute_targets_become_origin_form() {
    let check = |target: &str, line: &str, host: &str| {
        let request = forwarded(&format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n"));
        assert_eq!(
            (request.request_line(), request.fields("host").as_slice()),
            (line, [host].as_slice())
        );
    };
    check(
        "http://b.example:81/c?d",
        "GET /c?d HTTP/1.1",
        "b.example:81",
    );
    check("HTTP://b", "GET / HTTP/1.1", "b");
    check("https://b?c", "GET /?c HTTP/1.1", "b");
    check("http://u:p@b/c", "GET /c HTTP/1.1", "b");
    check("http://[::1]:8080/", "GET / HTTP/1.1", "[::1]:8080");
    let options = forwarded("OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(options.request_line(), "OPTIONS * HTTP/1.1");
}

#[test]
fn removes_hop_by_hop_fields() {
    let request = forwarded(
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: x-private, Host, x-forwarded-for, keep-alive\r\n\
         x-private: 1\r\nkeep-alive: 5\r\nproxy-connection: x\r\nupgrade: h2c\r\nte: gzip\r\nx-kept: 1\r\n\r\n",
    );
    for name in [
        "x-private",
        "keep-alive",
        "proxy-connection",
        "upgrade",
        "te",
        "connection",
    ] {
        assert!(request.fields(name).is_empty(), "{name}");
    }
    assert_eq!(
        (request.fields("host"), request.fields("x-kept")),
        (vec!["a"], vec!["1"])
    );
}

#[test]
fn forwarding_fields_count_only_from_trusted_peers() {
    let request = "GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 192.0.2.1\r\nx-request-id: abc\r\n\
                   forwarded: for=192.0.2.1\r\nx-forwarded-proto: https\r\n\r\n";
    let trusted = forwarded_by(
        Setup {
            trusted: true,
            ..Setup::default()
        },
        request,
    );
    assert_eq!(trusted.fields("x-forwarded-for"), ["192.0.2.1, 127.0.0.1"]);
    assert_eq!(
        trusted.fields("forwarded"),
        ["for=192.0.2.1, for=127.0.0.1;host=\"a\";proto=http"]
    );
    assert_eq!(trusted.fields("x-request-id"), ["abc"]);
    assert_eq!(trusted.fields("x-forwarded-proto"), ["https"]);
    let untrusted = forwarded(request);
    assert_eq!(untrusted.fields("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(
        untrusted.fields("forwarded"),
        ["for=127.0.0.1;host=\"a\";proto=http"]
    );
    assert_ne!(untrusted.fields("x-request-id"), ["abc"]);
    assert_eq!(untrusted.fields("x-forwarded-proto"), ["http"]);
}

/// Nothing is appended to a quotation that does not end: it would be a part of it.
#[test]
fn a_broken_forwarded_field_is_replaced() {
    let check = |field: &str, expected: &str| {
        let request = format!("GET / HTTP/1.1\r\nhost: a\r\nforwarded: {field}\r\n\r\n");
        let setup = Setup {
            trusted: true,
            ..Setup::default()
        };
        let found = forwarded_by(setup, &request);
        assert_eq!(found.fields("forwarded"), [expected], "{field}");
    };
    let own = "for=127.0.0.1;host=\"a\";proto=http";
    for field in [r#"for="192.0.2.1"#, r#"for="a\""#, r#"for=a";"";host="b""#] {
        check(field, own);
    }
    for field in [r#"for="[2001:db8::1]""#, r#"for="a\"b""#, "for=_x"] {
        check(field, &format!("{field}, {own}"));
    }
}

/// How many bytes a sender can write before the connection blocks.
fn push_until_blocked(client: &mut Client) -> usize {
    client
        .stream()
        .set_write_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let block = vec![b'x'; 1 << 16];
    let mut pushed = 0;
    while let Ok(n) = client.stream().write(&block) {
        pushed += n;
        assert!(
            pushed < 64 * MIB,
            "the relay accepts unread data without bound"
        );
    }
    pushed
}

#[test]
fn the_upstream_has_its_whole_time_after_a_streamed_upload() {
    let go = Arc::new(Notify::new());
    let wait = Arc::clone(&go);
    let upstream = Upstream::start_at(AnswerAt::End, move |_| {
        vec![Step::Wait(Arc::clone(&wait)), send(OK)]
    });
    let setup = Setup {
        timeouts: ResponseTimeouts {
            head: Duration::from_secs(1),
            ..ResponseTimeouts::default()
        },
        ..Setup::default()
    };
    let relay = Relay::start(upstream.address, setup);
    let head = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    // Upload and response each take most of the time that the upstream has.
    let most = Duration::from_millis(700);
    let mut client = relay.client();
    client.send(head);
    client.send("3\r\nabc\r\n");
    std::thread::sleep(most);
    client.send("0\r\n\r\n");
    std::thread::sleep(most);
    go.notify_one();
    assert_eq!(client.answer().status, 200);
    // It does not have more than that.
    let mut client = relay.client();
    client.send(head);
    client.send("0\r\n\r\n");
    assert_eq!(client.answer().status, 504);
}

#[test]
fn a_large_upload_streams_in_bounded_memory() {
    let go = Arc::new(Notify::new());
    let at = AnswerAt::EndAfter(Arc::clone(&go));
    let upstream = Upstream::start_at(at, |_| vec![send(OK)]);
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    let total = 100 * MIB;
    client.send(format!(
        "PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: {total}\r\n\r\n"
    ));
    upstream.head();
    let mut left = total - push_until_blocked(&mut client);
    client.stream().set_write_timeout(None).unwrap();
    go.notify_one();
    let block = vec![b'x'; MIB];
    while left > 0 {
        let n = left.min(block.len());
        client.stream().write_all(&block[..n]).unwrap();
        left -= n;
    }
    assert_eq!(client.answer().status, 200);
    assert_eq!(upstream.request().body.len(), MIB);
}

/// Resident memory of this process, in bytes.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

#[test]
fn a_large_download_streams_in_bounded_memory() {
    let total = 100 * MIB;
    let upstream = Upstream::start(move |_| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {total}\r\n\r\n");
        vec![send(&head), Step::Fill(total)]
    });
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    // Other tests share the process, so one run with little growth out of several is enough.
    let grew_little = (0..4).any(|_| {
        let before = resident_bytes();
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(client.count_body(), total);
        resident_bytes().saturating_sub(before) < 80 * MIB
    });
    assert!(grew_little);
}

#[test]
fn aborts_a_client_that_does_not_read() {
    let total = 100 * MIB;
    let upstream = Upstream::start(move |_| {
        vec![
            send(&format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {total}\r\n\r\n"
            )),
            Step::Fill(total),
        ]
    });
    let mut relay = Relay::start(upstream.address, impatient());
    let mut client = relay.client();
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    upstream.request();
    // Without the cut-off the drain would have to abort it.
    assert_eq!(relay.stop(crate::support::client::PATIENCE).aborted, 0);
}

#[test]
fn a_half_closed_client_is_answered() {
    let upstream = Upstream::ok();
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n");
    client.finish();
    assert_eq!((client.answer().status, client.answer().status), (200, 200));
    assert!(client.is_closed());
}

#[test]
fn a_panic_costs_one_connection() {
    let upstream = Upstream::ok();
    let mut relay = Relay::start(
        upstream.address,
        Setup {
            mode: Mode::Panic,
            ..Setup::default()
        },
    );
    for _ in 0..2 {
        let mut client = relay.client();
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
        assert!(client.is_closed());
    }
    assert_eq!(relay.stop(crate::support::client::PATIENCE).panicked, 2);
}

#[test]
fn connections_beyond_the_limit_get_503() {
    let upstream = Upstream::ok();
    let relay = Relay::start(
        upstream.address,
        Setup {
            connections_max: 1,
            ..Setup::default()
        },
    );
    let mut first = relay.client();
    first.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(first.answer().status, 200);
    let mut second = relay.client();
    second.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(second.answer().refusal(), "too-many-connections");
    drop(second);
    first.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(first.answer().status, 200);
}

#[test]
fn a_drain_announces_then_finishes_requests_in_flight() {
    let go = Arc::new(Notify::new());
    let wait = Arc::clone(&go);
    let upstream = Upstream::start(move |request| match request.request_line() {
        "GET /slow HTTP/1.1" => vec![Step::Wait(Arc::clone(&wait)), send(OK)],
        _ => vec![send(OK)],
    });
    let limits = ClientLimits {
        drain_idle_grace: SHORT,
        ..ClientLimits::default()
    };
    let mut relay = Relay::start(
        upstream.address,
        Setup {
            limits,
            ..Setup::default()
        },
    );
    let (mut slow, mut idle, mut crossing) = (relay.client(), relay.client(), relay.client());
    slow.send("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n");
    upstream.head();
    for client in [&mut idle, &mut crossing] {
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(client.answer().field("connection"), None);
        upstream.request();
    }
    relay.trigger.announce();
    // New connections are still served, with the announcement.
    let mut late = relay.client();
    late.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    let answer = late.answer();
    assert_eq!(
        (answer.status, answer.field("connection")),
        (200, Some("close"))
    );
    crossing.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(crossing.answer().field("connection"), Some("close"));
    drop((late, crossing));
    relay
        .trigger
        .stop(tokio::time::Instant::now() + crate::support::client::PATIENCE);
    assert!(idle.is_closed());
    go.notify_one();
    let answer = slow.answer();
    assert_eq!(
        (answer.status, answer.field("connection")),
        (200, Some("close"))
    );
    drop(slow);
    let served = relay.stop(crate::support::client::PATIENCE);
    assert_eq!(
        (served.connections, served.requests, served.aborted),
        (4, 5, 0)
    );
}

#[test]
fn a_drain_aborts_at_its_deadline() {
    let never = Arc::new(Notify::new());
    let upstream = Upstream::start(move |_| vec![Step::Wait(Arc::clone(&never))]);
    let mut relay = Relay::to(upstream.address);
    let mut client = relay.client();
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    upstream.request();
    assert_eq!(relay.stop(SHORT).aborted, 1);
    assert!(client.is_closed());
}

#[test]
fn a_disconnected_client_cancels_its_request() {
    let never = Arc::new(Notify::new());
    let upstream = Upstream::start(move |_| vec![Step::Wait(Arc::clone(&never))]);
    let limits = impatient().limits;
    let mut relay = Relay::start(
        upstream.address,
        Setup {
            limits,
            ..Setup::default()
        },
    );
    let mut client = relay.client();
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    upstream.request();
    drop(client);
    // If the exchange were still in flight, the drain would have to abort it.
    assert_eq!(relay.stop(crate::support::client::PATIENCE).aborted, 0);
}

#[test]
fn an_upgrade_is_not_forwarded() {
    let upstream = Upstream::ok();
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    let get = "GET / HTTP/1.1\r\nhost: a\r\n";
    client.send(format!(
        "{get}connection: upgrade\r\nupgrade: h2c\r\n\r\n{get}\r\n"
    ));
    assert_eq!((client.answer().status, client.answer().status), (200, 200));
    assert!(upstream.request().fields("upgrade").is_empty());
    assert_eq!(upstream.request().connection, 0);
}

#[test]
fn what_follows_a_websocket_handshake_is_no_request() {
    let upstream = Upstream::ok();
    let relay = Relay::to(upstream.address);
    let get = "GET / HTTP/1.1\r\nhost: a\r\n";
    let handshake = format!("{get}connection: upgrade\r\nupgrade: websocket\r\n\r\n");
    for together in [true, false] {
        let mut client = relay.client();
        client.send(format!("{get}\r\n"));
        assert_eq!(client.answer().field("connection"), None);
        let smuggled = format!("{get}x-smuggled: 1\r\n\r\n");
        if together {
            client.send(format!("{handshake}{smuggled}"));
        } else {
            client.send(&handshake);
            client.send(smuggled);
        }
        let answer = client.answer();
        assert_eq!(
            (answer.status, answer.field("connection")),
            (200, Some("close"))
        );
        assert!(client.is_closed());
        for _ in 0..2 {
            assert!(upstream.request().fields("x-smuggled").is_empty());
        }
    }
    assert!(upstream.requests.try_recv().is_err());
}

#[test]
fn bodies_beyond_the_buffer_pass_completely() {
    let sized = "content-length: 9\r\n\r\n123456789";
    let chunked = "transfer-encoding: chunked\r\n\r\n5\r\n12345\r\n4\r\n6789\r\n0\r\n\r\n";
    for bytes_max in [0, 3, 5, 6, 8, 9, 100] {
        for (request, response) in [(sized, chunked), (chunked, sized)] {
            let response = format!("HTTP/1.1 200 OK\r\n{response}");
            let upstream = Upstream::start(move |_| vec![send(&response)]);
            let mode = Mode::Gather { bytes_max };
            let relay = Relay::start(
                upstream.address,
                Setup {
                    mode,
                    ..Setup::default()
                },
            );
            let mut client = relay.client();
            client.send(format!("POST / HTTP/1.1\r\nhost: a\r\n{request}"));
            assert_eq!(client.answer().body, b"123456789", "{bytes_max}");
            assert_eq!(upstream.request().body, b"123456789", "{bytes_max}");
        }
    }
}
