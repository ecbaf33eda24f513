//! Upstreams that speak HTTP/2: one by a library, and one by hand, frame by frame.

use std::future::Future;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::RecvStream;
use h2::server::{Builder, SendResponse};
use http::{HeaderMap, Request, Response};
use tokio::net::TcpListener;

use super::client::PATIENCE;
use super::http2_client::*;

/// One request, and the means to answer it.
pub(crate) struct Http2Call {
    pub(crate) request: Request<RecvStream>,
    pub(crate) respond: SendResponse<Bytes>,
}

type Answering = Pin<Box<dyn Future<Output = Result<(), h2::Error>> + Send>>;
type Script = dyn Fn(Http2Call) -> Answering + Send + Sync;

/// An upstream by the library.
#[derive(Debug)]
pub(crate) struct Http2Upstream {
    pub(crate) address: SocketAddr,
    pub(crate) connections: Arc<AtomicUsize>,
    heads: Receiver<Request<()>>,
    /// Dropping it stops the upstream's thread.
    _running: tokio::sync::oneshot::Sender<()>,
}

impl Http2Upstream {
    pub(crate) fn start<F>(
        builder: Builder,
        script: impl Fn(Http2Call) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), h2::Error>> + Send + 'static,
    {
        let listener = StdListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let script: Arc<Script> = Arc::new(move |call| Box::pin(script(call)));
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let (sender, heads) = mpsc::channel();
        let (running, stopped) = tokio::sync::oneshot::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    () = accept(listener, builder, script, sender, counted) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            address,
            connections,
            heads,
            _running: running,
        }
    }

    /// An upstream whose answer contains the target and the body of the request.
    pub(crate) fn echo(builder: Builder) -> Self {
        Self::start(builder, |call| async move {
            let path = call.request.uri().path_and_query().unwrap().clone();
            let (body, trailers) = read(call.request.into_body()).await?;
            let text = format!("{path} {}", String::from_utf8_lossy(&body));
            let response = Response::builder().header("content-type", "text/plain");
            answer(
                call.respond,
                response.body(()).unwrap(),
                text.into(),
                trailers,
            )
        })
    }

    /// The next head.
    pub(crate) fn head(&self) -> Request<()> {
        let head = self.heads.recv_timeout(PATIENCE);
        head.expect("a request reaches the upstream")
    }

    pub(crate) fn url(&self) -> String {
        format!("h2c://{}", self.address)
    }
}

async fn accept(
    listener: TcpListener,
    builder: Builder,
    script: Arc<Script>,
    heads: mpsc::Sender<Request<()>>,
    connections: Arc<AtomicUsize>,
) {
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        connections.fetch_add(1, Ordering::SeqCst);
        let (builder, script, heads) = (builder.clone(), Arc::clone(&script), heads.clone());
        tokio::spawn(async move {
            let Ok(mut connection) = builder.handshake::<_, Bytes>(socket).await else {
                return;
            };
            while let Some(Ok((request, respond))) = connection.accept().await {
                let mut head = Request::new(());
                *head.method_mut() = request.method().clone();
                *head.uri_mut() = request.uri().clone();
                *head.headers_mut() = request.headers().clone();
                // A test may not look at it.
                let _ = heads.send(head);
                // The proxy may have reset the stream.
                tokio::spawn(script(Http2Call { request, respond }));
            }
        });
    }
}

/// A body and its trailers.
pub(crate) async fn read(mut body: RecvStream) -> Result<(Vec<u8>, Option<HeaderMap>), h2::Error> {
    let mut whole = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        whole.extend_from_slice(&data);
    }
    Ok((whole, body.trailers().await?))
}

/// Sends an answer.
pub(crate) fn answer(
    mut respond: SendResponse<Bytes>,
    head: Response<()>,
    body: Bytes,
    trailers: Option<HeaderMap>,
) -> Result<(), h2::Error> {
    let mut stream = respond.send_response(head, false)?;
    stream.send_data(body, trailers.is_none())?;
    trailers.map_or(Ok(()), |trailers| stream.send_trailers(trailers))
}

/// An upstream by hand.
#[derive(Debug)]
pub(crate) struct RawUpstream(StdListener);

impl RawUpstream {
    pub(crate) fn new() -> Self {
        let listener = StdListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    pub(crate) fn url(&self) -> String {
        format!("h2c://{}", self.0.local_addr().unwrap())
    }

    /// The next connection, after its preface, with these settings of ours.
    #[track_caller]
    pub(crate) fn accept(&self, settings: &[(u16, u32)]) -> RawHttp2 {
        let began = Instant::now();
        let mut socket = loop {
            match self.0.accept() {
                Ok((socket, _)) => break socket,
                Err(_) if began.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(1)),
                Err(error) => panic!("no connection arrives: {error}"),
            }
        };
        socket.set_nonblocking(false).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut preface = [0; PREFACE.len()];
        std::io::Read::read_exact(&mut socket, &mut preface).unwrap();
        assert_eq!(preface, PREFACE);
        let mut raw = RawHttp2::over(socket);
        raw.send(frame(SETTINGS, 0, 0, settings_payload(settings)));
        raw
    }
}

/// The parameters of SETTINGS.
pub(crate) fn settings_payload(settings: &[(u16, u32)]) -> Vec<u8> {
    let parameter =
        |(name, value): &(u16, u32)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat();
    settings.iter().flat_map(parameter).collect()
}

impl RawHttp2 {
    /// The next frame of this kind; others are skipped.
    #[track_caller]
    pub(crate) fn next(&mut self, kind: u8) -> RawFrame {
        loop {
            let found = self.frame().expect("the frame arrives");
            if found.kind == kind && (kind != SETTINGS || found.flags & ACK == 0) {
                return found;
            }
        }
    }

    /// Waits until the other side has our settings.
    #[track_caller]
    pub(crate) fn acknowledged(&mut self) {
        while let Some(found) = self.frame() {
            if found.kind == SETTINGS && found.flags & ACK != 0 {
                return;
            }
        }
        panic!("the settings are not acknowledged");
    }

    /// Answers the request of a stream.
    pub(crate) fn respond(&mut self, stream: u32, body: &str) {
        let head = block(&[(":status", "200")]);
        self.send(frame(HEADERS, END_HEADERS, stream, head));
        self.send(frame(DATA, END_STREAM, stream, body));
    }

    /// Ends a stream with an error.
    pub(crate) fn reset(&mut self, stream: u32, code: u32) {
        self.send(frame(RST_STREAM, 0, stream, code.to_be_bytes()));
    }

    /// Announces the end of the connection after a stream.
    pub(crate) fn go_away(&mut self, last: u32, code: u32) {
        let payload = [last.to_be_bytes(), code.to_be_bytes()].concat();
        self.send(frame(GOAWAY, 0, 0, payload));
    }
}
