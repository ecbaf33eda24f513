//! The client's socket as the HTTP library sees it: inspected.
//!
//! Reads pass through the inspector, and the library is shown only what may be passed on.
//! After a refusal it sees nothing more, neither bytes nor an end of the stream, so that
//! requests accepted before are answered in peace; the driver then takes the socket back.
//! Writes pass unchanged, unless the library answers of its own accord, which only happens
//! when it disagrees with the inspector: that answer is discarded for one of ours.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::proxy::connection_state::ConnectionState;
use crate::proxy::inspect::{FeedOutcome, StreamInspector, StreamPosition};

/// Bytes discarded in one go after the last request of a connection.
const DISCARD_READS_MAX: usize = 8;

/// An inspected connection.
#[derive(Debug)]
pub(super) struct InspectedStream {
    stream: TcpStream,
    inspector: StreamInspector,
    state: Rc<ConnectionState>,
}

impl InspectedStream {
    pub(super) fn new(
        stream: TcpStream,
        inspector: StreamInspector,
        state: Rc<ConnectionState>,
    ) -> Self {
        Self {
            stream,
            inspector,
            state,
        }
    }

    /// The socket, and whether the answer to the present request may carry a body.
    pub(super) fn into_stream(self) -> (TcpStream, bool) {
        (self.stream, !self.inspector.is_head_request())
    }

    /// Takes note of a verdict; true when there are bytes to pass on.
    fn note(&self, fed: FeedOutcome) -> bool {
        let state = &self.state;
        let before = state.position.get();
        let position = self.inspector.position();
        state.position.set(position);
        state.heads.set(state.heads.get() + u64::from(fed.heads));
        if position == StreamPosition::Head && (before != StreamPosition::Head || fed.heads > 0) {
            state.since.set(Instant::now());
        }
        if let Some(refusal) = fed.refusal {
            state.refusal.set(Some(refusal));
            state.refused_in_body.set(fed.known);
            state.wake_body();
        }
        fed.pass > 0
    }

    /// Reads past the last request, only to notice that the client has gone.
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
        // A client that floods is read no further.
        Poll::Pending
    }

    /// The client has closed its sending side. The library would drop unfinished answers, so
    /// it learns of this only when none is left, or when a body can never be completed.
    fn poll_end(&self) -> Poll<io::Result<()>> {
        if self.state.is_idle() || self.state.position.get() == StreamPosition::Body {
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
        // Whatever head the library failed on is not one that awaits an answer.
        self.state.heads.set(self.state.answered.get());
        false
    }

    fn note_write(&self, written: &Poll<io::Result<usize>>) {
        if written.is_ready() {
            self.state.stalled.set(None);
        } else if self.state.stalled.get().is_none() {
            self.state.stalled.set(Some(Instant::now()));
        }
    }
}

impl AsyncRead for InspectedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.state.refusal.get().is_some() {
            return Poll::Pending;
        }
        if this.state.half_closed.get().is_some() {
            return this.poll_end();
        }
        if this.state.position.get() == StreamPosition::Closed {
            return this.poll_discard(cx, buf);
        }
        let start = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        if buf.filled().len() == start {
            return this.poll_end();
        }
        let fed = this.inspector.feed(&buf.filled()[start..]);
        buf.set_filled(start + fed.pass);
        if this.note(fed) {
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
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.note_write(&written);
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
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, parts);
        this.note_write(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let was_serving = this.state.is_serving();
        this.state.note_flush();
        if was_serving && !this.state.is_serving() {
            // A read that was held back during the answer is to be asked for again.
            if this.state.half_closed.get().is_some() {
                cx.waker().wake_by_ref();
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Does nothing: how the socket ends is decided when the library is done with it.
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
