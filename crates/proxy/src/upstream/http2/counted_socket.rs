//! The socket of a connection, as the library uses it: what passes is counted.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::upstream::upstream_socket::UpstreamSocket;

/// What has passed a socket.
#[derive(Debug)]
pub(super) struct SocketActivity {
    written: Cell<u64>,
    last_read: Cell<Instant>,
}

impl SocketActivity {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            written: Cell::new(0),
            last_read: Cell::new(now),
        }
    }

    /// How many bytes were written.
    pub(super) const fn written(&self) -> u64 {
        self.written.get()
    }

    /// When the upstream was heard last.
    pub(super) const fn last_read(&self) -> Instant {
        self.last_read.get()
    }
}

/// A counted socket.
#[derive(Debug)]
pub(super) struct CountedSocket {
    socket: UpstreamSocket,
    activity: Rc<SocketActivity>,
}

impl CountedSocket {
    pub(super) const fn new(socket: UpstreamSocket, activity: Rc<SocketActivity>) -> Self {
        Self { socket, activity }
    }

    fn note_write(&self, written: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(length)) = written {
            let activity = &self.activity;
            activity
                .written
                .set(activity.written.get() + *length as u64);
        }
    }
}

impl AsyncRead for CountedSocket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.socket).poll_read(cx, buf);
        if buf.filled().len() > before {
            this.activity.last_read.set(Instant::now());
        }
        polled
    }
}

impl AsyncWrite for CountedSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write(cx, bytes);
        this.note_write(&written);
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write_vectored(cx, parts);
        this.note_write(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}

impl Drop for CountedSocket {
    fn drop(&mut self) {
        self.socket.notify_close();
    }
}
