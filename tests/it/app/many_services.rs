//! What services cost: threads, descriptors and memory do not grow with their number, and traffic
//! is served while all contracts change.
//!
//! `PORTCULLIS_TEST_LOAD=full` runs 300 and 1,000 services, see `tests/many_services.sh`; by default
//! 60 run.

use std::fs;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

#[cfg(target_os = "linux")]
use crate::support::app::ProcessResources;
use crate::support::app::{Process, Site, StopOnDrop, admin, is_full, until};
use crate::support::client::{Client, PATIENCE};

/// The clients of the steady traffic.
const CLIENTS: usize = 4;

/// How many requests the latency without reloads is taken from.
const QUIET_REQUESTS: usize = 2_000;

/// A small contract of a version.
fn contract(service: usize, version: &str) -> String {
    format!(
        "openapi: 3.1.0
info: {{title: Depot {service}, version: {version}}}
paths:
  /s{service}/items/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {{type: integer}}}}]
    get:
      operationId: getItem
      responses: {{'200': {{description: d, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Item'}}}}}}}}}}
    put:
      operationId: putItem
      requestBody: {{required: true, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Item'}}}}}}}}
      responses: {{'204': {{description: d}}}}
components: {{schemas: {{Item: {{type: object, required: [n], properties: {{n: {{type: integer, maximum: 20}}, s: {{type: string, maxLength: 30}}}}}}}}}}
"
    )
}

/// How many contracts of a version are active.
fn active(process: &Process, version: &str) -> usize {
    let (status, contracts) = admin(process.admin, "/contracts");
    assert_eq!(status, 200, "{contracts}");
    let contracts: Value = serde_json::from_str(&contracts).unwrap();
    let services = contracts["services"].as_array().unwrap();
    let is_active = |service: &&Value| service["version"] == version;
    services.iter().filter(is_active).count()
}

/// Waits until all contracts of a version are active. Many take long, so each one counts as progress.
/// It asks seldom, because the answer is large and would slow the traffic.
fn await_all(process: &Process, version: &str, count: usize) {
    let (mut before, mut since) = (0, Instant::now());
    while before < count {
        std::thread::sleep(Duration::from_millis(200));
        let now = active(process, version);
        if now > before {
            (before, since) = (now, Instant::now());
        }
        assert!(since.elapsed() < PATIENCE, "{before} of {count} are active");
    }
}

/// The latencies of steady traffic, in microseconds.
#[derive(Default)]
struct Latencies(Mutex<Vec<u64>>);

impl Latencies {
    fn add(&self, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap();
        self.0.lock().unwrap().push(took_us);
    }

    /// Waits until there are this many.
    fn await_count(&self, count: usize) {
        until(|| self.0.lock().unwrap().len() >= count);
    }

    /// The 99th and the 99.9th percentile in milliseconds; forgets all.
    fn take_percentiles_ms(&self) -> [f64; 2] {
        let mut latencies = std::mem::take(&mut *self.0.lock().unwrap());
        latencies.sort_unstable();
        [0.99, 0.999].map(|part| {
            let at = (latencies.len() as f64 * part) as usize;
            latencies[at.min(latencies.len() - 1)] as f64 / 1000.0
        })
    }
}

/// Requests one service after the other until it is stopped; each must be answered.
fn request_all(address: SocketAddr, count: usize, latencies: &Latencies, stop: &AtomicBool) {
    let mut client = Client::connect(address);
    for number in (0..).step_by(7) {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let service = number % count;
        let request = format!("GET /s{service}/items/7 HTTP/1.1\r\nhost: a\r\n\r\n");
        let began = Instant::now();
        client.send(request);
        let answer = client.answer();
        latencies.add(began.elapsed());
        assert_eq!(answer.status, 200, "{}", answer.head);
        // The rate is steady, not as high as possible.
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What the process uses while it serves many services and all their contracts change, and what
/// that does to traffic. Returns what it used at each time.
#[cfg(target_os = "linux")]
fn run_services(count: usize) -> Vec<ProcessResources> {
    let keys = |service: usize| format!("path_prefix = \"/s{service}\"");
    let add = |site: Site, service: usize| {
        let name = format!("s{service}");
        site.service(&name, &contract(service, "1.0.0"), "mock", &keys(service))
    };
    let site = (0..count).fold(Site::new(""), add);
    let files: Vec<_> = (0..count)
        .map(|n| site.path(&format!("s{n}.yaml")))
        .collect();
    let process = Process::start(site);
    let report = |state: &str| {
        let use_now = process.resources();
        let (memory, peak) = process.memory_kib();
        println!(
            "({count} services) {state}: {} threads, {} descriptors, {} notification instance(s), {} MiB, at most {} MiB",
            use_now.threads,
            use_now.descriptors,
            use_now.notification_instances,
            memory / 1024,
            peak / 1024
        );
        use_now
    };
    await_all(&process, "1.0.0", count);
    let mut seen = vec![report("idle")];
    let (latencies, stop) = (Latencies::default(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let _stop = StopOnDrop(&stop);
        for _ in 0..CLIENTS {
            let (latencies, stop, address) = (&latencies, &stop, process.data);
            scope.spawn(move || request_all(address, count, latencies, stop));
        }
        for version in ["1.1.0", "1.2.0"] {
            latencies.await_count(QUIET_REQUESTS);
            let quiet = latencies.take_percentiles_ms();
            for (service, file) in files.iter().enumerate() {
                fs::write(file, contract(service, version)).unwrap();
            }
            seen.push(report("reloading"));
            await_all(&process, version, count);
            let busy = latencies.take_percentiles_ms();
            seen.push(report("reloaded"));
            println!(
                "({count} services) latency beside the reload: p99 {:.2} ms, {:.1} times the {:.2} ms before; p99.9 {:.2} ms, {:.1} times the {:.2} ms before",
                busy[0],
                busy[0] / quiet[0],
                quiet[0],
                busy[1],
                busy[1] / quiet[1],
                quiet[1]
            );
        }
    });
    seen
}

#[cfg(target_os = "linux")]
#[test]
fn threads_and_descriptors_do_not_grow_with_the_number_of_services() {
    let counts: &[usize] = if is_full() { &[300, 1_000] } else { &[60] };
    // One thread for each processor without a data core may compile.
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    for used in counts.iter().flat_map(|count| run_services(*count)) {
        assert!(used.threads <= 10 + processors, "{used:?}");
        assert!(used.descriptors <= 40 + CLIENTS, "{used:?}");
        assert_eq!(used.notification_instances, 1, "{used:?}");
    }
}
