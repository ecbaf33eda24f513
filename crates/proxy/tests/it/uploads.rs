//! Uploads and answers that pass at the same time, and answers that come before their uploads end.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use portcullis_proxy::{ClientLimits, ResponseTimeouts};
use tokio::sync::Notify;

use crate::support::client::{Client, PATIENCE};
use crate::support::relay::{Mode, Relay, Setup};
use crate::support::upstream::{AnswerAt, Step, Upstream, send};

const MIB: usize = 1 << 20;

/// An upload of this many bytes: its head, and then its body in pieces.
fn put(length: usize) -> String {
    format!("PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n")
}

/// Sends bytes, which the relay must accept.
fn push(client: &mut Client, length: usize) {
    let block = vec![b'u'; 64 * 1024];
    let mut left = length;
    while left > 0 {
        let n = left.min(block.len());
        client.stream().write_all(&block[..n]).unwrap();
        left -= n;
    }
}

/// An upstream that reads on after its answer gets the rest of the upload, and both connections can
/// be used again.
#[test]
fn an_upload_continues_after_an_early_answer() {
    let accepted = "HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok";
    let upstream = Upstream::start_at(AnswerAt::Head, move |_| vec![send(accepted)]);
    let relay = Relay::to(upstream.address);
    let mut client = relay.client();
    for length in [100_000, 4 * MIB] {
        client.send(put(length));
        let answer = client.answer();
        assert_eq!((answer.status, answer.complete), (202, true));
        assert_eq!(answer.field("connection"), None);
        push(&mut client, length);
        let request = upstream.request();
        assert_eq!(request.body.len(), length.min(MIB));
        assert_eq!(request.connection, 0);
    }
    // In chunks, and slowly.
    client.send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    assert_eq!(client.answer().status, 202);
    for _ in 0..5 {
        thread::sleep(Duration::from_millis(50));
        client.send("3\r\nabc\r\n");
    }
    client.send("0\r\n\r\n");
    let request = upstream.request();
    assert_eq!(request.body, b"abcabcabcabcabc");
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(client.answer().status, 202);
    assert_eq!(upstream.request().connection, request.connection);
}

/// The upstream's connection ends after that, and so does the client's.
#[test]
fn an_upload_continues_to_an_upstream_that_closes_then() {
    let accepted = "HTTP/1.1 202 Accepted\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
    let upstream = Upstream::start_at(AnswerAt::Head, move |_| vec![send(accepted)]);
    let relay = Relay::to(upstream.address);
    for connection in 0..2 {
        let mut client = relay.client();
        client.send(put(4 * MIB));
        let answer = client.answer();
        assert_eq!((answer.status, answer.complete), (202, true));
        assert_eq!(answer.field("connection"), Some("close"));
        push(&mut client, 4 * MIB);
        let request = upstream.request();
        assert_eq!((request.body.len(), request.connection), (MIB, connection));
        assert!(client.is_closed());
    }
}

/// The same for a body that the relay has in memory.
#[test]
fn a_buffered_upload_continues_after_an_early_answer() {
    let accepted = "HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok";
    let upstream = Upstream::start_at(AnswerAt::Head, move |_| vec![send(accepted)]);
    let mode = Mode::Collect {
        bytes_max: 64 * MIB as u64,
    };
    let setup = Setup {
        mode,
        ..Setup::default()
    };
    let relay = Relay::start(upstream.address, setup);
    let mut client = relay.client();
    client.send(put(32 * MIB));
    push(&mut client, 32 * MIB);
    assert_eq!(client.answer().status, 202);
    upstream.request();
}

/// A drain waits for it, although no connection of a client does.
#[test]
fn a_drain_finishes_a_continued_upload() {
    let go = Arc::new(Notify::new());
    let wait = Arc::clone(&go);
    let accepted = "HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok";
    let upstream = Upstream::start_at(AnswerAt::Head, move |_| {
        vec![send(accepted), Step::Wait(Arc::clone(&wait))]
    });
    let mode = Mode::Collect {
        bytes_max: 64 * MIB as u64,
    };
    let setup = Setup {
        mode,
        ..Setup::default()
    };
    let mut relay = Relay::start(upstream.address, setup);
    let mut client = relay.client();
    client.send(put(32 * MIB));
    push(&mut client, 32 * MIB);
    assert_eq!(client.answer().status, 202);
    drop(client);
    let stopping = thread::spawn(move || relay.stop(PATIENCE));
    // Idle connections and the listener are closed by then.
    thread::sleep(Duration::from_secs(1));
    go.notify_one();
    upstream.request();
    stopping.join().unwrap();
}

/// Requests that are pipelined behind such an upload are answered after it.
#[test]
fn requests_behind_a_continued_upload_are_answered() {
    let accepted = "HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok";
    let upstream = Upstream::start_at(AnswerAt::Head, move |_| vec![send(accepted)]);
    let relay = Relay::to(upstream.address);
    for _ in 0..20 {
        let mut client = relay.client();
        client.send(put(3));
        assert_eq!(client.answer().status, 202);
        client.send(format!("abc{}xyzGET / HTTP/1.1\r\nhost: a\r\n\r\n", put(3)));
        assert_eq!(client.answer().status, 202);
        assert_eq!(client.answer().status, 202);
        let mut bodies = [(); 3].map(|()| upstream.request().body);
        bodies.sort();
        assert_eq!(bodies, [&b""[..], b"abc", b"xyz"]);
    }
}

/// The rest of the upload and the next request arrive at once. The time for the rest is over then.
#[test]
fn the_time_of_a_continued_upload_does_not_count_for_the_next_request() {
    let go = Arc::new(Notify::new());
    let wait = Arc::clone(&go);
    let accepted = "HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok";
    let upstream = Upstream::start_at(AnswerAt::Head, move |request| {
        if request.request_line().starts_with("GET") {
            vec![Step::Wait(Arc::clone(&wait)), send(accepted)]
        } else {
            vec![send(accepted)]
        }
    });
    let limits = ClientLimits {
        request_body_timeout: Duration::from_millis(400),
        ..ClientLimits::default()
    };
    let setup = Setup {
        limits,
        ..Setup::default()
    };
    let relay = Relay::start(upstream.address, setup);
    let mut client = relay.client();
    client.send(put(3));
    assert_eq!(client.answer().status, 202);
    thread::sleep(Duration::from_millis(100));
    client.send("abcGET / HTTP/1.1\r\nhost: a\r\n\r\n");
    thread::sleep(Duration::from_millis(600));
    go.notify_one();
    assert_eq!(client.answer().status, 202);
    client.send(format!("{}xyz", put(3)));
    assert_eq!(client.answer().status, 202);
    let mut bodies = [(); 3].map(|()| upstream.request().body);
    bodies.sort();
    assert_eq!(bodies, [&b""[..], b"abc", b"xyz"]);
}

/// A client that is silent in a continued upload is disconnected in its usual time.
#[test]
fn a_continued_upload_does_not_wait_forever() {
    let accepted = "HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok";
    let upstream = Upstream::start_at(AnswerAt::Head, move |_| vec![send(accepted)]);
    let limits = ClientLimits {
        request_body_timeout: Duration::from_millis(300),
        ..ClientLimits::default()
    };
    let setup = Setup {
        limits,
        ..Setup::default()
    };
    let relay = Relay::start(upstream.address, setup);
    for first in ["", "abc"] {
        let started = Instant::now();
        let mut client = relay.client();
        client.send(put(1000));
        client.send(first);
        assert_eq!(client.answer().status, 202);
        assert!(client.is_closed());
        assert!(started.elapsed() < Duration::from_secs(5));
    }
    assert!(upstream.requests.try_recv().is_err());
}

/// A client that sends all of its upload before it reads gets the answer of an upstream that has
/// closed its connection meanwhile.
#[test]
fn an_answer_survives_the_rest_of_its_upload() {
    for close in ["connection: close\r\n", ""] {
        let refused = format!("HTTP/1.1 413 Too Large\r\n{close}content-length: 2\r\n\r\nno");
        let upstream =
            Upstream::start_at(AnswerAt::Head, move |_| vec![send(&refused), Step::Close]);
        let relay = Relay::to(upstream.address);
        let mut client = relay.client();
        client.send(put(24 * MIB));
        push(&mut client, 24 * MIB);
        let answer = client.answer();
        assert_eq!((answer.status, answer.body), (413, b"no".to_vec()));
        assert!(client.is_closed());
    }
}

/// The same for an answer of the relay itself.
#[test]
fn a_refusal_survives_the_rest_of_its_upload() {
    let upstream = Upstream::ok();
    for mode in [Mode::Refuse, Mode::Collect { bytes_max: 1000 }] {
        let setup = Setup {
            mode,
            ..Setup::default()
        };
        let relay = Relay::start(upstream.address, setup);
        for head in [
            put(24 * MIB),
            format!(
                "PUT / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n",
                24 * MIB
            ),
        ] {
            let mut client = relay.client();
            client.send(head);
            push(&mut client, 24 * MIB);
            let answer = client.answer();
            assert!(matches!(answer.status, 401 | 413), "{}", answer.head);
            assert_eq!(answer.field("connection"), Some("close"));
            assert!(answer.complete && client.is_closed());
        }
    }
}

/// A client that sends without end is not read without end.
#[test]
fn reading_after_a_refusal_is_bounded_in_time() {
    let limits = ClientLimits {
        linger_timeout: Duration::from_millis(100),
        linger_timeout_max: Duration::from_millis(500),
        ..ClientLimits::default()
    };
    let setup = Setup {
        mode: Mode::Refuse,
        limits,
        ..Setup::default()
    };
    let relay = Relay::start(Upstream::ok().address, setup);
    let mut client = relay.client();
    client.send(put(usize::MAX >> 1));
    let started = Instant::now();
    while client.stream().write(&[b'u'; 1000]).is_ok() {
        assert!(started.elapsed() < Duration::from_secs(10));
        thread::sleep(Duration::from_millis(5));
    }
    assert!(started.elapsed() >= Duration::from_millis(300));
}

/// An upstream that sends its answer and reads the request at the same time, `length` bytes each.
/// Returns how many bytes of the body it read.
fn full_duplex(length: usize) -> (SocketAddr, Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, received) = mpsc::channel();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let mut writing = stream.try_clone().unwrap();
            let writer = thread::spawn(move || {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
                let _ = writing.write_all(head.as_bytes());
                let _ = writing.write_all(&vec![b'd'; length]);
            });
            // Both directions fill the buffers of the kernel first.
            thread::sleep(Duration::from_millis(300));
            let mut read = 0;
            let mut block = vec![0; 64 * 1024];
            while read < length {
                match stream.read(&mut block) {
                    Ok(n) if n > 0 => read += n,
                    _ => break,
                }
            }
            let _ = sender.send(read);
            writer.join().unwrap();
        }
    });
    (address, received)
}

/// The client reads nothing before all of its upload is sent, while the upstream's answer is larger
/// than all buffers.
#[test]
fn an_upload_passes_while_its_answer_is_not_read() {
    let length = 20 * MIB;
    let (upstream, received) = full_duplex(length);
    for response_buffer_max in [0, 256 * 1024] {
        let limits = ClientLimits {
            response_buffer_max,
            ..ClientLimits::default()
        };
        let setup = Setup {
            limits,
            ..Setup::default()
        };
        let relay = Relay::start(upstream, setup);
        let mut client = relay.client();
        client.send(put(length));
        push(&mut client, length);
        assert_eq!(received.recv_timeout(PATIENCE), Ok(length));
        assert_eq!(client.count_body(), length);
        drop(client);
    }
}

/// The same for a body that the relay has in memory.
#[test]
fn a_buffered_upload_passes_while_its_answer_is_not_read() {
    let length = 64 * MIB;
    let (upstream, received) = full_duplex(length);
    let mode = Mode::Collect {
        bytes_max: length as u64,
    };
    let setup = Setup {
        mode,
        ..Setup::default()
    };
    let relay = Relay::start(upstream, setup);
    let mut client = relay.client();
    client.send(put(length));
    push(&mut client, length);
    assert_eq!(received.recv_timeout(PATIENCE), Ok(length));
    assert_eq!(client.count_body(), length);
}

#[test]
fn both_directions_pass_while_the_client_reads_and_writes() {
    let length = 20 * MIB;
    let (upstream, received) = full_duplex(length);
    let relay = Relay::to(upstream);
    let mut client = relay.client();
    let stream = client.stream().try_clone().unwrap();
    client.send(put(length));
    let reader = thread::spawn(move || Client::from(stream).count_body());
    push(&mut client, length);
    assert_eq!(received.recv_timeout(PATIENCE), Ok(length));
    assert_eq!(reader.join().unwrap(), length);
}

/// A client that sends is not silent, although it does not read.
#[test]
fn a_client_that_sends_may_read_later() {
    let length = 20 * MIB;
    let (upstream, received) = full_duplex(length);
    let limits = ClientLimits {
        write_timeout: Duration::from_millis(400),
        ..ClientLimits::default()
    };
    let setup = Setup {
        limits,
        ..Setup::default()
    };
    let relay = Relay::start(upstream, setup);
    let mut client = relay.client();
    client.send(put(length));
    for _ in 0..20 {
        push(&mut client, length / 20);
        thread::sleep(Duration::from_millis(60));
    }
    assert_eq!(received.recv_timeout(PATIENCE), Ok(length));
    assert_eq!(client.count_body(), length);
}

/// The upstream waits for the upload before it completes its answer, so it is not slow.
#[test]
fn a_slow_upload_is_not_the_silence_of_the_upstream() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let upstream = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reading = Client::from(stream);
        reading.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
        let mut received = Vec::new();
        while !received.ends_with(b"end") {
            let mut block = [0; 1000];
            let n = reading.stream().read(&mut block).unwrap();
            assert!(n > 0, "the connection was closed");
            received.extend_from_slice(&block[..n]);
        }
        reading.send("ok");
    });
    let timeouts = ResponseTimeouts {
        body_idle: Duration::from_millis(300),
        ..ResponseTimeouts::default()
    };
    let setup = Setup {
        timeouts,
        ..Setup::default()
    };
    let relay = Relay::start(address, setup);
    let mut client = relay.client();
    client.send(put(23));
    for _ in 0..10 {
        thread::sleep(Duration::from_millis(100));
        client.send("xx");
    }
    client.send("end");
    let answer = client.answer();
    assert_eq!(
        (answer.body.as_slice(), answer.complete),
        (&b"ok"[..], true)
    );
    upstream.join().unwrap();
}

/// The first connection answers once. It then reads as much of the second request as `read` says and
/// is closed without an answer. All others answer everything.
fn stale_once(read: usize) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, requests) = mpsc::channel();
    let exchange = |stream: &TcpStream| -> Option<String> {
        let mut stream = stream.try_clone().unwrap();
        let mut text = Vec::new();
        while !is_whole(&text) {
            let mut block = [0; 4096];
            match stream.read(&mut block) {
                Ok(n) if n > 0 => text.extend_from_slice(&block[..n]),
                _ => return None,
            }
        }
        Some(String::from_utf8(text).unwrap())
    };
    thread::spawn(move || {
        let ok = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        let (mut first, _) = listener.accept().unwrap();
        exchange(&first).unwrap();
        first.write_all(ok).unwrap();
        first.read_exact(&mut vec![0; read]).unwrap();
        drop(first);
        while let Ok((mut stream, _)) = listener.accept() {
            while let Some(text) = exchange(&stream) {
                let _ = sender.send(text);
                stream.write_all(ok).unwrap();
            }
        }
    });
    (address, requests)
}

/// Whether a text is a whole request without a body, or one whose body ends with `end` or as chunks
/// do.
fn is_whole(text: &[u8]) -> bool {
    let head = text.windows(4).position(|window| window == b"\r\n\r\n");
    head.is_some_and(|at| {
        text.starts_with(b"GET") || text[at..].ends_with(b"end") || text.ends_with(b"\r\n0\r\n\r\n")
    })
}

/// What the second connection receives if a pooled one turns out to be closed; nothing if the request
/// is not sent again.
fn repeated(mode: Mode, request: &str) -> Option<String> {
    let (upstream, requests) = stale_once(20);
    let setup = Setup {
        mode,
        ..Setup::default()
    };
    let relay = Relay::start(upstream, setup);
    let mut client = relay.client();
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(client.answer().status, 200);
    client.send(request);
    let answer = client.answer();
    if answer.status == 502 {
        assert_eq!(answer.refusal(), "closed");
        assert!(requests.try_recv().is_err());
        return None;
    }
    assert_eq!(answer.status, 200);
    Some(requests.recv_timeout(PATIENCE).unwrap())
}

#[test]
fn a_small_streamed_upload_is_sent_again_if_a_pooled_connection_is_closed() {
    let put = "PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nabcend";
    let sent = repeated(Mode::Stream, put).expect("a second request");
    assert!(sent.contains("content-length: 6\r\n"), "{sent}");
    assert!(sent.ends_with("\r\n\r\nabcend"), "{sent}");
    let chunked = "DELETE / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n3\r\nend\r\n0\r\n\r\n";
    let sent = repeated(Mode::Stream, chunked).expect("a second request");
    let fields = sent.matches("transfer-encoding").count() + sent.matches("content-length").count();
    assert_eq!(fields, 1, "{sent}");
    // In memory as before; and never without need.
    let collect = Mode::Collect { bytes_max: 1000 };
    assert!(repeated(collect, put).is_some());
    for mode in [Mode::Stream, collect] {
        assert_eq!(repeated(mode, &put.replace("PUT", "POST")), None);
    }
}

#[test]
fn a_large_streamed_upload_is_not_sent_again() {
    let length = 4 * MIB;
    let body = format!("{}end", "x".repeat(length - 3));
    assert_eq!(
        repeated(Mode::Stream, &format!("{}{body}", put(length))),
        None
    );
}
