//! The recent traffic of one service as a time series.

use std::collections::VecDeque;

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

/// The traffic within one point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct SeriesPoint {
    requests: u64,
    failed: u64,
    refused: u64,
    shed: u64,
    unanswered: u64,
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
}

impl TrafficSeries {
    /// Adds the totals of another second.
    pub(super) fn observe(
        &mut self,
        totals: ExchangeTotals,
        latencies: impl FnOnce() -> LatencySnapshot,
    ) {
        self.totals.push_back(totals);
        if self.totals.len() > DRIFT_WINDOW + 1 {
            self.totals.pop_front();
        }
        self.seconds += 1;
        if self.seconds.is_multiple_of(POINT_SECONDS) {
            self.point(totals, latencies());
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

    #[test]
    fn a_point_holds_the_traffic_since_the_previous_one() {
        let (mut series, tally) = (TrafficSeries::default(), ExchangeTally::default());
        for second in 1..=4 {
            count(&tally, second, false);
            series.observe(tally.totals(), LatencySnapshot::default);
        }
        let requests: Vec<_> = series.points().iter().map(|point| point.requests).collect();
        assert_eq!(requests, [3, 7]);
        assert_eq!(series.points()[0].p50_ms, None);
        for _ in 0..1000 {
            series.observe(tally.totals(), LatencySnapshot::default);
        }
        assert_eq!(series.points().len(), POINTS_MAX);
    }

    #[test]
    fn the_drift_rate_covers_one_minute() {
        let (mut series, tally) = (TrafficSeries::default(), ExchangeTally::default());
        assert!(series.drift_rate().abs() < 1e-9);
        count(&tally, 5, true);
        count(&tally, 5, false);
        series.observe(tally.totals(), LatencySnapshot::default);
        assert!((series.drift_rate() - 0.5).abs() < 1e-9);
        for _ in 0..DRIFT_WINDOW {
            count(&tally, 1, false);
            series.observe(tally.totals(), LatencySnapshot::default);
        }
        assert!(series.drift_rate().abs() < 1e-9, "{}", series.drift_rate());
    }
}
