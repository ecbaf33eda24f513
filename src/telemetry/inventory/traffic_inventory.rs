//! The inventory of one service, over all data cores.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::drift::{CoreDrift, DriftEvent, MergedDrift};
use super::exchange_tally::{ExchangeTally, ExchangeTotals};
use super::inventory_view::InventoryView;
use super::latency_histogram::{LatencyHistogram, LatencySnapshot};
use super::traffic_series::TrafficSeries;

/// What passes one service. It outlives revisions of the contract: operations and squads are known
/// by their names.
#[derive(Debug)]
pub struct TrafficInventory {
    service: String,
    since: SystemTime,
    rows: Mutex<BTreeMap<InventoryKey, Vec<Option<Arc<ExchangeTally>>>>>,
    cores: Box<[CoreInventory]>,
    series: Mutex<TrafficSeries>,
}

/// Whose exchanges with which operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InventoryKey {
    pub(super) operation: Arc<str>,
    pub(super) squad: Arc<str>,
}

/// What one data core writes.
#[derive(Debug, Default)]
struct CoreInventory {
    latency: LatencyHistogram,
    drift: Mutex<CoreDrift>,
}

/// What an inventory cannot know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceDescription {
    /// The squad that provides the service.
    pub provider: Option<String>,
    /// Version and revision of the contract in force.
    pub contract: Option<(Arc<str>, Arc<str>)>,
    /// The names of the contract's operations.
    pub operations: Vec<Arc<str>>,
}

impl TrafficInventory {
    /// An empty one, for this many data cores.
    pub fn new(service: &str, cores: usize) -> Arc<Self> {
        Arc::new(Self {
            service: service.to_owned(),
            since: SystemTime::now(),
            rows: Mutex::default(),
            cores: (0..cores.max(1))
                .map(|_| CoreInventory::default())
                .collect(),
            series: Mutex::default(),
        })
    }

    /// The service's name.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Where the data core of this number counts what a squad gets from an operation. Slow: keep
    /// it.
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

    /// How long one request took.
    pub fn record_latency(&self, core: usize, took: Duration) {
        if let Some(core) = self.cores.get(core) {
            core.latency.observe(took);
        }
    }

    /// A message departed from the contract.
    pub fn record_drift(&self, core: usize, departure: DriftEvent<'_>) {
        if let Some(core) = self.cores.get(core) {
            lock(&core.drift).note(departure);
        }
    }

    /// A second has passed.
    pub fn observe(&self) {
        let totals = self.totals();
        lock(&self.series).observe(totals, || self.latencies());
    }

    /// The share of exchanges of the last minute that departed from the contract, from 0 to 1.
    pub fn drift_rate(&self) -> f64 {
        lock(&self.series).drift_rate()
    }

    /// What was counted since the start.
    pub fn totals(&self) -> ExchangeTotals {
        self.rows().into_iter().map(|(_, totals)| totals).sum()
    }

    /// The same for each consumer.
    pub fn by_squad(&self) -> BTreeMap<Arc<str>, ExchangeTotals> {
        let mut squads = BTreeMap::<_, ExchangeTotals>::new();
        for (row, totals) in self.rows() {
            let squad = squads.entry(row.squad).or_default();
            *squad = *squad + totals;
        }
        squads
    }

    /// All of it, for people.
    pub fn view(&self, described: &ServiceDescription) -> InventoryView {
        let mut drift = MergedDrift::default();
        for core in &self.cores {
            drift.add(&lock(&core.drift));
        }
        let series = lock(&self.series);
        InventoryView::new(self, described, &self.rows(), &drift, &series)
    }

    /// How long ago it began.
    pub(super) fn age(&self) -> Duration {
        self.since.elapsed().unwrap_or_default()
    }

    fn rows(&self) -> Vec<(InventoryKey, ExchangeTotals)> {
        let rows = lock(&self.rows);
        let sum = |cores: &[Option<Arc<ExchangeTally>>]| -> ExchangeTotals {
            cores.iter().flatten().map(|tally| tally.totals()).sum()
        };
        let rows = rows.iter().map(|(row, cores)| (row.clone(), sum(cores)));
        rows.collect()
    }

    fn latencies(&self) -> LatencySnapshot {
        let mut latencies = LatencySnapshot::default();
        for core in &self.cores {
            latencies.add(&core.latency);
        }
        latencies
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
