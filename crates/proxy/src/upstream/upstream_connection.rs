//! One connection to the upstream.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::upstream_socket::UpstreamSocket;
use crate::body::ForwardBody;
use crate::deadline_timer::DeadlineTimer;
use crate::limits::{LIBRARY_HEADER_COUNT_MAX, UpstreamLimits};

/// A connection, the handle that sends requests on it, and its timer.
#[derive(Debug)]
pub(super) struct UpstreamConnection {
    connection: Box<Connection<TokioIo<TrackedStream>, ForwardBody>>,
    pub(super) sender: SendRequest<ForwardBody>,
    pub(super) timer: DeadlineTimer,
    received: Rc<Cell<bool>>,
    finished: bool,
}

impl UpstreamConnection {
    /// Prepares a connection to the upstream for requests.
    ///
    /// # Errors
    /// If the library does not accept the socket.
    pub(super) async fn new(stream: UpstreamSocket, limits: &UpstreamLimits) -> io::Result<Self> {
        let received = Rc::new(Cell::new(false));
        let stream = TrackedStream {
            stream,
            received: Rc::clone(&received),
        };
        let mut builder = http1::Builder::new();
        builder.max_buf_size(limits.header_bytes_max.max(8 * 1024));
        if limits.header_count_max > LIBRARY_HEADER_COUNT_MAX {
            builder.max_headers(limits.header_count_max);
        }
        let (sender, connection) = builder
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        let connection = Box::new(connection);
        Ok(Self {
            connection,
            sender,
            timer: DeadlineTimer::default(),
            received,
            finished: false,
        })
    }

    /// Reads and writes as much as possible. Returns whether the connection is still open.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.finished {
            self.finished = Pin::new(&mut *self.connection).poll(cx).is_ready();
        }
        !self.finished
    }

    /// Whether the connection is open and ready for a request.
    pub(super) fn is_reusable(&mut self) -> bool {
        // No waker: an idle connection is checked when it is used next.
        self.drive(&mut Context::from_waker(Waker::noop())) && self.sender.is_ready()
    }

    /// Forgets that the upstream sent bytes.
    pub(super) fn reset_received(&self) {
        self.received.set(false);
    }

    /// Whether the upstream has sent bytes since the reset.
    pub(super) fn has_received(&self) -> bool {
        self.received.get()
    }
}

/// The upstream's socket. It notes when bytes arrive.
///
/// An upstream may answer early, for example with 413, and close the connection while the request is
/// still being sent. Writing then fails before the response is read, and the library would give up
/// the response. So what the upstream does not accept any more is discarded, and reading decides
/// (RFC 9112 section 9.5).
#[derive(Debug)]
struct TrackedStream {
    stream: UpstreamSocket,
    received: Rc<Cell<bool>>,
}

/// The result of writing so many bytes; all of them, if the other side accepts none any more.
fn discarded_if_closed(
    written: Poll<io::Result<usize>>,
    bytes: impl FnOnce() -> usize,
) -> Poll<io::Result<usize>> {
    match written {
        Poll::Ready(Err(error)) if is_closed(&error) => Poll::Ready(Ok(bytes())),
        written => written,
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}

impl AsyncRead for TrackedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let start = buf.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buf);
        if buf.filled().len() > start {
            this.received.set(true);
        }
        polled
    }
}

impl AsyncWrite for TrackedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes);
        discarded_if_closed(written, || bytes.len())
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, parts);
        discarded_if_closed(written, || parts.iter().map(|part| part.len()).sum())
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.get_mut().stream).poll_flush(cx) {
            Poll::Ready(Err(error)) if is_closed(&error) => Poll::Ready(Ok(())),
            flushed => flushed,
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
