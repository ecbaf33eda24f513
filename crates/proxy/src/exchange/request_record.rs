//! The record of one request, from its arrival to its answer.
//!
//! Every stage writes to it. Dropping it publishes it exactly once, whether the request was
//! answered, refused or abandoned by its client. Metrics, the inventory, the access log and the
//! span all come from this one record, so they agree.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, Ref, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, HeaderValue, StatusCode};

use crate::interim_responses::InterimResponses;
use crate::poll_clock;
use portcullis_contract::{DeclaredResponse, OperationLifecycle, Violation};
use portcullis_identity::CallerIdentity;
use portcullis_telemetry::{
    DriftEvent, MaskedViolation, RequestLabels, RequestMeasurement, RequestOutcome,
    ServiceAttributes, Span, UpgradeFields, ViolatedParts,
};
use portcullis_vocabulary::{Caller, Consumer, Enforcement, ViolationClass};

use super::answer_passage::AnswerPassage;
use super::answer_table::ProblemCause;
use super::recorded_usage::RecordedUsage;
use super::reportable::{masked_violation, reportable_method};
use super::request_meta::RequestMeta;
use super::service_core::ServiceCore;

/// The record of one request to one service.
#[derive(Debug)]
pub(super) struct RequestRecord {
    pub(super) service: Rc<ServiceCore>,
    pub(super) caller: Caller,
    pub(super) meta: RequestMeta,
    /// The version of the calling service.
    pub(super) version: Option<HeaderValue>,
    pub(super) started: Instant,
    operation_match: Cell<OperationMatch>,
    waited: Cell<Duration>,
    pub(super) usage: RecordedUsage,
    judging: Cell<Duration>,
    took: Cell<Option<Duration>>,
    pub(super) answer: Cell<AnswerSummary>,
    pub(super) passage: Cell<AnswerPassage>,
    /// Why the service did not answer, or not completely.
    pub(super) reason: RefCell<Option<Cow<'static, str>>>,
    violated_parts: Cell<ViolatedParts>,
    /// Whether a circuit that failures opened refused the request.
    is_circuit_open: Cell<bool>,
    pub(super) violations: RefCell<Vec<MaskedViolation>>,
    /// Violations that did not refuse the request, for the header of the answer.
    reported: RefCell<Vec<Violation>>,
    /// Why an upload was refused while it passed.
    upload_refusal: RefCell<Option<Box<ProblemCause>>>,
    /// What passed after an upgrade.
    upgrade: OnceCell<Box<UpgradeFields>>,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OperationMatch {
    /// Nothing that the contract declares.
    Unmatched,
    /// An operation.
    Operation(u32),
    /// The owner of the service, which Portcullis answers itself.
    Owner,
}

/// How a request was answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnswerSummary {
    pub(super) outcome: RequestOutcome,
    /// The status that was sent.
    pub(super) status: Option<StatusCode>,
    /// The error, if Portcullis answered instead of the service.
    pub(super) error: Option<&'static str>,
}

impl RequestRecord {
    pub(super) fn open(
        service: Rc<ServiceCore>,
        identity: CallerIdentity,
        meta: RequestMeta,
        started: Instant,
    ) -> Self {
        service.in_flight.enter();
        Self {
            usage: RecordedUsage::after(meta.connection.body_bytes.get()),
            service,
            caller: identity.caller,
            meta,
            version: identity.version,
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
            passage: Cell::new(AnswerPassage::Passed),
            reason: RefCell::default(),
            violated_parts: Cell::new(ViolatedParts::default()),
            is_circuit_open: Cell::new(false),
            violations: RefCell::default(),
            reported: RefCell::default(),
            upload_refusal: RefCell::default(),
            upgrade: OnceCell::new(),
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

    /// Records that the request asks for the owner of the service.
    pub(super) fn set_owner_request(&self) {
        self.operation_match.set(OperationMatch::Owner);
    }

    /// Adds time spent waiting for the client or the upstream.
    pub(super) fn add_wait(&self, time: Duration) {
        self.waited.set(self.waited.get() + time);
    }

    /// Runs a validation and adds its time.
    pub(super) fn timed<T>(&self, judge: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let judged = judge();
        self.judging.set(self.judging.get() + started.elapsed());
        poll_clock::advance();
        judged
    }

    /// Records how the request is answered. The measured duration ends here, before the body of
    /// the answer is sent.
    pub(super) fn set_answer(&self, answer: AnswerSummary) {
        let now = poll_clock::now();
        self.took
            .set(Some(now.saturating_duration_since(self.started)));
        self.answer.set(answer);
        self.passage.set(AnswerPassage::Passed);
    }

    /// Records how far the answer of the service has come.
    pub(super) fn set_passage(&self, passage: AnswerPassage) {
        self.passage.set(passage);
    }

    /// Records why the service did not answer, or not completely.
    pub(super) fn set_reason(&self, reason: Option<Cow<'static, str>>) {
        *self.reason.borrow_mut() = reason;
    }

    /// Records what passed after the upgrade of the connection.
    pub(super) fn set_upgrade(&self, upgrade: UpgradeFields) {
        // A connection is upgraded once.
        let _ = self.upgrade.set(Box::new(upgrade));
    }

    /// What passed after the upgrade of the connection.
    pub(super) fn upgrade(&self) -> Option<UpgradeFields> {
        self.upgrade.get().map(|upgrade| **upgrade)
    }

    /// Whether the request asks to continue with WebSocket.
    pub(super) fn asks_upgrade(&self) -> bool {
        self.meta.connection.asks_upgrade.get()
    }

    /// Passes interim responses to the client.
    pub(super) fn interim_responses(&self) -> InterimResponses {
        InterimResponses::new(Rc::clone(&self.meta.connection))
    }

    /// How the request ended, named for who ended it.
    pub(super) fn outcome(&self) -> RequestOutcome {
        let is_drained = self.meta.connection.is_aborted.get();
        self.passage
            .get()
            .outcome(self.answer.get().outcome, is_drained)
    }

    /// The response that the operation declares for a status.
    pub(super) fn declared_response(&self, status: u16) -> Option<&DeclaredResponse> {
        let operation = self.service.contract.operation(self.operation()?);
        operation.response(status).map(|response| &**response)
    }

    /// Records a violation.
    pub(super) fn record_violation(&self, violation: &Violation, enforcement: Enforcement) {
        let masked = self.count_violation(violation, enforcement);
        if let Some(span) = self.span() {
            span.record_violation(&masked);
        }
        self.violations.borrow_mut().push(masked);
    }

    /// Counts a violation in the metrics and the inventory, but not in the log and the span.
    pub(super) fn count_violation(
        &self,
        violation: &Violation,
        enforcement: Enforcement,
    ) -> MaskedViolation {
        let class = violation.class;
        let recorder = &self.service.recorder;
        recorder.violation(self.labels(), class, enforcement);
        let mut violated_parts = self.violated_parts.get();
        if class.is_unreadable() {
            // Neither the caller nor the service violates anything.
        } else if class.is_of_response() {
            violated_parts.response = true;
        } else {
            violated_parts.request = true;
        }
        self.violated_parts.set(violated_parts);
        let masked = masked_violation(violation, enforcement, &self.service.contract);
        recorder.record_drift(self.drift_event(masked.clone()));
        masked
    }

    /// Keeps violations that did not refuse the request.
    pub(super) fn report_with_answer(&self, violations: Vec<Violation>) {
        self.reported.borrow_mut().extend(violations);
    }

    /// The violations that did not refuse the request.
    pub(super) fn violations_to_report(&self) -> Ref<'_, Vec<Violation>> {
        self.reported.borrow()
    }

    /// Keeps the reason why an upload was refused while it passed.
    pub(super) fn set_upload_refusal(&self, cause: ProblemCause) {
        *self.upload_refusal.borrow_mut() = Some(Box::new(cause));
    }

    /// The reason why the upload was refused, if it was.
    pub(super) fn take_upload_refusal(&self) -> Option<ProblemCause> {
        self.upload_refusal.take().map(|cause| *cause)
    }

    /// Records that a traffic rule refused the request.
    pub(super) fn record_shed(&self, reason: &'static str) {
        let tier = self.caller.tier;
        self.service.recorder.shed(self.labels(), tier, reason);
    }

    /// Records that a circuit refused the request because the service failed.
    pub(super) fn set_circuit_open(&self) {
        self.is_circuit_open.set(true);
    }

    /// The consumer's name, as metrics and refusals show it.
    pub(super) fn consumer_name(&self) -> &str {
        self.service.catalog.consumer_name(self.caller.consumer)
    }

    /// The operation's name, or `unknown`.
    pub(super) fn operation_name(&self) -> &str {
        match self.operation_match.get() {
            OperationMatch::Operation(operation) => {
                &self.service.contract.operation(operation).name
            }
            OperationMatch::Owner => "__owner",
            OperationMatch::Unmatched => "unknown",
        }
    }

    /// What the answer says about the end of the operation.
    pub(super) fn announced_lifecycle(&self) -> Option<&OperationLifecycle> {
        let is_announced = self.service.config().deprecation_headers;
        self.lifecycle().filter(|_| is_announced)
    }

    fn lifecycle(&self) -> Option<&OperationLifecycle> {
        let operation = self.service.contract.operation(self.operation()?);
        operation.lifecycle.as_deref()
    }

    /// Writes the trace context for the upstream. A legacy service knows no squads, so it does not
    /// get the caller's name here either.
    pub(super) fn propagate(&self, headers: &mut HeaderMap) {
        let Some(trace) = &self.meta.trace else {
            return;
        };
        let is_known = self.caller.consumer != Consumer::Unknown && !self.service.config().legacy;
        trace.propagate(headers, is_known.then(|| self.consumer_name()));
    }

    fn drift_event(&self, finding: MaskedViolation) -> DriftEvent<'_> {
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

    pub(super) fn span(&self) -> Option<&Span> {
        self.meta.trace.as_ref()?.span().map(|span| &**span)
    }

    /// The attributes that describe the service in the span.
    fn service_attributes(&self, outcome: RequestOutcome) -> ServiceAttributes {
        let contract = &self.service.contract;
        let operation = self.operation().map(|id| contract.operation(id));
        let config = self.service.config();
        ServiceAttributes {
            service: config.name.clone(),
            operation: operation
                .map(|operation| (Arc::clone(&operation.name), Arc::clone(&operation.path))),
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

impl Drop for RequestRecord {
    fn drop(&mut self) {
        self.service.in_flight.leave();
        let took = self.took.get().unwrap_or_else(|| self.started.elapsed());
        let measured = RequestMeasurement {
            took,
            own: took.saturating_sub(self.waited.get()),
            upstream: self.usage.upstream_wait(),
            request_bytes: self
                .usage
                .request_bytes(self.meta.connection.body_bytes.get()),
            response_bytes: self.usage.response_bytes(),
            judging: self.judging.get(),
            departed: self.violated_parts.get(),
            is_circuit_open: self.is_circuit_open.get(),
        };
        let outcome = self.outcome();
        let recorder = &self.service.recorder;
        recorder.request(self.labels(), outcome, measured);
        if self
            .lifecycle()
            .is_some_and(OperationLifecycle::is_deprecated)
        {
            let version = self.version.as_ref().and_then(|value| value.to_str().ok());
            recorder.deprecated(self.labels(), version);
        }
        self.write_access_line(measured);
        if let Some(span) = self.span() {
            span.set_service_attributes(self.service_attributes(outcome));
        }
    }
}
