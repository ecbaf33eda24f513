//! The account of one request, from its arrival to its answer.
//!
//! Everybody who learns something writes it down; the account is recorded when it is dropped,
//! exactly once, whether the request was answered, refused or abandoned by its client. Metrics,
//! the inventory and the access log are all made of it, so that they agree.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use crate::identity::CallerIdentity;
use crate::telemetry::{
    DriftEvent, MaskedViolation, RequestLabels, RequestMeasurement, RequestOutcome, RequestTrace,
    ServiceAttributes, Span, ViolatedParts,
};
use portcullis_contract::Violation;
use portcullis_vocabulary::enforcement::{Enforcement, ViolationClass};
use portcullis_vocabulary::{Caller, Consumer};

use super::service_core::ServiceCore;
use crate::proxy::headers::Peer;

/// The account of one request to one service.
#[derive(Debug)]
pub(super) struct RequestRecord {
    pub(super) service: Rc<ServiceCore>,
    pub(super) caller: Caller,
    pub(super) meta: RequestMeta,
    /// The version of the calling service.
    version: Option<HeaderValue>,
    pub(super) started: Instant,
    operation_match: Cell<OperationMatch>,
    waited: Cell<Duration>,
    judging: Cell<Duration>,
    took: Cell<Option<Duration>>,
    answer: Cell<AnswerSummary>,
    departed: Cell<ViolatedParts>,
    findings: RefCell<Vec<MaskedViolation>>,
}

/// What was asked, and by whom.
#[derive(Debug)]
pub(super) struct RequestMeta {
    pub(super) id: HeaderValue,
    pub(super) method: Method,
    pub(super) target: Uri,
    pub(super) peer: Rc<Peer>,
    /// The trace that it is part of, where requests are traced.
    pub(super) trace: Option<RequestTrace>,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OperationMatch {
    /// Nothing that the contract knows.
    Unmatched,
    /// This operation.
    Operation(u32),
    /// Whom the service belongs to, which Portcullis answers itself.
    Owner,
}

/// How it ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnswerSummary {
    pub(super) outcome: RequestOutcome,
    /// The status that was sent.
    pub(super) status: Option<StatusCode>,
    /// Why Portcullis answered itself.
    pub(super) error: Option<&'static str>,
}

impl RequestRecord {
    pub(super) fn open(
        service: Rc<ServiceCore>,
        claim: CallerIdentity,
        asked: RequestMeta,
        started: Instant,
    ) -> Self {
        let CallerIdentity { caller, version } = claim;
        Self {
            service,
            caller,
            meta: asked,
            version,
            started,
            operation_match: Cell::new(OperationMatch::Unmatched),
            waited: Cell::new(Duration::ZERO),
            judging: Cell::new(Duration::ZERO),
            took: Cell::new(None),
            answer: Cell::new(AnswerSummary {
                outcome: RequestOutcome::Abandoned,
                status: None,
                error: None,
            }),
            departed: Cell::new(ViolatedParts::default()),
            findings: RefCell::default(),
        }
    }

    pub(super) fn operation(&self) -> Option<u32> {
        match self.operation_match.get() {
            OperationMatch::Operation(operation) => Some(operation),
            OperationMatch::Unmatched | OperationMatch::Owner => None,
        }
    }

    pub(super) fn set_operation(&self, operation: u32) {
        self.operation_match
            .set(OperationMatch::Operation(operation));
    }

    /// It asks for the owner of the service.
    pub(super) fn set_owner_request(&self) {
        self.operation_match.set(OperationMatch::Owner);
    }

    /// Time in which the client or the upstream was waited for.
    pub(super) fn add_wait(&self, time: Duration) {
        self.waited.set(self.waited.get() + time);
    }

    /// The upstream was asked once and waited for.
    pub(super) fn add_upstream_time(&self, time: Duration) {
        self.add_wait(time);
        if let Some(span) = self.span() {
            span.upstream_took(time);
        }
    }

    /// Judges, and counts the time that it takes.
    pub(super) fn timed<T>(&self, judge: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let judged = judge();
        self.judging.set(self.judging.get() + started.elapsed());
        judged
    }

    /// The head of the answer is decided; what follows does not count as time taken.
    pub(super) fn set_answer(&self, ended: AnswerSummary) {
        self.took.set(Some(self.started.elapsed()));
        self.answer.set(ended);
    }

    /// Something departed from the contract.
    pub(super) fn record_violation(&self, violation: &Violation, done: Enforcement) {
        let class = violation.class;
        self.service.recorder.violation(self.labels(), class, done);
        let mut violated_parts = self.departed.get();
        match class.is_of_response() {
            true => violated_parts.response = true,
            false => violated_parts.request = true,
        }
        self.departed.set(violated_parts);
        let finding = masked_violation(violation, done, &self.service);
        self.service
            .recorder
            .record_drift(self.departure(finding.clone()));
        if let Some(span) = self.span() {
            span.record_violation(&finding);
        }
        self.findings.borrow_mut().push(finding);
    }

    /// A rule of traffic refused it.
    pub(super) fn record_shed(&self, reason: &'static str) {
        let tier = self.caller.tier;
        self.service.recorder.shed(self.labels(), tier, reason);
    }

    /// The consumer's name, as metrics and refusals write it.
    pub(super) fn consumer_name(&self) -> &str {
        self.service.catalog.consumer_name(self.caller.consumer)
    }

    /// The version of the calling service, where it says so.
    pub(super) fn version(&self) -> Option<&str> {
        self.version.as_ref()?.to_str().ok()
    }

    /// The operation's name; `unknown` where none was found.
    pub(super) fn operation_name(&self) -> &str {
        match self.operation_match.get() {
            OperationMatch::Operation(operation) => {
                &self.service.contract.operation(operation).name
            }
            OperationMatch::Owner => "__owner",
            OperationMatch::Unmatched => "unknown",
        }
    }

    /// How it ended, as far as it has.
    pub(super) fn answer_summary(&self) -> AnswerSummary {
        self.answer.get()
    }

    /// When its head had arrived.
    pub(super) fn at(&self) -> SystemTime {
        let now = SystemTime::now();
        now.checked_sub(self.started.elapsed()).unwrap_or(now)
    }

    fn departure(&self, finding: MaskedViolation) -> DriftEvent<'_> {
        let is_stray = matches!(
            finding.class,
            ViolationClass::UnknownPath | ViolationClass::UnknownMethod
        );
        let RequestMeta { method, target, .. } = &self.meta;
        let stray = is_stray.then(|| {
            let outline = self.service.contract.outline(target.path());
            (
                reportable_method(method).to_owned(),
                outline.known,
                outline.rest,
            )
        });
        let is_status = finding.class == ViolationClass::UndeclaredStatus;
        let status = self.answer.get().status.filter(|_| is_status);
        DriftEvent {
            at: SystemTime::now(),
            finding,
            operation: self.operation().map(|_| self.operation_name()),
            squad: self.consumer_name(),
            stray,
            status: status.map(|status| status.as_u16()),
        }
    }

    /// Tells the upstream which trace the request is part of, where requests are traced. A service
    /// that knows no squads is not told of them here either.
    pub(super) fn propagate(&self, headers: &mut HeaderMap) {
        let Some(trace) = &self.meta.trace else {
            return;
        };
        let is_known = self.caller.consumer != Consumer::Unknown && !self.service.config().legacy;
        trace.propagate(headers, is_known.then(|| self.consumer_name()));
    }

    fn span(&self) -> Option<&Span> {
        self.meta.trace.as_ref()?.span().map(|span| &**span)
    }

    /// What the span of the request is to say of it.
    fn service_attributes(&self, outcome: RequestOutcome) -> ServiceAttributes {
        let contract = &self.service.contract;
        let operation = self.operation().map(|id| contract.operation(id));
        let config = self.service.config();
        ServiceAttributes {
            service: config.name.clone(),
            operation: operation.map(|found| (Arc::clone(&found.name), Arc::clone(&found.path))),
            contract: (
                Arc::clone(&contract.version),
                Arc::clone(&contract.revision),
            ),
            squad: self.consumer_name().to_owned(),
            tier: self.caller.tier,
            risk_score: config.risk_score,
            outcome,
        }
    }

    fn labels(&self) -> RequestLabels<'_> {
        RequestLabels {
            operation: match self.operation_match.get() {
                OperationMatch::Operation(operation) => operation,
                OperationMatch::Owner => u32::MAX - 1,
                OperationMatch::Unmatched => u32::MAX,
            },
            operation_name: self.operation_name(),
            squad: self.caller.consumer.index(),
            squad_name: self.consumer_name(),
        }
    }
}

/// A method as it may be told: one that HTTP has, else `*`, since a client may send anything.
pub(super) fn reportable_method(method: &Method) -> &str {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::CONNECT,
        Method::OPTIONS,
        Method::TRACE,
        Method::PATCH,
    ];
    match known.contains(method) {
        true => method.as_str(),
        false => "*",
    }
}

/// A violation without the values that its message may quote, and without names that its sender
/// chose.
fn masked_violation(
    violation: &Violation,
    done: Enforcement,
    service: &ServiceCore,
) -> MaskedViolation {
    let place = violation.contract.as_ref();
    let is_chosen = matches!(
        violation.class,
        ViolationClass::UnknownQuery
            | ViolationClass::UnknownHeader
            | ViolationClass::UnknownCookie
    );
    let name = violation.name.as_deref();
    MaskedViolation {
        class: violation.class,
        enforcement: done,
        part: violation.part.as_str(),
        name: name.map(|name| match is_chosen {
            true => MaskedViolation::reportable_name(name),
            false => name.to_owned(),
        }),
        pointer: service.contract.mask(&violation.pointer),
        keyword: violation.keyword.clone(),
        schema: place.map(|spot| format!("#{}", spot.pointer)),
        place: place.map(|spot| (spot.file.clone(), spot.line)),
    }
}

impl Drop for RequestRecord {
    fn drop(&mut self) {
        let took = self.took.get().unwrap_or_else(|| self.started.elapsed());
        let measured = RequestMeasurement {
            took,
            own: took.saturating_sub(self.waited.get()),
            judging: self.judging.get(),
            departed: self.departed.get(),
        };
        let outcome = self.answer.get().outcome;
        self.service
            .recorder
            .request(self.labels(), outcome, measured);
        super::service_access_log::write(self, measured, &self.findings.borrow());
        if let Some(span) = self.span() {
            span.set_service_attributes(self.service_attributes(outcome));
        }
    }
}
