//! Sends requests at a fixed rate, whatever the proxy does.
//!
//! Each request has a time at which it is due. Its latency counts from that time, also when the
//! connection is still waiting for an earlier response: a proxy that stalls is charged for the
//! requests that its stall delays (no coordinated omission).
//!
//! The generator's own lateness is measured, too: how long after the due time an idle connection
//! sent. It is included in the latencies, so it bounds what they can show.

use std::fs;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{LoadClient, LoadConnection, on_threads};
use crate::run_report::{RunReport, Samples};

/// Time for all threads to start before the first request is due.
const LEAD: Duration = Duration::from_millis(50);

/// Sends `rate` requests a second for `duration`, in turn on all connections.
pub(crate) fn open_loop(
    client: &LoadClient,
    connections: usize,
    duration: Duration,
    rate: f64,
) -> io::Result<RunReport> {
    if !(rate > 0.0 && connections > 0) {
        return Err(io::Error::other(
            "the rate and the connections must be above 0",
        ));
    }
    wake_exactly();
    let opened: Vec<_> = (0..connections)
        .map(|_| client.connect())
        .collect::<io::Result<_>>()?;
    let schedule = Schedule {
        start: Instant::now() + LEAD,
        interval: Duration::from_secs_f64(1.0 / rate),
        connections,
        count: (duration.as_secs_f64() * rate) as usize,
    };
    let measured = on_threads(opened, |at, connection| schedule.follow(at, connection))?;
    let took = schedule.start.elapsed();
    let mut latencies = Samples::default();
    let mut lateness = Samples::default();
    for (own_latencies, own_lateness) in measured {
        latencies.merge(own_latencies);
        lateness.merge(own_lateness);
    }
    Ok(RunReport::open(took, latencies, lateness))
}

#[derive(Clone, Copy, Debug)]
struct Schedule {
    start: Instant,
    interval: Duration,
    connections: usize,
    count: usize,
}

impl Schedule {
    /// Sends every request of the connection `at`: latencies, and lateness of the generator.
    fn follow(
        self,
        at: usize,
        mut connection: LoadConnection<'_>,
    ) -> io::Result<(Samples, Samples)> {
        let mut latencies = Samples::default();
        let mut lateness = Samples::default();
        for number in (at..self.count).step_by(self.connections) {
            let due = self.start + self.interval.mul_f64(number as f64);
            let is_idle = sleep_until(due);
            if is_idle {
                lateness.add(due.elapsed());
            }
            connection.exchange()?;
            latencies.add(due.elapsed());
        }
        Ok((latencies, lateness))
    }
}

/// Whether there was time to sleep.
fn sleep_until(due: Instant) -> bool {
    let wait = due.saturating_duration_since(Instant::now());
    thread::sleep(wait);
    !wait.is_zero()
}

/// Asks the kernel not to delay timers of this process in order to join them: the default is 50 µs.
/// Threads inherit the setting. Where it cannot be set, the lateness shows it.
fn wake_exactly() {
    let _ = fs::write("/proc/self/timerslack_ns", "1");
}
