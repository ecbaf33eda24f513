//! The cost of tracing with and without a reachable collector: request latency and memory.
//!
//! `PORTCULLIS_TEST_LOAD=full` runs the full load, see `tests/tracing.sh`; by default a smaller
//! load runs. Latency is printed, not asserted; memory and the span counts are asserted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::tracing::{EXPORT_ACCEPTED, spans_of, unreachable_address};
use crate::support::app::{Process, Site, admin, is_full};
use crate::support::client::{Client, PATIENCE};
use crate::support::load::Echo;
use crate::support::upstream::{Step, Upstream, send};

const CLIENTS: usize = 4;

/// The additional resident memory allowed while the collector is unreachable: allocator
/// fragmentation, and the queue of 2048 spans.
const QUEUE_KIB: u64 = 16 << 10;

/// The measurements of one phase.
#[derive(Debug)]
struct PhaseMeasurements {
    times: Vec<Duration>,
    resident_kib: u64,
}

impl PhaseMeasurements {
    fn print(&self, name: &str, spans: [u64; 3]) {
        let at = |share: usize| self.times[(self.times.len() - 1) * share / 1000].as_micros();
        let (p50, p99, p999, kib) = (at(500), at(990), at(999), self.resident_kib);
        let [exported, in_queue, in_export] = spans;
        println!(
            "(tracing) {name}: {} requests, p50 {p50} us, p99 {p99} us, p99.9 {p999} us, resident \
             {kib} KiB; spans exported {exported}, lost in the queue {in_queue}, in the export \
             {in_export}",
            self.times.len()
        );
    }
}

fn process(upstream: SocketAddr, tracing: &str) -> Process {
    Process::start(Site::shop(upstream, "", tracing))
}

fn traced(upstream: SocketAddr, collector: SocketAddr) -> Process {
    let tracing = format!("[tracing]\nendpoint = \"http://{collector}\"\nsample = 1.0");
    process(upstream, &tracing)
}

/// Sends requests on several connections, each after the response to the previous one.
fn send_requests(process: &Process, total: usize) -> PhaseMeasurements {
    let address = process.data;
    let client = move || {
        let mut client = Client::connect(address);
        let request = "GET /items HTTP/1.1\r\nhost: shop\r\nx-id: 1\r\n\r\n";
        let mut times = Vec::with_capacity(total / CLIENTS);
        for _ in 0..total / CLIENTS {
            let began = Instant::now();
            client.send(request);
            assert_eq!(client.answer().status, 200);
            times.push(began.elapsed());
        }
        times
    };
    let clients: Vec<_> = (0..CLIENTS).map(|_| std::thread::spawn(client)).collect();
    let mut times: Vec<_> = clients
        .into_iter()
        .flat_map(|client| client.join().unwrap())
        .collect();
    times.sort_unstable();
    // Scraped first, so that pending observations are counted.
    assert_eq!(admin(process.admin, "/metrics").0, 200);
    PhaseMeasurements {
        times,
        resident_kib: process.memory_kib().0,
    }
}

/// The number of spans by result, once all of them have a result.
fn await_spans(process: &Process, count: usize) -> [u64; 3] {
    let began = Instant::now();
    loop {
        let spans = spans_total(process);
        if spans.iter().sum::<u64>() == count as u64 {
            return spans;
        }
        assert!(began.elapsed() < PATIENCE, "{spans:?} of {count}");
        std::thread::yield_now();
    }
}

fn spans_total(process: &Process) -> [u64; 3] {
    super::tracing::spans_total(process.admin)
}

#[test]
fn an_unreachable_collector_costs_no_time_or_memory() {
    let total = if is_full() { 100_000 } else { 4_000 };
    let upstream = Echo::start();

    let untraced = process(upstream.address(), "");
    send_requests(&untraced, total).print("off", [0; 3]);
    drop(untraced);

    // Running, then stopped.
    let received = Arc::new(AtomicUsize::new(0));
    let collector = Upstream::start({
        let received = Arc::clone(&received);
        move |export| {
            received.fetch_add(spans_of(export).len(), Ordering::Relaxed);
            vec![send(EXPORT_ACCEPTED)]
        }
    });
    let traced_process = traced(upstream.address(), collector.address);
    let up = send_requests(&traced_process, total);
    let spans = await_spans(&traced_process, total);
    up.print("collector up", spans);
    assert_eq!(received.load(Ordering::Relaxed) as u64, spans[0]);
    assert_eq!(spans[2], 0, "the collector accepted every export");
    drop(collector);
    let stopped = send_requests(&traced_process, total);
    let after = await_spans(&traced_process, 2 * total);
    stopped.print("stopped", [0, 1, 2].map(|at| after[at] - spans[at]));
    assert_eq!(after[0], spans[0], "nothing takes spans");
    assert!(
        stopped.resident_kib <= up.resident_kib + QUEUE_KIB,
        "{stopped:?}"
    );
    drop(traced_process);

    // Never started, then started but not answering.
    let never = traced(upstream.address(), unreachable_address());
    let measured = send_requests(&never, total);
    measured.print("never there", await_spans(&never, total));
    assert!(
        measured.resident_kib <= up.resident_kib + QUEUE_KIB,
        "{measured:?}"
    );
    drop(never);
    let unresponsive = Upstream::start(|_| vec![Step::Wait(Arc::new(Notify::new()))]);
    let hanging = traced(upstream.address(), unresponsive.address);
    let measured = send_requests(&hanging, total);
    measured.print("hanging", spans_total(&hanging));
    assert!(
        measured.resident_kib <= up.resident_kib + QUEUE_KIB,
        "{measured:?}"
    );
}
