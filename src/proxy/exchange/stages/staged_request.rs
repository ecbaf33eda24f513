//! What a request is between two layers: each stage knows more than the one before.

use std::rc::Rc;

use http::{HeaderName, HeaderValue, Request, Response};

use crate::telemetry::RequestTrace;
use portcullis_contract::Violation;
use portcullis_contract::route::PathCaptures;
use portcullis_vocabulary::enforcement::Enforcement;

use super::owned_body_plan::OwnedBodyPlan;
use crate::proxy::body::forward_body::ForwardBody;
use crate::proxy::body::request_body::RequestBody;
use crate::proxy::exchange::answer_body::AnswerBody;
use crate::proxy::exchange::answer_table::ProblemCause;
use crate::proxy::exchange::in_flight::InFlight;
use crate::proxy::exchange::request_record::RequestRecord;
use crate::proxy::headers::Peer;

/// A request with its id.
#[derive(Debug)]
pub(in crate::proxy) struct IdentifiedRequest {
    pub(in crate::proxy) id: HeaderValue,
    pub(in crate::proxy) request: Request<RequestBody>,
    pub(in crate::proxy) peer: Rc<Peer>,
    /// Where requests are traced.
    pub(in crate::proxy) trace: Option<RequestTrace>,
}

/// A request whose service and consumer are known.
#[derive(Debug)]
pub(in crate::proxy) struct RoutedRequest<B = RequestBody> {
    pub(in crate::proxy) request: Request<B>,
    pub(in crate::proxy) peer: Rc<Peer>,
    pub(in crate::proxy) ledger: Rc<RequestRecord>,
    /// Violations that do not keep it from passing.
    pub(in crate::proxy) reported: Vec<Violation>,
}

/// A request whose operation is known, with the values of its path; or one that passes without.
#[derive(Debug)]
pub(in crate::proxy) struct MatchedRequest {
    pub(in crate::proxy) routed: RoutedRequest,
    pub(in crate::proxy) operation: Option<(u32, PathCaptures)>,
}

/// A request whose head was judged.
#[derive(Debug)]
pub(in crate::proxy) struct HeadJudgedRequest {
    pub(in crate::proxy) routed: RoutedRequest,
    pub(in crate::proxy) plan: OwnedBodyPlan,
}

/// A request that may go out.
#[derive(Debug)]
pub(in crate::proxy) struct JudgedRequest(pub(in crate::proxy) RoutedRequest<ForwardBody>);

/// A request that takes part in the traffic to its upstream.
#[derive(Debug)]
pub(in crate::proxy) struct AdmittedRequest {
    pub(in crate::proxy) routed: RoutedRequest<ForwardBody>,
    /// Its place there; none where there is no upstream.
    pub(in crate::proxy) passage: Option<Box<InFlight>>,
}

/// An answer of the service.
#[derive(Debug)]
pub(in crate::proxy) struct ServiceAnswer {
    pub(in crate::proxy) response: Response<AnswerBody>,
    pub(in crate::proxy) reported: Vec<Violation>,
}

/// A request that its service did not answer.
#[derive(Debug)]
pub(in crate::proxy) struct ExchangeProblem {
    pub(in crate::proxy) cause: ProblemCause,
    pub(in crate::proxy) ledger: Option<Rc<RequestRecord>>,
}

impl ExchangeProblem {
    pub(in crate::proxy) fn new(cause: ProblemCause, ledger: &Rc<RequestRecord>) -> Self {
        Self {
            cause,
            ledger: Some(Rc::clone(ledger)),
        }
    }
}

impl<B> RoutedRequest<B> {
    /// The request without its body, and the body.
    pub(in crate::proxy) fn split(self) -> (RoutedRequest<()>, B) {
        let (head, body) = self.request.into_parts();
        let Self {
            peer,
            ledger,
            reported,
            ..
        } = self;
        (
            RoutedRequest {
                request: Request::from_parts(head, ()),
                peer,
                ledger,
                reported,
            },
            body,
        )
    }

    /// The request with another body.
    pub(in crate::proxy) fn with_body<C>(self, body: C) -> RoutedRequest<C> {
        let Self {
            request,
            peer,
            ledger,
            reported,
        } = self;
        RoutedRequest {
            request: request.map(|_| body),
            peer,
            ledger,
            reported,
        }
    }

    /// See [`enforce`].
    pub(in crate::proxy) fn enforce(
        &mut self,
        violations: Vec<Violation>,
        headers: Vec<(HeaderName, HeaderValue)>,
    ) -> Result<(), ExchangeProblem> {
        enforce(&self.ledger, &mut self.reported, violations, headers)
    }
}

/// Decides about violations: refuses if one of them is to be rejected, with `headers` in the
/// answer; else remembers them.
pub(in crate::proxy) fn enforce(
    ledger: &Rc<RequestRecord>,
    reported: &mut Vec<Violation>,
    violations: Vec<Violation>,
    headers: Vec<(HeaderName, HeaderValue)>,
) -> Result<(), ExchangeProblem> {
    if violations.is_empty() {
        return Ok(());
    }
    let policy = ledger.service.policy(ledger.operation());
    let is_rejectable = |violation: &Violation| policy.of(violation.class) == Enforcement::Reject;
    // Drawn only when it matters: a roll-out rejects a share of what it could reject.
    let rejects = violations.iter().any(is_rejectable) && fastrand::f64() < policy.sample();
    for violation in &violations {
        let done = match is_rejectable(violation) && rejects {
            true => Enforcement::Reject,
            false => Enforcement::Report,
        };
        ledger.record_violation(violation, done);
    }
    if !rejects {
        if ledger.service.config().legacy {
            log_violations(ledger, &violations);
        }
        reported.extend(violations);
        return Ok(());
    }
    let (mut rejected, others): (Vec<_>, Vec<_>) = violations.into_iter().partition(is_rejectable);
    rejected.extend(others);
    let cause = ProblemCause::Violations {
        violations: rejected,
        headers,
    };
    Err(ExchangeProblem::new(cause, ledger))
}

/// A legacy service refuses nothing, so the log is where its owners see what they would.
fn log_violations(ledger: &RequestRecord, violations: &[Violation]) {
    for violation in violations {
        tracing::info!(
            service = ledger.service.config().name,
            operation = ledger.operation_name(),
            squad = ledger.consumer_name(),
            class = violation.class.as_str(),
            schema = violation
                .contract
                .as_ref()
                .map(|spot| spot.pointer.as_str()),
            keyword = violation.keyword.as_deref(),
            "violation passed"
        );
    }
}

/// `x-portcullis-violations`: how many, and of which classes.
pub(in crate::proxy) fn report_header(violations: &[Violation]) -> Option<HeaderValue> {
    let mut classes: Vec<&str> = violations
        .iter()
        .map(|violation| violation.class.as_str())
        .collect();
    classes.sort_unstable();
    classes.dedup();
    HeaderValue::from_str(&format!("{}; {}", violations.len(), classes.join(", "))).ok()
}
