//! Sends an answer on a stream, as fast as the client's windows allow.
//!
//! What the library is given is within the window of the stream and bounded for each stream, so a
//! client that does not read holds little memory here. Its answer is read ahead, within the bounds of
//! all answers, so that the request does not hold a slot.

use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{Reason, SendStream};
use http::HeaderMap;
use http_body::Frame;

use super::frame_meter::FrameMeter;
use crate::client::answer_buffer::AnswerBuffer;
use crate::connection_state::ConnectionState;
use crate::deadline_timer::DeadlineTimer;
use crate::limits::ClientLimits;

/// The size of a frame that every client accepts (RFC 9113 section 4.2).
const FRAME_BYTES: usize = 16 * 1024;

/// An answer whose head was sent.
pub(super) struct AnswerSender<'c> {
    pub(super) stream: SendStream<Bytes>,
    pub(super) source: AnswerBuffer,
    /// Data that the source has given and the library not taken.
    pub(super) data: Bytes,
    pub(super) timer: DeadlineTimer,
    pub(super) state: Rc<ConnectionState>,
    pub(super) meter: &'c FrameMeter,
    pub(super) limits: &'c ClientLimits,
}

/// The stream ended before the answer did.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamEnded;

impl AnswerSender<'_> {
    /// Ready when the library has the whole answer, or the client is too slow.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamEnded>> {
        loop {
            if let Poll::Ready(sent) = self.poll_answer(cx) {
                return Poll::Ready(sent);
            }
            let stall = self.state.write_deadline(self.limits);
            let body = self.state.body_deadline.get();
            let Some(deadline) = stall.into_iter().chain(body).min() else {
                return Poll::Pending;
            };
            ready!(self.timer.poll(cx, deadline));
            if body == Some(deadline) {
                // The rest of the request does not come. The upstream may answer without it.
                self.state.expire_body();
                continue;
            }
            self.stream.send_reset(Reason::CANCEL);
            return Poll::Ready(Err(StreamEnded));
        }
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamEnded>> {
        loop {
            if !self.data.is_empty() {
                match self.poll_data(cx) {
                    Poll::Ready(Ok(false)) => continue,
                    Poll::Ready(Ok(true)) => return Poll::Ready(Ok(())),
                    Poll::Ready(Err(ended)) => return Poll::Ready(Err(ended)),
                    Poll::Pending => return self.poll_stall(cx),
                }
            }
            match self.source.poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Some(trailers) = self.take(frame) {
                        return Poll::Ready(self.send_trailers(trailers));
                    }
                }
                Poll::Ready(Some(Err(interruption))) => {
                    // The client must not take the answer for complete.
                    self.stream.send_reset(interruption.stream_code());
                    return Poll::Ready(Err(StreamEnded));
                }
                Poll::Ready(None) => return Poll::Ready(self.send(Bytes::new(), true)),
                Poll::Pending => {
                    let ended = self.stream.poll_reset(cx).is_ready();
                    return if ended {
                        Poll::Ready(Err(StreamEnded))
                    } else {
                        Poll::Pending
                    };
                }
            }
        }
    }

    /// Takes data. Returns trailers.
    fn take(&mut self, frame: Frame<Bytes>) -> Option<HeaderMap> {
        match frame.into_data() {
            Ok(data) => {
                self.data = data;
                None
            }
            Err(frame) => frame.into_trailers().ok(),
        }
    }

    /// Gives the library as much data as the client accepts. Returns whether it was the last.
    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, StreamEnded>> {
        self.stream.reserve_capacity(self.data.len());
        while self.stream.capacity() == 0 {
            match ready!(self.stream.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Poll::Ready(Err(StreamEnded)),
            }
        }
        let length = self.stream.capacity().min(self.data.len());
        let part = self.data.split_to(length);
        let is_last = self.data.is_empty() && self.source.is_end_stream();
        self.state.note_accepted(length);
        Poll::Ready(self.send(part, is_last).map(|()| is_last))
    }

    /// Waits for a client that does not accept more.
    fn poll_stall(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamEnded>> {
        self.state.note_stall();
        self.source.read_ahead(cx);
        if self.stream.poll_reset(cx).is_ready() {
            return Poll::Ready(Err(StreamEnded));
        }
        Poll::Pending
    }

    fn send(&mut self, part: Bytes, is_last: bool) -> Result<(), StreamEnded> {
        let frames = 1 + part.len() / FRAME_BYTES;
        self.meter
            .answer_frames(u32::try_from(frames).unwrap_or(u32::MAX));
        let sent = self.stream.send_data(part, is_last);
        if is_last && sent.is_ok() {
            self.source.complete();
        }
        sent.map_err(|_| StreamEnded)
    }

    fn send_trailers(&mut self, trailers: HeaderMap) -> Result<(), StreamEnded> {
        self.meter.answer_frames(1);
        self.stream
            .send_trailers(trailers)
            .map_err(|_| StreamEnded)?;
        self.source.complete();
        Ok(())
    }
}
