//! An adaptive concurrency limit.
//!
//! Source: L. Brakmo, S. O'Malley, L. Peterson, "TCP Vegas", SIGCOMM 1994, as Netflix's
//! concurrency-limits applies it to requests. From the latency without load and the latency now it
//! estimates how many of the requests in flight wait inside the upstream. The limit grows while
//! these are few and shrinks while they are many. It changes only while it is used, because an
//! upstream with fewer requests says nothing about the limit.
//!
//! A gradient of long-term and short-term latency would be simpler, but in a lasting overload the
//! long-term latency follows the short-term one, and the limit creeps up. Vegas keeps the latency
//! without load, so it must measure it again from time to time: every 300 samples the limit is
//! halved for two of them, and the next sample counts as one without load.

/// The lowest limit: below it, a single slow call would stop all others.
pub(super) const LIMIT_MIN: u32 = 4;

/// The first limit.
const LIMIT_START: u32 = 20;

/// After how many samples the latency without load is measured again.
const MEASURE_EVERY: u32 = 300;

/// For how many samples the limit is halved before that.
const DRAIN_SAMPLES: u32 = 2;

/// The limit, and the latency that it is adapted to.
#[derive(Clone, Debug)]
pub(super) struct VegasLimit {
    limit: f64,
    limit_max: u32,
    without_load: f64,
    samples: u32,
}

impl VegasLimit {
    /// A limit of at most `limit_max`.
    pub(super) fn new(limit_max: u32) -> Self {
        Self {
            limit: f64::from(LIMIT_START.min(limit_max)),
            limit_max,
            without_load: f64::INFINITY,
            samples: 0,
        }
    }

    /// Changes the bound of the limit.
    pub(super) fn set_limit_max(&mut self, limit_max: u32) {
        self.limit_max = limit_max;
        self.limit = self.limit.min(f64::from(limit_max));
    }

    /// The limit now.
    pub(super) fn limit(&self) -> u32 {
        let least = LIMIT_MIN.min(self.limit_max);
        if self.is_measuring() {
            (self.limit as u32 / 2).max(least)
        } else {
            self.limit as u32
        }
    }

    /// Adapts the limit to the mean latency of recent calls, in any unit, and the number in flight.
    pub(super) fn sample(&mut self, time: f64, in_flight: u32) {
        let was_measuring = self.is_measuring();
        self.samples = (self.samples + 1) % MEASURE_EVERY;
        if was_measuring {
            if !self.is_measuring() {
                self.without_load = time;
            }
            return;
        }
        self.without_load = self.without_load.min(time);
        if f64::from(in_flight) < self.limit / 2.0 {
            return;
        }
        let step = self.limit.log10().max(1.0);
        let waiting = self.limit * (1.0 - self.without_load / time.max(f64::MIN_POSITIVE));
        let change = match waiting {
            few if few <= step => 6.0 * step,
            few if few < 3.0 * step => step,
            many if many > 6.0 * step => -step,
            _ => 0.0,
        };
        let least = f64::from(LIMIT_MIN.min(self.limit_max));
        self.limit = (self.limit + change).clamp(least, f64::from(self.limit_max));
    }

    fn is_measuring(&self) -> bool {
        self.samples >= MEASURE_EVERY - DRAIN_SAMPLES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An upstream that handles `capacity` calls at a time, each in `time`, and queues the others.
    fn settle(vegas: &mut VegasLimit, capacity: f64, time: f64, samples: usize) -> u32 {
        for _ in 0..samples {
            let in_flight = vegas.limit();
            let time = time * (f64::from(in_flight) / capacity).max(1.0);
            vegas.sample(time, in_flight);
        }
        vegas.limit()
    }

    #[test]
    fn the_limit_approaches_the_capacity() {
        let mut vegas = VegasLimit::new(1000);
        let limit = settle(&mut vegas, 50.0, 10.0, 200);
        assert!((50..=65).contains(&limit), "{limit}");
        let limit = settle(&mut vegas, 20.0, 10.0, 1300);
        assert!((20..=35).contains(&limit), "{limit}");
        let limit = settle(&mut vegas, 100.0, 10.0, 200);
        assert!((100..=120).contains(&limit), "{limit}");
    }

    #[test]
    fn a_lasting_overload_does_not_raise_the_limit() {
        let mut vegas = VegasLimit::new(1000);
        for _ in 0..20 {
            let limit = settle(&mut vegas, 50.0, 10.0, 1000);
            assert!((20..=70).contains(&limit), "{limit}");
        }
    }

    #[test]
    fn the_limit_adapts_to_a_slower_upstream() {
        let mut vegas = VegasLimit::new(1000);
        settle(&mut vegas, 50.0, 10.0, 250);
        let limit = settle(&mut vegas, 50.0, 100.0, 640);
        assert!((50..=75).contains(&limit), "{limit}");
    }

    #[test]
    fn the_limit_stays_within_its_bounds() {
        let mut vegas = VegasLimit::new(30);
        assert_eq!(settle(&mut vegas, 1000.0, 10.0, 200), 30);
        for _ in 0..90 {
            vegas.sample(10_000.0, vegas.limit());
        }
        assert!((LIMIT_MIN..=6).contains(&vegas.limit()));
        assert_eq!(VegasLimit::new(2).limit(), 2);
    }

    #[test]
    fn an_unused_limit_does_not_change() {
        let mut vegas = VegasLimit::new(1000);
        for _ in 0..100 {
            vegas.sample(10.0, 3);
        }
        assert_eq!(vegas.limit(), LIMIT_START);
    }
}
