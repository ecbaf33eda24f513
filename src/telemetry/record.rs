//! Counting what happens, cheaply.
//!
//! A handle is registered the first time its labels occur and found by small integers after
//! that: no label is built for a request. Recorders belong to one data core, so nothing is
//! locked; the cardinality is bounded by operations × squads × outcomes that really occur.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use metrics::{Counter, Histogram};

use crate::config::enforcement::{Enforcement, ViolationClass};
use crate::squad::Tier;

use super::metrics::Metrics;
use super::names::{
    DURATION, HTTP_REFUSALS, IDENTITY_FAULTS, Metric, OVERHEAD, PANICS, REQUESTS, RETRIES, SHED,
    UNJUDGED, UNROUTED, UPSTREAM_ERRORS, VIOLATIONS,
};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The service answered, with a status below 500.
    Answered,
    /// The service answered with a status of 500 or above.
    Failed,
    /// Refused for violations of the contract.
    Refused,
    /// Refused to protect the service.
    Shed,
    /// The service did not answer.
    Unanswered,
    /// The client went away before its answer.
    Abandoned,
}

impl Outcome {
    /// Each outcome.
    pub const ALL: [Self; 6] = [
        Self::Answered,
        Self::Failed,
        Self::Refused,
        Self::Shed,
        Self::Unanswered,
        Self::Abandoned,
    ];

    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Shed => "shed",
            Self::Unanswered => "unanswered",
            Self::Abandoned => "abandoned",
        }
    }
}

/// Counters with a key of small integers.
#[derive(Debug)]
struct Counters<K> {
    metric: Metric,
    handles: RefCell<HashMap<K, Counter>>,
}

impl<K: Hash + Eq> Counters<K> {
    fn new(metric: Metric) -> Self {
        Self {
            metric,
            handles: RefCell::default(),
        }
    }

    fn increment<const N: usize>(
        &self,
        metrics: &Metrics,
        key: K,
        values: impl FnOnce() -> [String; N],
    ) {
        self.handles
            .borrow_mut()
            .entry(key)
            .or_insert_with(|| {
                let values = values();
                metrics.counter(&self.metric, &values.each_ref().map(String::as_str))
            })
            .increment(1);
    }
}

/// Records what happens to one service on one data core.
#[derive(Debug)]
pub struct ServiceRecorder {
    metrics: Metrics,
    service: String,
    requests: Counters<(u32, usize, Outcome)>,
    violations: Counters<(u32, ViolationClass, usize, Enforcement)>,
    upstream_errors: Counters<&'static str>,
    unjudged: Counters<&'static str>,
    shed: Counters<(usize, Tier, &'static str)>,
    retries: Counters<&'static str>,
    durations: [Histogram; Outcome::ALL.len()],
    overhead: Histogram,
}

/// Who asked for what: small integers for the hot path, names for the first time.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The operation's index; `u32::MAX` where none was found.
    pub operation: u32,
    /// The operation's name.
    pub operation_name: &'a str,
    /// The calling squad's index.
    pub squad: usize,
    /// The calling squad's name.
    pub squad_name: &'a str,
}

impl ServiceRecorder {
    /// A recorder for one service.
    pub fn new(metrics: &Metrics, service: &str) -> Self {
        Self {
            metrics: metrics.clone(),
            service: service.to_owned(),
            requests: Counters::new(REQUESTS),
            violations: Counters::new(VIOLATIONS),
            upstream_errors: Counters::new(UPSTREAM_ERRORS),
            unjudged: Counters::new(UNJUDGED),
            shed: Counters::new(SHED),
            retries: Counters::new(RETRIES),
            durations: Outcome::ALL
                .map(|outcome| metrics.histogram(&DURATION, &[service, outcome.as_str()])),
            overhead: metrics.histogram(&OVERHEAD, &[service]),
        }
    }

    pub(super) fn service(&self) -> &str {
        &self.service
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// A request was answered, or its client went away.
    pub fn request(&self, subject: Subject<'_>, outcome: Outcome, took: Duration, own: Duration) {
        let key = (subject.operation, subject.squad, outcome);
        self.requests.increment(&self.metrics, key, || {
            [
                &self.service,
                subject.operation_name,
                subject.squad_name,
                outcome.as_str(),
            ]
            .map(str::to_owned)
        });
        self.durations[outcome as usize].record(took.as_secs_f64());
        self.overhead.record(own.as_secs_f64());
    }

    /// A violation was found.
    pub fn violation(&self, subject: Subject<'_>, class: ViolationClass, done: Enforcement) {
        let key = (subject.operation, class, subject.squad, done);
        self.violations.increment(&self.metrics, key, || {
            [
                &self.service,
                subject.operation_name,
                class.as_str(),
                subject.squad_name,
                done.as_str(),
            ]
            .map(str::to_owned)
        });
    }

    /// A message passed without being judged.
    pub fn unjudged(&self, reason: &'static str) {
        self.unjudged.increment(&self.metrics, reason, || {
            [self.service.clone(), reason.to_owned()]
        });
    }

    /// A rule of traffic refused a request.
    pub fn shed(&self, subject: Subject<'_>, tier: Tier, rule: &'static str) {
        self.shed
            .increment(&self.metrics, (subject.squad, tier, rule), || {
                [&self.service, subject.squad_name, tier.as_str(), rule].map(str::to_owned)
            });
    }

    /// A request is sent again because of this.
    pub fn retried(&self, reason: &'static str) {
        self.retries.increment(&self.metrics, reason, || {
            [self.service.clone(), reason.to_owned()]
        });
    }

    /// The upstream did not answer.
    pub fn upstream_error(&self, reason: &'static str) {
        self.upstream_errors.increment(&self.metrics, reason, || {
            [self.service.clone(), reason.to_owned()]
        });
    }
}

/// Records what happens on one data core outside of any service.
#[derive(Debug)]
pub struct CoreRecorder {
    metrics: Metrics,
    http_refusals: Counters<&'static str>,
    identity_faults: Counters<&'static str>,
    unrouted: Counter,
    panics: Counter,
}

impl CoreRecorder {
    /// A recorder for one data core.
    pub fn new(metrics: &Metrics) -> Self {
        Self {
            metrics: metrics.clone(),
            http_refusals: Counters::new(HTTP_REFUSALS),
            identity_faults: Counters::new(IDENTITY_FAULTS),
            unrouted: metrics.counter(&UNROUTED, &[]),
            panics: metrics.counter(&PANICS, &[]),
        }
    }

    /// A request broke a rule of HTTP.
    pub fn http_refusal(&self, reason: &'static str) {
        self.http_refusals
            .increment(&self.metrics, reason, || [reason.to_owned()]);
    }

    /// A request does not say in an acceptable way who calls.
    pub fn identity_fault(&self, reason: &'static str) {
        self.identity_faults
            .increment(&self.metrics, reason, || [reason.to_owned()]);
    }

    /// A request belongs to no service.
    pub fn unrouted(&self) {
        self.unrouted.increment(1);
    }

    /// A defect cost a request its answer.
    pub fn panicked(&self) {
        self.panics.increment(1);
    }
}
