//! Records of streamed responses are judged while they pass: event by event, in constant memory.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::Notify;

use crate::support::app::{App, Process, Site, admin, get, until};
use crate::support::client::{Client, PATIENCE};
use crate::support::upstream::{Step, Upstream, send};

const REJECT: &str = "[services.enforcement]\nresponse = \"reject\"\n";

/// A contract of OpenAPI 3.2 with one sequence of every media type.
const CONTRACT: &str = r#"
openapi: 3.2.0
info: { title: Feed, version: 1.0.0 }
components:
  schemas:
    Event:
      type: object
      properties: { event: { enum: [tick] }, data: { pattern: '^ok' } }
      required: [event]
    Record: { type: object, required: [id] }
paths:
  /events:
    get:
      operationId: events
      responses: { '200': { content: { text/event-stream: { itemSchema: { $ref: '#/components/schemas/Event' } } } } }
  /lines:
    get:
      operationId: lines
      responses: { '200': { content: { application/jsonl: { itemSchema: { $ref: '#/components/schemas/Record' } } } } }
  /sequence:
    get:
      operationId: sequence
      responses: { '200': { content: { application/json-seq: { itemSchema: { $ref: '#/components/schemas/Record' } } } } }
  /both:
    get:
      operationId: both
      responses: { '200': { content: { application/jsonl: { schema: { type: array, maxItems: 1 }, itemSchema: { $ref: '#/components/schemas/Record' } } } } }
"#;

fn site(upstream: &Upstream, keys: &str, top: &str) -> Site {
    let address = format!("http://{}", upstream.address);
    Site::new(top).service("feed", CONTRACT, &address, keys)
}

fn head(media: &str) -> Step {
    send(&format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {media}\r\ntransfer-encoding: chunked\r\n\r\n"
    ))
}

fn chunk(text: &str) -> Step {
    send(&format!("{:x}\r\n{text}\r\n", text.len()))
}

fn end() -> Step {
    send("0\r\n\r\n")
}

/// An event that is valid, or not, with a payload.
fn event(is_valid: bool, payload: &str) -> String {
    let word = if is_valid { "ok" } else { "bad" };
    format!("event: tick\ndata: {word} {payload}\n\n")
}

/// The sum of the lines of the metrics that begin so and contain all these texts.
fn count(address: std::net::SocketAddr, name: &str, labels: &[&str]) -> u64 {
    let metrics = admin(address, "/metrics").1;
    let lines = metrics.lines().filter(|line| line.starts_with(name));
    let lines = lines.filter(|line| labels.iter().all(|label| line.contains(label)));
    let values = lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
    values.sum()
}

fn violations(app: &App, operation: &str, enforcement: &str) -> u64 {
    let labels = [
        format!("operation=\"{operation}\""),
        format!("enforcement=\"{enforcement}\""),
    ];
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    count(app.admin, "contract_validation_errors_total{", &labels)
}

fn outcomes(app: &App, outcome: &str) -> u64 {
    let label = format!("outcome=\"{outcome}\"");
    count(app.admin, "portcullis_requests_total{", &[&label])
}

/// What a client gets of a stream in these pieces, and whether it is complete.
fn exchange(keys: &str, target: &str, media: &str, pieces: &[&str]) -> (App, String, bool) {
    let (media, pieces) = (
        media.to_owned(),
        pieces.iter().map(|piece| chunk(piece)).collect::<Vec<_>>(),
    );
    let upstream = Upstream::start(move |_| {
        let mut steps = vec![head(&media)];
        steps.extend(pieces.iter().cloned());
        steps.push(end());
        steps
    });
    let app = App::start(site(
        &upstream,
        keys,
        "[limits]\nrecord_bytes_max = \"200B\"",
    ));
    let answer = app.ask(get(target));
    assert_eq!(answer.status, 200, "{}", answer.head);
    let body = String::from_utf8(answer.body).unwrap();
    (app, body, answer.complete)
}

/// Checks what passes of a sequence with one bad record: all of it if violations are reported, and
/// what is before the record if they are rejected.
#[track_caller]
fn check(target: &str, media: &str, pieces: &[&str], before: &str) {
    let operation = target.trim_start_matches('/');
    let whole = pieces.concat();
    let (app, body, is_complete) = exchange("", target, media, pieces);
    assert_eq!((body.as_str(), is_complete), (whole.as_str(), true));
    until(|| violations(&app, operation, "report") == 1);
    until(|| outcomes(&app, "answered") == 1);
    let (app, body, is_complete) = exchange(REJECT, target, media, pieces);
    assert_eq!((body.as_str(), is_complete), (before, false));
    until(|| violations(&app, operation, "reject") == 1);
    until(|| outcomes(&app, "failed") == 1);
}

#[test]
fn a_stream_ends_before_its_first_bad_record() {
    let (good, bad) = (event(true, "1"), event(false, "2"));
    let after = event(true, "3");
    let events = |pieces: &[&str]| check("/events", "text/event-stream", pieces, &good);
    events(&[&good, &bad, &after]);
    events(&[&format!("{good}{bad}{after}")]);
    // Pieces that are not events.
    events(&[&good[..5], &good[5..], &bad[..20], &bad[20..]]);
    // A last event without a blank line counts.
    events(&[&good, "event: tick\ndata: bad"]);
    // Records of the other sequences.
    let lines = ["{\"id\": 1}\n", "{}\n", "{\"id\": 2}\n"];
    check("/lines", "application/jsonl", &lines, lines[0]);
    check(
        "/lines",
        "application/jsonl",
        &["{\"id\": 1}\n{}"],
        lines[0],
    );
    let sequence = ["\u{1e}{\"id\":\n1}\n", "\u{1e}{}\n", "\u{1e}{\"id\": 2}\n"];
    check("/sequence", "application/json-seq", &sequence, sequence[0]);
}

#[test]
fn malformed_records_are_bad_records() {
    let line = "{\"id\": 1}\n";
    check("/lines", "application/jsonl", &[line, "{\"id\": \n"], line);
    let text = "\u{1e}{\"id\": 1}\n";
    check("/sequence", "application/json-seq", &[text, "5\n"], text);
}

#[test]
fn line_ends_and_comments_are_those_of_html() {
    let good = ": hello\r\n\u{a0}: x\r\nevent: tick\r\ndata: ok\r\ndata: b\r\n\r\n";
    let events = |pieces: &[&str], before: &str| {
        check("/events", "text/event-stream", pieces, before);
    };
    let marked = format!("\u{feff}{good}");
    events(&[&marked, "event:tock\rdata:ok\r\r"], &marked);
    // The line feed of the blank line arrives later.
    let (start, rest) = (good.trim_end_matches('\n'), "\n");
    events(&[start, rest, "event: tock\ndata: ok\n\n"], good);
    let comment = format!("{good}: ping\n");
    events(&[good, ": ping\n", "event: tock\ndata: ok\n\n"], &comment);
}

/// Whether the next bytes of a stream are these chunks of data.
fn expect_chunks(reader: &mut impl BufRead, expected: &str) {
    let mut data = Vec::new();
    while data.len() < expected.len() {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
        let start = data.len();
        data.resize(start + size + 2, 0);
        reader.read_exact(&mut data[start..]).unwrap();
        data.truncate(start + size);
    }
    assert_eq!(String::from_utf8(data).unwrap(), expected);
}

/// Sends a request and reads the head of its response.
fn open(address: std::net::SocketAddr, target: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(get(target).as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
    }
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    reader
}

const EVENTS: usize = 10_000;
const BAD_EVENT: usize = 9_000;
/// The events after each of which the upstream waits until the client has got it.
const AWAITED_EVENTS: usize = 200;
/// The additional resident memory allowed for a stream of any length. The stream has 20 MB.
const COST_KIB_MAX: u64 = 6 << 10;

/// An upstream that waits after each of the first events, and sends as many as the target says.
fn long_stream(gate: &Arc<Notify>) -> Upstream {
    let gate = Arc::clone(gate);
    let payload = "x".repeat(2000);
    Upstream::start(move |request| {
        let mut steps = vec![head("text/event-stream")];
        let is_long = request.request_line().contains("?long");
        let events = if is_long { EVENTS } else { AWAITED_EVENTS };
        for number in 0..events {
            steps.push(chunk(&event(number != BAD_EVENT, &payload)));
            if number < AWAITED_EVENTS {
                steps.push(Step::Wait(Arc::clone(&gate)));
            }
        }
        steps.push(end());
        steps
    })
}

/// Reads events as long as they come. Returns their number, and whether the stream has an end.
fn read_events(address: std::net::SocketAddr, target: &str, gate: &Notify) -> (usize, bool) {
    let payload = "x".repeat(2000);
    let mut reader = open(address, target);
    for _ in 0..AWAITED_EVENTS {
        // Nothing follows before this event is here.
        expect_chunks(&mut reader, &event(true, &payload));
        gate.notify_one();
    }
    let (mut events, mut line) = (AWAITED_EVENTS, String::new());
    let (mut data, mut last) = (Vec::new(), 0);
    loop {
        line.clear();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return (events, false);
        }
        let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
        data.resize(size + 2, 0);
        if reader.read_exact(&mut data).is_err() {
            return (events, false);
        }
        if size == 0 {
            return (events, true);
        }
        // An event ends with an empty line, which two chunks may share.
        for &byte in &data[..size] {
            events += usize::from((last, byte) == (b'\n', b'\n'));
            last = byte;
        }
    }
}

#[test]
fn ten_thousand_events_pass_one_by_one_in_constant_memory() {
    for (keys, expected, enforcement) in [
        ("", (EVENTS, true), "report"),
        (REJECT, (BAD_EVENT, false), "reject"),
    ] {
        let gate = Arc::new(Notify::new());
        let upstream = long_stream(&gate);
        let top = "[runtime]\ndata_cores = 1";
        let process = Process::start(site(&upstream, keys, top));
        assert_eq!(
            read_events(process.data, "/events", &gate),
            (AWAITED_EVENTS, true)
        );
        let (before, _) = process.memory_kib();
        assert_eq!(read_events(process.data, "/events?long", &gate), expected);
        let (after, peak) = process.memory_kib();
        eprintln!("{enforcement}: resident KiB {before} before, {after} after, {peak} at most");
        assert!(peak <= before + COST_KIB_MAX, "{before} to {peak} KiB");
        let label = format!("enforcement=\"{enforcement}\"");
        let labels = ["class=\"invalid-response-body\"", &label];
        let violations = || count(process.admin, "contract_validation_errors_total{", &labels);
        until(|| violations() == 1);
        let unjudged = count(process.admin, "contract_unjudged_total{", &[]);
        assert_eq!(unjudged, 0);
    }
}

#[test]
fn comments_pass_while_no_event_is_in_progress() {
    let gate = Arc::new(Notify::new());
    let wait = Step::Wait(Arc::clone(&gate));
    let upstream = Upstream::start(move |_| {
        vec![
            head("text/event-stream"),
            chunk(": ping\n"),
            wait.clone(),
            chunk(&event(true, "1")),
            end(),
        ]
    });
    let app = App::start(site(&upstream, REJECT, ""));
    let mut reader = open(app.data, "/events");
    expect_chunks(&mut reader, ": ping\n");
    gate.notify_one();
    expect_chunks(&mut reader, &event(true, "1"));
}

#[test]
fn a_record_above_the_bound_passes_unjudged_and_is_counted() {
    let large = event(false, &"x".repeat(300));
    let (good, bad) = (event(true, "1"), event(false, "2"));
    for pieces in [
        vec![large.as_str(), &good, &bad, &good],
        vec![&large[..100], &large[100..250], &large[250..], &good, &bad],
    ] {
        let (app, body, is_complete) = exchange(REJECT, "/events", "text/event-stream", &pieces);
        assert_eq!((body, is_complete), (format!("{large}{good}"), false));
        let label = ["reason=\"record-too-large\""];
        until(|| count(app.admin, "contract_unjudged_total{", &label) == 1);
        assert_eq!(violations(&app, "events", "reject"), 1);
    }
}

#[test]
fn the_schema_of_a_whole_sequence_is_reported_at_its_end() {
    let lines = ["{\"id\": 1}\n", "{\"id\": 2}\n"];
    let (app, body, is_complete) = exchange(REJECT, "/both", "application/jsonl", &lines);
    assert_eq!((body, is_complete), (lines.concat(), true));
    until(|| violations(&app, "both", "report") == 1);
    assert_eq!(violations(&app, "both", "reject"), 0);
    let (app, body, is_complete) = exchange(
        REJECT,
        "/both",
        "application/jsonl",
        &["{\"id\": 1}\n", "{}\n"],
    );
    assert_eq!((body.as_str(), is_complete), (lines[0], false));
    until(|| violations(&app, "both", "reject") == 1);
    assert_eq!(violations(&app, "both", "report"), 0);
}

/// The frames of a stream that is compressed with gzip and flushed after each of these texts.
fn compressed(texts: &[&str]) -> Vec<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut frames = Vec::new();
    for text in texts {
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.flush().unwrap();
        frames.push(std::mem::take(encoder.get_mut()));
    }
    frames.push(encoder.finish().unwrap());
    frames
}

fn bytes_chunk(bytes: &[u8]) -> Step {
    let size = format!("{:x}\r\n", bytes.len());
    Step::Send([size.as_bytes(), bytes, b"\r\n"].concat())
}

/// An upstream that sends these frames of compressed events.
fn compressed_upstream(frames: &[Vec<u8>], last: Step) -> Upstream {
    let mut steps = vec![head("text/event-stream\r\ncontent-encoding: gzip")];
    steps.extend(frames.iter().map(|frame| bytes_chunk(frame)));
    steps.push(last);
    Upstream::start(move |_| steps.clone())
}

/// A violation is counted while the stream is open, and a stream that may be rejected ends before the
/// frame with the bad record.
#[test]
fn compressed_records_are_judged_while_they_pass() {
    let (good, bad) = (event(true, "1"), event(false, "2"));
    let frames = compressed(&[&good, &bad, &good]);
    let wait = Step::Wait(Arc::new(Notify::new()));
    let upstream = compressed_upstream(&frames[..2], wait);
    let app = App::start(site(&upstream, "", ""));
    let reader = open(app.data, "/events");
    until(|| violations(&app, "events", "report") == 1);
    drop((reader, app));
    let check = |keys: &str, frames: &[Vec<u8>], passed: &[Vec<u8>], enforcement: &str| {
        let upstream = compressed_upstream(frames, end());
        let app = App::start(site(&upstream, keys, ""));
        let answer = app.ask(get("/events"));
        let is_complete = passed.len() == frames.len();
        assert_eq!(
            (answer.body, answer.complete),
            (passed.concat(), is_complete)
        );
        until(|| violations(&app, "events", enforcement) == 1);
    };
    check("", &frames, &frames, "report");
    check(REJECT, &frames, &frames[..1], "reject");
    // The last event has no blank line, and frames may end inside an event.
    let open_end = compressed(&[&good, "event: tick\ndata: bad"]);
    check("", &open_end, &open_end, "report");
    check(REJECT, &open_end, &open_end[..1], "reject");
    let split = compressed(&[&good, &bad[..20], &bad[20..], &good]);
    check(REJECT, &split, &split[..1], "reject");
    // Data that is not gzip.
    let mut broken = compressed(&[&good, &good]);
    // No block of deflate data begins so.
    broken[1] = vec![0xff; 6];
    check("", &broken, &broken, "report");
    check(REJECT, &broken, &broken[..1], "reject");
}

/// zstd is decoded as a whole only, so its records are reported at the end.
#[test]
fn records_that_are_compressed_as_a_whole_are_reported_at_the_end() {
    let bad = event(false, "1");
    // One frame with one raw block (RFC 8878): magic number, header with an eight-bit size, block.
    let length = u8::try_from(bad.len()).unwrap();
    let block = (u32::from(length) << 3) | 1;
    let mut body = vec![0x28, 0xb5, 0x2f, 0xfd, 0x20, length];
    body.extend(&block.to_le_bytes()[..3]);
    body.extend(bad.as_bytes());
    let expected = body.clone();
    let upstream = Upstream::start(move |_| {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: zstd\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        vec![send(&head), Step::Send(body.clone())]
    });
    let app = App::start(site(&upstream, REJECT, ""));
    let answer = app.ask(get("/events"));
    assert_eq!((answer.status, answer.body), (200, expected));
    until(|| violations(&app, "events", "report") == 1);
}

#[test]
fn a_stream_that_is_cut_or_idle_is_no_failure_of_the_upstream() {
    let never = Arc::new(Notify::new());
    let upstream = Upstream::start(move |request| {
        let line = request.request_line();
        let bad = chunk(&event(!line.contains("bad"), "1"));
        let last = if line.contains("end") {
            end()
        } else {
            Step::Wait(Arc::clone(&never))
        };
        vec![head("text/event-stream"), bad, last]
    });
    let keys = format!("{REJECT}[services.breaker]\ncalls_min = 1\n");
    let top = "[limits]\nbody_idle_timeout = \"100ms\"";
    let app = App::start(site(&upstream, &keys, top));
    for target in ["/events?bad", "/events?idle"] {
        for _ in 0..5 {
            assert!(!app.ask(get(target)).complete);
        }
    }
    until(|| outcomes(&app, "failed") == 5 && outcomes(&app, "idle") == 5);
    assert_eq!(app.ask(get("/events?end")).status, 200);
}

#[test]
fn a_client_that_leaves_a_judged_stream_is_disconnected() {
    let never = Arc::new(Notify::new());
    let upstream = Upstream::start(move |_| {
        vec![
            head("text/event-stream"),
            chunk(&event(true, "1")),
            Step::Wait(Arc::clone(&never)),
        ]
    });
    let app = App::start(site(&upstream, REJECT, ""));
    let mut reader = open(app.data, "/events");
    expect_chunks(&mut reader, &event(true, "1"));
    drop(reader);
    until(|| outcomes(&app, "disconnected") == 1);
}

#[test]
fn the_log_says_that_a_stream_was_cut() {
    let upstream = Upstream::start(|_| {
        let events = (0..200).map(|_| chunk(&event(false, "1")));
        let mut steps = vec![head("text/event-stream")];
        steps.extend(events);
        steps.push(end());
        steps
    });
    let top = "[log]\nformat = \"json\"\n[access_log]\nsample = 1.0";
    for (keys, outcome) in [(REJECT, "failed"), ("", "answered")] {
        let process = Process::start(site(&upstream, keys, top));
        let mut client = Client::connect(process.data);
        client.send(get("/events"));
        assert_eq!(client.answer().complete, keys.is_empty());
        drop(client);
        process.signal("TERM");
        let (_, log) = process.wait();
        let mut lines = log.lines();
        let line = lines.find(|line| line.contains("\"operation\":\"events\""));
        let line = line.unwrap_or_else(|| panic!("{log}"));
        assert!(
            line.contains(&format!("\"outcome\":\"{outcome}\"")),
            "{line}"
        );
        assert!(line.contains("invalid-response-body"), "{line}");
        let cut = line.contains("the next record of the response violates the contract");
        assert_eq!(cut, !keys.is_empty(), "{line}");
        // A bounded number of violations is kept, however many events are bad.
        assert!(line.len() < 20_000, "{} bytes", line.len());
    }
}
