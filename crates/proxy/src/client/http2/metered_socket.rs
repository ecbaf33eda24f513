//! The client's socket, as the HTTP/2 library reads it: through the meter.
//!
//! The connection keeps the socket too, so that it can end it after the library is dropped.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frame_meter::FrameMeter;
use crate::client::client_socket::ClientSocket;
use crate::connection_state::ConnectionState;

/// A socket of which the connection has a part.
pub(super) type SharedSocket = Rc<RefCell<ClientSocket>>;

/// A metered socket.
#[derive(Debug)]
pub(super) struct MeteredSocket {
    socket: SharedSocket,
    /// What was read before.
    first: Bytes,
    meter: Rc<FrameMeter>,
    state: Rc<ConnectionState>,
}

impl MeteredSocket {
    /// A socket of which `first` was read already.
    pub(super) fn new(
        socket: SharedSocket,
        first: Vec<u8>,
        meter: Rc<FrameMeter>,
        state: Rc<ConnectionState>,
    ) -> Self {
        Self {
            socket,
            first: first.into(),
            meter,
            state,
        }
    }
}

impl AsyncRead for MeteredSocket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.meter.is_exceeded() {
            return Poll::Pending;
        }
        let start = buf.filled().len();
        if this.first.is_empty() {
            ready!(Pin::new(&mut *this.socket.borrow_mut()).poll_read(cx, buf))?;
            // The driver decides how long open requests are still answered.
            if buf.filled().len() == start && buf.remaining() > 0 && !this.meter.note_end() {
                return Poll::Pending;
            }
        } else {
            let length = this.first.len().min(buf.remaining());
            buf.put_slice(&this.first[..length]);
            this.first.advance(length);
        }
        this.meter.read(&buf.filled()[start..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for MeteredSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut *self.socket.borrow_mut()).poll_write(cx, bytes);
        self.state.note_write(&written);
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut *self.socket.borrow_mut()).poll_write_vectored(cx, parts);
        self.state.note_write(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut *self.socket.borrow_mut()).poll_flush(cx);
        // A client that accepts no encrypted bytes stalls, too.
        match flushed {
            Poll::Ready(_) => self.state.note_accepted(0),
            Poll::Pending => self.state.note_stall(),
        }
        flushed
    }

    /// Does nothing. The connection decides how the socket ends after the library has finished.
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
