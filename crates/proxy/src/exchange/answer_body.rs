//! Bodies of answers: from memory, or streamed from the upstream.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use portcullis_contract::ContentDecoder;
use portcullis_telemetry::Span;

use super::answer_interruption::AnswerInterruption;
use super::answer_passage::AnswerPassage;
use super::answer_record::AnswerRecord;
use super::answer_tail::AnswerTail;
use super::call_deadline::{CallDeadline, deadline_trailers};
use super::in_flight::InFlight;
use super::live_records::LiveRecords;
use super::record_judge::RecordJudge;
use super::request_record::RequestRecord;
use super::upgraded_exchange::UpgradedExchange;
use crate::body::{BodyLease, BodyTee, BufferedBody};
use crate::egress::EgressRecord;
use crate::upstream::{SwitchedConnection, UpstreamBody, UpstreamError};

/// The body of an answer.
#[derive(Debug)]
pub struct AnswerBody {
    /// Sent first.
    first: Bytes,
    rest: AnswerTail,
    /// Copy the body while it passes.
    tees: Vec<BodyTee>,
    /// What the request holds until its answer has passed.
    in_flight: Option<Box<InFlight>>,
    /// Ends when the answer has passed; `None` if the request is not sampled.
    span: Option<Rc<Span>>,
    /// The record of the request, until the answer has passed.
    record: Option<AnswerRecord>,
    /// When a gRPC call ends. Boxed, because most answers have none.
    deadline: Option<Box<CallDeadline>>,
}

impl AnswerBody {
    /// No body.
    pub fn empty() -> Self {
        Self::from(Bytes::new())
    }

    /// A body in memory, with its trailers if it has any.
    pub fn buffered(whole: BufferedBody) -> Self {
        let BufferedBody { bytes, trailers } = whole;
        let trailers = trailers.filter(|fields| !fields.is_empty());
        Self {
            rest: AnswerTail::Trailers(trailers),
            ..Self::from(bytes)
        }
    }

    /// The upstream's body, passed on as it arrives.
    pub fn streamed(body: UpstreamBody) -> Self {
        Self::streamed_after(Bytes::new(), body)
    }

    /// The upstream's body after `first`, which was read before.
    pub fn streamed_after(first: Bytes, rest: UpstreamBody) -> Self {
        Self {
            rest: AnswerTail::Streamed(rest),
            ..Self::from(first)
        }
    }

    /// The connection of an upstream that has accepted an upgrade, in place of a body.
    pub(super) fn upgraded(body: UpstreamBody) -> Self {
        let Some(upstream) = body.into_switched() else {
            return Self::empty();
        };
        Self {
            rest: AnswerTail::Upgraded(upstream),
            ..Self::empty()
        }
    }

    /// The connection to the host of a call, in place of a body.
    pub(crate) fn tunnel(tunnel: SwitchedConnection, record: Rc<EgressRecord>) -> Self {
        Self {
            rest: AnswerTail::Upgraded(tunnel),
            record: Some(AnswerRecord::Egress(record)),
            ..Self::empty()
        }
    }

    /// Whether another protocol follows the head of the answer.
    pub(crate) const fn is_upgraded(&self) -> bool {
        matches!(self.rest, AnswerTail::Upgraded(_))
    }

    /// The exchange that follows the head of the answer, if the connection was upgraded.
    pub(crate) fn into_upgraded(self) -> Option<UpgradedExchange> {
        let (AnswerTail::Upgraded(upstream), Some(record)) = (self.rest, self.record) else {
            return None;
        };
        let exchange = UpgradedExchange::new(upstream, record, self.in_flight, self.span);
        Some(exchange)
    }

    /// The same body, with the part that was read put back in front.
    #[must_use]
    pub(super) fn preceded_by(self, first: Bytes) -> Self {
        debug_assert!(self.first.is_empty(), "the first part was read");
        Self { first, ..self }
    }

    /// The same body, whose records `judge` judges while they pass.
    #[must_use]
    pub(super) fn judged_by(
        self,
        judge: RecordJudge,
        decoder: Option<ContentDecoder>,
        lease: BodyLease,
    ) -> Self {
        debug_assert!(self.first.is_empty(), "no part was read");
        let rest = match self.rest {
            AnswerTail::Streamed(body) => {
                AnswerTail::Judged(Box::new(LiveRecords::new(body, judge, decoder, lease)))
            }
            rest => rest,
        };
        Self { rest, ..self }
    }

    /// Copies the body while it passes.
    pub(super) fn add_tee(&mut self, tee: BodyTee) {
        self.tees.push(tee);
    }

    /// The same body, which releases what the request holds when the body has passed.
    #[must_use]
    pub(super) fn with_in_flight(self, in_flight: Box<InFlight>) -> Self {
        let has_ended = self.is_end_stream();
        let mut body = Self {
            in_flight: Some(in_flight),
            ..self
        };
        if has_ended {
            body.release_in_flight();
        }
        body
    }

    /// The same body, which ends with the status of gRPC if it has not passed by then.
    #[must_use]
    pub(super) fn until(self, deadline: Option<Instant>) -> Self {
        let deadline = deadline.filter(|_| self.is_streamed());
        Self {
            deadline: deadline.map(|at| Box::new(CallDeadline::at(at))),
            ..self
        }
    }

    /// Ends a gRPC call whose time is over. Its caller chose the time, so the request ends as if the
    /// caller had left, and nothing is recorded about the service. A body with a length cannot end
    /// before it.
    fn poll_deadline(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Frame<Bytes>, AnswerInterruption>> {
        let Some(deadline) = &mut self.deadline else {
            return Poll::Pending;
        };
        ready!(deadline.poll(cx));
        self.deadline = None;
        let has_length = self.size_hint().exact().is_some();
        self.in_flight = None;
        self.tees.clear();
        // The rest of the response is cancelled.
        self.rest = AnswerTail::Trailers(None);
        if let Some(record) = self.record.take() {
            record.set_reason(Some("the `grpc-timeout` of the call is over".into()));
            record.set_passage(AnswerPassage::Passing);
        }
        Poll::Ready(if has_length {
            Err(AnswerInterruption::CallEnded)
        } else {
            Ok(Frame::trailers(deadline_trailers()))
        })
    }

    /// Releases what the request holds, as soon as all of it is sent to the upstream.
    fn release_in_flight(&mut self) {
        let Some(in_flight) = self.in_flight.take() else {
            return;
        };
        self.rest.hold_for_upload(in_flight);
    }

    /// Completes the record of its request when the body has passed.
    pub(super) fn hold_record(&mut self, record: Rc<RequestRecord>) {
        self.record = Some(AnswerRecord::Exchange(record));
    }

    /// Completes the record of a call through the forward proxy when the body has passed.
    pub(crate) fn hold_egress_record(&mut self, record: Rc<EgressRecord>) {
        self.record = Some(AnswerRecord::Egress(record));
    }

    /// Completes the record of the request: the connection of the client has taken the whole body.
    pub(crate) fn complete(&mut self) {
        if let Some(record) = self.record.take() {
            record.set_passage(AnswerPassage::Passed);
        }
    }

    /// Sends more of the request while the body is not read.
    pub(crate) fn poll_upload(&mut self, cx: &mut Context<'_>) {
        self.rest.poll_upload(cx);
    }

    /// Whether a part of the body is still to come from the upstream.
    pub(crate) fn is_streamed(&self) -> bool {
        self.rest.is_streamed()
    }

    /// The same body, which ends the span when it has passed.
    #[must_use]
    pub(super) fn traced(self, span: Rc<Span>) -> Self {
        let span = (!self.is_end_stream()).then_some(span);
        Self { span, ..self }
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerInterruption>>> {
        if !self.first.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.first)))));
        }
        if let Poll::Ready(ended) = self.poll_deadline(cx) {
            return Poll::Ready(Some(ended));
        }
        self.rest.poll_frame(cx)
    }
}

impl AnswerBody {
    /// Records that the rest does not come. Silence is a failure of the upstream only where the body
    /// has an end: if it has a length, or if it is read whole to be judged, which is before it has
    /// the record.
    fn record_interruption(&mut self, error: &AnswerInterruption) {
        let record = self.record.take();
        if let Some(record) = &record {
            record.set_reason(Some(error.to_string().into()));
        }
        let passage = match error {
            AnswerInterruption::Violated => AnswerPassage::Cut,
            AnswerInterruption::CallEnded => AnswerPassage::Passing,
            AnswerInterruption::Upstream(UpstreamError::Idle { .. }) if record.is_some() => {
                AnswerPassage::Idle
            }
            AnswerInterruption::Upstream(_) => AnswerPassage::Truncated,
        };
        if passage == AnswerPassage::Truncated {
            self.record_truncation();
        }
        if let Some(record) = record {
            record.set_passage(passage);
        }
    }

    /// Counts what passes for the record of its exchange.
    fn count_bytes(&self, polled: &Poll<Option<Result<Frame<Bytes>, AnswerInterruption>>>) {
        if let (Some(AnswerRecord::Exchange(record)), Poll::Ready(Some(Ok(frame)))) =
            (&self.record, polled)
            && let Some(data) = frame.data_ref()
        {
            record.usage.add_response_bytes(data.len() as u64);
        }
    }

    fn record_truncation(&mut self) {
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.record_truncation();
        }
        if let Some(span) = &self.span {
            span.mark_truncated();
        }
    }

    fn record_progress(
        &mut self,
        polled: &Poll<Option<Result<Frame<Bytes>, AnswerInterruption>>>,
        is_ended: bool,
    ) {
        if let Some(in_flight) = &mut self.in_flight {
            match polled {
                Poll::Ready(Some(Ok(frame))) => {
                    frame
                        .trailers_ref()
                        .into_iter()
                        .for_each(|fields| in_flight.record_trailers(fields));
                }
                Poll::Ready(None | Some(Err(_))) | Poll::Pending => {}
            }
        }
        if let Poll::Ready(Some(Err(error))) = polled {
            self.record_interruption(error);
        }
        let is_over = is_ended || matches!(polled, Poll::Ready(None | Some(Err(_))));
        if is_over {
            self.release_in_flight();
            self.span = None;
        }
    }
}

impl From<Bytes> for AnswerBody {
    fn from(bytes: Bytes) -> Self {
        Self {
            first: bytes,
            rest: AnswerTail::Trailers(None),
            tees: Vec::new(),
            in_flight: None,
            span: None,
            record: None,
            deadline: None,
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = AnswerInterruption;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerInterruption>>> {
        let this = self.get_mut();
        let polled = this.poll_next(cx);
        let is_ended = this.is_end_stream();
        this.count_bytes(&polled);
        this.record_progress(&polled, is_ended);
        for tee in &mut this.tees {
            match &polled {
                Poll::Ready(Some(Ok(frame))) => {
                    frame
                        .data_ref()
                        .into_iter()
                        .for_each(|piece| tee.push(piece));
                    if is_ended {
                        tee.finish();
                    }
                }
                Poll::Ready(None) => tee.finish(),
                Poll::Ready(Some(Err(_))) | Poll::Pending => {}
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.rest.is_end()
    }

    fn size_hint(&self) -> SizeHint {
        self.rest.size_after(self.first.len() as u64)
    }
}
