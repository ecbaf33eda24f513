//! Opens a connection, and drives it until it ends.
//!
//! A connection is used when the settings of the upstream have arrived. Only they say how many streams it
//! allows, and whether it speaks HTTP/2 at all.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use portcullis_tls::UpstreamAlpn;
use std::future::Future as _;
use tokio::time::{Instant, timeout_at};

use super::counted_socket::{CountedSocket, SocketActivity};
use super::driven_connection::DrivenConnection;
use super::http2_pool::{Http2Pool, OpeningConnection};
use super::shared_connection::SharedConnection;
use crate::limits::UpstreamLimits;
use crate::upstream::upstream_error::{UpstreamError, UpstreamPhase};
use crate::upstream::upstream_socket::UpstreamSocket;

/// How much of a request the library holds for each stream, within the window of the stream.
const SEND_BYTES_MAX: usize = 64 * 1024;

/// The library counts 32 bytes more for each field of a head (RFC 9113 section 6.5.2).
const FIELD_OVERHEAD: usize = 32;

/// How many cancelled requests are remembered for each possible stream, and how long.
const RESETS_PER_STREAM: usize = 2;
const RESETS_KNOWN: Duration = Duration::from_secs(30);

/// How much small frames may cost while they are not read, in windows of the connection. The library
/// counts what a frame lacks to 256 bytes, and ends the connection beyond that. With frames of 32
/// bytes, every stream may be full; with frames of 20 bytes, two thirds of them.
const FRAME_COST_MAX: usize = 8;

/// What a new connection speaks.
enum OpenedConnection {
    Http1(UpstreamSocket),
    Http2(Box<Connection<CountedSocket, Bytes>>, Rc<SharedConnection>),
}

/// Opens a connection, and drives it until it ends.
pub(super) async fn open_connection(opening: OpeningConnection) {
    let pool = Rc::clone(opening.pool());
    let opened = open(&pool).await;
    drop(opening);
    match opened {
        Ok(OpenedConnection::Http2(library, shared)) => {
            pool.add(Rc::clone(&shared));
            let driven = DrivenConnection::new(library, shared, &pool);
            drop(pool);
            driven.drive().await;
        }
        Ok(OpenedConnection::Http1(socket)) => pool.add_http1(socket),
        Err(failure) => pool.fail(failure),
    }
}

async fn open(pool: &Http2Pool) -> Result<OpenedConnection, UpstreamError> {
    let http1 = pool.http1();
    let deadline = Instant::now() + http1.limits.connect_timeout;
    let alpn = pool.alpn();
    let socket = http1.connect(alpn.unwrap_or(UpstreamAlpn::Http2)).await?;
    if alpn.is_some() && !socket.has_chosen_http2() {
        return match alpn {
            Some(UpstreamAlpn::Http2) => Err(no_http2(pool, NOT_CHOSEN)),
            _ => Ok(OpenedConnection::Http1(socket)),
        };
    }
    let activity = Rc::new(SocketActivity::new(Instant::now()));
    let socket = CountedSocket::new(socket, Rc::clone(&activity));
    let too_slow = |_| http1.timeout(UpstreamPhase::Connect);
    let handshake = builder(&http1.limits).handshake::<_, Bytes>(socket);
    let opened = timeout_at(deadline, handshake).await.map_err(too_slow)?;
    let (sender, mut library) = opened.map_err(|_| no_http2(pool, CLOSED))?;
    let settled = settings(&mut library, &sender);
    let settled = timeout_at(deadline, settled).await.map_err(too_slow)?;
    settled.map_err(|reason| no_http2(pool, reason))?;
    let streams_max = http1.limits.http.streams_max;
    let shared = Rc::new(SharedConnection::new(sender, streams_max, activity));
    Ok(OpenedConnection::Http2(Box::new(library), shared))
}

const NOT_CHOSEN: &str = "it did not choose `h2` in the handshake of TLS; set `version` of \
                          `upstream_http` to \"auto\" or \"1.1\"";
const CLOSED: &str = "it closed the connection before its settings; for HTTP/1.1, the upstream begins \
                      with `http://`";
const OTHER_PROTOCOL: &str = "its first bytes are not HTTP/2; for HTTP/1.1, the upstream begins \
                              with `http://`";

fn no_http2(pool: &Http2Pool, reason: &'static str) -> UpstreamError {
    UpstreamError::NoHttp2 {
        authority: Arc::clone(&pool.http1().authority),
        reason,
    }
}

/// Waits for the settings of the upstream, which allow streams.
async fn settings(
    library: &mut Connection<CountedSocket, Bytes>,
    sender: &SendRequest<Bytes>,
) -> Result<(), &'static str> {
    poll_fn(|cx| {
        if let Poll::Ready(ended) = Pin::new(&mut *library).poll(cx) {
            let is_malformed = ended.is_err_and(|error| error.is_library());
            return Poll::Ready(Err(if is_malformed { OTHER_PROTOCOL } else { CLOSED }));
        }
        if sender.current_max_send_streams() > 0 {
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    })
    .await
}

fn builder(limits: &UpstreamLimits) -> Builder {
    let http = &limits.http;
    let head_bytes = limits.header_bytes_max + limits.header_count_max * FIELD_OVERHEAD;
    // The configuration bounds the product.
    let connection_window = http.stream_window.saturating_mul(http.streams_max);
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        // Replaced by the settings of the upstream.
        .initial_max_send_streams(0)
        .initial_window_size(http.stream_window)
        .initial_connection_window_size(connection_window)
        .max_header_list_size(u32::try_from(head_bytes).unwrap_or(u32::MAX))
        .max_send_buffer_size(SEND_BYTES_MAX)
        // Frames of cancelled requests still arrive, and the upstream did nothing wrong. What is not
        // remembered any more is answered by a reset, and never ends the connection of all others.
        .max_concurrent_reset_streams(RESETS_PER_STREAM * http.streams_max as usize)
        .reset_stream_duration(RESETS_KNOWN)
        .max_local_error_reset_streams(None)
        .data_frame_budget(FRAME_COST_MAX * connection_window as usize);
    builder
}
