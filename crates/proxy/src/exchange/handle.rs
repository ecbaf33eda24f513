//! The way of a request through the proxy, as one function.
//!
//! [`answer_by_service`] lists the stages. Each stage takes the value that the stage before
//! returned, so a request that was not judged cannot be forwarded. `?` leaves the list with a
//! problem, and [`handle`] turns every problem and every panic into one answer.
//!
//! When the client goes away, its connection drops the future. That releases what the request
//! holds and records the request as abandoned.

use std::future::{Future, poll_fn};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response};

use portcullis_telemetry::{RequestTrace, Span, TracedRequest};

use super::answer_body::AnswerBody;
use super::answer_table::ProblemCause;
use super::data_core::DataCore;
use super::grpc_refusal::grpc_media_type;
use super::problem_response::problem_response;
use super::stages;
use super::stages::{ExchangeProblem, IdentifiedRequest};
use super::unrecorded_request::UnrecordedRequest;
use super::vendor_call::VendorCall;
use crate::client::{HandshakeFailure, IncomingRequest, RequestHandler};
use crate::headers::{Peer, add_request_id, random_request_id};
use crate::inspect::HttpRefusal;

/// The metric label of fields that were removed because their names fold to protected ones.
const PROTECTED_NAME: &str = "protected-header";

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl RequestHandler for DataCore {
    fn handle(
        self: Rc<Self>,
        incoming: IncomingRequest,
    ) -> impl Future<Output = Response<AnswerBody>> + 'static {
        handle(self, incoming, None)
    }

    fn refuse(&self, refusal: HttpRefusal, peer: &Peer, head_start: &[u8]) -> Response<Bytes> {
        self.recorder.http_refusal(refusal.name());
        let id = random_request_id();
        let request = UnrecordedRequest::of_head_start(head_start);
        let problem = ExchangeProblem::without_record(ProblemCause::Http(refusal), request);
        let shown = id.to_str().unwrap_or_default();
        let mut response = problem_response(self, &problem, peer, shown, None);
        response.headers_mut().insert(X_REQUEST_ID, id);
        response
    }

    fn accepts_websocket(&self) -> bool {
        self.snapshot().accepts_websocket()
    }

    fn note_handshake(&self, failure: HandshakeFailure) {
        self.recorder.handshake_failure(failure.name());
    }
}

impl DataCore {
    /// Answers a call of a vendor, which takes the same way.
    pub(crate) fn handle_vendor_call(
        self: Rc<Self>,
        incoming: IncomingRequest,
        call: VendorCall,
    ) -> impl Future<Output = Response<AnswerBody>> + 'static {
        handle(self, incoming, Some(Box::new(call)))
    }
}

/// Answers one request, whatever happens.
async fn handle(
    core: Rc<DataCore>,
    incoming: IncomingRequest,
    vendor_call: Option<Box<VendorCall>>,
) -> Response<AnswerBody> {
    let (request, context) = identify(&core, incoming, vendor_call);
    let answering = pin!(answer_by_service(&core, request));
    match catch_panic(answering).await {
        Ok(Ok(response)) => context.trace(*response, None),
        Ok(Err(problem)) => context.answer(&core, problem),
        Err(CaughtPanic) => {
            core.recorder.panicked();
            let problem = ExchangeProblem::without_record(
                ProblemCause::Panicked,
                UnrecordedRequest::default(),
            );
            context.answer(&core, problem)
        }
    }
}

/// The stages, in the order in which a request meets them.
async fn answer_by_service(
    core: &Rc<DataCore>,
    request: IdentifiedRequest,
) -> Result<Box<Response<AnswerBody>>, ExchangeProblem> {
    // Which service, and who calls? Every later stage is recorded for both.
    let routed = stages::select_service(core, request)?;
    // Which operation? `/__owner` is answered without one.
    let matched = match stages::match_operation(routed)? {
        ControlFlow::Continue(matched) => matched,
        ControlFlow::Break(answer) => return Ok(Box::new(answer)),
    };
    // Are there fields that the application would read differently? Judged without them.
    let matched = stages::screen_headers(core, matched)?;
    // Does it ask to continue with another protocol? Few requests do.
    let matched = stages::check_upgrade(matched)?;
    // May this traffic pass now? Asked before time is spent on validation.
    let allowed = stages::check_traffic(matched)?;
    // Is the head valid? Asked before the body is read.
    let head_judged = stages::judge_head(core, allowed)?;
    // Is the body valid? Only a body with a schema is read here; any other is streamed.
    let judged = stages::judge_body(core, head_judged).await?;
    // The request now takes a slot, which it holds until its answer has passed.
    let admitted = stages::acquire_slot(judged).await?;
    // The judged request goes to the upstream, byte for byte.
    // Pinned, because its future is large and would be moved once more.
    let answer = pin!(stages::forward(admitted)).await?;
    // Is the response valid?
    let asked = answer.asked_pause();
    let judged_answer = stages::judge_response(core, answer).await;
    let judged_answer = judged_answer.map_err(|problem| problem.with_asked_pause(asked))?;
    Ok(stages::finish(core, judged_answer))
}

/// What the answer needs of the request, however the request ends.
struct AnswerContext {
    id: HeaderValue,
    peer: Rc<Peer>,
    /// The media type of a gRPC call.
    grpc: Option<HeaderValue>,
    /// The span of a sampled request.
    span: Option<Rc<Span>>,
}

/// Gives a request its id and its trace.
fn identify(
    core: &DataCore,
    incoming: IncomingRequest,
    vendor_call: Option<Box<VendorCall>>,
) -> (IdentifiedRequest, AnswerContext) {
    let IncomingRequest {
        mut request,
        body,
        peer,
        disguised,
        traits,
    } = incoming;
    for _ in 0..disguised {
        core.recorder.dropped_header(PROTECTED_NAME);
    }
    let id = add_request_id(request.headers_mut(), &peer);
    let trace = core.tracer.as_ref().map(|tracer| {
        tracer.begin(TracedRequest {
            method: request.method(),
            version: request.version(),
            headers: request.headers(),
            request_id: &id,
        })
    });
    let context = AnswerContext {
        id: id.clone(),
        peer: Rc::clone(&peer),
        grpc: grpc_media_type(request.version(), request.headers()),
        span: trace.as_ref().and_then(RequestTrace::span).map(Rc::clone),
    };
    let identified = IdentifiedRequest {
        id,
        request,
        body: Box::new(body),
        peer,
        trace,
        vendor_call,
        traits,
    };
    (identified, context)
}

impl AnswerContext {
    /// Answers a problem.
    fn answer(self, core: &DataCore, problem: ExchangeProblem) -> Response<AnswerBody> {
        let problem = problem.with_upload_violations();
        let id = self.id.to_str().unwrap_or_default();
        let mut response = problem_response(core, &problem, &self.peer, id, self.grpc.as_ref());
        response.headers_mut().insert(X_REQUEST_ID, self.id.clone());
        if let Some(asked) = problem.asked_pause {
            response.extensions_mut().insert(asked);
        }
        let error = problem.cause.entry().error;
        self.trace(response.map(AnswerBody::from), Some(error))
    }

    /// Ends the span with the answer's body.
    fn trace(
        self,
        response: Response<AnswerBody>,
        error: Option<&'static str>,
    ) -> Response<AnswerBody> {
        let Some(span) = self.span else {
            return response;
        };
        span.answered(response.status(), error);
        response.map(|body| body.traced(span))
    }
}

struct CaughtPanic;

/// Turns a panic of a future into a value. The future is not polled again after a panic. It is
/// pinned by the caller, because an async function keeps its arguments twice.
async fn catch_panic<F: Future>(mut future: Pin<&mut F>) -> Result<F::Output, CaughtPanic> {
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(_) => Poll::Ready(Err(CaughtPanic)),
        },
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest state that one exchange may have. A connection moves the future once for
    /// each request, so its size is paid even by requests that use little of it.
    const FUTURE_BYTES_MAX: usize = 4096;

    fn future_bytes<F: Future>(
        _: impl FnOnce(Rc<DataCore>, IncomingRequest, Option<Box<VendorCall>>) -> F,
    ) -> usize {
        size_of::<F>()
    }

    #[test]
    fn the_future_of_an_exchange_is_small() {
        let bytes = future_bytes(handle);
        assert!(bytes <= FUTURE_BYTES_MAX, "{bytes} bytes");
    }
}
