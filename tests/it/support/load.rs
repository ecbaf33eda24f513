//! Many concurrent clients in front of an upstream in a separate process: every response is matched
//! with its request by content, and the proxy's memory does not grow.
//!
//! `PORTCULLIS_TEST_LOAD=full` runs the full load; by default a smaller load runs.

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;

use super::app::{Process, Site, admin, is_full};
use super::client::PATIENCE;
use super::spawned::{Spawned, listen};

const CLIENTS: usize = 200;

/// Fluctuations of resident memory: the allocator takes pieces of two mebibytes, up to three at a
/// time on a busy machine. In a full run this is 30 bytes for each request: any leak is larger.
const NOISE_KIB: u64 = 6 << 10;

/// The variable that makes this binary run as an upstream instead of a test.
const UPSTREAM_VARIABLE: &str = "PORTCULLIS_TEST_UPSTREAM";

/// Bytes of a large body repeat with this period, which does not divide any buffer size.
const PERIOD: usize = 65_521;

/// A large body's bytes, two periods of them, so that a period can begin anywhere.
pub(crate) fn pattern() -> Bytes {
    let byte = |at: usize| (at % PERIOD * 31 % 251) as u8;
    (0..2 * PERIOD).map(byte).collect::<Vec<u8>>().into()
}

/// Whether bytes are those of a large body at a position; at most one period of them.
pub(crate) fn is_pattern(pattern: &[u8], at: usize, bytes: &[u8]) -> bool {
    let mut at = at % PERIOD;
    bytes.chunks(PERIOD).all(|part| {
        let is_same = pattern[at..at + part.len()] == *part;
        at = (at + part.len()) % PERIOD;
        is_same
    })
}

/// An upstream in a separate process, which stops when the value is dropped.
#[derive(Debug)]
pub(crate) struct Echo(Spawned);

impl Echo {
    pub(crate) fn start() -> Self {
        Self(Spawned::start(
            "support::load::upstream_process",
            UPSTREAM_VARIABLE,
            "1",
        ))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address
    }
}

/// Not a separate test: it runs the upstream if another test started this binary as one, and does
/// nothing otherwise.
#[test]
fn upstream_process() {
    if std::env::var_os(UPSTREAM_VARIABLE).is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = listen("127.0.0.1:0").await;
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            let serving =
                http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(echo));
            tokio::spawn(serving);
        }
    });
}

/// Responds with the received request, with a large body if the target asks for one, or with the
/// size of the received large body.
async fn echo(
    request: Request<Incoming>,
) -> Result<Response<Either<Full<Bytes>, Large>>, Infallible> {
    let (head, mut body) = request.into_parts();
    let query = head.uri.query().unwrap_or_default();
    if let Some((framing, length)) = query.split_once('=') {
        let length = length.parse().unwrap_or(0);
        if framing == "upload" {
            let received = measure(&mut body).await;
            return Ok(Response::new(Either::Left(Full::new(received.into()))));
        }
        if ["sized", "chunked"].contains(&framing) {
            return Ok(Response::new(Either::Right(Large {
                pattern: pattern(),
                length,
                at: 0,
                is_sized: framing == "sized",
            })));
        }
    }
    let received = body.collect().await.unwrap().to_bytes();
    let mut answer = format!("{} {}\n", head.method, head.uri).into_bytes();
    answer.extend_from_slice(&received);
    let id = head.headers.get("x-id").cloned().unwrap();
    let response = Response::builder().header("x-id", id);
    let response = response.body(Either::Left(Full::new(answer.into())));
    Ok(response.unwrap())
}

/// The number of correct bytes in a large body.
async fn measure(body: &mut Incoming) -> String {
    let pattern = pattern();
    let mut at = 0;
    while let Some(frame) = body.frame().await {
        let data = frame.unwrap().into_data().unwrap();
        if !is_pattern(&pattern, at, &data) {
            return format!("differs between {at} and {}", at + data.len());
        }
        at += data.len();
    }
    format!("received {at}")
}

/// A large body.
struct Large {
    pattern: Bytes,
    length: usize,
    at: usize,
    is_sized: bool,
}

impl Body for Large {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let size = (self.length - self.at).min(PERIOD);
        if size == 0 {
            return Poll::Ready(None);
        }
        let start = self.at % PERIOD;
        self.at += size;
        Poll::Ready(Some(Ok(Frame::data(
            self.pattern.slice(start..start + size),
        ))))
    }

    fn size_hint(&self) -> SizeHint {
        if self.is_sized {
            SizeHint::with_exact((self.length - self.at) as u64)
        } else {
            SizeHint::default()
        }
    }
}

/// A persistent connection that does little work for each response.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

/// A response with a known body length.
struct Exchange {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Exchange {
    fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

impl Connection {
    fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            buffer: vec![0; 1 << 15],
            filled: 0,
        }
    }

    fn exchange(&mut self, request: &[u8]) -> Exchange {
        self.stream.write_all(request).unwrap();
        let end = loop {
            let text = &self.buffer[..self.filled];
            if let Some(at) = text.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.fill();
        };
        let head = String::from_utf8(self.buffer[..end].to_vec()).unwrap();
        let mut exchange = Exchange {
            status: head[9..12].parse().unwrap(),
            head,
            body: Vec::new(),
        };
        let length: usize = exchange.field("content-length").unwrap().parse().unwrap();
        while self.filled < end + length {
            self.fill();
        }
        // Nothing may follow the response.
        assert_eq!(self.filled, end + length, "{}", exchange.head);
        exchange
            .body
            .extend_from_slice(&self.buffer[end..self.filled]);
        self.filled = 0;
        exchange
    }

    fn fill(&mut self) {
        let n = self.stream.read(&mut self.buffer[self.filled..]).unwrap();
        assert!(n > 0, "the proxy closed a connection");
        self.filled += n;
    }
}

/// One kind of request, with its expected response.
struct Case {
    request: Vec<u8>,
    status: u16,
    /// The echoed body, or the refusal's pointer and a part of its message.
    expected: Result<Vec<u8>, (&'static str, String)>,
}

/// The request with this number; no two are equal.
#[expect(clippy::too_many_lines, reason = "one arm for each kind of request")]
fn case(number: usize) -> Case {
    let id = format!("id-{number}");
    let head = |method: &str, target: &str, fields: &str| {
        format!(
            "{method} {target} HTTP/1.1\r\nhost: shop\r\nx-id: {id}\r\nx-request-id: {id}\r\n\
             x-tenant: a\r\n{fields}\r\n"
        )
    };
    let get = |target: &str| head("GET", target, "").into_bytes();
    let sized = |method: &str, target: &str, kind: &str, body: &str| {
        let fields = format!("content-type: {kind}\r\ncontent-length: {}\r\n", body.len());
        (head(method, target, &fields) + body).into_bytes()
    };
    let json = |target: &str, body: &str| sized("POST", target, "application/json", body);
    let echoed = |line: String, body: &str| Ok(format!("{line}\n{body}").into_bytes());
    let item = |quantity: usize, tags: &str| {
        format!(r#"{{"name":"{id}","quantity":{quantity},"tags":[{tags}]}}"#)
    };
    let (request, status, expected) = match number % 8 {
        0 => {
            let target = format!("/files/{id}");
            (get(&target), 200, echoed(format!("GET {target}"), ""))
        }
        1 => {
            let body = item(number, "");
            (
                json("/items", &body),
                200,
                echoed("POST /items".into(), &body),
            )
        }
        2 => {
            let text = format!("\"{id}\" is not of type");
            let body = format!(r#"{{"name":"a","quantity":"{id}"}}"#);
            (json("/items", &body), 422, Err(("/quantity", text)))
        }
        3 => {
            let body = item(1, &format!(r#""a","b",{number}"#));
            (
                json("/items", &body),
                422,
                Err(("/tags/2", number.to_string())),
            )
        }
        4 => {
            let limit = 1000 + number;
            let target = format!("/items?limit={limit}");
            (get(&target), 422, Err(("", format!("{limit} is greater"))))
        }
        5 => {
            let body = item(number, &format!(r#""{}""#, id.repeat(1000)));
            let fields = "content-type: application/json\r\ntransfer-encoding: chunked\r\n";
            let (first, second) = body.split_at(number % body.len());
            let mut request = head("POST", "/items", fields);
            for part in [first, second].iter().filter(|part| !part.is_empty()) {
                request += &format!("{:x}\r\n{part}\r\n", part.len());
            }
            request += "0\r\n\r\n";
            (
                request.into_bytes(),
                200,
                echoed("POST /items".into(), &body),
            )
        }
        6 => (
            get(&format!("/nowhere/{id}")),
            404,
            Err(("", "no path".into())),
        ),
        _ => {
            let target = format!("/files/{id}");
            let body = id.repeat(100);
            let request = sized("PUT", &target, "application/octet-stream", &body);
            (request, 200, echoed(format!("PUT {target}"), &body))
        }
    };
    Case {
        request,
        status,
        expected,
    }
}

fn check(number: usize, case: &Case, exchange: &Exchange) {
    let text = || String::from_utf8_lossy(&exchange.body).into_owned();
    let id = format!("id-{number}");
    assert_eq!(exchange.status, case.status, "{id}: {}", text());
    match &case.expected {
        Ok(body) => {
            assert_eq!(exchange.field("x-id"), Some(id.as_str()));
            assert!(exchange.body == *body, "{id}: {}", text());
        }
        Err((pointer, message)) => {
            assert_eq!(exchange.field("x-request-id"), Some(id.as_str()));
            let problem: Value = serde_json::from_slice(&exchange.body).unwrap();
            assert_eq!(problem["instance"], id);
            let violation = &problem["violations"][0];
            assert_eq!(violation["pointer"], *pointer, "{id}");
            let found = violation["message"].as_str().unwrap();
            assert!(found.contains(message.as_str()), "{id}: {found}");
        }
    }
}

/// Runs one client; sends a notice whenever all clients together have completed another `step`
/// exchanges.
fn run_client(
    address: SocketAddr,
    numbers: impl Iterator<Item = usize>,
    done: &AtomicUsize,
    step: usize,
    notices: &Sender<()>,
) {
    let mut connection = Connection::open(address);
    for number in numbers {
        let case = case(number);
        let exchange = connection.exchange(&case.request);
        check(number, &case, &exchange);
        if (done.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(step) {
            notices.send(()).unwrap();
        }
    }
}

#[test]
fn no_lost_or_mixed_up_responses_and_no_leak_under_load() {
    let total = if is_full() { 200_000 } else { 10_000 };
    let step = total / 40;
    let upstream = Echo::start();
    let process = Process::start(Site::shop(
        upstream.address(),
        "",
        "[runtime]\ndata_cores = 2",
    ));
    let (start_kib, _) = process.memory_kib();
    let done = AtomicUsize::new(0);
    let (notices, samples) = channel();
    let began = Instant::now();
    let samples: Vec<u64> = std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (done, notices, address) = (&done, notices.clone(), process.data);
            std::thread::Builder::new()
                .stack_size(1 << 19)
                .spawn_scoped(scope, move || {
                    let numbers = (client..total).step_by(CLIENTS);
                    run_client(address, numbers, done, step, &notices);
                })
                .unwrap();
        }
        drop(notices);
        // Observations are counted at the next scrape, or after some seconds. Scraping before each
        // sample leaves only memory that is really in use.
        let sample = |()| {
            assert_eq!(admin(process.admin, "/metrics").0, 200);
            process.memory_kib().0
        };
        samples.iter().map(sample).collect()
    });
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(done.load(Ordering::Relaxed), total);
    // The allocator keeps and returns memory in pieces of megabytes, so single samples vary.
    let middle = |part: &[u64]| {
        let mut part = part.to_vec();
        part.sort_unstable();
        part[part.len() / 2]
    };
    let (third, last) = (middle(&samples[20..30]), middle(&samples[30..]));
    eprintln!(
        "{total} exchanges by {CLIENTS} clients in {seconds:.1} s; resident KiB: {start_kib} at the \
         start, {third} in the third quarter, {last} in the last"
    );
    assert!(last <= third + NOISE_KIB, "memory grows: {samples:?}");
    process.signal("TERM");
    let (status, log) = process.wait();
    assert!(status.success(), "{log}");
    assert!(log.contains(&format!("requests={total}")), "{log}");
}
