//! One connection to the upstream: one exchange at a time, driven by the task that waits for it.
//!
//! A wait for the socket registers the task only if there is nothing to do, so an exchange that finds
//! its response complete leaves nothing behind that would wake the task later.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::{Method, Request};
use http_body::{Frame, SizeHint};
use portcullis_tls::TlsFault;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::body_decoder::{BodyDecoder, DecodedPart};
use super::kept_body::KeptBody;
use super::request_writer::{RequestWriter, WriteFailure};
use super::response_fault::ResponseFault;
use super::response_head::{ReceivedHead, ResponseHeadMemory, take_head};
use super::upstream_socket::UpstreamSocket;
use crate::body::{ForwardBody, RequestBodyError, UploadProgress};
use crate::deadline_timer::DeadlineTimer;
use crate::headers::AddedFields;
use crate::limits::UpstreamLimits;

/// How much is read at once, at least and at most.
const READ_BYTES_MIN: usize = 16 * 1024;
const READ_BYTES_MAX: usize = 64 * 1024;

/// Why an exchange failed.
#[derive(Clone, Debug)]
pub(super) enum ExchangeFailure {
    /// The upstream accepted no byte of the request.
    Unsent,
    /// The connection ended before the response did.
    Closed,
    Malformed(ResponseFault),
    /// TLS failed. With TLS 1.3, an upstream refuses the certificate of a client after the handshake.
    Tls(TlsFault),
    /// The body of the request ended early.
    RequestBody(RequestBodyError),
}

/// A connection and its timer.
#[derive(Debug)]
pub(super) struct UpstreamConnection {
    stream: UpstreamSocket,
    pub(super) timer: DeadlineTimer,
    writer: RequestWriter,
    /// What has arrived and was not used yet. It has memory only during an exchange.
    received: BytesMut,
    /// What is kept to read the next head.
    head_memory: ResponseHeadMemory,
    body: BodyDecoder,
    /// Whether the upstream sent a byte since the exchange began.
    has_received: bool,
    /// Whether the upstream accepts another request.
    keeps_alive: bool,
}

impl UpstreamConnection {
    /// A connection that is ready for requests.
    pub(super) fn new(stream: UpstreamSocket) -> Self {
        Self {
            stream,
            timer: DeadlineTimer::default(),
            writer: RequestWriter::default(),
            received: BytesMut::new(),
            head_memory: ResponseHeadMemory::default(),
            body: BodyDecoder::empty(),
            has_received: false,
            keeps_alive: true,
        }
    }

    /// Begins an exchange. A body in memory stays in a request that `is_repeatable`; `kept` keeps the
    /// beginning of a streamed one, which may have to be sent again.
    pub(super) fn begin(
        &mut self,
        request: &mut Request<ForwardBody>,
        added: &AddedFields,
        is_repeatable: bool,
        kept: Option<KeptBody>,
    ) {
        self.writer
            .begin(request, added.lines(), is_repeatable, kept);
        self.has_received = false;
        self.keeps_alive = false;
    }

    /// Sends the request and reads the head of its response, or that of an interim response before it.
    pub(super) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        method: &Method,
        limits: &UpstreamLimits,
    ) -> Poll<Result<ReceivedHead, ExchangeFailure>> {
        self.continue_upload(cx)?;
        loop {
            if !self.received.is_empty()
                && let Some(head) =
                    take_head(&mut self.received, method, limits, &mut self.head_memory)?
            {
                if head.is_interim() {
                    return Poll::Ready(Ok(head));
                }
                self.body = head.body;
                self.keeps_alive = head.keeps_alive;
                self.writer.forget_kept();
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
        self.continue_upload(cx)?;
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

    /// Sends more of the request. Ready when all of it is sent.
    pub(super) fn poll_upload(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), ExchangeFailure>> {
        if self.writer.is_done() {
            return Poll::Ready(Ok(()));
        }
        let polled = self.writer.poll(&mut self.stream, cx);
        polled.map_err(|failure| match failure {
            WriteFailure::Unsent => ExchangeFailure::Unsent,
            WriteFailure::Broken => ExchangeFailure::Closed,
            WriteFailure::Body(error) => ExchangeFailure::RequestBody(error),
        })
    }

    /// Sends as much of the request as possible.
    fn continue_upload(&mut self, cx: &mut Context<'_>) -> Result<(), ExchangeFailure> {
        match self.poll_upload(cx) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => Ok(()),
        }
    }

    /// The progress of the request's body, unless it is in memory.
    pub(super) fn upload_progress(&self) -> Option<UploadProgress> {
        self.writer.upload_progress()
    }

    /// How many bytes of the request the upstream has accepted.
    pub(super) fn sent_bytes(&self) -> u64 {
        self.writer.written()
    }

    /// The whole body of the request, if it can be sent again.
    pub(super) fn take_back(&mut self) -> Option<ForwardBody> {
        self.writer.take_back()
    }

    /// Whether the upstream may read on after its response, as far as is known, and the rest of the
    /// request is still to be sent.
    pub(super) fn continues_upload(&self) -> bool {
        !self.writer.is_done()
            && self.writer.is_accepted()
            && (self.body.has_ended() || !self.body.ends_with_connection())
    }

    /// Whether the upstream accepts another request after this one.
    pub(super) fn keeps_alive(&self) -> bool {
        self.keeps_alive
    }

    /// Ready when something arrives that belongs to no response, or the end of the stream.
    pub(super) fn poll_disturbance(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.received.is_empty() {
            return Poll::Ready(());
        }
        self.poll_silence(cx).map(drop)
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

    /// Whether another exchange may follow the last one, which is complete.
    pub(super) fn is_reusable(&self) -> bool {
        self.keeps_alive
            && self.writer.is_done()
            && self.body.has_ended()
            && self.received.is_empty()
    }

    /// Whether the connection is open and nothing arrived. An idle connection is not watched, so it is
    /// checked when it is used next.
    pub(super) fn is_silent(&mut self) -> bool {
        self.stream.is_silent()
    }

    /// Ready when there is something to read, or the end of the stream.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut byte = [0];
        Pin::new(&mut self.stream).poll_read(cx, &mut ReadBuf::new(&mut byte))
    }

    /// Keeps the connection out of the pool: what follows is not HTTP.
    pub(super) fn switch(&mut self) {
        self.keeps_alive = false;
    }

    /// The socket, for a connection that has switched to another protocol.
    pub(super) fn socket(&mut self) -> &mut UpstreamSocket {
        &mut self.stream
    }

    /// What has arrived and was not used.
    pub(super) fn take_received(&mut self) -> BytesMut {
        std::mem::take(&mut self.received)
    }

    /// Returns the memory that an idle connection does not need, of which the next one may use the room
    /// for what arrives.
    pub(super) fn release(&mut self) -> BytesMut {
        self.writer.release();
        std::mem::take(&mut self.received)
    }

    /// Gives an idle connection room for what arrives.
    pub(super) fn lend_room(&mut self, room: BytesMut) {
        self.received = room;
    }

    /// Reads what has arrived. Returns how many bytes, 0 at the end of the stream.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, ExchangeFailure>> {
        let left = self.body.size_hint().exact().unwrap_or_default();
        let wanted = usize::try_from(left).unwrap_or(usize::MAX);
        let room = self.received.capacity() - self.received.len();
        // An ordinary response arrives in one read.
        let is_at_start = !self.has_received && self.received.is_empty();
        if room < READ_BYTES_MIN / 4 || is_at_start && room < READ_BYTES_MIN / 2 {
            self.received
                .reserve(wanted.clamp(READ_BYTES_MIN, READ_BYTES_MAX));
        }
        match ready!(pin!(self.stream.read_buf(&mut self.received)).poll(cx)) {
            Ok(length) => {
                self.has_received |= length > 0;
                Poll::Ready(Ok(length))
            }
            Err(error) => Poll::Ready(Err(match TlsFault::of(&error) {
                Some(fault) => ExchangeFailure::Tls(fault),
                None => ExchangeFailure::Closed,
            })),
        }
    }
}

impl Drop for UpstreamConnection {
    fn drop(&mut self) {
        self.stream.notify_close();
    }
}

impl From<ResponseFault> for ExchangeFailure {
    fn from(fault: ResponseFault) -> Self {
        Self::Malformed(fault)
    }
}
