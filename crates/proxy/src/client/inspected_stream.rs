//! The client's socket, as the HTTP library reads it: through the inspector.
//!
//! The library gets only the bytes that passed the inspector. After a refusal it gets neither bytes
//! nor an end of the stream, so it can finish the answers to earlier requests; then the driver
//! takes the socket back. Writes pass unchanged, with one exception: if the library answers without
//! a request being served, it disagrees with the inspector, and its answer is discarded in favour
//! of a refusal by Portcullis.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::client_socket::ClientSocket;
use super::tls_opening::TLS_HANDSHAKE;
use crate::connection_state::ConnectionState;
use crate::inspect::{FeedOutcome, HTTP2_PREFACE, HttpRefusal, StreamInspector, StreamPosition};

/// Most reads to discard in one poll after the last request of a connection.
const DISCARD_READS_MAX: usize = 8;

/// How much is read after a request to upgrade before it is answered, apart from the last read. A
/// client should send nothing before that.
const KEPT_BYTES_MAX: usize = 16 * 1024;

/// An inspected connection.
#[derive(Debug)]
pub(super) struct InspectedStream {
    stream: ClientSocket,
    inspector: StreamInspector,
    state: Rc<ConnectionState>,
}

/// How much of the preface of HTTP/2 is enough to distinguish it from HTTP/1.1: its first line.
const PREFACE_LINE_BYTES: usize = 16;

impl InspectedStream {
    pub(super) fn new(
        stream: ClientSocket,
        inspector: StreamInspector,
        state: Rc<ConnectionState>,
    ) -> Self {
        // Inside TLS, clients choose the protocol in the handshake.
        let preface_bytes = (!stream.is_buffered()).then_some(0);
        state.preface_bytes.set(preface_bytes);
        Self {
            stream,
            inspector,
            state,
        }
    }

    /// Ready when there is something to read, if only the end of the stream.
    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.stream.poll_readable(cx)
    }

    /// The socket, whether the answer to the current request may have a body, and what was read and
    /// kept: the beginning of a head that was refused, all of an HTTP/2 connection, or what follows a
    /// request to upgrade.
    pub(super) fn into_parts(self) -> (ClientSocket, bool, Vec<u8>) {
        let with_body = !self.inspector.is_head_request();
        (self.stream, with_body, self.inspector.into_kept_bytes())
    }

    /// Inspects the next bytes. A TLS handshake is refused at its first byte: it has no line that the
    /// inspector could refuse.
    fn inspect(&mut self, bytes: &[u8]) -> FeedOutcome {
        let is_start = self.inspector.position() == StreamPosition::Idle;
        if is_start && bytes.first() == Some(&TLS_HANDSHAKE) {
            return FeedOutcome {
                pass: 0,
                heads: 0,
                refusal: Some(HttpRefusal::TlsOnPlainPort),
                is_known: false,
            };
        }
        self.inspector.feed(bytes)
    }

    /// Notes the inspector's result. Returns whether there are bytes for the library.
    fn record_outcome(&self, outcome: FeedOutcome) -> bool {
        let state = &self.state;
        let before = state.position.get();
        let position = self.inspector.position();
        state.position.set(position);
        state
            .heads
            .set(state.heads.get() + u64::from(outcome.heads));
        if position == StreamPosition::Head && (before != StreamPosition::Head || outcome.heads > 0)
        {
            state.since.set(Instant::now());
        }
        if let Some(refusal) = outcome.refusal {
            state.refusal.set(Some(refusal));
            state.refused_in_body.set(outcome.is_known);
            state.wake_body();
        }
        outcome.pass > 0
    }

    /// Whether the first bytes are the preface of HTTP/2, or may become it. They are kept then.
    fn is_preface(&mut self, bytes: &[u8], cx: &Context<'_>) -> bool {
        let length = bytes.len().min(HTTP2_PREFACE.len());
        if bytes[..length] != HTTP2_PREFACE[..length] {
            self.state.preface_bytes.set(None);
            return false;
        }
        if length < PREFACE_LINE_BYTES {
            if self.state.preface_bytes.get() == Some(0) {
                self.state.position.set(StreamPosition::Head);
                self.state.since.set(Instant::now());
            }
            cx.waker().wake_by_ref();
        } else {
            self.inspector.kept_bytes = bytes.to_vec();
            self.state.is_http2.set(true);
        }
        self.state.preface_bytes.set(u8::try_from(length).ok());
        true
    }

    /// Discards bytes after the last request, only to detect that the client closes.
    fn poll_discard(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let start = buf.filled().len();
        for _ in 0..DISCARD_READS_MAX {
            ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
            if buf.filled().len() == start {
                return self.poll_end();
            }
            buf.set_filled(start);
        }
        // A client that sends more than this is not read any further.
        Poll::Pending
    }

    /// Keeps what follows a request to upgrade, to detect that the client closes.
    fn poll_keep(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let start = buf.filled().len();
        while self.inspector.kept_bytes.len() < KEPT_BYTES_MAX {
            ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
            if buf.filled().len() == start {
                return self.poll_end();
            }
            let kept = &mut self.inspector.kept_bytes;
            kept.extend_from_slice(&buf.filled()[start..]);
            buf.set_filled(start);
        }
        // More waits in the kernel until the upgrade is decided.
        Poll::Pending
    }

    /// Handles the end of the client's sending side. The library would drop unfinished answers, so
    /// it sees the end only if all answers are finished or a request body cannot be completed.
    fn poll_end(&self) -> Poll<io::Result<()>> {
        if self.state.is_answered() || self.state.position.get() == StreamPosition::Body {
            return Poll::Ready(Ok(()));
        }
        if self.state.half_closed.get().is_none() {
            self.state.half_closed.set(Some(Instant::now()));
        }
        Poll::Pending
    }

    /// Whether the library may write: only while a request is being served.
    fn may_write(&mut self) -> bool {
        if self.state.is_serving() {
            return true;
        }
        if self.state.refusal.get().is_none() {
            let refusal = self.inspector.refuse_partial_line();
            self.state.refusal.set(Some(refusal));
        }
        if self.inspector.position() == StreamPosition::Upgrading {
            // What follows a request is not a part of its head.
            self.inspector.kept_bytes.clear();
        }
        // The head that the library rejected gets no answer from the handler.
        self.state.heads.set(self.state.answered.get());
        false
    }

    /// Writes interim responses, which come before anything else that is written.
    fn poll_interim(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.state.interim.borrow().is_empty() {
            return Poll::Ready(Ok(()));
        }
        let state = Rc::clone(&self.state);
        let mut interim = state.interim.borrow_mut();
        while !interim.is_empty() {
            let written = Pin::new(&mut self.stream).poll_write(cx, &interim);
            self.state.note_write(&written);
            match ready!(written)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                length => interim.advance(length),
            }
        }
        // An idle connection keeps no memory for the next ones.
        *interim = BytesMut::new();
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for InspectedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.state.refusal.get().is_some() || this.state.is_http2.get() {
            return Poll::Pending;
        }
        if this.state.half_closed.get().is_some() {
            return this.poll_end();
        }
        match this.state.position.get() {
            StreamPosition::Closed => return this.poll_discard(cx, buf),
            StreamPosition::Upgrading => return this.poll_keep(cx, buf),
            StreamPosition::Idle | StreamPosition::Head | StreamPosition::Body => {}
        }
        let start = buf.filled().len();
        let preface_bytes = this.state.preface_bytes.get();
        let held = usize::from(preface_bytes.unwrap_or_default());
        buf.put_slice(&HTTP2_PREFACE[..held]);
        let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(cx, buf) else {
            buf.set_filled(start);
            return Poll::Pending;
        };
        read?;
        if buf.filled().len() == start + held {
            buf.set_filled(start);
            return this.poll_end();
        }
        if preface_bytes.is_some() && this.is_preface(&buf.filled()[start..], cx) {
            buf.set_filled(start);
            return Poll::Pending;
        }
        let outcome = this.inspect(&buf.filled()[start..]);
        if this.inspector.position() == StreamPosition::Upgrading {
            let rest = &buf.filled()[start + outcome.pass..];
            this.inspector.kept_bytes = rest.to_vec();
        }
        buf.set_filled(start + outcome.pass);
        if this.record_outcome(outcome) {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }
}

impl AsyncWrite for InspectedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if !this.may_write() {
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(this.poll_interim(cx))?;
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.state.note_write(&written);
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if !this.may_write() {
            return Poll::Ready(Ok(parts.iter().map(|part| part.len()).sum()));
        }
        ready!(this.poll_interim(cx))?;
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, parts);
        this.state.note_write(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_interim(cx))?;
        if this.stream.is_buffered() {
            let flushed = Pin::new(&mut this.stream).poll_flush(cx);
            let flushed = flushed.map_ok(|()| 0);
            // A client that accepts no encrypted bytes stalls, too.
            this.state.note_write(&flushed);
            ready!(flushed)?;
        }
        let was_serving = this.state.is_serving();
        this.state.note_flush();
        if was_serving && !this.state.is_serving() {
            // The end of the stream was held back during the answer, so the library must read
            // again.
            if this.state.half_closed.get().is_some() {
                cx.waker().wake_by_ref();
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Does nothing. The connection decides how the socket ends after the library has finished.
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
