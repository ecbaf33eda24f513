//! The load generator and the upstream of the end-to-end benchmarks.
//!
//! Both use a blocking thread for each connection, which takes less CPU time than an event loop, and
//! compare every byte of the bodies that they receive. The load generator reuses its connections.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::order;

pub(crate) const CONNECTIONS: usize = 32;

/// Where a load goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoadTarget {
    pub(crate) address: SocketAddr,
    /// The host that requests name with their target, for a forward proxy.
    pub(crate) origin: Option<SocketAddr>,
    pub(crate) connections: usize,
}

impl From<SocketAddr> for LoadTarget {
    fn from(address: SocketAddr) -> Self {
        Self {
            address,
            origin: None,
            connections: CONNECTIONS,
        }
    }
}

const IO_TIMEOUT: Duration = Duration::from_secs(10);
const BODY_BYTES: usize = 1_000;
const EXPORT_BYTES_MAX: usize = 16 << 20;
const ORDER: &str = r#"{"id":"0b9c8d5e-2f63-4f5a-8f0e-6f1f6f2b7a10","customer_id":"7c1f5a0e-5a52-4f0e-9a5c-0a4b2d1f3c11","status":"placed","currency":"EUR","total":25.00,"placed_at":"2026-01-02T03:04:05Z","lines":[{"sku":"BOOK-0042","quantity":2,"unit_price":12.50}]}"#;

/// The kind of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// Places an order of 1 KB; portcullis validates it.
    Post,
    /// Fetches an order.
    Get,
}

impl Exchange {
    pub(crate) const ALL: [Self; 2] = [Self::Post, Self::Get];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
        }
    }

    pub(crate) fn parse(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|exchange| exchange.name() == name)
            .expect("an exchange")
    }

    fn request(self, origin: Option<SocketAddr>) -> Vec<u8> {
        let (target, body) = match self {
            Self::Post => ("/orders", order::order(BODY_BYTES, true)),
            Self::Get => (
                "/orders/0b9c8d5e-2f63-4f5a-8f0e-6f1f6f2b7a10",
                String::new(),
            ),
        };
        let framing = match self {
            Self::Post => format!(
                "content-type: application/json\r\ncontent-length: {}\r\nidempotency-key: 4f7a1c2e9b\r\n",
                body.len()
            ),
            Self::Get => String::new(),
        };
        let (base, host) = match origin {
            Some(origin) => (format!("http://{origin}"), origin.to_string()),
            None => (String::new(), "orders.example.com".to_owned()),
        };
        format!(
            "{} {base}{target} HTTP/1.1\r\nhost: {host}\r\nuser-agent: bench/1.0\r\n\
             accept: application/json\r\nx-squad-owner: checkout\r\n{framing}\r\n{body}",
            self.name()
        )
        .into_bytes()
    }

    fn status(self) -> &'static str {
        match self {
            Self::Post => "201 Created",
            Self::Get => "200 OK",
        }
    }
}

/// Sends `requests` requests over all connections, and prints the duration in seconds.
pub(crate) fn run(to: LoadTarget, exchange: Exchange, requests: usize) {
    let streams = (0..to.connections).map(|_| connect(to.address));
    let streams: Vec<TcpStream> = streams.collect();
    let (request, times) = (exchange.request(to.origin), requests / to.connections);
    let started = Instant::now();
    let threads: Vec<_> = streams
        .into_iter()
        .map(|stream| {
            let request = request.clone();
            thread::spawn(move || repeat(stream, &request, exchange, times))
        })
        .collect();
    for thread in threads {
        thread.join().expect("only expected responses");
    }
    println!("{}", started.elapsed().as_secs_f64());
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, IO_TIMEOUT).expect("the proxy accepts");
    stream.set_nodelay(true).expect("a TCP socket");
    stream
        .set_read_timeout(Some(IO_TIMEOUT))
        .expect("a timeout");
    stream
}

fn repeat(mut stream: TcpStream, request: &[u8], exchange: Exchange, times: usize) {
    let status = format!("HTTP/1.1 {}\r\n", exchange.status());
    let mut buffer = vec![0; 16 * 1024];
    for _ in 0..times {
        stream.write_all(request).expect("the proxy reads");
        let message = read_message(&mut stream, &mut buffer).expect("a response");
        assert!(
            message.head.starts_with(status.as_bytes()),
            "{}",
            message.head.escape_ascii()
        );
        assert_eq!(message.body, ORDER.as_bytes(), "the upstream's body");
    }
}

/// Prints its address, then answers requests until the process is stopped.
pub(crate) fn serve_upstream() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("{}", listener.local_addr().expect("a bound address"));
    for stream in listener.incoming() {
        let stream = stream.expect("a connection");
        thread::spawn(move || answer(stream));
    }
}

/// Prints its address, then accepts every export until the process is stopped.
pub(crate) fn serve_collector() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("{}", listener.local_addr().expect("a bound address"));
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        thread::spawn(move || {
            let mut buffer = vec![0; EXPORT_BYTES_MAX];
            while read_message(&mut stream, &mut buffer).is_ok() {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                if stream.write_all(answer).is_err() {
                    return;
                }
            }
        });
    }
}

fn answer(mut stream: TcpStream) {
    stream.set_nodelay(true).expect("a TCP socket");
    let expected = order::order(BODY_BYTES, true);
    let answers = Exchange::ALL.map(|exchange| {
        format!(
            "HTTP/1.1 {}\r\ndate: Fri, 02 Jan 2026 03:04:05 GMT\r\nserver: orders\r\n\
             content-type: application/json\r\nlocation: /orders/1\r\ncontent-length: {}\r\n\r\n{ORDER}",
            exchange.status(),
            ORDER.len()
        )
    });
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(message) = read_message(&mut stream, &mut buffer) {
        let (answer, body) = match message.head.first() {
            Some(b'P') => (&answers[0], expected.as_bytes()),
            _ => (&answers[1], &b""[..]),
        };
        assert_eq!(message.body, body, "the client's body");
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

struct Message<'a> {
    head: &'a [u8],
    body: &'a [u8],
}

/// Reads one message with a known length.
fn read_message<'a>(stream: &mut TcpStream, buffer: &'a mut [u8]) -> io::Result<Message<'a>> {
    let mut filled = 0;
    let (head_end, length) = loop {
        let read = stream.read(&mut buffer[filled..])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        filled += read;
        if let Some(end) = buffer[..filled]
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
        {
            break (end + 4, content_length(&buffer[..end + 2]));
        }
    };
    let end = head_end + length;
    let missing = buffer.get_mut(filled..end);
    stream.read_exact(missing.expect("a message that fits"))?;
    let (head, rest) = buffer.split_at(head_end);
    Ok(Message {
        head,
        body: &rest[..length],
    })
}

fn content_length(head: &[u8]) -> usize {
    let text = std::str::from_utf8(head).expect("a head of text");
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.trim().parse().expect("a length"))
}
