//! What does a request cost in processor time, from socket to socket, beside nginx?
//!
//! `cargo bench --profile dist --bench e2e [-- REQUESTS ROUNDS]` starts an upstream, portcullis
//! with the shipped contract of orders, and nginx with a plain `proxy_pass`. Both proxies have one
//! worker on core 1 and keep their connections; the load and the upstream share core 0. Rounds
//! alternate between the proxies, so that both meet the same machine; what counts is the ratio
//! within a pair of rounds. Every body is checked on both of its ways.

#![expect(
    clippy::print_stdout,
    clippy::panic,
    reason = "a bench prints what it measured, and stops where something is wrong"
)]

mod load;
mod order;
mod process;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use load::Exchange;
use process::Proxy;

/// The program that is measured, with its allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const REQUESTS: usize = 60_000;
const ROUNDS: usize = 5;
const WARM_UP_REQUESTS: usize = 3_200;

fn main() {
    let words = process::words();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if process::play(&words) {
        return;
    }
    let number = |at: usize| words.get(at).map(|word| word.parse().expect("a number"));
    measure(
        number(0).unwrap_or(REQUESTS),
        number(1).unwrap_or(ROUNDS).max(1),
    );
}

/// What one round measured.
#[derive(Clone, Copy)]
struct Round {
    requests_per_second: f64,
    processor_micros: f64,
}

fn measure(requests: usize, rounds: usize) {
    let directory = tempfile::tempdir().expect("a directory for configurations");
    let upstream = process::start_upstream();
    let own = process::start_portcullis(directory.path(), upstream.address, "");
    let nginx = start_nginx(directory.path(), upstream.address);
    if nginx.is_none() {
        println!(
            "!! nginx is not on PATH: there is nothing to compare with, only own figures follow"
        );
    }
    println!(
        "{requests} requests a round, {rounds} rounds, {} connections",
        load::CONNECTIONS
    );
    println!(
        "{:<6} {:<11} {:>10} {:>14} {:>22}",
        "", "proxy", "requests/s", "CPU µs/request", "ratio (least to most)"
    );
    for exchange in Exchange::ALL {
        for proxy in nginx.iter().chain([&own]) {
            drive(proxy, exchange, WARM_UP_REQUESTS);
        }
        let mut others = Vec::new();
        let mut owns = Vec::new();
        for _ in 0..rounds {
            others.extend(nginx.as_ref().map(|nginx| drive(nginx, exchange, requests)));
            owns.push(drive(&own, exchange, requests));
        }
        if !others.is_empty() {
            print_row(exchange, "nginx", &others, "");
        }
        print_row(exchange, "portcullis", &owns, &ratios(&others, &owns));
    }
}

/// nginx as a plain reverse proxy, or nothing where it is not installed.
fn start_nginx(directory: &Path, upstream: SocketAddr) -> Option<Proxy> {
    let installed = Command::new("nginx")
        .arg("-v")
        .stderr(Stdio::null())
        .status();
    installed.ok()?;
    let address = process::free_address();
    let directory = directory.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {directory}/{name};\n"))
        .concat();
    let config = format!(
        "daemon off;
        worker_processes 1;
        pid {directory}/nginx.pid;
        error_log stderr crit;
        events {{ worker_connections 1024; }}
        http {{
            {temporary}
            access_log off;
            keepalive_requests 100000000;
            upstream orders {{
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
            }}
        }}"
    );
    let path = format!("{directory}/nginx.conf");
    fs::write(&path, config).expect("a written configuration");
    let mut command = process::pinned(process::PROXY_CORE, "nginx");
    command
        .args(["-c", &path])
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    Some(process::start(command, address))
}

fn drive(proxy: &Proxy, exchange: Exchange, requests: usize) -> Round {
    let before = proxy.processor_time();
    let took: Duration = process::run_load(proxy.address, exchange, requests);
    let used = proxy.processor_time().saturating_sub(before);
    Round {
        requests_per_second: requests as f64 / took.as_secs_f64(),
        processor_micros: used.as_secs_f64() * 1e6 / requests as f64,
    }
}

fn print_row(exchange: Exchange, name: &str, rounds: &[Round], ratio: &str) {
    println!(
        "{:<6} {:<11} {:>10.0} {:>14.2} {:>22}",
        exchange.name(),
        name,
        median(rounds.iter().map(|round| round.requests_per_second)),
        median(rounds.iter().map(|round| round.processor_micros)),
        ratio
    );
}

/// Own time over nginx's, pair by pair.
fn ratios(others: &[Round], owns: &[Round]) -> String {
    let pairs = owns.iter().zip(others);
    let mut ratios: Vec<f64> = pairs
        .map(|(own, other)| own.processor_micros / other.processor_micros)
        .collect();
    ratios.sort_by(f64::total_cmp);
    match (ratios.first(), ratios.last()) {
        (Some(least), Some(most)) => {
            let middle = median(ratios.iter().copied());
            format!("{middle:.2} ({least:.2} to {most:.2})")
        }
        _ => String::new(),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
