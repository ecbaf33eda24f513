//! How many slots each consumer needed recently.

use std::time::Duration;

use super::lent_slots::LentSlots;
use crate::consumer_index::ConsumerIndex;

/// The length of a period. Demand is remembered for between one and two periods.
pub(super) const PERIOD: Duration = Duration::from_secs(5);

/// The most slots that each consumer needed at a time, in this period and the one before.
#[derive(Debug)]
pub(super) struct RecentDemand {
    since: Duration,
    peaks: Box<[DemandPeaks]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct DemandPeaks {
    this_period: u32,
    last_period: u32,
}

impl RecentDemand {
    pub(super) fn new(consumers: usize) -> Self {
        Self {
            since: Duration::ZERO,
            peaks: vec![DemandPeaks::default(); consumers].into(),
        }
    }

    /// Notes that a consumer needs so many slots now.
    pub(super) fn note(&mut self, consumer: ConsumerIndex, needed: u32) {
        let peak = &mut self.peaks[consumer.get()].this_period;
        *peak = needed.max(*peak);
    }

    /// The most slots that a consumer needed at a time, without those that cores lent themselves.
    pub(super) fn peak(&self, consumer: ConsumerIndex) -> u32 {
        let peaks = self.peaks[consumer.get()];
        peaks.this_period.max(peaks.last_period)
    }

    /// Begins a new period when the current one is over; whether it did.
    pub(super) fn advance(
        &mut self,
        lent: &LentSlots,
        now: Duration,
        in_flight: impl Fn(ConsumerIndex) -> u32,
    ) -> bool {
        let elapsed = now - self.since;
        if elapsed < PERIOD {
            return false;
        }
        let is_long_ago = elapsed >= 2 * PERIOD;
        self.since = now;
        for (index, peaks) in self.peaks.iter_mut().enumerate() {
            let consumer = ConsumerIndex::new(index);
            let lent_peak = lent.take_peak(consumer);
            let had_demand = peaks.last_period.max(peaks.this_period) > 0 || lent_peak > 0;
            if had_demand {
                // The peak of lent slots may be recent, however long ago the arbiter was asked.
                let last_period = if is_long_ago {
                    lent_peak
                } else {
                    peaks.this_period.max(lent_peak)
                };
                *peaks = DemandPeaks {
                    this_period: in_flight(consumer),
                    last_period,
                };
            }
        }
        true
    }
}
