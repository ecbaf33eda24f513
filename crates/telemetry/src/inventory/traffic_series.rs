//! The recent traffic of one service: a time series, and the current counts of each squad.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::Serialize;

use super::exchange_tally::ExchangeTotals;
use super::latency_histogram::LatencySnapshot;
use crate::request_outcome::RequestOutcome;

/// The window of the drift rate, in seconds.
const DRIFT_WINDOW: usize = 60;

/// The length of a point, in seconds.
pub(super) const POINT_SECONDS: u64 = 2;

/// The most points that are kept: five minutes.
const POINTS_MAX: usize = 150;

/// The window of the current counts, in points.
const RECENT_POINTS: usize = 5;

/// The exchanges of each squad.
pub(super) type ConsumerTotals = BTreeMap<Arc<str>, ExchangeTotals>;

/// The traffic within one point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct SeriesPoint {
    requests: u64,
    failed: u64,
    refused: u64,
    shed: u64,
    unanswered: u64,
    truncated: u64,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
}

/// The time series of one service.
#[derive(Debug, Default)]
pub(super) struct TrafficSeries {
    seconds: u64,
    /// The totals of each second, oldest first.
    totals: VecDeque<ExchangeTotals>,
    points: VecDeque<SeriesPoint>,
    at_point: (ExchangeTotals, LatencySnapshot),
    /// The totals at the last points, oldest first.
    squads: VecDeque<ConsumerTotals>,
}

/// The exchanges of the last seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RecentTraffic {
    /// The length of the window. It grows to ten seconds after the start.
    pub(super) seconds: u64,
    /// By squad, without squads that have not called.
    pub(super) squads: ConsumerTotals,
}

impl TrafficSeries {
    /// Adds another second, given the totals of each squad.
    pub(super) fn observe(
        &mut self,
        squads: ConsumerTotals,
        latencies: impl FnOnce() -> LatencySnapshot,
    ) {
        let totals = squads.values().copied().sum();
        self.totals.push_back(totals);
        if self.totals.len() > DRIFT_WINDOW + 1 {
            self.totals.pop_front();
        }
        self.seconds += 1;
        if self.seconds.is_multiple_of(POINT_SECONDS) {
            self.point(totals, latencies());
            if self.squads.len() > RECENT_POINTS {
                self.squads.pop_front();
            }
            self.squads.push_back(squads);
        }
    }

    /// The fraction of the exchanges of the last minute that violated the contract.
    pub(super) fn drift_rate(&self) -> f64 {
        match (self.totals.front(), self.totals.back()) {
            // Before the window is full, everything is within it.
            (Some(&first), Some(&last)) if self.totals.len() > DRIFT_WINDOW => {
                (last - first).drift_rate()
            }
            (_, Some(last)) => last.drift_rate(),
            _ => 0.0,
        }
    }

    /// The points, oldest first.
    pub(super) fn points(&self) -> Vec<SeriesPoint> {
        self.points.iter().copied().collect()
    }

    /// The exchanges within the last points. They are of the same moments as the points, so both give
    /// the same sums.
    pub(super) fn recent(&self) -> RecentTraffic {
        let Some(last) = self.squads.back() else {
            return RecentTraffic::default();
        };
        let nothing = ConsumerTotals::default();
        let is_full = self.squads.len() > RECENT_POINTS;
        let first = self.squads.front().filter(|_| is_full).unwrap_or(&nothing);
        let passed = last.iter().map(|(squad, totals)| {
            let before = first.get(squad).copied().unwrap_or_default();
            (Arc::clone(squad), *totals - before)
        });
        RecentTraffic {
            seconds: POINT_SECONDS * self.squads.len().min(RECENT_POINTS) as u64,
            squads: passed.filter(|(_, totals)| totals.requests() > 0).collect(),
        }
    }

    fn point(&mut self, totals: ExchangeTotals, latencies: LatencySnapshot) {
        let (before, latencies_before) = &self.at_point;
        let passed = totals - *before;
        let took = latencies.since(latencies_before);
        if self.points.len() >= POINTS_MAX {
            self.points.pop_front();
        }
        self.points.push_back(SeriesPoint {
            requests: passed.requests(),
            failed: passed.of(RequestOutcome::Failed),
            refused: passed.of(RequestOutcome::Refused),
            shed: passed.of(RequestOutcome::Shed),
            unanswered: passed.of(RequestOutcome::Unanswered),
            truncated: passed.of(RequestOutcome::Truncated),
            p50_ms: took.quantile_ms(0.5),
            p99_ms: took.quantile_ms(0.99),
        });
        self.at_point = (totals, latencies);
    }
}

#[cfg(test)]
mod tests {
    use super::super::exchange_tally::{ExchangeTally, ViolatedParts};
    use super::*;

    fn count(tally: &ExchangeTally, exchanges: usize, request: bool) {
        for _ in 0..exchanges {
            let response = false;
            tally.count(
                RequestOutcome::Answered,
                ViolatedParts { request, response },
            );
        }
    }

    fn of_one(tally: &ExchangeTally) -> ConsumerTotals {
        ConsumerTotals::from([("checkout".into(), tally.totals())])
    }

    #[test]
    fn recent_counts_of_squads_add_up_to_the_last_points() {
        let mut series = TrafficSeries::default();
        let (often, once) = (ExchangeTally::default(), ExchangeTally::default());
        assert_eq!(series.recent(), RecentTraffic::default());
        count(&once, 7, false);
        for second in 1..=40 {
            count(&often, second, true);
            let squads = [("checkout", &often), ("search", &once)];
            let squads = squads.map(|(squad, tally)| (squad.into(), tally.totals()));
            series.observe(squads.into(), LatencySnapshot::default);
            let recent = series.recent();
            let points = series.points();
            let points = &points[points.len().saturating_sub(RECENT_POINTS)..];
            assert_eq!(recent.seconds, POINT_SECONDS * points.len() as u64);
            let sum: ExchangeTotals = recent.squads.values().copied().sum();
            let of_points: u64 = points.iter().map(|point| point.requests).sum();
            assert_eq!(sum.requests(), of_points, "after {second} s");
        }
        let recent = series.recent();
        let squads: Vec<_> = recent.squads.keys().map(|squad| &**squad).collect();
        assert_eq!(squads, ["checkout"], "search has not called recently");
        let checkout = recent.squads["checkout"];
        assert_eq!(checkout.requests(), (31..=40).sum::<usize>() as u64);
        assert_eq!(checkout.wrong_requests, checkout.requests());
    }

    #[test]
    fn a_point_holds_the_traffic_since_the_previous_one() {
        let (mut series, tally) = (TrafficSeries::default(), ExchangeTally::default());
        for second in 1..=4 {
            count(&tally, second, false);
            series.observe(of_one(&tally), LatencySnapshot::default);
        }
        let requests: Vec<_> = series.points().iter().map(|point| point.requests).collect();
        assert_eq!(requests, [3, 7]);
        assert_eq!(series.points()[0].p50_ms, None);
        for _ in 0..1000 {
            series.observe(of_one(&tally), LatencySnapshot::default);
        }
        assert_eq!(series.points().len(), POINTS_MAX);
    }

    #[test]
    fn a_point_has_every_way_in_which_a_service_fails() {
        let (mut series, tally) = (TrafficSeries::default(), ExchangeTally::default());
        for outcome in RequestOutcome::ALL {
            tally.count(outcome, ViolatedParts::default());
        }
        for _ in 0..POINT_SECONDS {
            series.observe(of_one(&tally), LatencySnapshot::default);
        }
        let point = series.points()[0];
        assert_eq!(point.requests, RequestOutcome::ALL.len() as u64);
        let failures = [point.failed, point.unanswered, point.truncated];
        assert_eq!((failures, point.refused, point.shed), ([1; 3], 1, 1));
    }

    #[test]
    fn the_drift_rate_covers_one_minute() {
        let (mut series, tally) = (TrafficSeries::default(), ExchangeTally::default());
        assert!(series.drift_rate().abs() < 1e-9);
        count(&tally, 5, true);
        count(&tally, 5, false);
        series.observe(of_one(&tally), LatencySnapshot::default);
        assert!((series.drift_rate() - 0.5).abs() < 1e-9);
        for _ in 0..DRIFT_WINDOW {
            count(&tally, 1, false);
            series.observe(of_one(&tally), LatencySnapshot::default);
        }
        assert!(series.drift_rate().abs() < 1e-9, "{}", series.drift_rate());
    }
}
