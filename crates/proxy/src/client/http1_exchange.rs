//! The requests of one client and their answers, one after the other.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use tokio::time::Instant;

use super::answer_buffer::AnswerBuffer;
use super::answer_head::{AnswerLength, AnswerTerms};
use super::answer_writer::AnswerWriter;
use super::connection_end::ConnectionEnd;
use super::connection_registry::ConnectionRegistry;
use super::incoming_request::IncomingRequest;
use super::request_stream::RequestStream;
use super::tls_opening::TLS_HANDSHAKE;
use crate::body::{Http1Body, IncomingBody};
use crate::connection_state::ConnectionState;
use crate::exchange::{AnswerBody, UpgradedExchange};
use crate::headers::{Peer, return_header_map};
use crate::inspect::{BodyFraming, HTTP2_PREFACE, HttpRefusal, ParsedRequest};
use crate::limits::ClientLimits;
use crate::poll_clock;

/// How much of the preface of HTTP/2 is enough to distinguish it from HTTP/1.1: its first line.
const PREFACE_LINE_BYTES: usize = 16;

/// What a connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExchangePhase {
    /// It waits for a request or reads its head.
    Head,
    /// The handler answers the request.
    Handling,
    /// The answer is written.
    Answering,
    /// The answer is written, and the rest of the request may still be read.
    Uploading,
}

/// What a connection needs while it has requests.
#[derive(Debug)]
struct ExchangeSlot<F> {
    /// The handler's answer to the current request.
    in_flight: Pin<Box<Option<F>>>,
    writer: AnswerWriter,
}

/// The exchanges of one connection. `S` passes a request to the handler.
pub(super) struct Http1Exchange<S, F> {
    pub(super) stream: Rc<RefCell<RequestStream>>,
    serve: S,
    state: Rc<ConnectionState>,
    peer: Rc<Peer>,
    limits: Rc<ClientLimits>,
    registry: Rc<ConnectionRegistry>,
    phase: ExchangePhase,
    /// Nothing while the connection is idle for longer.
    slot: Option<Box<ExchangeSlot<F>>>,
    /// Since when the connection is idle or reads a head.
    since: Instant,
    /// Whether a part of a head has arrived.
    is_inside_head: bool,
    /// When the wait for the head began, before its first byte.
    idle_since: Instant,
    /// Whether the connection may begin with the preface of HTTP/2.
    may_be_http2: bool,
    /// Whether the current answer is the last one.
    closes: bool,
    /// Whether the current answer could not be written at once.
    is_slow: bool,
    /// The answer that accepts an upgrade.
    upgraded: Option<Box<Response<UpgradedExchange>>>,
}

impl<S, F> Http1Exchange<S, F>
where
    S: Fn(IncomingRequest) -> F,
    F: Future<Output = Response<AnswerBody>>,
{
    pub(super) fn new(
        stream: RequestStream,
        serve: S,
        state: &Rc<ConnectionState>,
        peer: &Rc<Peer>,
        limits: &Rc<ClientLimits>,
        registry: &Rc<ConnectionRegistry>,
    ) -> Self {
        Self {
            may_be_http2: stream.is_plain(),
            stream: Rc::new(RefCell::new(stream)),
            serve,
            state: Rc::clone(state),
            peer: Rc::clone(peer),
            limits: Rc::clone(limits),
            registry: Rc::clone(registry),
            phase: ExchangePhase::Head,
            slot: None,
            since: Instant::now(),
            is_inside_head: false,
            idle_since: Instant::now(),
            closes: false,
            is_slow: false,
            upgraded: None,
        }
    }

    /// Since when no request is served, if none is.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        (self.phase == ExchangePhase::Head).then_some(self.since)
    }

    /// Whether a part of a head has arrived.
    pub(super) const fn is_inside_head(&self) -> bool {
        self.is_inside_head
    }

    /// Whether the connection has released what it does not need while it is idle.
    pub(super) const fn is_parked(&self) -> bool {
        self.slot.is_none()
    }

    /// Releases what the connection does not need while it is idle.
    pub(super) fn park(&mut self) {
        self.slot = None;
        self.stream.borrow_mut().release();
    }

    /// Reads the current answer ahead of a client that does not read.
    pub(super) fn read_ahead(&mut self, cx: &mut Context<'_>) {
        if let Some(slot) = &mut self.slot {
            slot.writer.read_ahead(cx);
        }
    }

    /// The answer with which the connection continues with another protocol.
    pub(super) fn take_upgraded(&mut self) -> Option<Box<Response<UpgradedExchange>>> {
        self.upgraded.take()
    }

    /// Ready when the connection must end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ConnectionEnd> {
        loop {
            match self.phase {
                ExchangePhase::Head => match ready!(self.poll_head(cx)) {
                    Ok(parsed) => self.begin_request(parsed),
                    Err(end) => return Poll::Ready(end),
                },
                ExchangePhase::Handling => match self.poll_handler(cx) {
                    Poll::Ready(answer) => {
                        if let Some(end) = self.begin_answer(answer) {
                            return Poll::Ready(end);
                        }
                    }
                    Poll::Pending => return self.poll_waiting(cx),
                },
                ExchangePhase::Answering => match self.poll_answer(cx) {
                    Poll::Ready(true) => self.end_answer(),
                    Poll::Ready(false) => return Poll::Ready(ConnectionEnd::Broken),
                    Poll::Pending => return self.poll_waiting(cx),
                },
                ExchangePhase::Uploading => {
                    if self.state.upload_continues.get() {
                        return Poll::Pending;
                    }
                    if self.closes || !self.stream.borrow_mut().skip_body() {
                        return Poll::Ready(ConnectionEnd::Done);
                    }
                    self.begin_wait();
                }
            }
        }
    }

    /// Reads the next head.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<ParsedRequest, ConnectionEnd>> {
        let mut stream = self.stream.borrow_mut();
        loop {
            let arrived = stream.arrived();
            if arrived.first() == Some(&TLS_HANDSHAKE) && !self.is_inside_head {
                let refusal = HttpRefusal::TlsOnPlainPort;
                return Poll::Ready(Err(ConnectionEnd::Refused(refusal)));
            }
            if self.may_be_http2 && !arrived.is_empty() {
                let length = arrived.len().min(HTTP2_PREFACE.len());
                self.may_be_http2 = arrived[..length] == HTTP2_PREFACE[..length];
                if self.may_be_http2 && length >= PREFACE_LINE_BYTES {
                    return Poll::Ready(Err(ConnectionEnd::Http2));
                }
            }
            if !self.may_be_http2 {
                match stream.take_head() {
                    Ok(Some(parsed)) => return Poll::Ready(Ok(parsed)),
                    Ok(None) => {}
                    Err(refusal) => return Poll::Ready(Err(ConnectionEnd::Refused(refusal))),
                }
            }
            let has_begun = !stream.arrived().is_empty();
            if has_begun && !self.is_inside_head {
                self.is_inside_head = true;
                self.idle_since = std::mem::replace(&mut self.since, Instant::now());
            } else if !has_begun && self.is_inside_head {
                // What began was an empty line, which does not end the silence.
                self.is_inside_head = false;
                self.since = self.idle_since;
            }
            if stream.has_ended() {
                return Poll::Ready(Err(if has_begun {
                    ConnectionEnd::WithoutAnswer
                } else {
                    ConnectionEnd::Done
                }));
            }
            if !stream.has_buffer() {
                ready!(stream.poll_readable(cx));
            }
            if ready!(stream.poll_fill(cx)).is_err() {
                return Poll::Ready(Err(ConnectionEnd::WithoutAnswer));
            }
        }
    }

    /// Passes a request to the handler.
    fn begin_request(&mut self, parsed: ParsedRequest) {
        let ParsedRequest {
            request,
            terms,
            traits,
        } = parsed;
        poll_clock::advance();
        let state = &self.state;
        let number = state.requests.get() + 1;
        state.requests.set(number);
        state.is_framed.set(!terms.is_http10);
        state.asks_upgrade.set(terms.asks_upgrade);
        state.awaits_continue.set(terms.awaits_continue);
        self.may_be_http2 = false;
        self.is_inside_head = false;
        let body = match terms.framing {
            BodyFraming::None => IncomingBody::Whole(Bytes::new()),
            BodyFraming::Sized(_) | BodyFraming::Chunked => {
                Http1Body::new(Rc::clone(&self.stream), number).into()
            }
        };
        let (peer, state) = (Rc::clone(&self.peer), Rc::clone(state));
        let incoming =
            IncomingRequest::on_connection(request, traits, body, peer, state, &self.limits);
        let slot = self.slot.get_or_insert_with(|| {
            Box::new(ExchangeSlot {
                in_flight: Box::pin(None),
                writer: AnswerWriter::default(),
            })
        });
        slot.in_flight.as_mut().set(Some((self.serve)(incoming)));
        self.phase = ExchangePhase::Handling;
    }

    fn poll_handler(&mut self, cx: &mut Context<'_>) -> Poll<Response<AnswerBody>> {
        let Some(slot) = &mut self.slot else {
            return Poll::Pending;
        };
        let Some(in_flight) = slot.in_flight.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        let answer = ready!(in_flight.poll(cx));
        slot.in_flight.as_mut().set(None);
        Poll::Ready(answer)
    }

    /// Begins to write an answer. Returns the end of the connection if it continues with another
    /// protocol.
    fn begin_answer(&mut self, answer: Response<AnswerBody>) -> Option<ConnectionEnd> {
        let (state, registry) = (&self.state, &self.registry);
        registry.counts.borrow_mut().requests += 1;
        state.awaits_continue.set(false);
        let (head, body) = answer.into_parts();
        let slot = self.slot.as_mut()?;
        if body.is_upgraded() {
            let mut interim = state.interim.borrow_mut();
            *interim = slot.writer.take_interim(&mut interim);
            let Some(exchange) = body.into_upgraded() else {
                return Some(ConnectionEnd::Broken);
            };
            self.upgraded = Some(Box::new(Response::from_parts(head, exchange)));
            return Some(ConnectionEnd::Upgraded);
        }
        let stream = self.stream.borrow();
        let terms = *stream.terms();
        let continues = state.upload_continues.get() && !state.closes_after_upload.get();
        let is_cut = state.body_unread.get() && !stream.has_rest_of_body() && !continues;
        // What follows a request to upgrade is not read as a request.
        self.closes = registry.closing.get() || is_cut || terms.asks_upgrade || !terms.keeps_alive;
        let length = match body.size_hint().exact() {
            _ if body.is_end_stream() => AnswerLength::Empty,
            Some(length) => AnswerLength::Known(length),
            None => AnswerLength::Unknown,
        };
        let now = Instant::from_std(poll_clock::now());
        let terms = AnswerTerms {
            request: &terms,
            length,
            closes: self.closes,
            date: &registry.date.at(now),
        };
        let buffered = Rc::clone(&registry.buffered);
        let source = AnswerBuffer::new(body, self.limits.response_buffer_max, buffered);
        let mut interim = state.interim.borrow_mut();
        self.closes |= slot.writer.begin(&head, source, terms, &mut interim);
        return_header_map(head.headers);
        // Another time is needed only if the answer cannot be written at once.
        self.since = now;
        self.is_slow = false;
        self.phase = ExchangePhase::Answering;
        None
    }

    /// Writes the answer. Returns whether all of it was written.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let Some(slot) = &mut self.slot else {
            return Poll::Ready(false);
        };
        let written = slot.writer.poll(&self.stream, cx);
        self.is_slow |= written.is_pending();
        written.map(|written| written.is_ok())
    }

    fn end_answer(&mut self) {
        self.state.answered.set(self.state.requests.get());
        self.phase = ExchangePhase::Uploading;
        self.is_slow |= self.state.upload_continues.get();
    }

    /// Begins to wait for the next request.
    fn begin_wait(&mut self) {
        if self.is_slow {
            self.since = Instant::now();
        }
        self.phase = ExchangePhase::Head;
    }

    /// Sends interim responses while the handler or its answer is waited for, and detects that the
    /// client goes away.
    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<ConnectionEnd> {
        let mut stream = self.stream.borrow_mut();
        if let Some(slot) = &mut self.slot
            && self.phase == ExchangePhase::Handling
        {
            slot.writer
                .add_interim(&mut self.state.interim.borrow_mut());
            if matches!(slot.writer.poll_bytes(&mut stream, cx), Poll::Ready(Err(_))) {
                return Poll::Ready(ConnectionEnd::Broken);
            }
        }
        if stream.poll_watch(cx).is_ready() {
            return Poll::Ready(ConnectionEnd::Broken);
        }
        let is_half_closed = stream.has_ended() && stream.has_body_ended();
        if is_half_closed && self.state.half_closed.get().is_none() {
            self.state.half_closed.set(Some(Instant::now()));
        }
        Poll::Pending
    }
}
