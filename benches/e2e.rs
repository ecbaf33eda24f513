//! The CPU time of a request from socket to socket, compared with nginx.
//!
//! ```sh
//! cargo bench --profile dist --config profile.dist.package.portcullis.opt-level=3 --bench e2e [-- REQUESTS ROUNDS]
//! ```
//!
//! It starts an upstream, portcullis with the sample contract of orders, and nginx with a plain
//! `proxy_pass`. Both proxies have one worker on core 1 and reuse their connections; the load and
//! the upstream share core 0. Rounds alternate between the proxies, so the load of the machine
//! affects both alike; the result is the ratio within a pair of rounds. The upstream and the client
//! compare every body with the expected one.

#![expect(
    clippy::print_stdout,
    clippy::panic,
    reason = "a benchmark prints its results and stops at the first error"
)]

mod load;
mod nginx;
mod order;
mod process;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use load::Exchange;
use process::BenchProcess;

/// The allocator of the measured program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const REQUESTS: usize = 60_000;
const ROUNDS: usize = 5;
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

/// The result of one round.
#[derive(Clone, Copy)]
struct RoundResult {
    requests_per_second: f64,
    cpu_micros: f64,
}

fn measure(requests: usize, rounds: usize) {
    let directory = tempfile::tempdir().expect("a directory for configurations");
    let upstream = process::start_upstream();
    let portcullis = process::start_portcullis(directory.path(), upstream.address, "");
    let nginx = start_nginx(directory.path(), upstream.address);
    if nginx.is_none() {
        println!(
            "warning: nginx is not on PATH; the figures of portcullis follow without a comparison"
        );
    }
    println!(
        "{requests} requests a round, {rounds} rounds, {} connections",
        load::CONNECTIONS
    );
    println!(
        "{:<6} {:<11} {:>10} {:>14} {:>22}",
        "", "proxy", "requests/s", "CPU µs/request", "ratio (min to max)"
    );
    for exchange in Exchange::ALL {
        for proxy in nginx.iter().chain([&portcullis]) {
            drive(proxy, exchange, WARM_UP_REQUESTS);
        }
        let mut nginx_rounds = Vec::new();
        let mut portcullis_rounds = Vec::new();
        for _ in 0..rounds {
            nginx_rounds.extend(nginx.as_ref().map(|nginx| drive(nginx, exchange, requests)));
            portcullis_rounds.push(drive(&portcullis, exchange, requests));
        }
        if !nginx_rounds.is_empty() {
            print_row(exchange, "nginx", &nginx_rounds, "");
        }
        print_row(
            exchange,
            "portcullis",
            &portcullis_rounds,
            &ratios(&nginx_rounds, &portcullis_rounds),
        );
    }
}

/// nginx as a plain reverse proxy. `None` if it is not installed.
fn start_nginx(directory: &Path, upstream: SocketAddr) -> Option<BenchProcess> {
    let address = process::free_address();
    let servers = format!(
        "upstream orders {{
            server {upstream};
            keepalive 64;
            keepalive_requests 100000000;
        }}
        server {{
            listen {address};
            location / {{
                proxy_pass http://orders;
                proxy_http_version 1.1;
                proxy_set_header Connection \"\";
            }}
        }}"
    );
    nginx::start(directory, &servers, address)
}

fn drive(proxy: &BenchProcess, exchange: Exchange, requests: usize) -> RoundResult {
    let before = proxy.cpu_time();
    let took: Duration = process::run_load(proxy.address, exchange, requests);
    let used = proxy.cpu_time().saturating_sub(before);
    RoundResult {
        requests_per_second: requests as f64 / took.as_secs_f64(),
        cpu_micros: used.as_secs_f64() * 1e6 / requests as f64,
    }
}

fn print_row(exchange: Exchange, name: &str, rounds: &[RoundResult], ratio: &str) {
    println!(
        "{:<6} {:<11} {:>10.0} {:>14.2} {:>22}",
        exchange.name(),
        name,
        median(rounds.iter().map(|round| round.requests_per_second)),
        median(rounds.iter().map(|round| round.cpu_micros)),
        ratio
    );
}

/// The ratio of the time of portcullis to that of nginx: median, minimum and maximum of the pairs.
fn ratios(nginx: &[RoundResult], portcullis: &[RoundResult]) -> String {
    let pairs = portcullis.iter().zip(nginx);
    let mut ratios: Vec<f64> = pairs
        .map(|(portcullis, nginx)| portcullis.cpu_micros / nginx.cpu_micros)
        .collect();
    ratios.sort_by(f64::total_cmp);
    match (ratios.first(), ratios.last()) {
        (Some(min), Some(max)) => {
            let middle = median(ratios.iter().copied());
            format!("{middle:.2} ({min:.2} to {max:.2})")
        }
        _ => String::new(),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
