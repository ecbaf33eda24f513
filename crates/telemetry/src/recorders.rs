//! Records requests and their results without building labels.
//!
//! A recorder registers a metric handle when its labels occur for the first time and then finds it
//! by small integers. Each data core has its own recorders, so there are no locks. The cardinality
//! is bounded by the combinations of operation, squad and outcome that occur.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use metrics::Counter;

use portcullis_vocabulary::enforcement::{Enforcement, ViolationClass};
use portcullis_vocabulary::{ServiceObjectives, Tier};

use super::duration_histograms::DurationHistogram;
use super::inventory::{DriftEvent, ExchangeTally, ExchangeUsage, TrafficInventory};
use super::metric_names::{
    DEPRECATED, DROPPED_HEADERS, DURATION, HANDSHAKE_FAILURES, HTTP_REFUSALS, IDENTITY_FAULTS,
    JUDGING, Metric, OVERHEAD, PANICS, REQUESTS, RETRIES, SHED, UNJUDGED, UNROUTED,
    UNTRUSTED_CLAIMS, UPSTREAM_ERRORS, VIOLATIONS,
};
use super::metrics::Metrics;
use super::objective_recorder::ObjectiveRecorder;
use super::request_measurement::RequestMeasurement;
use super::request_outcome::RequestOutcome;

/// The counters of one metric, by a key of small integers.
#[derive(Debug)]
struct KeyedCounters<K> {
    metric: Metric,
    handles: RefCell<HashMap<K, Counter>>,
}

impl<K: Hash + Eq> KeyedCounters<K> {
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

/// The counters of one squad's exchanges with one operation.
#[derive(Debug)]
struct ExchangeCounters {
    by_outcome: [OnceCell<Counter>; RequestOutcome::ALL.len()],
    tally: Arc<ExchangeTally>,
}

/// The counters of the last request.
#[derive(Debug)]
struct LastExchange {
    /// The operation and the squad.
    key: (u32, usize),
    counters: Rc<ExchangeCounters>,
}

/// Records the requests of one service on one data core.
#[derive(Debug)]
pub struct ServiceRecorder {
    metrics: Metrics,
    service: String,
    core: usize,
    inventory: Arc<TrafficInventory>,
    exchanges: RefCell<HashMap<(u32, usize), Rc<ExchangeCounters>>>,
    /// Those of the last request. The next one is often like it.
    last_exchange: RefCell<Option<LastExchange>>,
    violations: KeyedCounters<(u32, ViolationClass, usize, Enforcement)>,
    upstream_errors: KeyedCounters<&'static str>,
    unjudged: KeyedCounters<&'static str>,
    deprecated: KeyedCounters<(u32, usize)>,
    /// None without objectives.
    objectives: Option<ObjectiveRecorder>,
    shed: KeyedCounters<(usize, Tier, &'static str)>,
    retries: KeyedCounters<&'static str>,
    untrusted_claims: OnceCell<Counter>,
    /// Registered when they are first used: a histogram has many series, and an idle service
    /// needs none.
    durations: [OnceCell<Arc<DurationHistogram>>; RequestOutcome::ALL.len()],
    overhead: OnceCell<Arc<DurationHistogram>>,
    judging: OnceCell<Arc<DurationHistogram>>,
}

/// Operation and squad of a request: integers for the hot path, names for new labels.
#[derive(Clone, Copy, Debug)]
pub struct RequestLabels<'a> {
    /// The operation's index; `u32::MAX` if no operation matched.
    pub operation: u32,
    /// The operation's name.
    pub operation_name: &'a str,
    /// The calling squad's index.
    pub squad: usize,
    /// The calling squad's name.
    pub squad_name: &'a str,
}

impl ServiceRecorder {
    /// A recorder for a service on the data core with this index.
    pub fn new(
        metrics: &Metrics,
        inventory: &Arc<TrafficInventory>,
        core: usize,
        objectives: Option<&ServiceObjectives>,
    ) -> Self {
        let service = inventory.service();
        metrics.show_usage(inventory);
        let objectives = objectives
            .map(|objectives| ObjectiveRecorder::new(metrics, inventory, core, objectives));
        Self {
            objectives,
            metrics: metrics.clone(),
            service: service.to_owned(),
            core,
            inventory: Arc::clone(inventory),
            exchanges: RefCell::default(),
            last_exchange: RefCell::default(),
            violations: KeyedCounters::new(VIOLATIONS),
            upstream_errors: KeyedCounters::new(UPSTREAM_ERRORS),
            unjudged: KeyedCounters::new(UNJUDGED),
            deprecated: KeyedCounters::new(DEPRECATED),
            shed: KeyedCounters::new(SHED),
            retries: KeyedCounters::new(RETRIES),
            untrusted_claims: OnceCell::new(),
            durations: Default::default(),
            overhead: OnceCell::new(),
            judging: OnceCell::new(),
        }
    }

    pub(super) fn service(&self) -> &str {
        &self.service
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Records a finished or abandoned request.
    pub fn request(
        &self,
        subject: RequestLabels<'_>,
        outcome: RequestOutcome,
        measured: RequestMeasurement,
    ) {
        let exchanges = self.exchanges(subject);
        let counter = exchanges.by_outcome[outcome as usize].get_or_init(|| {
            let (operation, squad) = (subject.operation_name, subject.squad_name);
            let labels = [self.service.as_str(), operation, squad, outcome.as_str()];
            self.metrics.counter(&REQUESTS, &labels)
        });
        counter.increment(1);
        exchanges.tally.count(outcome, measured.departed);
        exchanges.tally.add_usage(ExchangeUsage {
            request_bytes: measured.request_bytes,
            response_bytes: measured.response_bytes,
            upstream: measured.upstream,
            own: measured.own,
        });
        if let Some(objectives) = &self.objectives {
            objectives.count(subject.operation_name, outcome, &measured);
        }
        if outcome.is_timed_by_upstream() {
            self.inventory.record_latency(self.core, measured.took);
        }
        let histogram = |metric, labels: &[&str]| self.metrics.histogram(metric, labels, self.core);
        let service = self.service.as_str();
        self.durations[outcome as usize]
            .get_or_init(|| histogram(&DURATION, &[service, outcome.as_str()]))
            .observe(measured.took);
        self.overhead
            .get_or_init(|| histogram(&OVERHEAD, &[service]))
            .observe(measured.own);
        if !measured.judging.is_zero() {
            self.judging
                .get_or_init(|| histogram(&JUDGING, &[service]))
                .observe(measured.judging);
        }
    }

    /// Records a request of a deprecated operation, in addition to [`Self::request`], with the version
    /// that the caller names.
    pub fn deprecated(&self, subject: RequestLabels<'_>, version: Option<&str>) {
        self.exchanges(subject).tally.note_time(SystemTime::now());
        let key = (subject.operation, subject.squad);
        self.deprecated.increment(&self.metrics, key, || {
            [&self.service, subject.operation_name, subject.squad_name].map(str::to_owned)
        });
        if let Some(version) = version {
            let (operation, squad) = (subject.operation_name, subject.squad_name);
            self.inventory
                .record_caller_version(operation, squad, version);
        }
    }

    fn exchanges(&self, subject: RequestLabels<'_>) -> Rc<ExchangeCounters> {
        let key = (subject.operation, subject.squad);
        let mut last = self.last_exchange.borrow_mut();
        match &*last {
            Some(last) if last.key == key => Rc::clone(&last.counters),
            _ => {
                let counters = self.find_exchanges(subject);
                *last = Some(LastExchange {
                    key,
                    counters: Rc::clone(&counters),
                });
                counters
            }
        }
    }

    fn find_exchanges(&self, subject: RequestLabels<'_>) -> Rc<ExchangeCounters> {
        let mut exchanges = self.exchanges.borrow_mut();
        let exchanges = exchanges
            .entry((subject.operation, subject.squad))
            .or_insert_with(|| {
                let (operation, squad) = (subject.operation_name, subject.squad_name);
                Rc::new(ExchangeCounters {
                    by_outcome: Default::default(),
                    tally: self.inventory.tally(self.core, operation, squad),
                })
            });
        Rc::clone(exchanges)
    }

    /// Adds a violation to the drift of the inventory.
    pub fn record_drift(&self, event: DriftEvent<'_>) {
        self.inventory.record_drift(self.core, event);
    }

    /// Counts a violation.
    pub fn violation(
        &self,
        subject: RequestLabels<'_>,
        class: ViolationClass,
        enforcement: Enforcement,
    ) {
        let key = (subject.operation, class, subject.squad, enforcement);
        self.violations.increment(&self.metrics, key, || {
            [
                &self.service,
                subject.operation_name,
                class.as_str(),
                subject.squad_name,
                enforcement.as_str(),
            ]
            .map(str::to_owned)
        });
    }

    /// Counts a message that passed without validation.
    pub fn unjudged(&self, reason: &'static str) {
        self.unjudged.increment(&self.metrics, reason, || {
            [self.service.clone(), reason.to_owned()]
        });
    }

    /// Counts a request that was refused to protect the service.
    pub fn shed(&self, subject: RequestLabels<'_>, tier: Tier, rule: &'static str) {
        self.shed
            .increment(&self.metrics, (subject.squad, tier, rule), || {
                [&self.service, subject.squad_name, tier.as_str(), rule].map(str::to_owned)
            });
    }

    /// Records a request whose squad headers were removed. `needs_proof` if headers
    /// never name callers.
    pub fn untrusted_claim(&self, peer: Option<IpAddr>, needs_proof: bool) {
        self.untrusted_claims
            .get_or_init(|| self.metrics.counter(&UNTRUSTED_CLAIMS, &[&self.service]))
            .increment(1);
        let claims = self.inventory.untrusted_claims();
        claims.record(&self.service, peer, needs_proof);
    }

    /// Counts a retry.
    pub fn retried(&self, reason: &'static str) {
        self.retries.increment(&self.metrics, reason, || {
            [self.service.clone(), reason.to_owned()]
        });
    }

    /// Counts a request that got no response from the upstream.
    pub fn upstream_error(&self, reason: &'static str) {
        self.upstream_errors.increment(&self.metrics, reason, || {
            [self.service.clone(), reason.to_owned()]
        });
    }
}

/// Records what happens on one data core before a service is known.
#[derive(Debug)]
pub struct CoreRecorder {
    metrics: Metrics,
    http_refusals: KeyedCounters<&'static str>,
    handshake_failures: KeyedCounters<&'static str>,
    identity_faults: KeyedCounters<&'static str>,
    dropped_headers: KeyedCounters<&'static str>,
    unrouted: Counter,
    panics: Counter,
}

impl CoreRecorder {
    /// A recorder for one data core.
    pub fn new(metrics: &Metrics) -> Self {
        Self {
            metrics: metrics.clone(),
            http_refusals: KeyedCounters::new(HTTP_REFUSALS),
            handshake_failures: KeyedCounters::new(HANDSHAKE_FAILURES),
            identity_faults: KeyedCounters::new(IDENTITY_FAULTS),
            dropped_headers: KeyedCounters::new(DROPPED_HEADERS),
            unrouted: metrics.counter(&UNROUTED, &[]),
            panics: metrics.counter(&PANICS, &[]),
        }
    }

    /// Counts a request that was refused as invalid HTTP.
    pub fn http_refusal(&self, reason: &'static str) {
        self.http_refusals
            .increment(&self.metrics, reason, || [reason.to_owned()]);
    }

    /// Counts a connection whose TLS handshake failed.
    pub fn handshake_failure(&self, reason: &'static str) {
        self.handshake_failures
            .increment(&self.metrics, reason, || [reason.to_owned()]);
    }

    /// Counts a request without an acceptable caller identity.
    pub fn identity_fault(&self, reason: &'static str) {
        self.identity_faults
            .increment(&self.metrics, reason, || [reason.to_owned()]);
    }

    /// Counts a header field that was removed from a request.
    pub fn dropped_header(&self, reason: &'static str) {
        self.dropped_headers
            .increment(&self.metrics, reason, || [reason.to_owned()]);
    }

    /// Counts a request that matches no service.
    pub fn unrouted(&self) {
        self.unrouted.increment(1);
    }

    /// Counts a request that got no regular response because of a bug.
    pub fn panicked(&self) {
        self.panics.increment(1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::inventory::ServiceDescription;

    /// The latencies of a chart after ten calls of 100 ms and many of 1 ms with another outcome.
    fn median_ms(many: RequestOutcome) -> f64 {
        let inventory = TrafficInventory::new("orders", 1);
        let recorder = ServiceRecorder::new(&Metrics::off(), &inventory, 0, None);
        let labels = RequestLabels {
            operation: 0,
            operation_name: "listOrders",
            squad: 0,
            squad_name: "checkout",
        };
        let record = |outcome, ms| {
            let measured = RequestMeasurement {
                took: Duration::from_millis(ms),
                ..RequestMeasurement::default()
            };
            recorder.request(labels, outcome, measured);
        };
        (0..10).for_each(|_| record(RequestOutcome::Answered, 100));
        (0..90).for_each(|_| record(many, 1));
        inventory.observe();
        inventory.observe();
        let view = serde_json::to_value(inventory.view(&ServiceDescription::default())).unwrap();
        view["series"]["points"][0]["p50_ms"].as_f64().unwrap()
    }

    #[test]
    fn latencies_leave_out_what_the_upstream_did_not_serve() {
        for outcome in RequestOutcome::ALL {
            let is_slow = median_ms(outcome) > 50.0;
            assert_eq!(is_slow, !outcome.is_timed_by_upstream(), "{outcome:?}");
        }
        assert!(median_ms(RequestOutcome::Shed) > 50.0);
        assert!(median_ms(RequestOutcome::Failed) < 2.0);
    }
}
