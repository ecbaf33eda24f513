//! One stream: its request, on the way that all requests take, and the answer.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, ready};
use std::time::SystemTime;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::header::{CONTENT_LENGTH, DATE, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT};
use http::{Method, Request, Response, StatusCode};
use http_body::Body;

use super::answer_sender::AnswerSender;
use super::frame_meter::FrameMeter;
use super::stream_registry::StreamRegistry;
use super::stream_tunnel::StreamTunnel;
use crate::body::{Http2Body, SharedResponse};
use crate::client::answer_buffer::AnswerBuffer;
use crate::client::connection_registry::ConnectionRegistry;
use crate::client::incoming_request::{IncomingRequest, RequestHandler};
use crate::client::splice::{SpliceDirection, SpliceState};
use crate::connection_state::ConnectionState;
use crate::deadline_timer::DeadlineTimer;
use crate::exchange::{AnswerBody, UpgradeEnd};
use crate::headers::NameTraits;
use crate::headers::{Peer, add_handshake_key, remove_hop_by_hop};
use crate::inspect::{check_http2_head, http2_head_start};
use crate::limits::ClientLimits;

/// What the streams of a connection share.
#[derive(Debug)]
pub(super) struct StreamContext<H> {
    pub(super) handler: Rc<H>,
    pub(super) peer: Rc<Peer>,
    pub(super) limits: Rc<ClientLimits>,
    pub(super) connections: Rc<ConnectionRegistry>,
    pub(super) streams: Rc<StreamRegistry>,
    pub(super) meter: Rc<FrameMeter>,
}

/// Serves one stream.
pub(super) async fn serve_stream<H: RequestHandler>(
    context: Rc<StreamContext<H>>,
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
) {
    let state = Rc::new(ConnectionState::new());
    state.is_http2.set(true);
    let id = respond.stream_id().as_u32();
    let _open = context.streams.open(id, &state);
    let respond = Rc::new(RefCell::new(respond));
    state.stream.replace(Rc::downgrade(&respond));
    let is_head = request.method() == Method::HEAD;
    let Some((answer, tunnel)) = context.answer(request, &respond, &state).await else {
        context.meter.cancelled();
        if context.meter.resets_in_excess() > 0 {
            context.streams.wake_driver();
        }
        return;
    };
    if answer.body().is_upgraded() {
        return context.continue_upgraded(answer, &respond, tunnel).await;
    }
    context
        .send(answer, &respond, Rc::clone(&state), is_head)
        .await;
    finish_upload(&state).await;
}

impl<H: RequestHandler> StreamContext<H> {
    /// The answer to a request, and what its client sends if it asks for WebSocket; nothing if its stream
    /// ended before.
    async fn answer(
        &self,
        request: Request<RecvStream>,
        respond: &SharedResponse,
        state: &Rc<ConnectionState>,
    ) -> Option<(Response<AnswerBody>, Option<RecvStream>)> {
        // Most cancelled requests are noticed before any work is done for them.
        let is_reset =
            poll_fn(|cx| Poll::Ready(respond.borrow_mut().poll_reset(cx).is_ready())).await;
        if is_reset {
            return None;
        }
        let (mut head, stream) = request.into_parts();
        let is_websocket = match check_http2_head(&mut head, &self.limits.inspect) {
            Ok(is_websocket) => is_websocket,
            Err(refusal) => {
                self.connections.counts.borrow_mut().refused += 1;
                let head_start = http2_head_start(&head);
                let answer = self.handler.refuse(refusal, &self.peer, &head_start);
                return Some((answer.map(AnswerBody::from), None));
            }
        };
        let (body, tunnel) = if is_websocket {
            state.asks_upgrade.set(true);
            add_handshake_key(&mut head.headers);
            (Http2Body::absent(self.limits.inspect), Some(stream))
        } else {
            let body = Http2Body::new(stream, &head.headers, self.limits.inspect, respond);
            (body, None)
        };
        let request = Box::new(Request::from_parts(head, ()));
        let (peer, limits) = (Rc::clone(&self.peer), &self.limits);
        let (body, shared) = (body.into(), Rc::clone(state));
        let traits = NameTraits::UNKNOWN;
        let incoming = IncomingRequest::on_connection(request, traits, body, peer, shared, limits);
        let answer = Rc::clone(&self.handler).handle(incoming);
        let mut answer = until_reset(answer, respond, state).await?;
        // Every 2xx accepts a WebSocket here (RFC 8441 section 5), but only 101 did on HTTP/1.1.
        if is_websocket && answer.status().is_success() && !answer.body().is_upgraded() {
            *answer.status_mut() = StatusCode::BAD_GATEWAY;
        }
        self.connections.counts.borrow_mut().requests += 1;
        Some((answer, tunnel))
    }

    /// Accepts a WebSocket, and passes bytes until it ends.
    async fn continue_upgraded(
        &self,
        answer: Response<AnswerBody>,
        respond: &SharedResponse,
        tunnel: Option<RecvStream>,
    ) {
        let (head, body) = answer.into_parts();
        let (Some(mut exchange), Some(receiver)) = (body.into_upgraded(), tunnel) else {
            return;
        };
        let head = accepted_head(head.headers);
        self.meter.answer_frames(1);
        let sent = respond.borrow_mut().send_response(head, false);
        let Ok(sender) = sent else {
            return exchange.end(UpgradeEnd::ClientGone, 0, 0);
        };
        self.meter.answered();
        let mut tunnel = StreamTunnel::new(receiver, sender, Rc::clone(&self.meter));
        let state = exchange.connection();
        let idle_timeout = exchange.idle_timeout();
        let (upstream, recorder) = exchange.split();
        let arrived = upstream.take_received();
        let mut splice = SpliceState::new(
            SpliceDirection::default(),
            SpliceDirection::beginning_with(&[], &arrived),
        );
        let end = splice.run(
            &mut tunnel,
            upstream,
            idle_timeout,
            || state.is_aborted.get(),
            |from_client, from_upstream| recorder.passed(from_client, from_upstream),
        );
        let end = end.await;
        let passed = (splice.from_client.passed(), splice.from_upstream.passed());
        // Closes the connection to the upstream and releases the slot.
        exchange.end(end, passed.0, passed.1);
        match end {
            UpgradeEnd::Closed | UpgradeEnd::Idle => tunnel.close(),
            UpgradeEnd::ClientGone | UpgradeEnd::UpstreamGone => tunnel.cancel(),
        }
    }

    /// Sends an answer. If it cannot be sent to its end, it is dropped, which records that.
    async fn send(
        &self,
        answer: Response<AnswerBody>,
        respond: &SharedResponse,
        state: Rc<ConnectionState>,
        is_head: bool,
    ) {
        let (head, mut body) = answer.into_parts();
        let mut head = Response::from_parts(head, ());
        complete_head(&mut head, &body);
        let is_last = is_head || body.is_end_stream();
        self.meter.answer_frames(1);
        let sent = respond.borrow_mut().send_response(head, is_last);
        let Ok(stream) = sent else {
            return;
        };
        if is_last {
            body.complete();
            return self.meter.answered();
        }
        let buffer_max = self.limits.response_buffer_max;
        let buffered = Rc::clone(&self.connections.buffered);
        let mut sender = AnswerSender {
            stream,
            source: AnswerBuffer::new(body, buffer_max, buffered),
            data: Bytes::new(),
            timer: DeadlineTimer::default(),
            state,
            meter: &self.meter,
            limits: &self.limits,
        };
        if poll_fn(|cx| sender.poll(cx)).await.is_ok() {
            self.meter.answered();
        }
    }
}

/// Waits until the rest of an upload is sent, which may continue after the answer, and ends the wait for
/// its next part.
async fn finish_upload(state: &ConnectionState) {
    let mut timer = DeadlineTimer::default();
    poll_fn(|cx| {
        // Woken when the upload begins to wait, and when it ends.
        state.driver_waker.replace(Some(cx.waker().clone()));
        while state.upload_continues.get() {
            let Some(deadline) = state.body_deadline.get() else {
                return Poll::Pending;
            };
            ready!(timer.poll(cx, deadline));
            state.expire_body();
        }
        Poll::Ready(())
    })
    .await;
}

/// Waits for an answer while the stream is open, and ends the wait for its request body.
async fn until_reset(
    answer: impl Future<Output = Response<AnswerBody>>,
    respond: &SharedResponse,
    state: &ConnectionState,
) -> Option<Response<AnswerBody>> {
    let mut answer = pin!(answer);
    let mut timer = DeadlineTimer::default();
    poll_fn(|cx| {
        loop {
            if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
                return Poll::Ready(Some(answer));
            }
            if respond.borrow_mut().poll_reset(cx).is_ready() {
                return Poll::Ready(None);
            }
            let Some(deadline) = state.body_deadline.get() else {
                return Poll::Pending;
            };
            ready!(timer.poll(cx, deadline));
            state.expire_body();
        }
    })
    .await
}

/// The head that accepts a WebSocket (RFC 8441 section 5). The key of HTTP/1.1 was that of Portcullis.
fn accepted_head(headers: HeaderMap) -> Response<()> {
    let mut head = Response::new(());
    *head.headers_mut() = headers;
    complete_head(&mut head, &AnswerBody::empty());
    for name in [CONTENT_LENGTH, SEC_WEBSOCKET_ACCEPT] {
        head.headers_mut().remove(name);
    }
    head
}

/// Adds what is added to answers of HTTP/1.1, and removes what belongs to one hop (RFC 9113 section 8.2.2).
fn complete_head(head: &mut Response<()>, body: &AnswerBody) {
    let headers = head.headers_mut();
    remove_hop_by_hop(headers);
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        headers
            .entry(CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
    headers.entry(DATE).or_insert_with(|| {
        let date = httpdate::fmt_http_date(SystemTime::now());
        HeaderValue::from_str(&date).unwrap_or_else(|_| HeaderValue::from_static(""))
    });
}
