//! The hosts that services have called since the start, with the number of calls.
//!
//! Clients choose hosts, so their number is bounded: further ones are counted together. In metrics, the
//! host of a declared call is the pattern that declares it, which the catalog bounds; other hosts are
//! named until there are too many of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use metrics::Counter;
use serde::Serialize;

use super::egress_verdict::EgressVerdict;
use crate::metric_names::EGRESS_CALLS;
use crate::metrics::Metrics;

/// The most callers and hosts that are kept.
const ENTRIES_MAX: usize = 2000;

/// The most hosts that metrics name although the catalog does not.
const NAMED_HOSTS_MAX: usize = 200;

/// The label of the hosts that are not named.
const OTHER: &str = "other";

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct DependencyCall<'c> {
    /// The service that calls, or `unknown`.
    pub service: &'c str,
    /// Its squad, or `unknown`.
    pub squad: &'c str,
    /// The host, in one spelling.
    pub host: &'c str,
    /// The port.
    pub port: u16,
    /// The pattern that declares the host.
    pub pattern: Option<&'c str>,
    /// What was decided.
    pub verdict: EgressVerdict,
}

/// The calls of one caller to one host and port.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DependencyView {
    /// The service that calls, or `unknown`.
    pub service: String,
    /// Its squad, or `unknown`.
    pub squad: String,
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The pattern that declares the host, as of the last call.
    pub pattern: Option<String>,
    /// The verdict of the last call.
    pub verdict: &'static str,
    /// All calls.
    pub calls: u64,
    /// The calls that were refused, because of the host or of its address.
    pub refused: u64,
    /// When the last call was made.
    pub last_at: String,
}

#[derive(Debug)]
struct LedgerEntry {
    pattern: Option<String>,
    verdict: EgressVerdict,
    calls: u64,
    refused: u64,
    last_at: SystemTime,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct EntryKey {
    service: String,
    squad: String,
    host: String,
    port: u16,
}

/// The labels of a counter: service, squad, host and verdict.
type CounterLabels = (String, String, String, EgressVerdict);

#[derive(Debug, Default)]
struct LedgerState {
    entries: BTreeMap<EntryKey, LedgerEntry>,
    /// Calls of callers and hosts that are not kept.
    unlisted: u64,
    counters: BTreeMap<CounterLabels, LedgerCounter>,
    /// The hosts that metrics name although the catalog does not.
    named_hosts: BTreeSet<String>,
}

struct LedgerCounter(Counter);

impl std::fmt::Debug for LedgerCounter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LedgerCounter")
    }
}

/// The hosts that services have called, for all data cores. Calls are few compared with what else a
/// process does, so one lock is enough.
#[derive(Debug)]
pub struct DependencyLedger {
    metrics: Metrics,
    since: Instant,
    state: Mutex<LedgerState>,
}

impl DependencyLedger {
    /// An empty ledger.
    pub fn new(metrics: &Metrics) -> Self {
        Self {
            metrics: metrics.clone(),
            since: Instant::now(),
            state: Mutex::default(),
        }
    }

    /// Counts a call.
    pub fn record(&self, call: &DependencyCall<'_>, now: SystemTime) {
        let mut state = self.lock();
        state.count(call, &self.metrics);
        state.note(call, now);
    }

    /// All calls, and the number of those whose hosts are not kept.
    pub fn views(&self) -> (Vec<DependencyView>, u64) {
        let state = self.lock();
        let entries = state.entries.iter();
        let views = entries.map(|(key, entry)| DependencyView {
            service: key.service.clone(),
            squad: key.squad.clone(),
            host: key.host.clone(),
            port: key.port,
            pattern: entry.pattern.clone(),
            verdict: entry.verdict.as_str(),
            calls: entry.calls,
            refused: entry.refused,
            last_at: humantime::format_rfc3339_seconds(entry.last_at).to_string(),
        });
        (views.collect(), state.unlisted)
    }

    /// How long calls have been counted.
    pub fn age(&self) -> Duration {
        self.since.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, LedgerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LedgerState {
    fn count(&mut self, call: &DependencyCall<'_>, metrics: &Metrics) {
        let host = match call.pattern {
            Some(pattern) => pattern,
            None => self.named_host(call.host),
        };
        let labels = (
            call.service.to_owned(),
            call.squad.to_owned(),
            host.to_owned(),
            call.verdict,
        );
        let counter = self.counters.entry(labels).or_insert_with_key(|labels| {
            let (service, squad, host, verdict) = labels;
            let labels = [service.as_str(), squad, host, verdict.as_str()];
            LedgerCounter(metrics.counter(&EGRESS_CALLS, &labels))
        });
        counter.0.increment(1);
    }

    /// The label of a host that the catalog does not name.
    fn named_host<'h>(&mut self, host: &'h str) -> &'h str {
        if self.named_hosts.contains(host) {
            return host;
        }
        if self.named_hosts.len() >= NAMED_HOSTS_MAX {
            return OTHER;
        }
        self.named_hosts.insert(host.to_owned());
        host
    }

    fn note(&mut self, call: &DependencyCall<'_>, now: SystemTime) {
        let key = EntryKey {
            service: call.service.to_owned(),
            squad: call.squad.to_owned(),
            host: call.host.to_owned(),
            port: call.port,
        };
        if self.entries.len() >= ENTRIES_MAX && !self.entries.contains_key(&key) {
            self.unlisted += 1;
            return;
        }
        let entry = self.entries.entry(key).or_insert_with(|| LedgerEntry {
            pattern: None,
            verdict: call.verdict,
            calls: 0,
            refused: 0,
            last_at: now,
        });
        entry.pattern = call.pattern.map(str::to_owned);
        entry.verdict = call.verdict;
        entry.calls += 1;
        let is_refused = matches!(call.verdict, EgressVerdict::Refused | EgressVerdict::Denied);
        entry.refused += u64::from(is_refused);
        entry.last_at = entry.last_at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call<'c>(
        host: &'c str,
        pattern: Option<&'c str>,
        verdict: EgressVerdict,
    ) -> DependencyCall<'c> {
        DependencyCall {
            service: "orders",
            squad: "payments",
            host,
            port: 443,
            pattern,
            verdict,
        }
    }

    #[test]
    fn calls_are_counted_by_host_and_shown_by_their_last_verdict() {
        let metrics = Metrics::new();
        let ledger = DependencyLedger::new(&metrics);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
        let record = |host, pattern, verdict| ledger.record(&call(host, pattern, verdict), now);
        record("a.internal", Some("*.internal"), EgressVerdict::Declared);
        record("b.internal", Some("*.internal"), EgressVerdict::Declared);
        record("c.test", None, EgressVerdict::Undeclared);
        record("c.test", None, EgressVerdict::Refused);
        let (views, unlisted) = ledger.views();
        let shown: Vec<_> = views
            .iter()
            .map(|view| (view.host.as_str(), view.verdict, view.calls, view.refused))
            .collect();
        assert_eq!(
            shown,
            [
                ("a.internal", "declared", 1, 0),
                ("b.internal", "declared", 1, 0),
                ("c.test", "refused", 2, 1),
            ]
        );
        assert_eq!(
            (unlisted, views[0].last_at.as_str()),
            (0, "1970-01-01T00:01:00Z")
        );
        let text = metrics.render().unwrap();
        let series = |host: &str, verdict: &str, count: u64| {
            let line = format!(
                "portcullis_egress_calls_total{{service=\"orders\",squad=\"payments\",host=\"{host}\",verdict=\"{verdict}\"}} {count}"
            );
            assert!(text.contains(&line), "{line}\n{text}");
        };
        series("*.internal", "declared", 2);
        series("c.test", "undeclared", 1);
        series("c.test", "refused", 1);
    }

    #[test]
    fn clients_cannot_grow_the_ledger_or_the_metrics() {
        let metrics = Metrics::new();
        let ledger = DependencyLedger::new(&metrics);
        for n in 0..ENTRIES_MAX + 5 {
            let host = format!("h{n}.test");
            let call = call(&host, None, EgressVerdict::Undeclared);
            ledger.record(&call, SystemTime::UNIX_EPOCH);
        }
        let (views, unlisted) = ledger.views();
        assert_eq!((views.len(), unlisted), (ENTRIES_MAX, 5));
        let text = metrics.render().unwrap();
        let series = text
            .lines()
            .filter(|line| line.starts_with("portcullis_egress_calls_total{"));
        assert_eq!(series.count(), NAMED_HOSTS_MAX + 1);
        let others = ENTRIES_MAX + 5 - NAMED_HOSTS_MAX;
        assert!(text.contains(&format!("host=\"other\",verdict=\"undeclared\"}} {others}")));
    }
}
