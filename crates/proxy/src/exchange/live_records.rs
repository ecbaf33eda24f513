//! A streamed answer whose records are judged while they pass.
//!
//! If the policy only reports, the bytes pass as they arrive, and a copy of the record in progress is
//! kept for its verdict. If it may reject, a record passes as soon as it is complete and accepted, so
//! the answer can end before the first record that is not. In both cases at most one record is kept,
//! within a bound; what is larger passes without being judged and is counted.
//!
//! Of a body with a content coding, the decoded bytes are judged. Its frames pass as they arrive. If
//! the policy may reject, a frame that ends inside a record passes when that record is complete and
//! accepted, and the answer ends before the first frame with a part of a rejected record.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use portcullis_contract::{ContentDecodeError, ContentDecoder};

use super::answer_interruption::AnswerInterruption;
use super::record_judge::RecordJudge;
use super::unjudged_reason::{DECODED_TOO_LARGE, NO_MEMORY, RECORD_TOO_LARGE};
use crate::body::BodyLease;
use crate::upstream::UpstreamBody;

/// A body of records.
#[derive(Debug)]
pub(super) struct LiveRecords {
    body: UpstreamBody,
    judge: RecordJudge,
    /// Decodes the body, if it has a content coding.
    coding: RecordCoding,
    /// The bytes of the record in progress. If the policy may reject, they have not passed yet, unless
    /// the body has a content coding.
    open: BytesMut,
    /// Frames with a content coding that end inside a record, if the policy may reject.
    held: BytesMut,
    /// Whether the record in progress passes without being judged.
    is_unjudged: bool,
    /// The memory of `open` and of the decoder.
    lease: BodyLease,
    decoder_bytes: u64,
    phase: RecordsPhase,
    trailers: Option<HeaderMap>,
}

#[derive(Debug)]
enum RecordCoding {
    Identity,
    Decoded(Box<ContentDecoder>),
    /// The rest cannot be decoded, and passes without being judged.
    Undecodable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RecordsPhase {
    Reading,
    /// A record was rejected. The answer ends before it.
    Cut,
    Ended,
}

impl LiveRecords {
    pub(super) fn new(
        body: UpstreamBody,
        judge: RecordJudge,
        decoder: Option<ContentDecoder>,
        lease: BodyLease,
    ) -> Self {
        let coding = decoder.map(|decoder| RecordCoding::Decoded(Box::new(decoder)));
        Self {
            body,
            judge,
            coding: coding.unwrap_or(RecordCoding::Identity),
            open: BytesMut::new(),
            held: BytesMut::new(),
            is_unjudged: false,
            lease,
            decoder_bytes: 0,
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
        let holds = self.judge.rejects && matches!(self.coding, RecordCoding::Identity);
        let open = if holds { self.open.len() } else { 0 };
        let held = (open + self.held.len()) as u64;
        match (self.phase, self.body.size_hint().exact()) {
            (RecordsPhase::Reading, Some(rest)) => SizeHint::with_exact(held + rest),
            _ => SizeHint::default(),
        }
    }

    /// Judges what arrived. Returns the bytes that may pass now.
    fn judge_frame(&mut self, frame: Option<Frame<Bytes>>) -> Bytes {
        match frame.map(Frame::into_data) {
            Some(Ok(data)) if matches!(self.coding, RecordCoding::Identity) => {
                self.judge_data(data)
            }
            Some(Ok(data)) => self.judge_coded(data),
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

    /// Judges what a frame of a body with a content coding completes. Returns what may pass now.
    fn judge_coded(&mut self, data: Bytes) -> Bytes {
        if !self.decodes(&mut |decoder, sink| decoder.feed(&data, sink)) {
            self.phase = RecordsPhase::Cut;
            self.held.clear();
            return Bytes::new();
        }
        let is_inside_record = self.judge.rejects && !self.open.is_empty();
        if !is_inside_record {
            return joined(self.held.split().freeze(), data);
        }
        self.held.extend_from_slice(&data);
        let bytes = self.decoder_bytes + (self.open.len() + self.held.len()) as u64;
        if self.held.len() <= self.judge.bytes_max() && self.lease.grow_to(bytes) {
            return Bytes::new();
        }
        // The frames of the record are larger than records may be.
        self.judge.count_unjudged(RECORD_TOO_LARGE);
        self.is_unjudged = true;
        self.open.clear();
        self.held.split().freeze()
    }

    /// Decodes more of the body and judges the records that it completes. Returns whether what was
    /// received may pass.
    fn decodes(&mut self, decode: DecodeStep<'_>) -> bool {
        let mut decoder = match std::mem::replace(&mut self.coding, RecordCoding::Undecodable) {
            RecordCoding::Decoded(decoder) => decoder,
            other => {
                self.coding = other;
                return true;
            }
        };
        let mut is_accepted = true;
        let decoded = decode(&mut decoder, &mut |piece| {
            is_accepted = is_accepted && self.accepts_decoded(piece);
        });
        match decoded {
            Ok(()) => {
                self.decoder_bytes = decoder.memory_bytes();
                let bytes = self.decoder_bytes + self.open.len() as u64;
                if self.lease.grow_to(bytes) {
                    self.coding = RecordCoding::Decoded(decoder);
                } else {
                    self.open.clear();
                    self.judge.count_unjudged(NO_MEMORY);
                }
                is_accepted
            }
            Err(error) => {
                // The record in progress has no end.
                self.open.clear();
                if error.is_bound() {
                    self.judge.count_unjudged(DECODED_TOO_LARGE);
                    return is_accepted;
                }
                is_accepted && self.judge.accepts_undecodable(error)
            }
        }
    }

    /// Judges decoded bytes. Returns whether all records that they complete are accepted.
    fn accepts_decoded(&mut self, data: &[u8]) -> bool {
        let mut at = 0;
        while let Some(length) = self.judge.stream.next_end(&data[at..]) {
            let piece = &data[at..at + length];
            at += length;
            let is_accepted = self.accepts_end(piece);
            self.open.clear();
            if !is_accepted {
                return false;
            }
        }
        if !self.keeps(&data[at..]) {
            self.open.clear();
        }
        true
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
        } else if !self.lease.grow_to(self.decoder_bytes + length as u64) {
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
        if !matches!(self.coding, RecordCoding::Identity) {
            let is_decoded = self.decodes(&mut |decoder, sink| decoder.finish(sink));
            let last = self.open.split();
            let is_judged = !self.is_unjudged && !last.is_empty();
            if !is_decoded || (is_judged && !self.judge.accepts(&last)) {
                self.phase = RecordsPhase::Cut;
                self.held.clear();
            }
            return self.held.split().freeze();
        }
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

/// Decodes a part of a body and passes on what it becomes.
type DecodeStep<'s> =
    &'s mut dyn FnMut(&mut ContentDecoder, &mut dyn FnMut(&[u8])) -> Result<(), ContentDecodeError>;

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
