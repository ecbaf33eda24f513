//! A relay built from the proxy's listener and upstream client, with a service that checks nothing.

use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use portcullis_config::{ListenAddress, SocketFileConfig};
use portcullis_proxy::{
    AnswerBody, BufferOutcome, ClientLimits, ConnectionCap, DrainSignal, DrainTrigger, ForwardBody,
    HandshakeFailure, HttpRefusal, IncomingRequest, ListenerSettings, ListenerTls, ListenerTotals,
    Peer, RequestBodyError, RequestHandler, ResponseTimeouts, UpstreamBody, UpstreamClient,
    UpstreamError, UpstreamLimits, add_forwarding, add_request_id, bind, drain, serve,
};
use portcullis_vocabulary::TrustedPeers;
use tokio::runtime::{Builder, LocalOptions};

use super::client::Client;

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
    pub(crate) timeouts: ResponseTimeouts,
    pub(crate) trusted: bool,
    pub(crate) tls: Option<ListenerTls>,
    pub(crate) connections_max: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            mode: Mode::Stream,
            limits: ClientLimits::default(),
            upstream_limits: UpstreamLimits::default(),
            timeouts: ResponseTimeouts::default(),
            trusted: false,
            tls: None,
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
        let any = ListenAddress::Tcp(([127, 0, 0, 1], 0).into());
        let bound = bind(&[any], &SocketFileConfig::with_mode(0o600), 1)
            .unwrap()
            .remove(0);
        let address = bound.addresses()[0].tcp().unwrap();
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
    let trusted_peers = TrustedPeers::new(if setup.trusted {
        vec!["127.0.0.0/8".parse().unwrap()]
    } else {
        vec![]
    });
    let settings = ListenerSettings {
        limits: setup.limits,
        trusted_peers,
        proxies: None,
        tls: setup.tls,
        cap: ConnectionCap::new(setup.connections_max),
    };
    let service = Pass {
        upstream,
        timeouts: setup.timeouts,
        mode: setup.mode,
    };
    serve(bound, Rc::new(service), settings, signal)
        .await
        .unwrap()
}

#[derive(Clone, Debug)]
struct Pass {
    upstream: UpstreamClient,
    timeouts: ResponseTimeouts,
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

    fn note_handshake(&self, _failure: HandshakeFailure) {}

    fn refuse(&self, refusal: HttpRefusal, _peer: &Peer, _head: &[u8]) -> Response<Bytes> {
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
        let (mut head, ()) = arrived.request.into_parts();
        let body = arrived.body;
        let interim = body.interim_responses();
        let added = add_forwarding(&mut head.headers, &arrived.peer, None);
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
                Ok(
                    BufferOutcome::Larger { first, rest } | BufferOutcome::NoMemory { first, rest },
                ) => ForwardBody::resumed(first, rest),
                Err(error) => return of_body_error(error),
            },
            Mode::Refuse => return own(StatusCode::UNAUTHORIZED, "unauthorized"),
            Mode::Panic => panic!("requested by the test"),
        };
        match self
            .upstream
            .send(
                &mut http::Request::from_parts(head, body),
                &added,
                is_idempotent,
                self.timeouts,
                &interim,
            )
            .await
        {
            Ok(response) => self.pass(response).await,
            Err(UpstreamError::RequestBody { source, .. }) => of_body_error(source),
            Err(UpstreamError::Timeout { .. } | UpstreamError::Idle { .. }) => {
                own(StatusCode::GATEWAY_TIMEOUT, "timeout")
            }
            Err(UpstreamError::Local { .. }) => own(StatusCode::SERVICE_UNAVAILABLE, "local"),
            Err(UpstreamError::Tls { .. }) => own(StatusCode::BAD_GATEWAY, "tls"),
            Err(UpstreamError::Connect { .. }) => own(StatusCode::BAD_GATEWAY, "connect"),
            Err(UpstreamError::Closed { .. }) => own(StatusCode::BAD_GATEWAY, "closed"),
            Err(UpstreamError::Malformed { .. }) => own(StatusCode::BAD_GATEWAY, "malformed"),
            Err(
                UpstreamError::Reset { .. }
                | UpstreamError::CallDeadline { .. }
                | UpstreamError::Refused { .. }
                | UpstreamError::NoHttp2 { .. },
            ) => own(StatusCode::BAD_GATEWAY, "http2"),
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
            Ok(BufferOutcome::Larger { first, rest } | BufferOutcome::NoMemory { first, rest }) => {
                AnswerBody::streamed_after(first, rest)
            }
            Err(_) => return own(StatusCode::BAD_GATEWAY, "broken"),
        };
        Response::from_parts(head, body)
    }
}

fn of_body_error(error: RequestBodyError) -> Response<AnswerBody> {
    match error {
        RequestBodyError::TooLarge { .. } => own(StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
        RequestBodyError::NoMemory => own(StatusCode::SERVICE_UNAVAILABLE, "no-memory"),
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
