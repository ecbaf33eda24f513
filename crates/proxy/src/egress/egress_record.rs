//! The record of one call: what was decided, and how it ended.
//!
//! The decision is counted when it is made, so a tunnel is visible while it is open. The line of the access
//! log is written when the last part of the call is dropped.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderValue, Method, StatusCode};
use portcullis_egress::CallDestination;
use portcullis_telemetry::{
    AccessLine, DependencyCall, DependencyLedger, EgressFields, EgressVerdict, LineKind, Metrics,
    RequestOutcome, UpgradeFields, UpgradeRecorder,
};
use portcullis_vocabulary::Tier;

use super::egress_caller::EgressCaller;
use super::open_calls::CallPermit;
use crate::connection_state::ConnectionState;
use crate::exchange::{AnswerPassage, ServiceAccessLog, reportable_method};

/// How a call was answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallAnswer {
    pub(super) outcome: RequestOutcome,
    pub(super) status: Option<StatusCode>,
    /// The error, if this proxy answered.
    pub(super) error: Option<&'static str>,
}

/// The record of one call.
#[derive(Debug)]
pub(crate) struct EgressRecord {
    pub(super) caller: EgressCaller,
    pub(super) id: HeaderValue,
    pub(super) method: Option<Method>,
    /// The path for the log, if it has one.
    pub(super) path: Option<String>,
    pub(super) peer: Option<IpAddr>,
    pub(super) connection: Rc<ConnectionState>,
    pub(super) access: ServiceAccessLog,
    pub(super) ledger: Arc<DependencyLedger>,
    pub(super) metrics: Metrics,
    pub(super) tunnel_idle_timeout: Duration,
    pub(super) state: CallState,
}

/// What becomes known of a call.
#[derive(Debug)]
pub(super) struct CallState {
    started: Instant,
    to: OnceCell<CallDestination>,
    verdict: Cell<Option<EgressVerdict>>,
    answer: Cell<CallAnswer>,
    took: Cell<Option<Duration>>,
    passage: Cell<AnswerPassage>,
    reason: RefCell<Option<Cow<'static, str>>>,
    upgrade: Cell<Option<UpgradeFields>>,
    permit: OnceCell<CallPermit>,
    /// Whether a service has the record of the call.
    is_of_service: Cell<bool>,
}

impl CallState {
    /// The state of a call that arrived now.
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            to: OnceCell::new(),
            verdict: Cell::new(None),
            answer: Cell::new(CallAnswer {
                outcome: RequestOutcome::Abandoned,
                status: None,
                error: None,
            }),
            took: Cell::new(None),
            passage: Cell::new(AnswerPassage::Passed),
            reason: RefCell::default(),
            upgrade: Cell::new(None),
            permit: OnceCell::new(),
            is_of_service: Cell::new(false),
        }
    }
}

impl EgressRecord {
    /// Notes where the call goes.
    pub(super) fn set_destination(&self, to: &CallDestination) {
        // A call has one destination.
        let _ = self.state.to.set(to.clone());
    }

    /// Where the call goes, if it could be read.
    pub(super) fn destination(&self) -> Option<&CallDestination> {
        self.state.to.get()
    }

    /// Holds the place of the call among those that are open.
    pub(super) fn hold(&self, permit: CallPermit) {
        // A call enters once.
        let _ = self.state.permit.set(permit);
    }

    /// Counts the decision about the call.
    pub(super) fn decide(&self, verdict: EgressVerdict, pattern: Option<&str>) {
        self.state.verdict.set(Some(verdict));
        let Some(to) = self.destination() else {
            return;
        };
        let call = DependencyCall {
            service: self.caller.service_name(),
            squad: self.caller.squad_name(),
            host: &to.host.to_string(),
            port: to.port,
            pattern,
            verdict,
        };
        self.ledger.record(&call, SystemTime::now());
    }

    /// Leaves the line of the access log to the service that gets the call.
    pub(super) fn leave_to_service(&self) {
        self.state.is_of_service.set(true);
    }

    /// Notes how the call is answered.
    pub(super) fn set_answer(&self, answer: CallAnswer) {
        self.state.took.set(Some(self.state.started.elapsed()));
        self.state.answer.set(answer);
        self.state.passage.set(AnswerPassage::Passed);
    }

    /// Notes how far the answer has come.
    pub(crate) fn set_passage(&self, passage: AnswerPassage) {
        self.state.passage.set(passage);
    }

    /// Notes why the call was not answered, or not completely.
    pub(crate) fn set_reason(&self, reason: Option<Cow<'static, str>>) {
        *self.state.reason.borrow_mut() = reason;
    }

    /// Notes what passed through the tunnel.
    pub(crate) fn set_upgrade(&self, upgrade: UpgradeFields) {
        self.state.upgrade.set(Some(upgrade));
    }

    /// The client's connection.
    pub(crate) fn connection(&self) -> Rc<ConnectionState> {
        Rc::clone(&self.connection)
    }

    /// How long a tunnel may be silent.
    pub(crate) fn tunnel_idle_timeout(&self) -> Duration {
        self.tunnel_idle_timeout
    }

    /// A recorder of the tunnel, which was opened now.
    pub(crate) fn tunnel_opened(&self) -> UpgradeRecorder {
        self.metrics.tunnel_opened()
    }

    fn outcome(&self) -> RequestOutcome {
        let is_drained = self.connection.is_aborted.get();
        let answered = self.state.answer.get().outcome;
        self.state.passage.get().outcome(answered, is_drained)
    }

    fn write_access_line(&self) {
        let state = &self.state;
        let CallAnswer { status, error, .. } = state.answer.get();
        let status = status.map(|status| status.as_u16());
        let outcome = self.outcome();
        let upgrade = state.upgrade.get();
        let verdict = state.verdict.get();
        let (service, squad) = (self.caller.service_name(), self.caller.squad_name());
        let kind = || LineKind {
            service: Some(service),
            operation: None,
            squad,
            outcome,
            status,
            error,
            class: None,
        };
        // What is reported must be visible, and a tunnel has one line for all that it was.
        let is_reported = verdict == Some(EgressVerdict::Undeclared)
            && self.access.log.is_open()
            && self.access.admits(kind());
        let is_wanted = is_reported || upgrade.is_some() || self.access.wants(outcome, kind);
        if !is_wanted {
            return;
        }
        let to = self.destination().map(ToString::to_string);
        let egress = to.as_deref().map(|destination| EgressFields {
            destination,
            verdict: verdict.map_or("none", EgressVerdict::as_str),
        });
        let took = state.took.get().unwrap_or_else(|| state.started.elapsed());
        let now = SystemTime::now();
        self.access.log.write(&AccessLine {
            at: now.checked_sub(state.started.elapsed()).unwrap_or(now),
            service: Some(service),
            operation: None,
            method: self.method.as_ref().map(reportable_method),
            path: self.path.as_deref(),
            status,
            outcome,
            error,
            reason: state.reason.borrow().as_deref(),
            squad,
            tier: Tier::default().as_str(),
            caller_version: None,
            provider: None,
            contract_version: None,
            contract_revision: None,
            request_id: self.id.to_str().unwrap_or_default(),
            trace_id: None,
            peer: self.peer,
            took,
            own: Duration::ZERO,
            egress,
            upgrade,
            violations: Vec::new(),
        });
    }
}

impl Drop for EgressRecord {
    fn drop(&mut self) {
        if !self.state.is_of_service.get() {
            self.write_access_line();
        }
    }
}
