//! An adaptive limit of requests in flight.
//!
//! Source: L. Brakmo, S. O'Malley, L. Peterson, "TCP Vegas", SIGCOMM 1994, as Netflix's
//! concurrency-limits applies it to requests. From the time that calls take without load and the
//! time that they take now follows how many of those in flight wait in the upstream; the limit
//! grows while these are few and shrinks while they are many. It changes only while it is used,
//! for otherwise it says nothing.
//!
//! Why not a gradient of long and short times: in a lasting overload the long time follows the
//! short one, and the limit creeps up. Vegas holds on to the time without load, and so has to
//! learn it anew now and then: every 300 samples the limit is halved for two, and the third
//! counts as one without load.

/// The least limit: below this a single slow call would stop all.
pub(super) const LEAST: u32 = 4;

/// Where the limit begins.
const BEGINNING: u32 = 20;

/// After how many samples the time without load is measured anew.
const MEASURE_EVERY: u32 = 300;

/// How many samples the limit is halved for before.
const DRAIN: u32 = 2;

/// The limit and what it is judged by.
#[derive(Clone, Debug)]
pub(super) struct VegasLimit {
    limit: f64,
    most: u32,
    without_load: f64,
    samples: u32,
}

impl VegasLimit {
    /// A limit of at most `most`.
    pub(super) fn new(most: u32) -> Self {
        Self {
            limit: f64::from(BEGINNING.min(most)),
            most,
            without_load: f64::INFINITY,
            samples: 0,
        }
    }

    /// Takes another bound.
    pub(super) fn bound(&mut self, most: u32) {
        self.most = most;
        self.limit = self.limit.min(f64::from(most));
    }

    /// The limit now.
    pub(super) fn limit(&self) -> u32 {
        let least = LEAST.min(self.most);
        match self.is_measuring() {
            true => (self.limit as u32 / 2).max(least),
            false => self.limit as u32,
        }
    }

    /// Takes the mean time of recent calls, in any unit, with how many are in flight.
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
        let least = f64::from(LEAST.min(self.most));
        self.limit = (self.limit + change).clamp(least, f64::from(self.most));
    }

    fn is_measuring(&self) -> bool {
        self.samples >= MEASURE_EVERY - DRAIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An upstream that works on `capacity` calls at a time, each taking `time`, and lets others
    /// wait.
    fn settle(vegas: &mut VegasLimit, capacity: f64, time: f64, samples: usize) -> u32 {
        for _ in 0..samples {
            let in_flight = vegas.limit();
            let time = time * (f64::from(in_flight) / capacity).max(1.0);
            vegas.sample(time, in_flight);
        }
        vegas.limit()
    }

    #[test]
    fn it_finds_what_the_upstream_can_do() {
        let mut vegas = VegasLimit::new(1000);
        let limit = settle(&mut vegas, 50.0, 10.0, 200);
        assert!((50..=65).contains(&limit), "{limit}");
        let limit = settle(&mut vegas, 20.0, 10.0, 1300);
        assert!((20..=35).contains(&limit), "{limit}");
        let limit = settle(&mut vegas, 100.0, 10.0, 200);
        assert!((100..=120).contains(&limit), "{limit}");
    }

    #[test]
    fn a_lasting_overload_does_not_raise_it() {
        let mut vegas = VegasLimit::new(1000);
        for _ in 0..20 {
            let limit = settle(&mut vegas, 50.0, 10.0, 1000);
            assert!((20..=70).contains(&limit), "{limit}");
        }
    }

    #[test]
    fn an_upstream_that_has_become_slower_is_learnt() {
        let mut vegas = VegasLimit::new(1000);
        settle(&mut vegas, 50.0, 10.0, 250);
        let limit = settle(&mut vegas, 50.0, 100.0, 640);
        assert!((50..=75).contains(&limit), "{limit}");
    }

    #[test]
    fn it_keeps_to_its_bounds() {
        let mut vegas = VegasLimit::new(30);
        assert_eq!(settle(&mut vegas, 1000.0, 10.0, 200), 30);
        for _ in 0..90 {
            vegas.sample(10_000.0, vegas.limit());
        }
        assert!((LEAST..=6).contains(&vegas.limit()));
        assert_eq!(VegasLimit::new(2).limit(), 2);
    }

    #[test]
    fn an_unused_limit_stays() {
        let mut vegas = VegasLimit::new(1000);
        for _ in 0..100 {
            vegas.sample(10.0, 3);
        }
        assert_eq!(vegas.limit(), BEGINNING);
    }
}
