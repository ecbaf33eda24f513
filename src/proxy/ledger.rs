//! The account of one request, from its arrival to its answer.
//!
//! Everybody who learns something writes it down; the account is recorded when it is dropped,
//! exactly once, whether the request was answered, refused or abandoned by its client.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue};

use crate::config::enforcement::Enforcement;
use crate::contract::Violation;
use crate::identity::Claim;
use crate::squad::{Caller, Consumer};
use crate::telemetry::{Outcome, Served, Span, Subject, Trace, Violated};

use super::service::ServiceCore;

/// The account of one request to one service.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) service: Rc<ServiceCore>,
    pub(super) caller: Caller,
    /// The version of the calling service.
    version: Option<HeaderValue>,
    pub(super) started: Instant,
    operation: Cell<Option<u32>>,
    waited: Cell<Duration>,
    took: Cell<Option<Duration>>,
    outcome: Cell<Outcome>,
    trace: Option<Trace>,
}

impl Ledger {
    pub(super) fn open(
        service: Rc<ServiceCore>,
        claim: Claim,
        trace: Option<Trace>,
        started: Instant,
    ) -> Self {
        let Claim { caller, version } = claim;
        Self {
            service,
            caller,
            version,
            started,
            operation: Cell::new(None),
            waited: Cell::new(Duration::ZERO),
            took: Cell::new(None),
            outcome: Cell::new(Outcome::Abandoned),
            trace,
        }
    }

    pub(super) fn operation(&self) -> Option<u32> {
        self.operation.get()
    }

    pub(super) fn found(&self, operation: u32) {
        self.operation.set(Some(operation));
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

    /// The head of the answer is decided; what follows does not count as time taken.
    pub(super) fn ended(&self, outcome: Outcome) {
        self.took.set(Some(self.started.elapsed()));
        self.outcome.set(outcome);
    }

    pub(super) fn violated(&self, violation: &Violation, done: Enforcement) {
        let class = violation.class;
        self.service.recorder.violation(self.subject(), class, done);
        if let Some(span) = self.span() {
            let schema = violation.contract.as_ref();
            span.violated(Violated {
                class,
                done,
                schema: schema.map(|spot| spot.pointer.as_str()),
                keyword: violation.keyword.as_deref(),
            });
        }
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
        match self.operation.get() {
            Some(operation) => &self.service.contract.operation(operation).name,
            None => "unknown",
        }
    }

    /// Tells the upstream which trace the request is part of, where requests are traced. A service
    /// that knows no squads is not told of them here either.
    pub(super) fn propagate(&self, headers: &mut HeaderMap) {
        let Some(trace) = &self.trace else { return };
        let is_known = self.caller.consumer != Consumer::Unknown && !self.service.config().legacy;
        trace.propagate(headers, is_known.then(|| self.consumer_name()));
    }

    fn span(&self) -> Option<&Span> {
        self.trace.as_ref()?.span().map(|span| &**span)
    }

    /// What the span of the request is to say of it.
    fn served(&self) -> Served {
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
            outcome: self.outcome.get(),
        }
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            operation: self.operation.get().unwrap_or(u32::MAX),
            operation_name: self.operation_name(),
            squad: self.caller.consumer.index(),
            squad_name: self.consumer_name(),
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        let took = self.took.get().unwrap_or_else(|| self.started.elapsed());
        let own = took.saturating_sub(self.waited.get());
        self.service
            .recorder
            .request(self.subject(), self.outcome.get(), took, own);
        if let Some(span) = self.span() {
            span.served(self.served());
        }
    }
}
