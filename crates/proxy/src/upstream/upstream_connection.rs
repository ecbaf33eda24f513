//! One connection to the upstream: one exchange at a time, driven by the task that waits for it.
//!
//! A wait for the socket registers the task only if there is nothing to do, so an exchange that finds
//! its response complete leaves nothing behind that would wake the task later.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::{Method, Request};
use http_body::{Frame, SizeHint};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::body_decoder::{BodyDecoder, DecodedPart};
use super::request_writer::{RequestWriter, WriteFailure};
use super::response_fault::ResponseFault;
use super::response_head::{ReceivedHead, take_head};
use crate::body::{ForwardBody, RequestBodyError};
use crate::deadline_timer::DeadlineTimer;
use crate::limits::UpstreamLimits;

/// How much is read at once, at least and at most.
const READ_BYTES_MIN: usize = 16 * 1024;
const READ_BYTES_MAX: usize = 64 * 1024;

/// Why an exchange failed.
#[derive(Clone, Copy, Debug)]
pub(super) enum ExchangeFailure {
    /// The upstream accepted no byte of the request.
    Unsent,
    /// The connection ended before the response did.
    Closed,
    Malformed(ResponseFault),
    /// The body of the request ended early.
    RequestBody(RequestBodyError),
}

/// A connection and its timer.
#[derive(Debug)]
pub(super) struct UpstreamConnection {
    stream: TcpStream,
    pub(super) timer: DeadlineTimer,
    writer: RequestWriter,
    /// What has arrived and was not used yet. It has memory only during an exchange.
    received: BytesMut,
    body: BodyDecoder,
    /// Whether the upstream sent a byte since the exchange began.
    has_received: bool,
    /// Whether the upstream accepts another request.
    keeps_alive: bool,
}

impl UpstreamConnection {
    /// Prepares a connection to the upstream for requests.
    ///
    /// # Errors
    /// If the socket cannot be set up.
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            timer: DeadlineTimer::default(),
            writer: RequestWriter::default(),
            received: BytesMut::new(),
            body: BodyDecoder::empty(),
            has_received: false,
            keeps_alive: true,
        })
    }

    /// Begins an exchange. A body in memory stays in a request that `is_repeatable`.
    pub(super) fn begin(&mut self, request: &mut Request<ForwardBody>, is_repeatable: bool) {
        self.writer.begin(request, is_repeatable);
        self.has_received = false;
        self.keeps_alive = false;
    }

    /// Sends the request and reads the head of its response.
    pub(super) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        method: &Method,
        limits: &UpstreamLimits,
    ) -> Poll<Result<ReceivedHead, ExchangeFailure>> {
        self.write(cx)?;
        loop {
            if !self.received.is_empty()
                && let Some(head) = take_head(&mut self.received, method, limits)?
            {
                self.body = head.body;
                self.keeps_alive = head.keeps_alive;
                return Poll::Ready(Ok(head));
            }
            if ready!(self.poll_read(cx))? == 0 {
                return Poll::Ready(Err(ExchangeFailure::Closed));
            }
        }
    }

    /// Reads the next part of the response body, and continues to send the request.
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ExchangeFailure>>> {
        self.write(cx)?;
        loop {
            match self.body.decode(&mut self.received)? {
                DecodedPart::Frame(frame) => return Poll::Ready(Some(Ok(frame))),
                DecodedPart::End => return Poll::Ready(None),
                DecodedPart::Incomplete => {}
            }
            if ready!(self.poll_read(cx))? > 0 {
                continue;
            }
            if !self.body.ends_with_connection() {
                return Poll::Ready(Some(Err(ExchangeFailure::Closed)));
            }
            self.keeps_alive = false;
            self.body.end();
        }
    }

    /// Whether all of the response body was read.
    pub(super) fn has_ended(&self) -> bool {
        self.body.has_ended()
    }

    /// How much of the response body is left.
    pub(super) fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }

    /// Whether the upstream has sent bytes since the exchange began.
    pub(super) fn has_received(&self) -> bool {
        self.has_received
    }

    /// Whether the last exchange is complete and the connection is open and silent.
    pub(super) fn is_reusable(&self) -> bool {
        // An idle connection is not watched: it is checked when it is used next.
        let is_silent = || {
            let read = self.stream.try_read(&mut [0]);
            matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
        };
        self.keeps_alive
            && self.writer.is_done()
            && self.body.has_ended()
            && self.received.is_empty()
            && is_silent()
    }

    /// Returns the memory that an idle connection does not need.
    pub(super) fn release(&mut self) {
        self.received = BytesMut::new();
        self.writer.release();
    }

    /// Writes as much as possible.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), ExchangeFailure> {
        if self.writer.is_done() {
            return Ok(());
        }
        match self.writer.poll(&mut self.stream, cx) {
            Poll::Pending | Poll::Ready(Ok(())) => Ok(()),
            Poll::Ready(Err(WriteFailure::Unsent)) => Err(ExchangeFailure::Unsent),
            Poll::Ready(Err(WriteFailure::Broken)) => Err(ExchangeFailure::Closed),
            Poll::Ready(Err(WriteFailure::Body(error))) => Err(ExchangeFailure::RequestBody(error)),
        }
    }

    /// Reads what has arrived. Returns how many bytes, 0 at the end of the stream.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, ExchangeFailure>> {
        let left = self.body.size_hint().exact().unwrap_or_default();
        let wanted = usize::try_from(left).unwrap_or(usize::MAX);
        if self.received.capacity() - self.received.len() < READ_BYTES_MIN / 4 {
            self.received
                .reserve(wanted.clamp(READ_BYTES_MIN, READ_BYTES_MAX));
        }
        match ready!(pin!(self.stream.read_buf(&mut self.received)).poll(cx)) {
            Ok(length) => {
                self.has_received |= length > 0;
                Poll::Ready(Ok(length))
            }
            Err(_) => Poll::Ready(Err(ExchangeFailure::Closed)),
        }
    }
}

impl From<ResponseFault> for ExchangeFailure {
    fn from(fault: ResponseFault) -> Self {
        Self::Malformed(fault)
    }
}
