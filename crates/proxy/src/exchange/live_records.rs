//! A streamed answer whose records are judged while they pass.
//!
//! If the policy only reports, the bytes pass as they arrive, and a copy of the record in progress is
//! kept for its verdict. If it may reject, a record passes as soon as it is complete and accepted, so
//! the answer can end before the first record that is not. In both cases at most one record is kept,
//! within a bound; what is larger passes without being judged and is counted.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::answer_interruption::AnswerInterruption;
use super::record_judge::RecordJudge;
use super::unjudged_reason::{NO_MEMORY, RECORD_TOO_LARGE};
use crate::body::BodyLease;
use crate::upstream::UpstreamBody;

/// A body of records.
#[derive(Debug)]
pub(super) struct LiveRecords {
    body: UpstreamBody,
    judge: RecordJudge,
    /// The bytes of the record in progress. If the policy may reject, they have not passed yet.
    open: BytesMut,
    /// Whether the record in progress passes without being judged.
    is_unjudged: bool,
    /// The memory of `open`.
    lease: BodyLease,
    phase: RecordsPhase,
    trailers: Option<HeaderMap>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RecordsPhase {
    Reading,
    /// A record was rejected. The answer ends before it.
    Cut,
    Ended,
}

impl LiveRecords {
    pub(super) fn new(body: UpstreamBody, judge: RecordJudge, lease: BodyLease) -> Self {
        Self {
            body,
            judge,
            open: BytesMut::new(),
            is_unjudged: false,
            lease,
            phase: RecordsPhase::Reading,
            trailers: None,
        }
    }

    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerInterruption>>> {
        loop {
            match self.phase {
                RecordsPhase::Reading => {}
                RecordsPhase::Cut => {
                    self.phase = RecordsPhase::Ended;
                    return Poll::Ready(Some(Err(AnswerInterruption::Violated)));
                }
                RecordsPhase::Ended => {
                    let trailers = self.trailers.take();
                    return Poll::Ready(trailers.map(|fields| Ok(Frame::trailers(fields))));
                }
            }
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            let mut passing = match frame.transpose() {
                Ok(frame) => self.judge_frame(frame),
                Err(error) => {
                    self.phase = RecordsPhase::Ended;
                    return Poll::Ready(Some(Err(error.into())));
                }
            };
            // Some readers ask for nothing more after the last byte.
            if self.phase == RecordsPhase::Reading && self.body.is_end_stream() {
                passing = joined(passing, self.judge_last());
            }
            if !passing.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(passing))));
            }
        }
    }

    /// Sends more of the request while the records are not read.
    pub(super) fn poll_upload(&mut self, cx: &mut Context<'_>) {
        self.body.poll_upload(cx);
    }

    /// The upstream's body.
    pub(super) fn source(&self) -> &UpstreamBody {
        &self.body
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.phase == RecordsPhase::Ended && self.trailers.is_none()
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        let held = if self.judge.rejects {
            self.open.len() as u64
        } else {
            0
        };
        match (self.phase, self.body.size_hint().exact()) {
            (RecordsPhase::Reading, Some(rest)) => SizeHint::with_exact(held + rest),
            _ => SizeHint::default(),
        }
    }

    /// Judges what arrived. Returns the bytes that may pass now.
    fn judge_frame(&mut self, frame: Option<Frame<Bytes>>) -> Bytes {
        match frame.map(Frame::into_data) {
            Some(Ok(data)) => self.judge_data(data),
            Some(Err(frame)) => {
                self.trailers = frame.into_trailers().ok();
                Bytes::new()
            }
            None => Bytes::new(),
        }
    }

    fn judge_data(&mut self, data: Bytes) -> Bytes {
        // The bytes that were kept and may pass now; the data after them is `from..to`.
        let mut kept = BytesMut::new();
        let (mut from, mut to, mut at) = (0, 0, 0);
        while let Some(length) = self.judge.stream.next_end(&data[at..]) {
            let piece = &data[at..at + length];
            at += length;
            if !self.accepts_end(piece) {
                self.phase = RecordsPhase::Cut;
                self.open.clear();
                break;
            }
            if !self.open.is_empty() {
                kept = self.open.split();
                from = at;
            }
            to = at;
        }
        if self.phase == RecordsPhase::Reading && !self.keeps(&data[at..]) {
            if !self.open.is_empty() {
                kept = self.open.split();
                from = at;
            }
            to = data.len();
        }
        if !self.judge.rejects {
            return data;
        }
        joined(kept.freeze(), data.slice(from..to))
    }

    /// Judges the record that ends with `piece`. A record that was kept in part is whole in `open`
    /// afterwards.
    fn accepts_end(&mut self, piece: &[u8]) -> bool {
        if std::mem::take(&mut self.is_unjudged) {
            self.judge.stream.skip_record();
            return true;
        }
        if self.open.len() + piece.len() > self.judge.bytes_max() {
            self.judge.count_unjudged(RECORD_TOO_LARGE);
            self.judge.stream.skip_record();
            if !self.open.is_empty() {
                self.open.extend_from_slice(piece);
            }
            return true;
        }
        if self.open.is_empty() {
            return self.judge.accepts(piece);
        }
        self.open.extend_from_slice(piece);
        self.judge.accepts(&self.open)
    }

    /// Keeps more of the record in progress. Returns whether it does; otherwise the record passes
    /// without being judged, together with what was kept of it.
    fn keeps(&mut self, piece: &[u8]) -> bool {
        if piece.is_empty() || self.is_unjudged {
            return !self.is_unjudged;
        }
        let length = self.open.len() + piece.len();
        let reason = if length > self.judge.bytes_max() {
            RECORD_TOO_LARGE
        } else if !self.lease.grow_to(length as u64) {
            NO_MEMORY
        } else {
            self.open.extend_from_slice(piece);
            return true;
        };
        self.judge.count_unjudged(reason);
        self.is_unjudged = true;
        false
    }

    /// Judges what is left at the end of the body. Returns it if it was kept and may pass.
    fn judge_last(&mut self) -> Bytes {
        self.phase = RecordsPhase::Ended;
        let last = self.open.split();
        if self.is_unjudged || last.is_empty() || self.judge.accepts(&last) {
            return if self.judge.rejects {
                last.freeze()
            } else {
                Bytes::new()
            };
        }
        self.phase = RecordsPhase::Cut;
        Bytes::new()
    }
}

/// Two parts of a body as one. If one of them is empty, the other is not copied.
fn joined(first: Bytes, second: Bytes) -> Bytes {
    if first.is_empty() {
        return second;
    }
    if second.is_empty() {
        return first;
    }
    let mut whole = BytesMut::with_capacity(first.len() + second.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&second);
    whole.freeze()
}
