//! The JSON of an inventory, as shown on the admin port.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;

use super::drift::{DriftKind, DriftStats, MergedDrift, RecentViolation};
use super::exchange_tally::{ExchangeTotals, OutcomeCounts};
use super::inventory_key::InventoryKey;
use super::objective_view::ObjectiveView;
use super::service_description::ServiceDescription;
use super::traffic_inventory::TrafficInventory;
use super::traffic_series::{POINT_SECONDS, RecentTraffic, SeriesPoint, TrafficSeries};

/// The traffic of one service.
#[derive(Debug, Serialize)]
pub struct InventoryView {
    service: String,
    provider: Option<String>,
    /// The time since counting began.
    since_seconds: f64,
    contract: Option<ActiveRevision>,
    #[serde(flatten)]
    all: ExchangeCounts,
    recent: RecentView,
    /// Over the last minute.
    drift_rate: f64,
    /// Requests whose squad headers were removed, because their sender is not trusted.
    untrusted_squad_headers: u64,
    consumers: Vec<ConsumerView>,
    operations: Vec<OperationView>,
    /// Operations of the contract that were never called.
    uncalled: Vec<Arc<str>>,
    /// Most frequent first.
    drift: Vec<DriftView>,
    /// Violations of kinds beyond the limit.
    drift_more: u64,
    /// Newest first.
    violations: Vec<ViolationView>,
    series: SeriesView,
    /// What the provider promises, and what this process saw of it.
    objectives: Vec<ObjectiveView>,
}

/// The active revision of the contract.
#[derive(Debug, Serialize)]
struct ActiveRevision {
    version: Arc<str>,
    revision: Arc<str>,
}

/// Counts of exchanges.
#[derive(Debug, Serialize)]
struct ExchangeCounts {
    requests: u64,
    departed: u64,
    outcomes: OutcomeCounts,
}

/// The exchanges of the last ten seconds. The counts of the squads add up to the others.
#[derive(Debug, Serialize)]
struct RecentView {
    seconds: u64,
    #[serde(flatten)]
    all: RecentCounts,
    consumers: Vec<RecentConsumerView>,
}

/// Counts of recent exchanges.
#[derive(Debug, Serialize)]
struct RecentCounts {
    #[serde(flatten)]
    all: ExchangeCounts,
    /// Exchanges whose request violated the contract.
    wrong_requests: u64,
    /// Exchanges whose response violated the contract.
    wrong_responses: u64,
}

/// The recent exchanges of one squad.
#[derive(Debug, Serialize)]
struct RecentConsumerView {
    squad: Arc<str>,
    #[serde(flatten)]
    counts: RecentCounts,
}

#[derive(Debug, Serialize)]
struct ConsumerView {
    squad: Arc<str>,
    #[serde(flatten)]
    counts: ExchangeCounts,
}

#[derive(Debug, Serialize)]
struct OperationView {
    operation: Arc<str>,
    #[serde(flatten)]
    counts: ExchangeCounts,
    consumers: Vec<ConsumerView>,
}

/// A kind of violation.
#[derive(Debug, Serialize)]
struct DriftView {
    class: &'static str,
    operation: Option<String>,
    method: Option<String>,
    path: Option<String>,
    #[serde(rename = "in")]
    part: &'static str,
    name: Option<String>,
    keyword: Option<String>,
    status: Option<u16>,
    schema: Option<String>,
    file: Option<Arc<str>>,
    line: Option<u32>,
    count: u64,
    consumers: Vec<DriftConsumerView>,
    first_seconds_ago: f64,
    last_seconds_ago: f64,
}

#[derive(Debug, Serialize)]
struct DriftConsumerView {
    squad: String,
    count: u64,
}

/// A recent violation.
#[derive(Clone, Debug, Serialize)]
pub struct ViolationView {
    at: String,
    class: &'static str,
    operation: Option<String>,
    squad: String,
    enforcement: &'static str,
    #[serde(rename = "in")]
    part: &'static str,
    name: Option<String>,
    pointer: String,
    keyword: Option<String>,
    schema: Option<String>,
    file: Option<Arc<str>>,
    line: Option<u32>,
}

#[derive(Debug, Serialize)]
struct SeriesView {
    every_seconds: u64,
    /// Oldest first.
    points: Vec<SeriesPoint>,
}

impl TrafficInventory {
    /// The inventory as JSON data.
    pub fn view(&self, described: &ServiceDescription) -> InventoryView {
        InventoryView::new(self, described, &self.rows(), &self.drift(), &self.series())
    }
}

impl InventoryView {
    fn new(
        inventory: &TrafficInventory,
        described: &ServiceDescription,
        rows: &[(InventoryKey, ExchangeTotals)],
        drift: &MergedDrift,
        series: &TrafficSeries,
    ) -> Self {
        let called: BTreeSet<&str> = rows.iter().map(|(row, _)| &*row.operation).collect();
        let operations = described.operations.iter();
        let uncalled = operations
            .filter(|name| !called.contains(&***name))
            .cloned();
        let contract = described.contract.clone();
        let mut kinds: Vec<_> = drift.kinds.iter().collect();
        kinds.sort_by_key(|(_, stats)| std::cmp::Reverse(stats.count()));
        let now = SystemTime::now();
        Self {
            service: inventory.service().to_owned(),
            provider: described.provider.clone(),
            since_seconds: inventory.age().as_secs_f64(),
            contract: contract.map(|(version, revision)| ActiveRevision { version, revision }),
            all: ExchangeCounts::from(
                rows.iter()
                    .map(|(_, totals)| *totals)
                    .sum::<ExchangeTotals>(),
            ),
            recent: RecentView::from(series.recent()),
            drift_rate: series.drift_rate(),
            untrusted_squad_headers: inventory.untrusted_claims().count(),
            consumers: consumers(rows),
            uncalled: uncalled.collect(),
            operations: operations_of(rows),
            drift: kinds
                .into_iter()
                .map(|(kind, stats)| DriftView::new(kind, stats, now))
                .collect(),
            drift_more: drift.more,
            violations: drift.recent.iter().map(ViolationView::from).collect(),
            series: SeriesView {
                every_seconds: POINT_SECONDS,
                points: series.points(),
            },
            objectives: inventory.objective_views(described),
        }
    }
}

fn consumers(rows: &[(InventoryKey, ExchangeTotals)]) -> Vec<ConsumerView> {
    let mut squads = BTreeMap::<&Arc<str>, ExchangeTotals>::new();
    for (row, totals) in rows {
        let sum = squads.entry(&row.squad).or_default();
        *sum = *sum + *totals;
    }
    let squads = squads.into_iter();
    squads
        .map(|(squad, totals)| ConsumerView::new(squad, totals))
        .collect()
}

/// The operations. The rows must be sorted by operation.
fn operations_of(rows: &[(InventoryKey, ExchangeTotals)]) -> Vec<OperationView> {
    let of_one = rows.chunk_by(|(left, _), (right, _)| left.operation == right.operation);
    let view = |rows: &[(InventoryKey, ExchangeTotals)]| OperationView {
        operation: Arc::clone(&rows[0].0.operation),
        counts: ExchangeCounts::from(
            rows.iter()
                .map(|(_, totals)| *totals)
                .sum::<ExchangeTotals>(),
        ),
        consumers: consumers(rows),
    };
    of_one.map(view).collect()
}

impl ConsumerView {
    fn new(squad: &Arc<str>, totals: ExchangeTotals) -> Self {
        Self {
            squad: Arc::clone(squad),
            counts: ExchangeCounts::from(totals),
        }
    }
}

impl From<RecentTraffic> for RecentView {
    fn from(recent: RecentTraffic) -> Self {
        let all: ExchangeTotals = recent.squads.values().copied().sum();
        let consumers = recent.squads.into_iter();
        Self {
            seconds: recent.seconds,
            all: all.into(),
            consumers: consumers
                .map(|(squad, totals)| RecentConsumerView {
                    squad,
                    counts: totals.into(),
                })
                .collect(),
        }
    }
}

impl From<ExchangeTotals> for RecentCounts {
    fn from(totals: ExchangeTotals) -> Self {
        Self {
            wrong_requests: totals.wrong_requests,
            wrong_responses: totals.wrong_responses,
            all: totals.into(),
        }
    }
}

impl From<ExchangeTotals> for ExchangeCounts {
    fn from(totals: ExchangeTotals) -> Self {
        Self {
            requests: totals.requests(),
            departed: totals.departed,
            outcomes: OutcomeCounts(totals),
        }
    }
}

impl DriftView {
    fn new(kind: &DriftKind, stats: &DriftStats, now: SystemTime) -> Self {
        let ago = |at| now.duration_since(at).unwrap_or_default().as_secs_f64();
        let consumers = stats.by_squad.iter();
        let consumer = |(squad, count): (&String, &u64)| DriftConsumerView {
            squad: squad.clone(),
            count: *count,
        };
        let kind = kind.clone();
        let (file, line) = stats.place.clone().unzip();
        Self {
            class: kind.class.as_str(),
            operation: kind.operation,
            method: kind.method,
            path: kind.path,
            part: kind.part,
            name: kind.name,
            keyword: kind.keyword,
            status: kind.status,
            schema: kind.schema,
            file,
            line,
            count: stats.count(),
            consumers: consumers.map(consumer).collect(),
            first_seconds_ago: ago(stats.first),
            last_seconds_ago: ago(stats.last),
        }
    }
}

impl From<&RecentViolation> for ViolationView {
    fn from(recent: &RecentViolation) -> Self {
        let finding = recent.finding.clone();
        let (file, line) = finding.place.unzip();
        Self {
            at: humantime::format_rfc3339_millis(recent.at).to_string(),
            class: finding.class.as_str(),
            operation: recent.operation.clone(),
            squad: recent.squad.clone(),
            enforcement: finding.enforcement.as_str(),
            part: finding.part,
            name: finding.name,
            pointer: finding.pointer,
            keyword: finding.keyword,
            schema: finding.schema,
            file,
            line,
        }
    }
}
