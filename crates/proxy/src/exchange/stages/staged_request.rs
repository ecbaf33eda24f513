//! What is known of a request after each stage. Each type can only be made from the one before.

use std::rc::Rc;

use http::{HeaderValue, Request, Response};

use portcullis_contract::route::PathCaptures;
use portcullis_telemetry::RequestTrace;

use super::owned_body_plan::OwnedBodyPlan;
use crate::body::ForwardBody;
use crate::body::RequestBody;
use crate::exchange::answer_body::AnswerBody;
use crate::exchange::answer_table::ProblemCause;
use crate::exchange::in_flight::InFlight;
use crate::exchange::request_record::RequestRecord;
use crate::exchange::shadow_capture::ShadowCapture;
use crate::exchange::unrecorded_request::UnrecordedRequest;
use crate::exchange::vendor_call::{AskedPause, VendorCall};
use crate::headers::{NameTraits, Peer};

/// A request with its id and, where requests are traced, its trace.
#[derive(Debug)]
pub(in crate::exchange) struct IdentifiedRequest {
    pub(in crate::exchange) id: HeaderValue,
    pub(in crate::exchange) request: Box<Request<()>>,
    /// Boxed, because every stage moves it.
    pub(in crate::exchange) body: Box<RequestBody>,
    pub(in crate::exchange) peer: Rc<Peer>,
    pub(in crate::exchange) trace: Option<RequestTrace>,
    /// What the forward proxy knows of it.
    pub(in crate::exchange) vendor_call: Option<Box<VendorCall>>,
    /// What the names of its fields mean.
    pub(in crate::exchange) traits: NameTraits,
}

/// A request whose service and consumer are known.
#[derive(Debug)]
pub(in crate::exchange) struct RoutedRequest<B = Box<RequestBody>> {
    /// The head. Boxed, because every stage moves it.
    pub(super) request: Box<Request<()>>,
    pub(super) body: B,
    pub(super) peer: Rc<Peer>,
    pub(super) record: Rc<RequestRecord>,
    /// What the names of its fields mean.
    pub(super) traits: NameTraits,
}

/// A request whose operation is known, or which passes without one.
#[derive(Debug)]
pub(in crate::exchange) struct MatchedRequest {
    pub(super) routed: RoutedRequest,
    /// The operation, and the values of its path parameters.
    pub(super) operation: Option<(u32, PathCaptures)>,
}

/// A request that no circuit breaker, share or budget refuses at this moment.
#[derive(Debug)]
pub(in crate::exchange) struct AllowedRequest(pub(super) MatchedRequest);

/// A request with a valid head.
#[derive(Debug)]
pub(in crate::exchange) struct HeadJudgedRequest {
    pub(super) routed: RoutedRequest,
    pub(super) plan: OwnedBodyPlan,
}

/// A request that may be forwarded. A large upload is still judged while it passes.
#[derive(Debug)]
pub(in crate::exchange) struct JudgedRequest {
    /// Boxed, because every async function from here to the upstream stores its arguments twice.
    pub(super) request: Box<Request<ForwardBody>>,
    pub(super) peer: Rc<Peer>,
    pub(super) record: Rc<RequestRecord>,
}

/// A request that holds a slot.
#[derive(Debug)]
pub(in crate::exchange) struct AdmittedRequest {
    pub(super) judged: JudgedRequest,
    pub(super) in_flight: Box<InFlight>,
}

/// The answer of the service.
#[derive(Debug)]
pub(in crate::exchange) struct ServiceAnswer {
    /// Boxed, because every stage moves it.
    pub(super) response: Box<Response<AnswerBody>>,
    pub(super) record: Rc<RequestRecord>,
    /// Whether Portcullis answered as the last recipient of the request.
    pub(super) is_own: bool,
    /// Whether the request was a HEAD.
    pub(super) is_head: bool,
    /// The copy of the exchange, where it is sampled for a candidate contract.
    pub(super) shadow: Option<ShadowCapture>,
}

/// Why the service did not answer a request.
#[derive(Debug)]
pub(in crate::exchange) struct ExchangeProblem {
    pub(in crate::exchange) cause: ProblemCause,
    /// The record of the request; what is known of it where no service was found.
    pub(in crate::exchange) record: Result<Rc<RequestRecord>, Box<UnrecordedRequest>>,
    /// The pause that a vendor asks for, if its answer is replaced.
    pub(in crate::exchange) asked_pause: Option<AskedPause>,
}

impl ServiceAnswer {
    /// The pause that a vendor asks for with it.
    pub(in crate::exchange) fn asked_pause(&self) -> Option<AskedPause> {
        AskedPause::noted(&self.response)
    }
}

impl ExchangeProblem {
    /// A problem of a request to a known service.
    pub(super) fn new(cause: ProblemCause, record: &Rc<RequestRecord>) -> Self {
        Self {
            cause,
            record: Ok(Rc::clone(record)),
            asked_pause: None,
        }
    }

    /// A problem of a request to no known service.
    pub(in crate::exchange) fn without_record(
        cause: ProblemCause,
        request: UnrecordedRequest,
    ) -> Self {
        Self {
            cause,
            record: Err(Box::new(request)),
            asked_pause: None,
        }
    }

    /// Adds the pause that the replaced answer asks for.
    pub(in crate::exchange) fn with_asked_pause(self, asked_pause: Option<AskedPause>) -> Self {
        Self {
            asked_pause,
            ..self
        }
    }

    /// Replaces the cause by the violations of the upload, if it was refused while it passed: the
    /// upstream fails then, but only because its request was cut off.
    pub(in crate::exchange) fn with_upload_violations(mut self) -> Self {
        let refused = self.record.as_ref().ok();
        if let Some(cause) = refused.and_then(|record| record.take_upload_refusal()) {
            self.cause = cause;
        }
        self
    }
}

impl<B> RoutedRequest<B> {
    /// The request without its body, and the body.
    pub(super) fn split(self) -> (RoutedRequest<()>, B) {
        let routed = RoutedRequest {
            request: self.request,
            body: (),
            peer: self.peer,
            record: self.record,
            traits: self.traits,
        };
        (routed, self.body)
    }
}

impl RoutedRequest<()> {
    /// The judged request, with the body to forward.
    pub(super) fn with_body(self, body: ForwardBody) -> JudgedRequest {
        JudgedRequest {
            request: Box::new((*self.request).map(|()| body)),
            peer: self.peer,
            record: self.record,
        }
    }
}
