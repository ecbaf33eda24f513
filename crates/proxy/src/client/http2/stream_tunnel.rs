//! A WebSocket on a stream of HTTP/2 (RFC 8441): the two halves of the stream as one byte stream.
//!
//! Read bytes are given back to the flow control when the reader takes them, so a client whose bytes
//! the upstream does not accept is stopped on this stream only. Writes stay within the windows
//! of the client. The end of a direction is END_STREAM, as the end of a TCP stream is in HTTP/1.1.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use h2::{Reason, RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frame_meter::FrameMeter;

/// The size of a frame that every client accepts (RFC 9113 section 4.2).
const FRAME_BYTES: usize = 16 * 1024;

/// Both halves of a stream.
pub(super) struct StreamTunnel {
    receiver: RecvStream,
    sender: SendStream<Bytes>,
    /// What has arrived and was not read.
    arrived: Bytes,
    meter: Rc<FrameMeter>,
}

impl StreamTunnel {
    pub(super) const fn new(
        receiver: RecvStream,
        sender: SendStream<Bytes>,
        meter: Rc<FrameMeter>,
    ) -> Self {
        Self {
            receiver,
            sender,
            arrived: Bytes::new(),
            meter,
        }
    }

    /// Ends what is left of the stream in order. A stream that has ended needs nothing.
    pub(super) fn close(&mut self) {
        let _ = self.sender.send_data(Bytes::new(), true);
    }

    /// Breaks the stream off, as the other side did (RFC 8441 section 5).
    pub(super) fn cancel(&mut self) {
        self.sender.send_reset(Reason::CANCEL);
    }
}

fn failed(error: h2::Error) -> io::Error {
    io::Error::other(error)
}

impl AsyncRead for StreamTunnel {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.arrived.is_empty() {
            match ready!(this.receiver.poll_data(cx)) {
                Some(Ok(data)) => this.arrived = data,
                Some(Err(error)) => return Poll::Ready(Err(failed(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = this.arrived.len().min(buf.remaining());
        buf.put_slice(&this.arrived[..length]);
        this.arrived.advance(length);
        let released = this.receiver.flow_control().release_capacity(length);
        debug_assert!(released.is_ok(), "what was received can be released");
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for StreamTunnel {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wanted = bytes.len().min(FRAME_BYTES);
        this.sender.reserve_capacity(wanted);
        while this.sender.capacity() == 0 {
            match ready!(this.sender.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(failed(error))),
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        }
        let length = this.sender.capacity().min(wanted);
        let part = Bytes::copy_from_slice(&bytes[..length]);
        this.meter.answer_frames(1);
        let sent = this.sender.send_data(part, false);
        Poll::Ready(sent.map(|()| length).map_err(failed))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sent = self.get_mut().sender.send_data(Bytes::new(), true);
        Poll::Ready(sent.map_err(failed))
    }
}
