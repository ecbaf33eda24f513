//! The socket of an HTTP/1.1 client, what has arrived on it, and the reader of its requests.
//!
//! The driver of the connection and the body of the current request share it, so the reader of a body
//! reads the socket itself. Nothing is read of the next request before the current one is answered,
//! apart from what arrives with it.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncReadExt, AsyncWrite};

use super::client_socket::ClientSocket;
use crate::connection_state::ConnectionState;
use crate::inspect::{
    BodyFraming, ExchangeTerms, HttpRefusal, InspectLimits, ParsedRequest, RequestBodyDecoder,
    RequestBodyPart, RequestReader,
};

/// How much is read at once, at least and at most.
const READ_BYTES_MIN: usize = 16 * 1024;
const READ_BYTES_MAX: usize = 64 * 1024;

/// The least room for the beginning of a message.
const MESSAGE_ROOM_MIN: usize = READ_BYTES_MIN / 2;

/// Most reads to discard in one poll after the last request of a connection.
const DISCARD_READS_MAX: usize = 8;

/// How much is read after a request to upgrade before it is answered, apart from the last read. A
/// client should send nothing before that.
const KEPT_BYTES_MAX: usize = 16 * 1024;

/// How much of a refused head is kept: the request line and the first fields of an ordinary one.
const HEAD_START_BYTES_MAX: usize = 1024;

/// The `100 Continue` of a request whose body is read.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The request stream of one client.
#[derive(Debug)]
pub(crate) struct RequestStream {
    /// Nothing when the connection has ended.
    socket: Option<ClientSocket>,
    /// What has arrived and was not read yet.
    buffer: BytesMut,
    reader: RequestReader,
    /// The rest of the current body.
    body: RequestBodyDecoder,
    /// Whether a part of the current body was passed over, so that it must not look complete.
    is_body_cut: bool,
    terms: ExchangeTerms,
    /// Whether the client has closed its sending side.
    has_ended: bool,
    state: Rc<ConnectionState>,
}

impl RequestStream {
    pub(super) fn new(
        socket: ClientSocket,
        limits: InspectLimits,
        state: Rc<ConnectionState>,
    ) -> Self {
        let reader = RequestReader::new(limits);
        Self {
            socket: Some(socket),
            buffer: BytesMut::new(),
            body: reader.body_decoder(BodyFraming::None),
            is_body_cut: false,
            reader,
            terms: ExchangeTerms::default(),
            has_ended: false,
            state,
        }
    }

    /// Ready when there is something to read, if only the end of the stream.
    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.socket {
            Some(socket) => socket.poll_readable(cx),
            None => Poll::Ready(()),
        }
    }

    /// What has arrived of the next message.
    pub(super) fn arrived(&self) -> &[u8] {
        &self.buffer
    }

    /// Whether there is a buffer to read into.
    pub(super) fn has_buffer(&self) -> bool {
        self.buffer.capacity() > 0
    }

    /// Whether the client has closed its sending side.
    pub(super) const fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Whether nothing is encrypted, so the protocol was not chosen in a handshake.
    pub(super) fn is_plain(&self) -> bool {
        self.socket
            .as_ref()
            .is_some_and(|socket| !socket.is_buffered())
    }

    /// Takes the next head, whose request is the current one then. Nothing if it is not complete.
    pub(super) fn take_head(&mut self) -> Result<Option<ParsedRequest>, HttpRefusal> {
        let parsed = self.reader.take_head(&mut self.buffer)?;
        if let Some(parsed) = &parsed {
            self.terms = parsed.terms;
            self.body = self.reader.body_decoder(parsed.terms.framing);
            self.is_body_cut = false;
        }
        Ok(parsed)
    }

    /// What the connection must know of the current request.
    pub(super) const fn terms(&self) -> &ExchangeTerms {
        &self.terms
    }

    /// Reads the next part of the body of the request with this number. The error is a refusal, or
    /// nothing if the client has closed.
    pub(crate) fn poll_body(
        &mut self,
        request: u64,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Option<HttpRefusal>>>> {
        if request != self.state.requests.get() || self.is_body_cut {
            return Poll::Ready(Some(Err(None)));
        }
        loop {
            match self.body.decode(&mut self.buffer) {
                Ok(RequestBodyPart::Data(data)) => {
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Ok(RequestBodyPart::Trailers(trailers)) => {
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                }
                Ok(RequestBodyPart::End) => return Poll::Ready(None),
                Ok(RequestBodyPart::Incomplete) => {}
                Err(refusal) => return Poll::Ready(Some(Err(Some(refusal)))),
            }
            // A client that sends the body already does not wait.
            if self.state.awaits_continue.take() && self.buffer.is_empty() {
                let mut interim = self.state.interim.borrow_mut();
                interim.extend_from_slice(CONTINUE);
            }
            if !matches!(ready!(self.poll_fill(cx)), Ok(1..)) {
                return Poll::Ready(Some(Err(None)));
            }
        }
    }

    /// Whether all of the current body was read.
    pub(crate) fn has_body_ended(&self) -> bool {
        self.body.has_ended()
    }

    /// How much is left of the body of the request with this number, if that is known.
    pub(crate) fn body_size_hint(&self, request: u64) -> SizeHint {
        if request == self.state.requests.get() {
            self.body.size_hint()
        } else {
            SizeHint::default()
        }
    }

    /// Whether the rest of the current body has a known length and has arrived.
    pub(super) fn has_rest_of_body(&self) -> bool {
        let rest = self.body.size_hint().exact();
        rest.is_some_and(|rest| rest <= self.buffer.len() as u64)
    }

    /// Passes over the rest of the current body. Returns whether that is possible without reading.
    pub(super) fn skip_body(&mut self) -> bool {
        if !self.has_rest_of_body() {
            return false;
        }
        while let Ok(RequestBodyPart::Data(_)) = self.body.decode(&mut self.buffer) {
            self.is_body_cut = true;
        }
        self.body.has_ended()
    }

    /// Reads what has arrived. Returns how many bytes, 0 at the end of the stream.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Some(socket) = &mut self.socket else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        if self.has_ended {
            return Poll::Ready(Ok(0));
        }
        let expected = self.body.expected_bytes();
        let wanted = usize::try_from(expected).unwrap_or(usize::MAX);
        let room = self.buffer.capacity() - self.buffer.len();
        let is_at_start = self.buffer.is_empty() && expected == 0;
        if room < READ_BYTES_MIN / 4 || is_at_start && room < MESSAGE_ROOM_MIN {
            self.buffer
                .reserve(wanted.clamp(READ_BYTES_MIN, READ_BYTES_MAX));
        }
        let read = ready!(pin!(socket.read_buf(&mut self.buffer)).poll(cx));
        self.has_ended = matches!(read, Ok(0));
        Poll::Ready(read)
    }

    /// Detects that the client goes away while its request, which was read, is served. Ready if the
    /// connection is broken. Bytes of the next request are read once; after the last request they are
    /// discarded, and after a request to upgrade they are kept.
    pub(super) fn poll_watch(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if !self.body.has_ended() {
            return Poll::Pending;
        }
        for _ in 0..DISCARD_READS_MAX {
            if !self.terms.keeps_alive && !self.terms.asks_upgrade {
                self.buffer.clear();
            }
            let kept_max = if self.terms.asks_upgrade {
                KEPT_BYTES_MAX
            } else {
                1
            };
            if self.has_ended || self.buffer.len() >= kept_max {
                // More waits in the kernel.
                return Poll::Pending;
            }
            if let Err(error) = ready!(self.poll_fill(cx)) {
                return Poll::Ready(error);
            }
        }
        // A client that sends more than this is not read any further.
        Poll::Pending
    }

    /// Writes as much of these parts as the client accepts at once.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        parts: [&[u8]; 3],
    ) -> Poll<io::Result<usize>> {
        let Some(socket) = &mut self.socket else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let socket = Pin::new(socket);
        let written = match parts {
            [only, [], []] => socket.poll_write(cx, only),
            parts => socket.poll_write_vectored(cx, &parts.map(IoSlice::new)),
        };
        self.state.note_write(&written);
        match ready!(written) {
            Ok(0) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            written => Poll::Ready(written),
        }
    }

    /// Sends what TLS holds back.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(socket) = self.socket.as_mut().filter(|socket| socket.is_buffered()) else {
            return Poll::Ready(Ok(()));
        };
        let flushed = Pin::new(socket).poll_flush(cx).map_ok(|()| 0);
        // A client that accepts no encrypted bytes stalls, too.
        self.state.note_write(&flushed);
        flushed.map_ok(drop)
    }

    /// Returns the memory that an idle connection does not need.
    pub(super) fn release(&mut self) {
        self.buffer = BytesMut::new();
        self.reader.release();
    }

    /// Ends the stream. Returns the socket, whether a refusal may have a body, and the beginning of what
    /// has arrived and was not read; all of it if another protocol continues.
    pub(super) fn end(&mut self, is_continued: bool) -> Option<(ClientSocket, bool, Vec<u8>)> {
        let socket = self.socket.take()?;
        let kept_max = if is_continued {
            usize::MAX
        } else {
            HEAD_START_BYTES_MAX
        };
        let kept = self.buffer.len().min(kept_max);
        let kept_bytes = self.buffer[..kept].to_vec();
        Some((socket, !self.reader.is_head_request(), kept_bytes))
    }
}
