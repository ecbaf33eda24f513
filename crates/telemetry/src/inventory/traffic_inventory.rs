//! The traffic inventory of one service, over all data cores.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::caller_versions::CallerVersions;
use super::drift::{CoreDrift, DriftEvent, MergedDrift};
use super::exchange_tally::{ExchangeTally, ExchangeTotals, ExchangeUsage};
use super::inventory_key::InventoryKey;
use super::latency_histogram::{LatencyHistogram, LatencySnapshot};
use super::objective_tally::{ObjectiveKey, ObjectiveTally};
use super::traffic_series::TrafficSeries;
use crate::untrusted_claims::UntrustedClaims;

/// The traffic of one service. It outlives revisions of the contract, because operations and squads
/// are identified by name.
#[derive(Debug)]
pub struct TrafficInventory {
    service: String,
    since: SystemTime,
    rows: Mutex<BTreeMap<InventoryKey, Vec<Option<Arc<ExchangeTally>>>>>,
    objectives: Mutex<ObjectiveTallies>,
    cores: Box<[CoreInventory]>,
    series: Mutex<TrafficSeries>,
    untrusted_claims: UntrustedClaims,
    caller_versions: CallerVersions,
}

/// The counters of each objective, by data core.
pub(super) type ObjectiveTallies = BTreeMap<ObjectiveKey, Vec<Option<Arc<ObjectiveTally>>>>;

/// The counters of one data core.
#[derive(Debug, Default)]
struct CoreInventory {
    latency: LatencyHistogram,
    drift: Mutex<CoreDrift>,
}

impl TrafficInventory {
    /// An empty inventory for this number of data cores.
    pub fn new(service: &str, cores: usize) -> Arc<Self> {
        Arc::new(Self {
            service: service.to_owned(),
            since: SystemTime::now(),
            rows: Mutex::default(),
            objectives: Mutex::default(),
            cores: (0..cores.max(1))
                .map(|_| CoreInventory::default())
                .collect(),
            series: Mutex::default(),
            untrusted_claims: UntrustedClaims::default(),
            caller_versions: CallerVersions::default(),
        })
    }

    /// The service's name.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The counters of a data core for one operation and squad. Slow: callers should keep the
    /// result.
    pub fn tally(&self, core: usize, operation: &str, squad: &str) -> Arc<ExchangeTally> {
        let row = InventoryKey {
            operation: operation.into(),
            squad: squad.into(),
        };
        let mut rows = lock(&self.rows);
        let cores = rows.entry(row).or_default();
        if cores.len() <= core {
            cores.resize(core + 1, None);
        }
        Arc::clone(cores[core].get_or_insert_default())
    }

    /// Records the duration of a request that the upstream was asked to serve. Refusals of our own
    /// are left out, because many of them would make a slow upstream look fast.
    pub fn record_latency(&self, core: usize, took: Duration) {
        if let Some(core) = self.cores.get(core) {
            core.latency.observe(took);
        }
    }

    /// Records a violation.
    pub fn record_drift(&self, core: usize, event: DriftEvent<'_>) {
        if let Some(core) = self.cores.get(core) {
            lock(&core.drift).record(event);
        }
    }

    /// The requests whose squad headers were removed.
    pub fn untrusted_claims(&self) -> &UntrustedClaims {
        &self.untrusted_claims
    }

    /// Records the version that the caller of a deprecated operation names.
    pub fn record_caller_version(&self, operation: &str, squad: &str, version: &str) {
        self.caller_versions.count(operation, squad, version);
    }

    /// Updates the time series. Call it every second.
    pub fn observe(&self) {
        let squads = by_squad(self.rows());
        lock(&self.series).observe(squads, || self.latencies());
    }

    /// The fraction of the exchanges of the last minute that violated the contract.
    pub fn drift_rate(&self) -> f64 {
        lock(&self.series).drift_rate()
    }

    /// The totals since the start.
    pub fn totals(&self) -> ExchangeTotals {
        self.rows().into_iter().map(|(_, totals)| totals).sum()
    }

    /// The totals since the start, by squad.
    pub fn by_squad(&self) -> BTreeMap<Arc<str>, ExchangeTotals> {
        by_squad(self.rows())
    }

    /// What the exchanges of each squad used since the start.
    pub fn usage_by_squad(&self) -> BTreeMap<Arc<str>, ExchangeUsage> {
        let mut squads = BTreeMap::<_, ExchangeUsage>::new();
        for (row, cores) in lock(&self.rows).iter() {
            let squad = squads.entry(Arc::clone(&row.squad)).or_default();
            for tally in cores.iter().flatten() {
                *squad = *squad + tally.usage();
            }
        }
        squads
    }

    /// The drift of all data cores.
    pub(super) fn drift(&self) -> MergedDrift {
        let mut drift = MergedDrift::default();
        for core in &self.cores {
            drift.add(&lock(&core.drift));
        }
        drift
    }

    /// The time series, locked.
    pub(super) fn series(&self) -> MutexGuard<'_, TrafficSeries> {
        lock(&self.series)
    }

    /// The counters of objectives, locked.
    pub(super) fn objectives(&self) -> MutexGuard<'_, ObjectiveTallies> {
        lock(&self.objectives)
    }

    /// The time since the inventory was created.
    pub(super) fn age(&self) -> Duration {
        self.since.elapsed().unwrap_or_default()
    }

    /// The totals of all rows, sorted by operation and squad.
    pub(super) fn rows(&self) -> Vec<(InventoryKey, ExchangeTotals)> {
        let rows = lock(&self.rows);
        let sum = |cores: &[Option<Arc<ExchangeTally>>]| -> ExchangeTotals {
            cores.iter().flatten().map(|tally| tally.totals()).sum()
        };
        let rows = rows.iter().map(|(row, cores)| (row.clone(), sum(cores)));
        rows.collect()
    }

    /// When each squad called an operation last, if that was kept.
    pub(super) fn last_calls(&self, operation: &str) -> BTreeMap<Arc<str>, SystemTime> {
        let rows = lock(&self.rows);
        let of_operation = rows.iter().filter(|(row, _)| &*row.operation == operation);
        let last = of_operation.filter_map(|(row, cores)| {
            let last = cores
                .iter()
                .flatten()
                .filter_map(|tally| tally.last())
                .max()?;
            Some((Arc::clone(&row.squad), last))
        });
        last.collect()
    }

    /// The versions of the callers of deprecated operations.
    pub(super) fn caller_versions(&self) -> &CallerVersions {
        &self.caller_versions
    }

    fn latencies(&self) -> LatencySnapshot {
        let mut latencies = LatencySnapshot::default();
        for core in &self.cores {
            latencies.add(&core.latency);
        }
        latencies
    }
}

fn by_squad(rows: Vec<(InventoryKey, ExchangeTotals)>) -> BTreeMap<Arc<str>, ExchangeTotals> {
    let mut squads = BTreeMap::<_, ExchangeTotals>::new();
    for (row, totals) in rows {
        let squad = squads.entry(row.squad).or_default();
        *squad = *squad + totals;
    }
    squads
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
