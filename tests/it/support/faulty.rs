//! An upstream in a separate process that fails on request, processes a limited number of requests
//! at a time, and can be killed and restarted on its port.
//!
//! A request sets its own result: with `x-fault: 503` the response has this status (and
//! `x-retry-after` as `Retry-After`), with `x-fault: close` there is no response, with `x-fault:
//! break` the response is incomplete; `x-delay-ms` delays it, and `x-body-bytes` gives it a body of
//! this size. `GET /stats` returns the counters.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::app::{ask, get};
use super::spawned::{Spawned, listen};

/// The variable that makes this binary run as this upstream: its address, and its number of slots.
const VARIABLE: &str = "PORTCULLIS_TEST_FAULTY";

/// The time after the first request in which requests are counted separately.
const FIRST_PERIOD: Duration = Duration::from_millis(40);

/// The running process.
#[derive(Debug)]
pub(crate) struct Faulty {
    process: Spawned,
    pub(crate) address: SocketAddr,
    capacity: usize,
}

impl Faulty {
    /// Starts an upstream that processes this many requests at a time.
    pub(crate) fn start(capacity: usize) -> Self {
        Self::start_at("127.0.0.1:0", capacity)
    }

    fn start_at(address: &str, capacity: usize) -> Self {
        let setup = format!("{address} {capacity}");
        let process = Spawned::start("support::faulty::upstream_process", VARIABLE, &setup);
        Self {
            address: process.address,
            process,
            capacity,
        }
    }

    /// Kills it without completing requests in flight.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// Restarts it on its port.
    pub(crate) fn restart(&mut self) {
        self.kill();
        *self = Self::start_at(&self.address.to_string(), self.capacity);
    }

    /// The counters since it was started.
    pub(crate) fn stats(&self) -> Value {
        serde_json::from_slice(&ask(self.address, get("/stats")).body).unwrap()
    }
}

struct Work {
    slots: Semaphore,
    first: OnceLock<Instant>,
    in_flight: AtomicU64,
    in_flight_max: AtomicU64,
    in_first_period: AtomicU64,
    served: AtomicU64,
}

/// Not a separate test: it runs the upstream if another test started this binary as one, and does
/// nothing otherwise.
#[test]
fn upstream_process() {
    let Ok(setup) = std::env::var(VARIABLE) else {
        return;
    };
    let (address, capacity) = setup.split_once(' ').unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let work = Arc::new(Work {
        slots: Semaphore::new(capacity.parse().unwrap()),
        first: OnceLock::new(),
        in_flight: AtomicU64::new(0),
        in_flight_max: AtomicU64::new(0),
        in_first_period: AtomicU64::new(0),
        served: AtomicU64::new(0),
    });
    runtime.block_on(async {
        let listener = listen(address).await;
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            let work = Arc::clone(&work);
            let answer = service_fn(move |request| answer(request, Arc::clone(&work)));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    });
}

/// This error closes the connection.
#[derive(Debug, thiserror::Error)]
#[error("injected fault")]
struct InjectedFault;

type Body = http_body_util::Either<Full<Bytes>, PiecedBody>;

async fn answer(
    request: Request<Incoming>,
    work: Arc<Work>,
) -> Result<Response<Body>, InjectedFault> {
    let (head, body) = request.into_parts();
    if head.uri.path() == "/stats" {
        return Ok(text(200, stats(&work)));
    }
    let in_flight = work.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
    work.in_flight_max.fetch_max(in_flight, Ordering::Relaxed);
    if work.first.get_or_init(Instant::now).elapsed() < FIRST_PERIOD {
        work.in_first_period.fetch_add(1, Ordering::Relaxed);
    }
    let answered = answer_work(&head.headers, body, &work).await;
    work.in_flight.fetch_sub(1, Ordering::Relaxed);
    work.served.fetch_add(1, Ordering::Relaxed);
    answered
}

async fn answer_work(
    headers: &HeaderMap,
    body: Incoming,
    work: &Work,
) -> Result<Response<Body>, InjectedFault> {
    let field = |name: &str| headers.get(name)?.to_str().ok();
    let _ = body.collect().await;
    let slot = work.slots.acquire().await;
    if let Some(delay) = field("x-delay-ms").and_then(|delay| delay.parse().ok()) {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    drop(slot);
    match field("x-fault") {
        None => match field("x-body-bytes").and_then(|bytes| bytes.parse().ok()) {
            Some(bytes) => Ok(Response::new(Body::Right(PiecedBody::large(bytes)))),
            None => Ok(text(200, "{}".to_owned())),
        },
        Some("close") => Err(InjectedFault),
        Some("break") => Ok(Response::new(Body::Right(PiecedBody::interrupted()))),
        Some(status) => {
            let mut response = text(status.parse().unwrap(), "{}".to_owned());
            if let Some(seconds) = headers.get("x-retry-after") {
                response
                    .headers_mut()
                    .insert("retry-after", seconds.clone());
            }
            Ok(response)
        }
    }
}

fn text(status: u16, text: String) -> Response<Body> {
    let response = Response::builder().status(status);
    let response = response.header("content-type", "application/json");
    response.body(Body::Left(Full::new(text.into()))).unwrap()
}

fn stats(work: &Work) -> String {
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    serde_json::json!({
        "served": of(&work.served),
        "in_flight_max": of(&work.in_flight_max),
        "in_first_period": of(&work.in_first_period),
    })
    .to_string()
}

/// A body of equal pieces.
#[derive(Debug)]
struct PiecedBody {
    piece: &'static [u8],
    pieces: u64,
    length: u64,
}

impl PiecedBody {
    /// A body that is interrupted after its first byte.
    fn interrupted() -> Self {
        Self {
            piece: b"{",
            pieces: 1,
            length: 100,
        }
    }

    /// A body of about this size.
    fn large(bytes: u64) -> Self {
        const PIECE: &[u8] = &[b'x'; 64 * 1024];
        let pieces = bytes.div_ceil(PIECE.len() as u64);
        Self {
            piece: PIECE,
            pieces,
            length: pieces * PIECE.len() as u64,
        }
    }
}

impl http_body::Body for PiecedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        let Some(left) = self.pieces.checked_sub(1) else {
            return std::task::Poll::Ready(None);
        };
        self.pieces = left;
        let frame = http_body::Frame::data(Bytes::from_static(self.piece));
        std::task::Poll::Ready(Some(Ok(frame)))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.length)
    }
}
