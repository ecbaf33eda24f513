//! A client that does not read its answer holds memory, not a slot of the service; one that still sends
//! its request holds the slot.

use crate::support::app::{App, Site, get, until};
use crate::support::faulty::Faulty;
use crate::support::upstream::{AnswerAt, Upstream, send};

const BODY_BYTES: usize = 30_000_000;

fn app(upstream: &Faulty, buffer_max: &str) -> App {
    let top = format!("[limits]\nresponse_buffer_max = \"{buffer_max}\"");
    let keys = "[services.shares]\nin_flight_max = 1\nwait_max = \"20ms\"\n";
    App::start(Site::shop(upstream.address, keys, &top))
}

fn large(bytes: usize) -> String {
    format!("GET /files/x HTTP/1.1\r\nhost: shop\r\nx-body-bytes: {bytes}\r\n\r\n")
}

#[test]
fn a_slot_is_given_back_when_the_upstream_has_finished() {
    let upstream = Faulty::start(10);
    let app = app(&upstream, "64 MiB");
    let mut reader = app.client();
    reader.send(large(BODY_BYTES));
    // The only slot is free again although nothing was read.
    until(|| upstream.stats()["served"] == 1);
    until(|| app.ask(get("/files/x")).status == 200);
    assert_eq!(reader.count_body(), BODY_BYTES.next_multiple_of(64 * 1024));
}

#[test]
fn without_memory_for_it_the_slot_is_held_until_the_client_leaves() {
    let upstream = Faulty::start(10);
    let app = app(&upstream, "0 B");
    let mut reader = app.client();
    // More than the buffers of any kernel hold.
    reader.send(large(10 * BODY_BYTES));
    until(|| upstream.stats()["served"] == 1);
    for _ in 0..50 {
        let answer = app.ask(get("/files/x"));
        assert_eq!(answer.field("x-portcullis"), Some("OVERLOADED"));
    }
    drop(reader);
    until(|| app.ask(get("/files/x")).status == 200);
}

/// The upstream works on the request until it has all of it, even if it has answered before.
#[test]
fn a_slot_is_held_until_the_whole_request_is_sent() {
    let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let upstream = Upstream::start_at(AnswerAt::Head, move |_| vec![send(ok)]);
    let keys = "[services.shares]\nin_flight_max = 1\nwait_max = \"20ms\"\n";
    let app = App::start(Site::shop(upstream.address, keys, ""));
    let mut sender = app.client();
    sender.send(
        "PUT /files/x HTTP/1.1\r\nhost: shop\r\ncontent-type: application/octet-stream\r\n\
         content-length: 6\r\n\r\nabc",
    );
    assert_eq!(sender.answer().body, b"ok");
    for _ in 0..20 {
        let answer = app.ask(get("/files/x"));
        assert_eq!(answer.field("x-portcullis"), Some("OVERLOADED"));
    }
    sender.send("def");
    assert_eq!(upstream.request().body, b"abcdef");
    until(|| app.ask(get("/files/x")).status == 200);
}
