//! The CPU time of telemetry for one request.
//!
//! `cargo bench --bench telemetry [-- REQUESTS ROUNDS]` starts an upstream, a collector of spans
//! and portcullis three times: with metrics off; with metrics; and with metrics, 1 % of requests
//! traced and 1 % logged. Rounds alternate between the three, so the load of the machine affects all
//! alike; the result is the ratio within a round. Processes are pinned as in `e2e`.

#![expect(
    clippy::print_stdout,
    clippy::panic,
    reason = "a benchmark prints its results and stops at the first error"
)]

mod load;
mod order;
mod process;

use load::Exchange;
use process::{BenchProcess, Role};

/// The allocator of the measured program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const REQUESTS: usize = 60_000;
const ROUNDS: usize = 9;
const WARM_UP_REQUESTS: usize = 3_200;

fn main() {
    let words = process::arguments();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if process::run_role(&words) {
        return;
    }
    let number = |at: usize| words.get(at).map(|word| word.parse().expect("a number"));
    measure(
        number(0).unwrap_or(REQUESTS),
        number(1).unwrap_or(ROUNDS).max(1),
    );
}

fn measure(requests: usize, rounds: usize) {
    let directory = tempfile::tempdir().expect("a directory for configurations");
    let upstream = process::start_upstream();
    let collector = process::start_server(Role::COLLECTOR);
    let all = format!(
        "[tracing]\nendpoint = \"http://{}\"\nsample = 0.01\n[access_log]\nsample = 0.01",
        collector.address
    );
    let start =
        |sections: &str| process::start_portcullis(directory.path(), upstream.address, sections);
    let proxies = [
        ("off", start("[metrics]\nenabled = false")),
        ("metrics", start("")),
        ("all", start(&all)),
    ];
    println!(
        "{requests} requests a round, {rounds} rounds, {} connections",
        load::CONNECTIONS
    );
    println!(
        "{:<6} {:<8} {:>14} {:>24}",
        "", "telemetry", "CPU µs/request", "ratio (min to max)"
    );
    for exchange in Exchange::ALL {
        compare(&proxies, exchange, requests, rounds);
    }
}

/// Sends requests to each proxy in turn, and compares each with the first, round by round.
fn compare(proxies: &[(&str, BenchProcess)], exchange: Exchange, requests: usize, rounds: usize) {
    for (_, proxy) in proxies {
        micros(proxy, exchange, WARM_UP_REQUESTS);
    }
    let mut measured = vec![Vec::new(); proxies.len()];
    for round in 0..rounds {
        for step in 0..proxies.len() {
            // The order rotates, so that no proxy always runs first in a round.
            let at = (round + step) % proxies.len();
            measured[at].push(micros(&proxies[at].1, exchange, requests));
        }
    }
    for ((name, _), times) in proxies.iter().zip(&measured) {
        let pairs = times.iter().zip(&measured[0]);
        let ratios: Vec<f64> = pairs.map(|(own, off)| own / off).collect();
        println!(
            "{:<6} {name:<8} {:>14.2} {:>24}",
            exchange.name(),
            median(times),
            format!(
                "{:.3} ({:.3} to {:.3})",
                median(&ratios),
                extreme(&ratios, f64::min),
                extreme(&ratios, f64::max)
            ),
        );
    }
}

/// CPU time of a request, in microseconds.
fn micros(proxy: &BenchProcess, exchange: Exchange, requests: usize) -> f64 {
    let before = proxy.cpu_time();
    process::run_load(proxy.address, exchange, requests);
    let used = proxy.cpu_time().saturating_sub(before);
    used.as_secs_f64() * 1e6 / requests as f64
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn extreme(values: &[f64], pick: fn(f64, f64) -> f64) -> f64 {
    values.iter().copied().reduce(pick).unwrap_or(f64::NAN)
}
