//! A relay built from the proxy's listener and upstream client, with a service that checks nothing.

use std::future::Future;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::rc::Rc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use portcullis_proxy::{
    AnswerBody, BufferOutcome, ClientLimits, ConnectionCap, DrainSignal, DrainTrigger, ForwardBody,
    HttpRefusal, IncomingRequest, ListenerSettings, ListenerTotals, Peer, RequestBodyError,
    RequestHandler, UpstreamBody, UpstreamClient, UpstreamError, UpstreamLimits, add_forwarding,
    add_request_id, bind, drain, serve,
};
use tokio::runtime::{Builder, LocalOptions};

/// How long a test waits for an event that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How the relay treats requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Streams both bodies.
    #[default]
    Stream,
    /// Reads request bodies into memory first.
    Collect { bytes_max: u64 },
    /// Buffers the beginning of both bodies and passes them on in any case.
    Gather { bytes_max: u64 },
    /// Answers 401 without reading the body.
    Refuse,
    /// Panics.
    Panic,
}

/// The setup of a relay.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) mode: Mode,
    pub(crate) limits: ClientLimits,
    pub(crate) upstream_limits: UpstreamLimits,
    pub(crate) trusted: bool,
    pub(crate) connections_max: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            mode: Mode::Stream,
            limits: ClientLimits::default(),
            upstream_limits: UpstreamLimits::default(),
            trusted: false,
            connections_max: 10_000,
        }
    }
}

/// A running relay.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    pub(crate) trigger: DrainTrigger,
    thread: Option<JoinHandle<ListenerTotals>>,
}

impl Relay {
    pub(crate) fn to(upstream: SocketAddr) -> Self {
        Self::start(upstream, Setup::default())
    }

    pub(crate) fn start(upstream: SocketAddr, setup: Setup) -> Self {
        let bound = bind("127.0.0.1:0".parse().unwrap(), 1).unwrap().remove(0);
        let address = bound.address();
        let (trigger, signal) = drain();
        let thread = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread()
                .enable_all()
                .build_local(LocalOptions::default());
            runtime
                .unwrap()
                .block_on(run(bound, upstream, setup, signal))
        });
        Self {
            address,
            trigger,
            thread: Some(thread),
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// Stops the relay and returns the result of the drain.
    pub(crate) fn stop(&mut self, grace: Duration) -> ListenerTotals {
        self.trigger.stop(tokio::time::Instant::now() + grace);
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.stop(Duration::ZERO);
        }
    }
}

async fn run(
    bound: portcullis_proxy::BoundListener,
    upstream: SocketAddr,
    setup: Setup,
    signal: DrainSignal,
) -> ListenerTotals {
    let upstream = UpstreamClient::new(&upstream.to_string(), setup.upstream_limits);
    let trusted_networks = if setup.trusted {
        vec!["127.0.0.0/8".parse().unwrap()]
    } else {
        vec![]
    };
    let settings = ListenerSettings {
        limits: setup.limits,
        trusted_networks,
        cap: ConnectionCap::new(setup.connections_max),
    };
    let service = Pass {
        upstream,
        mode: setup.mode,
    };
    serve(bound, Rc::new(service), settings, signal)
        .await
        .unwrap()
}

#[derive(Clone, Debug)]
struct Pass {
    upstream: UpstreamClient,
    mode: Mode,
}

impl RequestHandler for Pass {
    fn handle(
        self: Rc<Self>,
        incoming: IncomingRequest,
    ) -> impl Future<Output = Response<AnswerBody>> + 'static {
        let pass = Self::clone(&self);
        Box::pin(pass.answer(incoming))
    }

    fn refuse(&self, refusal: HttpRefusal, _peer: &Peer) -> Response<Bytes> {
        Response::builder()
            .status(refusal.status())
            .header("content-type", "application/problem+json")
            .header("x-refusal", refusal.name())
            .body(format!("{{\"detail\":{:?}}}", refusal.sentence()).into())
            .unwrap()
    }
}

impl Pass {
    async fn answer(self, arrived: IncomingRequest) -> Response<AnswerBody> {
        let (mut head, body) = arrived.request.into_parts();
        add_forwarding(&mut head.headers, &arrived.peer);
        add_request_id(&mut head.headers, &arrived.peer);
        let is_idempotent = head.method.is_idempotent();
        let body = match self.mode {
            Mode::Stream => ForwardBody::streamed(body),
            Mode::Collect { bytes_max } => match body.collect(bytes_max).await {
                Ok(collected) => ForwardBody::whole(collected),
                Err(error) => return of_body_error(error),
            },
            Mode::Gather { bytes_max } => match body.gather(bytes_max).await {
                Ok(BufferOutcome::Whole(collected)) => ForwardBody::whole(collected),
                Ok(BufferOutcome::Larger { first, rest }) => ForwardBody::resumed(first, rest),
                Err(error) => return of_body_error(error),
            },
            Mode::Refuse => return own(StatusCode::UNAUTHORIZED, "unauthorized"),
            Mode::Panic => panic!("requested by the test"),
        };
        match self
            .upstream
            .send(
                Box::new(http::Request::from_parts(head, body)),
                is_idempotent,
            )
            .await
        {
            Ok(response) => self.pass(response).await,
            Err(UpstreamError::RequestBody { source, .. }) => of_body_error(source),
            Err(UpstreamError::Timeout { .. }) => own(StatusCode::GATEWAY_TIMEOUT, "timeout"),
            Err(UpstreamError::Connect { .. }) => own(StatusCode::BAD_GATEWAY, "connect"),
            Err(UpstreamError::Closed { .. }) => own(StatusCode::BAD_GATEWAY, "closed"),
            Err(UpstreamError::Malformed { .. }) => own(StatusCode::BAD_GATEWAY, "malformed"),
        }
    }
}

impl Pass {
    async fn pass(&self, response: Response<UpstreamBody>) -> Response<AnswerBody> {
        let Mode::Gather { bytes_max } = self.mode else {
            return response.map(AnswerBody::streamed);
        };
        let (head, body) = response.into_parts();
        let body = match body.gather(bytes_max).await {
            Ok(BufferOutcome::Whole(collected)) => AnswerBody::buffered(collected),
            Ok(BufferOutcome::Larger { first, rest }) => AnswerBody::streamed_after(first, rest),
            Err(_) => return own(StatusCode::BAD_GATEWAY, "broken"),
        };
        Response::from_parts(head, body)
    }
}

fn of_body_error(error: RequestBodyError) -> Response<AnswerBody> {
    match error {
        RequestBodyError::TooLarge { .. } => own(StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
        RequestBodyError::Timeout => own(StatusCode::REQUEST_TIMEOUT, "body-timeout"),
        RequestBodyError::Refused(refusal) => own(refusal.status(), refusal.name()),
        RequestBodyError::ClientGone => own(StatusCode::BAD_REQUEST, "client-gone"),
        RequestBodyError::Violated => own(StatusCode::UNPROCESSABLE_ENTITY, "violated"),
    }
}

fn own(status: StatusCode, name: &str) -> Response<AnswerBody> {
    let body = AnswerBody::from(Bytes::from_static(b"own"));
    Response::builder()
        .status(status)
        .header("x-refusal", name)
        .body(body)
        .unwrap()
}

/// A client that sends and reads raw bytes.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A response as the client read it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: String,
    /// Whether the body is complete according to its framing.
    pub(crate) complete: bool,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub(crate) fn refusal(&self) -> &str {
        self.field("x-refusal").unwrap_or_default()
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::from(TcpStream::connect(address).unwrap())
    }

    pub(crate) fn from(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// Sends bytes; an error is ignored, because the relay may have closed the connection.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Closes the sending side.
    pub(crate) fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// The response to a request other than HEAD.
    pub(crate) fn answer(&mut self) -> Answer {
        self.read_answer(true).expect("a response")
    }

    /// The next response, `None` at the end of the stream.
    pub(crate) fn read_answer(&mut self, with_body: bool) -> Option<Answer> {
        let end = loop {
            match self
                .buffer
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                Some(at) => break at + 4,
                None if !self.fill() => return None,
                None => {}
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        self.buffer.drain(..end);
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .unwrap_or(0);
        let mut answer = Answer {
            status,
            head,
            complete: true,
            ..Answer::default()
        };
        if with_body && !matches!(status, 100..=199 | 204 | 304) {
            self.read_body(&mut answer);
        }
        Some(answer)
    }

    /// Reads a response, discards its body, and returns the number of body bytes.
    pub(crate) fn count_body(&mut self) -> usize {
        let head = self.read_answer(false).expect("a response");
        let length = head
            .field("content-length")
            .map_or(0, |n| n.parse().unwrap());
        let mut count = self.buffer.len();
        while count < length && {
            self.buffer.clear();
            self.fill()
        } {
            count += self.buffer.len();
        }
        self.buffer.clear();
        count
    }

    /// Whether the stream ends here.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.buffer.is_empty() && !self.fill()
    }

    fn read_body(&mut self, answer: &mut Answer) {
        if answer.field("transfer-encoding") == Some("chunked") {
            answer.complete = self.read_chunks(answer);
        } else if let Some(length) = answer.field("content-length").map(|n| n.parse().unwrap()) {
            answer.complete = self.take(length, &mut answer.body);
        } else {
            while self.fill() {}
            answer.body.append(&mut self.buffer);
        }
    }

    fn read_chunks(&mut self, answer: &mut Answer) -> bool {
        loop {
            let Some(line) = self.line() else {
                return false;
            };
            let size = usize::from_str_radix(&line, 16).unwrap();
            if size == 0 {
                break;
            }
            if !self.take(size, &mut answer.body) || self.line().is_none() {
                return false;
            }
        }
        while let Some(line) = self.line() {
            if line.is_empty() {
                return true;
            }
            answer.trailers.push_str(&line);
        }
        false
    }

    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.buffer.windows(2).position(|window| window == b"\r\n") {
                let line = String::from_utf8_lossy(&self.buffer[..at]).into_owned();
                self.buffer.drain(..at + 2);
                return Some(line);
            }
            if !self.fill() {
                return None;
            }
        }
    }

    fn take(&mut self, mut length: usize, into: &mut Vec<u8>) -> bool {
        while length > 0 {
            if self.buffer.is_empty() && !self.fill() {
                return false;
            }
            let n = length.min(self.buffer.len());
            into.extend(self.buffer.drain(..n));
            length -= n;
        }
        true
    }

    /// Reads more; false at the end of the stream.
    fn fill(&mut self) -> bool {
        let mut block = vec![0; 1 << 16];
        match self.stream.read(&mut block) {
            Ok(n) => {
                self.buffer.extend_from_slice(&block[..n]);
                n > 0
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("the relay does not respond: {error}"),
        }
    }
}
