//! Writes a request: its head, and its body as the parts of it become ready (RFC 9112 sections 3, 5
//! and 7).
//!
//! An upstream may answer early, for example with 413, and close the connection while the request is
//! still being sent. So what it does not accept any more is discarded, and reading decides (RFC 9112
//! section 9.5).

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderName, Request};
use http_body::{Body, Frame};
use tokio::io::AsyncWrite;

use super::kept_body::{KeptBody, whole_body};
use crate::body::{ForwardBody, RequestBodyError, UploadProgress};
use crate::headers::{announced_trailers, write_field};

/// The room for one header field of a head.
const FIELD_BYTES_USUAL: usize = 48;

/// The end of a chunk and of a body without trailers.
const LAST_CHUNK_BYTES: usize = b"\r\n0\r\n\r\n".len();

/// The most room that a connection keeps between two requests.
const ROOM_KEPT_MAX: usize = 2 * 1024;

/// Why a request cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WriteFailure {
    /// The upstream accepted no byte of the request.
    Unsent,
    /// The connection failed inside the request.
    Broken,
    /// The body ended early.
    Body(RequestBodyError),
}

/// A request that is being written.
#[derive(Debug, Default)]
pub(super) struct RequestWriter {
    /// What is written before `data`: the head, or the size of a chunk.
    lead: Vec<u8>,
    lead_at: usize,
    data: Bytes,
    /// What is written after `data`: the end of a chunk, or of the body.
    tail: Vec<u8>,
    tail_at: usize,
    /// The rest of the body.
    body: Option<ForwardBody>,
    /// What was read of the body, if the request may have to be sent again.
    kept: Option<KeptBody>,
    framing: RequestFraming,
    /// How many bytes the upstream has accepted.
    written: u64,
    /// Whether the socket may still hold bytes, as TLS does.
    needs_flush: bool,
    is_discarding: bool,
}

/// How the upstream finds the end of the body.
#[derive(Debug)]
enum RequestFraming {
    /// By its length, of which this is left.
    Sized(u64),
    /// By chunks. Only trailers with these names are sent, because the head announced them.
    Chunked { trailer_names: Vec<HeaderName> },
}

impl Default for RequestFraming {
    fn default() -> Self {
        Self::Sized(0)
    }
}

impl RequestWriter {
    /// Begins a request, whose header fields frame the body already; `added` are lines of more fields. A body in memory stays in the
    /// request too if it `is_repeatable`; otherwise its memory is free once it is written. `kept` keeps
    /// the beginning of a streamed one.
    pub(super) fn begin(
        &mut self,
        request: &mut Request<ForwardBody>,
        added: &[u8],
        is_repeatable: bool,
        kept: Option<KeptBody>,
    ) {
        self.lead.clear();
        write_head(request, added, &mut self.lead);
        self.framing = match request.body().size_hint().exact() {
            Some(length) => RequestFraming::Sized(length),
            None => RequestFraming::Chunked {
                trailer_names: announced_trailers(request.headers()),
            },
        };
        let body = if is_repeatable {
            request.body_mut().hand_over()
        } else {
            std::mem::replace(request.body_mut(), ForwardBody::empty())
        };
        self.body = (!body.is_end_stream()).then_some(body);
        self.lead_at = 0;
        self.data = Bytes::new();
        self.tail.clear();
        self.tail_at = 0;
        self.kept = kept;
        self.written = 0;
        self.needs_flush = false;
        self.is_discarding = false;
    }

    /// Whether all of the request is written.
    pub(super) fn is_done(&self) -> bool {
        self.body.is_none() && !self.has_bytes() && !self.needs_flush
    }

    /// The progress of the body, unless it is in memory.
    pub(super) fn upload_progress(&self) -> Option<UploadProgress> {
        self.body.as_ref().and_then(ForwardBody::upload)
    }

    /// How many bytes the upstream has accepted.
    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    /// Whether the upstream accepts the rest of the request, as far as is known.
    pub(super) const fn is_accepted(&self) -> bool {
        !self.is_discarding
    }

    /// The whole body, if it is known: what was read of it was kept, or nothing was written. Trailers
    /// that were read are only kept.
    pub(super) fn take_back(&mut self) -> Option<ForwardBody> {
        if let Some(kept) = self.kept.take() {
            return Some(kept.into_body(self.body.take()));
        }
        let is_unwritten = self.written == 0 && self.tail.len() <= LAST_CHUNK_BYTES;
        is_unwritten.then(|| whole_body(std::mem::take(&mut self.data), None, self.body.take()))
    }

    /// Notes that the request will not be sent again.
    pub(super) fn forget_kept(&mut self) {
        self.kept = None;
    }

    /// Returns memory that the next request may not need.
    pub(super) fn release(&mut self) {
        self.lead.clear();
        self.lead.shrink_to(ROOM_KEPT_MAX);
        self.lead_at = 0;
    }

    /// Writes as much as possible. Ready when all of the request is written.
    pub(super) fn poll<W: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WriteFailure>> {
        loop {
            // Read before anything is written, so that the first data goes out with the head.
            let body = self.poll_body(cx)?;
            ready!(self.poll_bytes(stream, cx))?;
            if self.body.is_none() && !self.has_bytes() {
                return Poll::Ready(Ok(()));
            }
            ready!(body);
        }
    }

    fn has_bytes(&self) -> bool {
        self.lead_at < self.lead.len() || self.has_data()
    }

    fn has_data(&self) -> bool {
        !self.data.is_empty() || self.tail_at < self.tail.len()
    }

    /// Takes the next part of the body, unless the one before is still being written.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WriteFailure>> {
        while !self.has_data() {
            let Some(body) = &mut self.body else {
                break;
            };
            let frame = ready!(Pin::new(&mut *body).poll_frame(cx));
            let frame = frame.transpose().map_err(WriteFailure::Body)?;
            let has_ended = frame.is_none() || body.is_end_stream();
            if let (Some(frame), Some(kept)) = (&frame, &mut self.kept)
                && !kept.add(frame)
            {
                self.kept = None;
            }
            let trailers = frame.and_then(|frame| self.add(frame));
            if has_ended || trailers.is_some() {
                self.body = None;
                self.end(trailers.as_ref())?;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Adds data. Returns trailers.
    fn add(&mut self, frame: Frame<Bytes>) -> Option<HeaderMap> {
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => return frame.into_trailers().ok(),
        };
        match &mut self.framing {
            _ if data.is_empty() => return None,
            RequestFraming::Sized(left) => *left = left.saturating_sub(data.len() as u64),
            RequestFraming::Chunked { .. } => {
                if self.lead_at == self.lead.len() {
                    self.lead.clear();
                    self.lead_at = 0;
                }
                let size = format!("{:X}\r\n", data.len());
                self.lead.extend_from_slice(size.as_bytes());
                self.tail.clear();
                self.tail.extend_from_slice(b"\r\n");
                self.tail_at = 0;
            }
        }
        self.data = data;
        None
    }

    /// Ends the body.
    fn end(&mut self, trailers: Option<&HeaderMap>) -> Result<(), WriteFailure> {
        let trailer_names = match &self.framing {
            RequestFraming::Sized(0) => return Ok(()),
            RequestFraming::Sized(_) => {
                return Err(WriteFailure::Body(RequestBodyError::ClientGone));
            }
            RequestFraming::Chunked { trailer_names } => trailer_names,
        };
        if self.data.is_empty() {
            self.tail.clear();
            self.tail_at = 0;
        }
        self.tail.extend_from_slice(b"0\r\n");
        for (name, value) in trailers.into_iter().flatten() {
            if trailer_names.contains(name) {
                write_field(name, value, &mut self.tail);
            }
        }
        self.tail.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn poll_bytes<W: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WriteFailure>> {
        while self.has_bytes() {
            if self.is_discarding {
                self.advance(usize::MAX);
                break;
            }
            let (lead, tail) = (&self.lead[self.lead_at..], &self.tail[self.tail_at..]);
            let stream = Pin::new(&mut *stream);
            let written = if self.has_data() {
                let parts = [lead, &*self.data, tail].map(IoSlice::new);
                stream.poll_write_vectored(cx, &parts)
            } else {
                stream.poll_write(cx, lead)
            };
            match ready!(written) {
                Ok(length) if length > 0 => {
                    self.written += length as u64;
                    self.needs_flush = true;
                    self.advance(length);
                }
                _ if self.written == 0 => return Poll::Ready(Err(WriteFailure::Unsent)),
                Err(error) if !is_closed(&error) => {
                    return Poll::Ready(Err(WriteFailure::Broken));
                }
                _ => self.is_discarding = true,
            }
        }
        if self.needs_flush {
            match ready!(Pin::new(&mut *stream).poll_flush(cx)) {
                Err(error) if !is_closed(&error) => return Poll::Ready(Err(WriteFailure::Broken)),
                Err(_) => self.is_discarding = true,
                Ok(()) => {}
            }
            self.needs_flush = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Continues after so many bytes.
    fn advance(&mut self, length: usize) {
        let of_lead = length.min(self.lead.len() - self.lead_at);
        self.lead_at += of_lead;
        let of_data = (length - of_lead).min(self.data.len());
        self.data.advance(of_data);
        let of_tail = (length - of_lead - of_data).min(self.tail.len() - self.tail_at);
        self.tail_at += of_tail;
        if self.data.is_empty() {
            self.data = Bytes::new();
        }
    }
}

/// Whether an error says that the other side accepts nothing more.
fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}

fn write_head(request: &Request<ForwardBody>, added: &[u8], out: &mut Vec<u8>) {
    let (uri, headers) = (request.uri(), request.headers());
    out.reserve((headers.len() + 4) * FIELD_BYTES_USUAL + added.len());
    out.extend_from_slice(request.method().as_str().as_bytes());
    out.push(b' ');
    match (uri.authority(), uri.path_and_query()) {
        (None, Some(target)) => {
            // An absolute target may have a query and no path.
            if target.as_str().starts_with('?') {
                out.push(b'/');
            }
            out.extend_from_slice(target.as_str().as_bytes());
        }
        _ => out.extend_from_slice(uri.to_string().as_bytes()),
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
    for (name, value) in headers {
        write_field(name, value, out);
    }
    out.extend_from_slice(added);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use http::{HeaderValue, Method};

    use super::*;
    use crate::body::BufferedBody;

    /// A socket that accepts so many bytes at once, and fails after some.
    struct TestSocket {
        written: Vec<u8>,
        at_once: usize,
        left: usize,
        error: io::ErrorKind,
    }

    impl AsyncWrite for TestSocket {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let length = bytes.len().min(self.at_once).min(self.left);
            if length == 0 {
                return Poll::Ready(Err(self.error.into()));
            }
            self.left -= length;
            self.written.extend_from_slice(&bytes[..length]);
            Poll::Ready(Ok(length))
        }

        fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn request(
        body: &'static str,
        trailers: &[(&'static str, &'static str)],
    ) -> Request<ForwardBody> {
        let fields = trailers.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        let body = ForwardBody::whole(BufferedBody {
            bytes: Bytes::from_static(body.as_bytes()),
            trailers: Some(fields.collect()),
        });
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = "/a?b=%20".parse().expect("a target");
        let headers = request.headers_mut();
        headers.insert("host", HeaderValue::from_static("a.test"));
        headers.insert("trailer", HeaderValue::from_static("x-sum, X-Other"));
        request
    }

    fn write(
        request: &mut Request<ForwardBody>,
        at_once: usize,
        left: usize,
        error: io::ErrorKind,
    ) -> (Poll<Result<(), WriteFailure>>, String) {
        let mut socket = TestSocket {
            written: Vec::new(),
            at_once,
            left,
            error,
        };
        let mut writer = RequestWriter::default();
        writer.begin(request, b"", true, None);
        let polled = writer.poll(&mut socket, &mut Context::from_waker(Waker::noop()));
        assert_eq!(
            writer.is_done(),
            polled == Poll::Ready(Ok(())),
            "{polled:?}"
        );
        (polled, String::from_utf8(socket.written).expect("ASCII"))
    }

    const HEAD: &str = "POST /a?b=%20 HTTP/1.1\r\nhost: a.test\r\ntrailer: x-sum, X-Other\r\n\r\n";

    /// The request stays complete, so it can be sent again.
    #[test]
    fn requests_are_written_in_pieces_of_any_size() {
        let trailers: [(&str, &str); 2] = [("x-sum", "1"), ("x-secret", "2")];
        for (body, trailers, expected) in [
            ("", &trailers[..0], ""),
            ("body", &trailers[..0], "body"),
            (
                "0123456789",
                &trailers[..],
                "A\r\n0123456789\r\n0\r\nx-sum: 1\r\n\r\n",
            ),
            ("", &trailers[..], "0\r\nx-sum: 1\r\n\r\n"),
        ] {
            let mut request = request(body, trailers);
            for at_once in [1, 2, 3, 30, 1000] {
                let (polled, written) = write(&mut request, at_once, 1000, io::ErrorKind::Other);
                assert_eq!(polled, Poll::Ready(Ok(())));
                assert_eq!(written, format!("{HEAD}{expected}"), "{at_once} at once");
            }
        }
    }

    /// What is left of a body after an attempt in which the upstream accepted `left` bytes.
    fn taken_back(left: usize, trailers: &[(&'static str, &'static str)]) -> Option<ForwardBody> {
        let mut socket = TestSocket {
            written: Vec::new(),
            at_once: 1000,
            left,
            error: io::ErrorKind::BrokenPipe,
        };
        let mut writer = RequestWriter::default();
        let mut request = request("body", trailers);
        writer.begin(&mut request, b"", false, None);
        assert!(request.body().is_end_stream(), "the body is given away");
        let _ = writer.poll(&mut socket, &mut Context::from_waker(Waker::noop()));
        writer.take_back()
    }

    #[test]
    fn a_body_of_which_nothing_was_written_is_taken_back() {
        let text = |body: ForwardBody| body.buffered().map(|bytes| bytes.to_vec());
        assert_eq!(taken_back(0, &[]).and_then(text), Some(b"body".to_vec()));
        let body = taken_back(0, &[("x-sum", "1")]).expect("a body");
        assert_eq!(body.trailers().map(HeaderMap::len), Some(1));
        assert_eq!(text(body), Some(b"body".to_vec()));
        for left in [1, HEAD.len(), HEAD.len() + 2, 1000] {
            assert!(taken_back(left, &[]).is_none(), "{left}");
        }
    }

    #[test]
    fn what_the_upstream_does_not_accept_is_discarded() {
        let mut request = request("body", &[]);
        let mut failure = |left, error| write(&mut request, 1000, left, error).0;
        for error in [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset] {
            assert_eq!(failure(5, error), Poll::Ready(Ok(())));
            assert_eq!(failure(0, error), Poll::Ready(Err(WriteFailure::Unsent)));
        }
        let other = io::ErrorKind::Other;
        assert_eq!(failure(0, other), Poll::Ready(Err(WriteFailure::Unsent)));
        assert_eq!(failure(5, other), Poll::Ready(Err(WriteFailure::Broken)));
    }
}
