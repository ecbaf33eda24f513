//! Writes answers: the head, and the body as the parts of it become ready.
//!
//! Small parts are collected, so that an answer of ordinary size goes out in one write. Large ones are
//! written from where they are.

use std::cell::RefCell;
use std::io;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use http::header::HeaderMap;
use http::response::Parts;
use http_body::Frame;

use super::answer_buffer::AnswerBuffer;
use super::answer_head::{AnswerFraming, AnswerTerms, write_answer_head};
use super::request_stream::RequestStream;
use crate::headers::write_field;

/// The largest part of a body that is copied.
const COPIED_BYTES_MAX: usize = 4 * 1024;

/// How much is collected before it is written.
const COLLECTED_BYTES_MAX: usize = 16 * 1024;

/// The most room that is kept for the next answer.
const ROOM_KEPT_MAX: usize = 32 * 1024;

/// The end of a chunk.
const CHUNK_END: &[u8] = b"\r\n";

/// The end of a chunked body after the last chunk.
const BODY_END: &[u8] = b"0\r\n\r\n";

/// Both.
const LAST_CHUNK_END: &[u8] = b"\r\n0\r\n\r\n";

/// Why an answer cannot be written to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AnswerBroken;

/// An answer that is being written.
#[derive(Debug)]
pub(super) struct AnswerWriter {
    /// What is written before `data`.
    lead: Vec<u8>,
    lead_at: usize,
    /// A part of the body that is too large to be copied.
    data: Bytes,
    /// What is written after `data`.
    tail: &'static [u8],
    /// The rest of the body.
    source: Option<AnswerBuffer>,
    framing: AnswerFraming,
    /// Whether the body ended early. What came before that is still written.
    is_cut: bool,
}

impl Default for AnswerWriter {
    fn default() -> Self {
        Self {
            lead: Vec::new(),
            lead_at: 0,
            data: Bytes::new(),
            tail: b"",
            source: None,
            framing: AnswerFraming::Sized(0),
            is_cut: false,
        }
    }
}

impl AnswerWriter {
    /// Begins an answer, after all interim responses. Returns whether the end of its body is
    /// the end of the connection.
    pub(super) fn begin(
        &mut self,
        head: &Parts,
        mut source: AnswerBuffer,
        terms: AnswerTerms<'_>,
        interim: &mut BytesMut,
    ) -> bool {
        self.add_waiting(interim);
        let Some(framing) = write_answer_head(head, terms, &mut self.lead) else {
            source.complete();
            return false;
        };
        self.framing = framing;
        self.source = Some(source);
        self.framing == AnswerFraming::UntilClose
    }

    /// Adds interim responses that wait, unless earlier ones are still being written.
    pub(super) fn add_interim(&mut self, waiting: &mut BytesMut) {
        if !self.has_bytes() {
            self.add_waiting(waiting);
        }
    }

    fn add_waiting(&mut self, waiting: &mut BytesMut) {
        if !waiting.is_empty() {
            self.lead.extend_from_slice(waiting);
            // An idle connection keeps no memory for the next ones.
            *waiting = BytesMut::new();
        }
    }

    /// Writes as much as possible. Ready when the whole answer is written.
    ///
    /// The stream is not borrowed while the body is read, because the body of an answer also sends the
    /// body of its request, which reads the stream.
    pub(super) fn poll(
        &mut self,
        stream: &RefCell<RequestStream>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), AnswerBroken>> {
        loop {
            let source = self.poll_source(cx);
            let written = self.poll_bytes(&mut stream.borrow_mut(), cx);
            ready!(written).map_err(|_| AnswerBroken)?;
            if self.is_cut {
                return Poll::Ready(Err(AnswerBroken));
            }
            ready!(source);
            if self.source.is_none() {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Writes what was added. Ready when nothing is left.
    pub(super) fn poll_bytes(
        &mut self,
        stream: &mut RequestStream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.has_bytes() {
            return stream.poll_flush(cx);
        }
        while self.has_bytes() {
            let length = ready!(stream.poll_write(cx, self.parts()))?;
            self.advance(length);
        }
        self.lead.clear();
        self.lead_at = 0;
        self.lead.shrink_to(ROOM_KEPT_MAX);
        stream.poll_flush(cx)
    }

    /// Reads the answer ahead of a client that does not read.
    pub(super) fn read_ahead(&mut self, cx: &mut Context<'_>) {
        if let Some(source) = &mut self.source {
            source.read_ahead(cx);
        }
    }

    /// The interim responses that are not written, with those that wait.
    pub(super) fn take_interim(&mut self, waiting: &mut BytesMut) -> BytesMut {
        self.add_waiting(waiting);
        BytesMut::from(&self.lead[self.lead_at..])
    }

    /// Takes parts of the body. Ready if nothing is left of it, or if the parts have to be written
    /// first.
    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(source) = &mut self.source {
            let is_full = self.lead.len() - self.lead_at >= COLLECTED_BYTES_MAX;
            if is_full || !self.data.is_empty() || !self.tail.is_empty() {
                break;
            }
            match ready!(source.poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let has_ended = source.is_end_stream() || frame.is_trailers();
                    if has_ended {
                        source.complete();
                        self.source = None;
                    }
                    let trailers = self.add(frame);
                    if has_ended {
                        self.end(trailers.as_ref());
                    }
                }
                None => {
                    source.complete();
                    self.source = None;
                    self.end(None);
                }
                Some(Err(_)) => {
                    self.source = None;
                    self.is_cut = true;
                }
            }
        }
        Poll::Ready(())
    }

    /// Adds data. Returns trailers.
    fn add(&mut self, frame: Frame<Bytes>) -> Option<HeaderMap> {
        let mut data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => return frame.into_trailers().ok(),
        };
        if data.is_empty() {
            return None;
        }
        let mut tail: &[u8] = b"";
        match &mut self.framing {
            AnswerFraming::UntilClose => {}
            AnswerFraming::Sized(left) => {
                let most = usize::try_from(*left).unwrap_or(usize::MAX);
                data.truncate(most);
                *left -= data.len() as u64;
            }
            AnswerFraming::Chunked { .. } => {
                write_chunk_size(data.len(), &mut self.lead);
                tail = CHUNK_END;
            }
        }
        if data.len() <= COPIED_BYTES_MAX {
            self.lead.extend_from_slice(&data);
            self.lead.extend_from_slice(tail);
        } else {
            self.data = data;
            self.tail = tail;
        }
        None
    }

    /// Ends the body.
    fn end(&mut self, trailers: Option<&HeaderMap>) {
        let trailer_names = match &self.framing {
            AnswerFraming::UntilClose => return,
            AnswerFraming::Sized(left) => {
                self.is_cut = *left > 0;
                return;
            }
            AnswerFraming::Chunked { trailer_names } => trailer_names,
        };
        if !self.tail.is_empty() {
            self.tail = LAST_CHUNK_END;
            return;
        }
        let mut fields = trailers
            .into_iter()
            .flatten()
            .filter(|(name, _)| trailer_names.contains(name))
            .peekable();
        if fields.peek().is_none() {
            self.lead.extend_from_slice(BODY_END);
            return;
        }
        self.lead.extend_from_slice(b"0\r\n");
        for (name, value) in fields {
            write_field(name, value, &mut self.lead);
        }
        self.lead.extend_from_slice(b"\r\n");
    }

    /// What is to be written.
    fn parts(&self) -> [&[u8]; 3] {
        [&self.lead[self.lead_at..], &self.data, self.tail]
    }

    fn has_bytes(&self) -> bool {
        self.parts().iter().any(|part| !part.is_empty())
    }

    /// Continues after so many bytes.
    fn advance(&mut self, length: usize) {
        let of_lead = length.min(self.lead.len() - self.lead_at);
        self.lead_at += of_lead;
        let of_data = (length - of_lead).min(self.data.len());
        self.data.advance(of_data);
        let of_tail = (length - of_lead - of_data).min(self.tail.len());
        self.tail = &self.tail[of_tail..];
        if self.data.is_empty() {
            self.data = Bytes::new();
        }
    }
}

/// Writes the line before the data of a chunk.
fn write_chunk_size(size: usize, out: &mut Vec<u8>) {
    let digits = (usize::BITS - size.leading_zeros()).div_ceil(4).max(1);
    for digit in (0..digits).rev() {
        let nibble = (size >> (4 * digit)) & 0xf;
        out.push(b"0123456789ABCDEF"[nibble]);
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::task::Waker;

    use http::Response;
    use http_body::Body;

    use super::*;
    use crate::body::BufferedBody;
    use crate::client::answer_head::AnswerLength;
    use crate::exchange::AnswerBody;
    use crate::inspect::ExchangeTerms;

    /// Writes an answer to a client that accepts so many bytes at once.
    fn write(answer: Response<AnswerBody>, request: ExchangeTerms, at_once: usize) -> String {
        let (head, body) = answer.into_parts();
        let length = match body.size_hint().exact() {
            _ if body.is_end_stream() => AnswerLength::Empty,
            Some(length) => AnswerLength::Known(length),
            None => AnswerLength::Unknown,
        };
        let terms = AnswerTerms {
            request: &request,
            length,
            closes: false,
            date: b"now",
        };
        let source = AnswerBuffer::new(body, 0, Rc::default());
        let mut writer = AnswerWriter::default();
        let mut interim = BytesMut::from(&b"interim "[..]);
        writer.begin(&head, source, terms, &mut interim);
        assert!(interim.is_empty());
        let mut written = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            assert!(writer.poll_source(&mut cx).is_ready());
            while writer.has_bytes() {
                let bytes = writer.parts().concat();
                let length = bytes.len().min(at_once);
                written.extend_from_slice(&bytes[..length]);
                writer.advance(length);
            }
            if writer.source.is_none() {
                assert!(!writer.is_cut);
                return String::from_utf8(written).unwrap();
            }
        }
    }

    fn answer(length: usize, trailers: &[(&'static str, &str)]) -> Response<AnswerBody> {
        let mut fields = HeaderMap::new();
        for (name, value) in trailers {
            fields.insert(*name, value.parse().unwrap());
        }
        let body = AnswerBody::buffered(BufferedBody {
            bytes: "x".repeat(length).into(),
            trailers: Some(fields),
        });
        Response::builder()
            .header("trailer", "x-sum")
            .body(body)
            .unwrap()
    }

    #[test]
    fn an_answer_is_written_in_any_pieces() {
        let takes_trailers = ExchangeTerms {
            takes_trailers: true,
            ..ExchangeTerms::default()
        };
        for length in [1, 100, COPIED_BYTES_MAX, COPIED_BYTES_MAX + 1, 100_000] {
            let text = "x".repeat(length);
            let start = "interim HTTP/1.1 200 OK\r\ntrailer: x-sum\r\n";
            for at_once in [1, 7, 1_000_000] {
                let sized = write(answer(length, &[]), takes_trailers, at_once);
                let rest = format!("content-length: {length}\r\ndate: now\r\n\r\n{text}");
                assert_eq!(sized, format!("{start}{rest}"));
                let sum = [("x-sum", "7"), ("x-other", "8")];
                let chunked = "transfer-encoding: chunked\r\ndate: now\r\n\r\n";
                let chunked = format!("{start}{chunked}{length:X}\r\n{text}\r\n0\r\n");
                let with_trailers = write(answer(length, &sum), takes_trailers, at_once);
                assert_eq!(with_trailers, format!("{chunked}x-sum: 7\r\n\r\n"));
                let without = write(answer(length, &sum), ExchangeTerms::default(), at_once);
                assert_eq!(without, format!("{chunked}\r\n"));
            }
        }
    }

    #[test]
    fn a_body_that_ends_early_cuts_the_answer() {
        let mut writer = AnswerWriter {
            framing: AnswerFraming::Sized(3),
            ..AnswerWriter::default()
        };
        writer.add(Frame::data(Bytes::from_static(b"ab")));
        writer.end(None);
        assert!(writer.is_cut);
        // What is too much is never sent.
        writer.framing = AnswerFraming::Sized(1);
        writer.add(Frame::data(Bytes::from_static(b"cd")));
        writer.end(None);
        assert!(!writer.is_cut);
        assert_eq!(writer.lead, b"abc");
    }

    #[test]
    fn chunk_sizes() {
        for (size, text) in [
            (1, "1\r\n"),
            (15, "F\r\n"),
            (16, "10\r\n"),
            (0xfff0, "FFF0\r\n"),
        ] {
            let mut out = Vec::new();
            write_chunk_size(size, &mut out);
            assert_eq!(out, text.as_bytes());
        }
    }
}
