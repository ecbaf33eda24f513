//! The bounds of a connection: too many frames end with GOAWAY, and others are served meanwhile.

use std::time::{Duration, Instant};

use crate::support::app::{App, Process, Site, admin};
use crate::support::client::PATIENCE;
use crate::support::http2_client::*;
use crate::support::upstream::{Step, Upstream, send};

use StreamEnd::{Answer, GoAway};

fn start(upstream: &Upstream, keys: &str) -> App {
    let top = format!("[listen]\naddress = \"127.0.0.1:0\"\n{keys}");
    App::start(Site::shop(upstream.address, "", &top))
}

/// An upstream that reads requests and does not answer.
fn silent() -> Upstream {
    Upstream::start(|_| vec![Step::Wait(std::sync::Arc::default())])
}

/// Sends the same bytes until the connection ends. Returns how often, and how it ended.
fn flood(client: &mut RawHttp2, bytes: impl Fn(u32) -> Vec<u8>, times: u32) -> StreamEnd {
    for number in 0..times {
        client.send(bytes(number));
    }
    client.end_of(u32::MAX)
}

/// RFC 9113 section 10.5: a server limits frames that cost it more than their sender.
#[test]
#[rustfmt::skip]
fn floods_end_with_go_away() {
    let upstream = silent();
    let app = start(&upstream, "");
    let open = frame(HEADERS, END_HEADERS, 1, block(&pseudo("POST", "/items")));
    type Flood = Box<dyn Fn(u32) -> Vec<u8>>;
    let repeat = |bytes: Vec<u8>| -> Flood { Box::new(move |_| bytes.clone()) };
    let cases: Vec<(&str, Vec<u8>, Flood)> = vec![
        ("PING (CVE-2019-9512)", vec![], repeat(frame(PING, 0, 0, [0; 8]))),
        ("SETTINGS (CVE-2019-9515)", vec![], repeat(frame(SETTINGS, 0, 0, []))),
        ("PRIORITY (CVE-2019-9513)", vec![], repeat(frame(PRIORITY, 0, 1, [0, 0, 0, 3, 1]))),
        ("WINDOW_UPDATE", vec![], repeat(frame(WINDOW_UPDATE, 0, 0, [0, 0, 0, 1]))),
        ("empty DATA (CVE-2019-9518)", open.clone(), repeat(frame(DATA, 0, 1, []))),
        ("padding only", open, repeat(frame(DATA, PADDED, 1, [0]))),
        ("unknown frames", vec![], repeat(frame(0x42, 0, 0, []))),
        ("streams beyond the limit", vec![], Box::new(|number| frame(HEADERS, END_HEADERS, 2 * number + 1, block(&pseudo("POST", "/items"))))),
    ];
    for (name, first, bytes) in cases {
        let mut client = RawHttp2::connect(app.data);
        client.send(first);
        let end = flood(&mut client, bytes, 3000);
        assert_eq!(end, GoAway(ENHANCE_YOUR_CALM), "{name}");
    }
    let metrics = admin(app.admin, "/metrics").1;
    assert!(metrics.contains("http_refusals_total{reason=\"http2-control-frames\"}"), "{metrics}");
}

/// CVE-2024-27316 and others: CONTINUATION without an end.
#[test]
fn continuations_without_end_are_refused() {
    let upstream = silent();
    let app = start(&upstream, "");
    for piece in [vec![], literal("x", "y"), literal("x", "y".repeat(10_000))] {
        let mut client = RawHttp2::connect(app.data);
        client.send(frame(HEADERS, 0, 1, block(&pseudo("GET", "/items"))));
        let end = flood(&mut client, |_| frame(CONTINUATION, 0, 1, &piece), 3000);
        assert!(
            matches!(end, GoAway(ENHANCE_YOUR_CALM | COMPRESSION_ERROR)),
            "{end:?}"
        );
    }
    assert!(upstream.requests.try_recv().is_err());
}

/// A small block that decodes to a large head: references to one large field.
#[test]
fn a_head_that_decodes_to_much_is_refused() {
    let upstream = silent();
    let app = start(&upstream, "");
    let large = {
        let mut field = literal("x", "y".repeat(4000));
        // With incremental indexing, so that later bytes refer to it.
        field[0] = 0x40;
        field
    };
    let bomb = |references: usize| {
        [
            block(&pseudo("GET", "/items")),
            large.clone(),
            vec![0xbe; references],
        ]
        .concat()
    };
    let check = |references: usize, is_expected: fn(StreamEnd) -> bool| {
        let mut client = RawHttp2::connect(app.data);
        client.send(frame(
            HEADERS,
            END_HEADERS | END_STREAM,
            1,
            bomb(references),
        ));
        let end = client.end_of(1);
        assert!(is_expected(end), "{references}: {end:?}");
    };
    // 64 KiB of fields are the limit; some more are judged and answered.
    check(17, |end| end == Answer(431));
    check(30, |end| end == Answer(431));
    check(10_000, |end| matches!(end, Answer(431) | GoAway(_)));
    let fields = vec![("x", "y"); 200];
    let mut client = RawHttp2::connect(app.data);
    client.ask(1, &[&pseudo("GET", "/items")[..], &fields].concat());
    assert_eq!(client.end_of(1), Answer(431));
    assert!(upstream.requests.try_recv().is_err());
}

#[test]
fn streams_beyond_the_limit_are_refused_and_can_be_repeated() {
    let upstream = silent();
    let app = start(&upstream, "[listen.http2]\nstreams_max = 3");
    let mut client = RawHttp2::connect(app.data);
    let settings = client.frame().unwrap();
    let has = |id: u8, value: u32| {
        settings
            .payload
            .chunks(6)
            .any(|one| one[..2] == [0, id] && one[2..] == value.to_be_bytes())
    };
    assert!(has(3, 3), "SETTINGS_MAX_CONCURRENT_STREAMS: {settings:?}");
    for stream in [1, 3, 5, 7] {
        client.get(stream, "/items");
    }
    assert_eq!(client.end_of(7), StreamEnd::Reset(REFUSED_STREAM));
}

/// CVE-2023-44487: requests that are cancelled at once, in pieces and together.
#[test]
fn rapid_resets_end_the_connection() {
    let upstream = silent();
    let app = start(&upstream, "");
    for together in [1, 10, 100] {
        let mut client = RawHttp2::connect(app.data);
        let began = Instant::now();
        let mut sent = 0;
        let taken = loop {
            let mut bytes = Vec::new();
            for _ in 0..together {
                let stream = 2 * sent + 1;
                bytes.extend(frame(
                    HEADERS,
                    END_HEADERS | END_STREAM,
                    stream,
                    block(&pseudo("GET", "/items")),
                ));
                bytes.extend(frame(RST_STREAM, 0, stream, CANCEL.to_be_bytes()));
                sent += 1;
            }
            client.send(bytes);
            std::thread::sleep(Duration::from_millis(2));
            client.wait(Duration::from_millis(1));
            if let Some(taken) = taken_before_calm(&mut client) {
                break taken;
            }
            assert!(began.elapsed() < PATIENCE, "{together} together: {sent}");
        };
        assert!(taken <= 400, "{together} together: {taken} of {sent} taken");
    }
    // A client that cancels few requests, and lets others be answered, stays.
    let upstream = Upstream::ok();
    let app = start(&upstream, "");
    let mut client = RawHttp2::connect(app.data);
    for number in 0..100 {
        client.get(4 * number + 1, "/items");
        client.send(frame(RST_STREAM, 0, 4 * number + 1, CANCEL.to_be_bytes()));
        client.get(4 * number + 3, "/items");
        assert_eq!(client.answer(4 * number + 3).1, b"ok");
    }
}

/// How many requests the proxy had taken when it sent GOAWAY because of the client, if it did.
fn taken_before_calm(client: &mut RawHttp2) -> Option<u32> {
    let mut frames = std::iter::from_fn(|| client.frame());
    let end = frames.find(|found| found.kind == GOAWAY && found.code() == ENHANCE_YOUR_CALM)?;
    let last = u32::from_be_bytes(end.payload[..4].try_into().unwrap());
    Some(last.div_ceil(2))
}

/// CVE-2025-8671: requests that make the server reset their streams.
#[test]
fn errors_that_reset_streams_end_the_connection() {
    let upstream = silent();
    let app = start(&upstream, "[listen.http2]\nerror_resets_max = 20");
    let malformed = [&pseudo("GET", "/items")[..], &[("connection", "close")]].concat();
    let mut client = RawHttp2::connect(app.data);
    let bytes = |number| {
        frame(
            HEADERS,
            END_HEADERS | END_STREAM,
            2 * number + 1,
            block(&malformed),
        )
    };
    assert_eq!(flood(&mut client, bytes, 30), GoAway(ENHANCE_YOUR_CALM));
    // Requests that are served already, until an illegal frame resets them.
    let mut client = RawHttp2::connect(app.data);
    let bytes = |number| {
        let stream = 2 * number + 1;
        let open = frame(
            HEADERS,
            END_HEADERS,
            stream,
            block(&pseudo("POST", "/items")),
        );
        [
            open,
            frame(WINDOW_UPDATE, 0, stream, [0x7f, 0xff, 0xff, 0xff]),
        ]
        .concat()
    };
    assert_eq!(flood(&mut client, bytes, 30), GoAway(ENHANCE_YOUR_CALM));
}

#[test]
fn a_connection_ends_after_its_last_request_and_at_its_age() {
    let upstream = Upstream::ok();
    let app = start(
        &upstream,
        "[listen.http2]\nrequests_max = 3\nage_max = \"0s\"",
    );
    let mut client = RawHttp2::connect(app.data);
    for stream in [1, 3, 5] {
        client.get(stream, "/items");
        while client.frame().is_none_or(|found| found.kind != DATA) {}
    }
    assert_eq!(client.end_of(u32::MAX), GoAway(NO_ERROR));
    let app = start(&upstream, "[listen.http2]\nage_max = \"500ms\"");
    let began = Instant::now();
    let mut client = RawHttp2::connect(app.data);
    assert_eq!(client.end_of(1), GoAway(NO_ERROR));
    let age = began.elapsed();
    assert!(
        age > Duration::from_millis(300) && age < Duration::from_secs(5),
        "{age:?}"
    );
}

#[test]
fn silent_connections_end() {
    let upstream = Upstream::ok();
    let keys = "[limits]\nrequest_head_timeout = \"300ms\"\nidle_timeout = \"600ms\"\n";
    let app = start(&upstream, keys);
    // Without the rest of the preface.
    let mut client = RawHttp2::silent(app.data);
    client.send(&PREFACE[..20]);
    assert_eq!(client.end_of(1), StreamEnd::Closed);
    // Inside a head.
    let mut client = RawHttp2::connect(app.data);
    client.send(frame(HEADERS, 0, 1, block(&pseudo("GET", "/items"))));
    assert_eq!(client.end_of(1), GoAway(PROTOCOL_ERROR));
    // Between requests.
    let mut client = RawHttp2::connect(app.data);
    client.get(1, "/items");
    assert_eq!(client.answer(1).1, b"ok");
    assert_eq!(client.end_of(3), GoAway(NO_ERROR));
}

/// Answers that are not read wait in bounded memory, and stop no other connection.
#[test]
fn answers_that_are_not_read_take_bounded_memory() {
    const BYTES: usize = 32 << 20;
    let upstream = Upstream::start(|_| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {BYTES}\r\n\r\n");
        vec![send(&head), Step::Fill(BYTES)]
    });
    let process = Process::start(Site::shop(upstream.address, "", ""));
    let before = process.memory_kib().0;
    let mut client = RawHttp2::connect(process.data);
    // Windows of the connection and of each stream that allow everything.
    let window = 0x7fff_ffff_u32.to_be_bytes();
    client.send(frame(SETTINGS, 0, 0, [&[0, 4][..], &window].concat()));
    client.send(frame(WINDOW_UPDATE, 0, 0, [0x7f, 0, 0, 0]));
    for number in 0..100 {
        client.get(2 * number + 1, "/items");
    }
    std::thread::sleep(Duration::from_secs(1));
    let mut other = RawHttp2::connect(process.data);
    other.ask(1, &pseudo("HEAD", "/unknown"));
    assert_eq!(other.end_of(1), Answer(404));
    let after = process.memory_kib().0;
    println!("100 unread answers of {BYTES} bytes: {before} KiB before, {after} KiB after");
    assert!(
        after < before + 80 * 1024,
        "{before} KiB before, {after} KiB after"
    );
}

/// Prints what a flood costs, and checks that it is bounded.
#[test]
fn floods_cost_bounded_memory_and_time() {
    let upstream = silent();
    let site = Site::shop(upstream.address, "", "");
    let process = Process::start(site);
    let before = process.memory_kib().0;
    let began = Instant::now();
    for _ in 0..50 {
        let mut client = RawHttp2::connect(process.data);
        let bytes = |number: u32| {
            let stream = 2 * number + 1;
            let open = frame(
                HEADERS,
                END_HEADERS,
                stream,
                block(&pseudo("POST", "/items")),
            );
            [open, frame(RST_STREAM, 0, stream, CANCEL.to_be_bytes())].concat()
        };
        flood(&mut client, bytes, 1000);
        let mut client = RawHttp2::connect(process.data);
        flood(&mut client, |_| frame(PING, 0, 0, [0; 8]), 2000);
    }
    let took = began.elapsed();
    let after = process.memory_kib().0;
    println!("100 floods: {took:?}, {before} KiB before, {after} KiB after");
    assert!(
        after < before + 64 * 1024,
        "{before} KiB before, {after} KiB after"
    );
}
