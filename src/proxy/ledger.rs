//! The account of one request, from its arrival to its answer.
//!
//! Everybody who learns something writes it down; the account is recorded when it is dropped,
//! exactly once, whether the request was answered, refused or abandoned by its client.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use http::HeaderValue;

use crate::config::enforcement::{Enforcement, ViolationClass};
use crate::identity::Claim;
use crate::squad::Caller;
use crate::telemetry::{Outcome, Subject};

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
}

impl Ledger {
    pub(super) fn open(service: Rc<ServiceCore>, claim: Claim, started: Instant) -> Self {
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

    /// The head of the answer is decided; what follows does not count as time taken.
    pub(super) fn ended(&self, outcome: Outcome) {
        self.took.set(Some(self.started.elapsed()));
        self.outcome.set(outcome);
    }

    pub(super) fn violated(&self, class: ViolationClass, done: Enforcement) {
        self.service.recorder.violation(self.subject(), class, done);
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
    }
}
