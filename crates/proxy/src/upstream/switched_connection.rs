//! A connection to the upstream that continues with another protocol: bytes without messages.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::upstream_connection::UpstreamConnection;

/// A connection whose upstream has answered with 101.
#[derive(Debug)]
pub(crate) struct SwitchedConnection(Box<UpstreamConnection>);

impl SwitchedConnection {
    pub(super) const fn new(connection: Box<UpstreamConnection>) -> Self {
        Self(connection)
    }

    /// What has arrived after the head of the answer.
    pub(crate) fn take_received(&mut self) -> BytesMut {
        self.0.take_received()
    }
}

impl AsyncRead for SwitchedConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(self.0.socket()).poll_read(cx, buf)
    }
}

impl AsyncWrite for SwitchedConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.0.socket()).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.0.socket()).poll_write_vectored(cx, parts)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.0.socket()).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.0.socket()).poll_shutdown(cx)
    }
}
