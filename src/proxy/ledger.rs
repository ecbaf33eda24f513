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

use crate::identity::Claim;
use crate::telemetry::{
    Departed, Departure, Finding, Measured, Outcome, Served, Span, Subject, Trace,
};
use portcullis_contract::Violation;
use portcullis_vocabulary::enforcement::{Enforcement, ViolationClass};
use portcullis_vocabulary::{Caller, Consumer};

use super::headers::Peer;
use super::service::ServiceCore;

/// The account of one request to one service.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) service: Rc<ServiceCore>,
    pub(super) caller: Caller,
    pub(super) asked: Asked,
    /// The version of the calling service.
    version: Option<HeaderValue>,
    pub(super) started: Instant,
    found: Cell<Found>,
    waited: Cell<Duration>,
    judging: Cell<Duration>,
    took: Cell<Option<Duration>>,
    ended: Cell<Ended>,
    departed: Cell<Departed>,
    findings: RefCell<Vec<Finding>>,
}

/// What was asked, and by whom.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) id: HeaderValue,
    pub(super) method: Method,
    pub(super) target: Uri,
    pub(super) peer: Rc<Peer>,
    /// The trace that it is part of, where requests are traced.
    pub(super) trace: Option<Trace>,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// Nothing that the contract knows.
    Nothing,
    /// This operation.
    Operation(u32),
    /// Whom the service belongs to, which Portcullis answers itself.
    Owner,
}

/// How it ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    /// The status that was sent.
    pub(super) status: Option<StatusCode>,
    /// Why Portcullis answered itself.
    pub(super) error: Option<&'static str>,
}

impl Ledger {
    pub(super) fn open(
        service: Rc<ServiceCore>,
        claim: Claim,
        asked: Asked,
        started: Instant,
    ) -> Self {
        let Claim { caller, version } = claim;
        Self {
            service,
            caller,
            asked,
            version,
            started,
            found: Cell::new(Found::Nothing),
            waited: Cell::new(Duration::ZERO),
            judging: Cell::new(Duration::ZERO),
            took: Cell::new(None),
            ended: Cell::new(Ended {
                outcome: Outcome::Abandoned,
                status: None,
                error: None,
            }),
            departed: Cell::new(Departed::default()),
            findings: RefCell::default(),
        }
    }

    pub(super) fn operation(&self) -> Option<u32> {
        match self.found.get() {
            Found::Operation(operation) => Some(operation),
            Found::Nothing | Found::Owner => None,
        }
    }

    pub(super) fn found(&self, operation: u32) {
        self.found.set(Found::Operation(operation));
    }

    /// It asks for the owner of the service.
    pub(super) fn found_owner(&self) {
        self.found.set(Found::Owner);
    }

    /// Time in which the client or the upstream was waited for.
    pub(super) fn waited(&self, time: Duration) {
        self.waited.set(self.waited.get() + time);
    }

    /// The upstream was asked once and waited for.
    pub(super) fn upstream_took(&self, time: Duration) {
        self.waited(time);
        if let Some(span) = self.span() {
            span.upstream_took(time);
        }
    }

    /// Judges, and counts the time that it takes.
    pub(super) fn judge<T>(&self, judge: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let judged = judge();
        self.judging.set(self.judging.get() + started.elapsed());
        judged
    }

    /// The head of the answer is decided; what follows does not count as time taken.
    pub(super) fn ended(&self, ended: Ended) {
        self.took.set(Some(self.started.elapsed()));
        self.ended.set(ended);
    }

    /// Something departed from the contract.
    pub(super) fn violated(&self, violation: &Violation, done: Enforcement) {
        let class = violation.class;
        self.service.recorder.violation(self.subject(), class, done);
        let mut departed = self.departed.get();
        match class.is_of_response() {
            true => departed.response = true,
            false => departed.request = true,
        }
        self.departed.set(departed);
        let finding = finding(violation, done, &self.service);
        self.service
            .recorder
            .departed(self.departure(finding.clone()));
        if let Some(span) = self.span() {
            span.violated(&finding);
        }
        self.findings.borrow_mut().push(finding);
    }

    /// A rule of traffic refused it.
    pub(super) fn shed(&self, reason: &'static str) {
        let tier = self.caller.tier;
        self.service.recorder.shed(self.subject(), tier, reason);
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
        match self.found.get() {
            Found::Operation(operation) => &self.service.contract.operation(operation).name,
            Found::Owner => "__owner",
            Found::Nothing => "unknown",
        }
    }

    /// How it ended, as far as it has.
    pub(super) fn outcome(&self) -> Ended {
        self.ended.get()
    }

    /// When its head had arrived.
    pub(super) fn at(&self) -> SystemTime {
        let now = SystemTime::now();
        now.checked_sub(self.started.elapsed()).unwrap_or(now)
    }

    fn departure(&self, finding: Finding) -> Departure<'_> {
        let is_stray = matches!(
            finding.class,
            ViolationClass::UnknownPath | ViolationClass::UnknownMethod
        );
        let Asked { method, target, .. } = &self.asked;
        let stray = is_stray.then(|| {
            let outline = self.service.contract.outline(target.path());
            (told_method(method).to_owned(), outline.known, outline.rest)
        });
        let is_status = finding.class == ViolationClass::UndeclaredStatus;
        let status = self.ended.get().status.filter(|_| is_status);
        Departure {
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
        let Some(trace) = &self.asked.trace else {
            return;
        };
        let is_known = self.caller.consumer != Consumer::Unknown && !self.service.config().legacy;
        trace.propagate(headers, is_known.then(|| self.consumer_name()));
    }

    fn span(&self) -> Option<&Span> {
        self.asked.trace.as_ref()?.span().map(|span| &**span)
    }

    /// What the span of the request is to say of it.
    fn served(&self, outcome: Outcome) -> Served {
        let contract = &self.service.contract;
        let operation = self.operation().map(|id| contract.operation(id));
        let config = self.service.config();
        Served {
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

    fn subject(&self) -> Subject<'_> {
        Subject {
            operation: match self.found.get() {
                Found::Operation(operation) => operation,
                Found::Owner => u32::MAX - 1,
                Found::Nothing => u32::MAX,
            },
            operation_name: self.operation_name(),
            squad: self.caller.consumer.index(),
            squad_name: self.consumer_name(),
        }
    }
}

/// A method as it may be told: one that HTTP has, else `*`, since a client may send anything.
pub(super) fn told_method(method: &Method) -> &str {
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
fn finding(violation: &Violation, done: Enforcement, service: &ServiceCore) -> Finding {
    let place = violation.contract.as_ref();
    let is_chosen = matches!(
        violation.class,
        ViolationClass::UnknownQuery
            | ViolationClass::UnknownHeader
            | ViolationClass::UnknownCookie
    );
    let name = violation.name.as_deref();
    Finding {
        class: violation.class,
        enforcement: done,
        part: violation.part.as_str(),
        name: name.map(|name| match is_chosen {
            true => Finding::told(name),
            false => name.to_owned(),
        }),
        pointer: service.contract.mask(&violation.pointer),
        keyword: violation.keyword.clone(),
        schema: place.map(|spot| format!("#{}", spot.pointer)),
        place: place.map(|spot| (spot.file.clone(), spot.line)),
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        let took = self.took.get().unwrap_or_else(|| self.started.elapsed());
        let measured = Measured {
            took,
            own: took.saturating_sub(self.waited.get()),
            judging: self.judging.get(),
            departed: self.departed.get(),
        };
        let outcome = self.ended.get().outcome;
        self.service
            .recorder
            .request(self.subject(), outcome, measured);
        super::access::write(self, measured, &self.findings.borrow());
        if let Some(span) = self.span() {
            span.served(self.served(outcome));
        }
    }
}
