//! The price of a call: through the forward proxy and through the address of a vendor, compared with
//! calling directly and with nginx as a forward proxy.
//!
//! `cargo bench --bench egress [-- CALLS ROUNDS]`. Every proxy has one worker on core 1, the
//! load and the upstream share core 0, and the upstream compares each body, as the load does. Rounds
//! alternate between the ways, so the load of the machine affects all alike. nginx opens a connection for
//! each call where the request names the host (`proxy_pass http://$http_host`), and keeps connections only
//! to hosts that its configuration knows, so both are measured. The call of the vendor is judged by its
//! contract on both sides, and the credentials of a file are added.

#![expect(
    clippy::print_stdout,
    clippy::panic,
    reason = "a benchmark prints its results and stops at the first error"
)]

mod load;
mod nginx;
mod order;
mod process;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use load::{Exchange, LoadTarget};
use process::BenchProcess;

/// The allocator of the measured program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CALLS: usize = 20_000;
const ROUNDS: usize = 5;
/// Calls that are made one after the other, for the time of one.
const SEQUENTIAL_CALLS: usize = 2_000;

fn main() {
    let words = process::arguments();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if process::run_role(&words) {
        return;
    }
    let number = |at: usize| words.get(at).map(|word| word.parse().expect("a number"));
    measure(
        number(0).unwrap_or(CALLS),
        number(1).unwrap_or(ROUNDS).max(1),
    );
}

/// A way to call the upstream.
struct CallWay {
    name: &'static str,
    to: LoadTarget,
    /// The proxy in between, if there is one.
    proxy: Option<BenchProcess>,
}

impl CallWay {
    fn new(name: &'static str, proxy: BenchProcess, origin: Option<SocketAddr>) -> Self {
        let to = LoadTarget {
            origin,
            ..proxy.address.into()
        };
        Self {
            name,
            to,
            proxy: Some(proxy),
        }
    }
}

/// The result of one round.
#[derive(Clone, Copy)]
struct WayResult {
    calls_per_second: f64,
    /// CPU time of the proxy for one call.
    cpu_micros: f64,
    /// The time of one call while there is no other.
    alone_micros: f64,
}

fn measure(calls: usize, rounds: usize) {
    let directory = tempfile::tempdir().expect("a directory for configurations");
    let upstream = process::start_upstream();
    let ways = ways(directory.path(), upstream.address);
    println!(
        "{calls} calls a round, {rounds} rounds, {} connections; alone: {SEQUENTIAL_CALLS} calls, one at a time",
        load::CONNECTIONS
    );
    println!(
        "{:<6} {:<27} {:>8} {:>11} {:>22} {:>14} {:>8}",
        "", "way", "calls/s", "CPU µs/call", "× nginx (min to max)", "alone µs/call", "added µs"
    );
    for exchange in Exchange::ALL {
        for way in &ways {
            process::run_load(way.to, exchange, calls / 10 + load::CONNECTIONS);
        }
        let mut results: Vec<Vec<WayResult>> = ways.iter().map(|_| Vec::new()).collect();
        for _ in 0..rounds {
            for (way, results) in ways.iter().zip(&mut results) {
                results.push(drive(way, exchange, calls));
            }
        }
        let named = |name: &str| ways.iter().position(|way| way.name == name);
        let nginx = named(NGINX).map(|at| &*results[at]);
        for (way, own) in ways.iter().zip(&results) {
            print_row(exchange, way, own, (nginx, &results[0]));
        }
    }
}

const NGINX: &str = "nginx, connections kept";

/// All ways; the first one is the direct one.
fn ways(directory: &Path, upstream: SocketAddr) -> Vec<CallWay> {
    let mut ways = vec![CallWay {
        name: "direct",
        to: upstream.into(),
        proxy: None,
    }];
    let nginx = [
        ("nginx, names the host", "$http_host", ""),
        (
            NGINX,
            "$known",
            "keepalive 64; keepalive_requests 100000000;",
        ),
    ];
    for (name, target, kept) in nginx {
        match start_nginx(directory, upstream, (target, kept)) {
            Some(proxy) => ways.push(CallWay::new(name, proxy, Some(upstream))),
            None => println!("warning: nginx is not on PATH, so it is not compared"),
        }
    }
    let (forward, vendor) = start_calls(directory, upstream);
    ways.push(CallWay::new(
        "portcullis, forward proxy",
        forward,
        Some(upstream),
    ));
    ways.push(CallWay::new("portcullis, vendor address", vendor, None));
    let reverse = process::start_portcullis(directory, upstream, "");
    ways.push(CallWay::new("portcullis, reverse proxy", reverse, None));
    ways
}

/// nginx as a forward proxy of requests in absolute form.
fn start_nginx(
    directory: &Path,
    upstream: SocketAddr,
    (target, kept): (&str, &str),
) -> Option<BenchProcess> {
    let address = process::free_address();
    let servers = format!(
        "map $http_host $known {{
            default \"\";
            \"{upstream}\" known_upstream;
        }}
        upstream known_upstream {{
            server {upstream};
            {kept}
        }}
        server {{
            listen {address};
            location / {{
                proxy_pass http://{target}$request_uri;
                proxy_http_version 1.1;
                proxy_set_header Host $http_host;
                proxy_set_header Connection \"\";
            }}
        }}"
    );
    nginx::start(directory, &servers, address)
}

/// Two processes of portcullis: a forward proxy, and one with the address of a vendor.
fn start_calls(directory: &Path, upstream: SocketAddr) -> (BenchProcess, BenchProcess) {
    let catalog = directory.join("calls.toml");
    let text = "[squads.checkout]\nservices = [\"caller\"]\n[services.caller.dependencies]\n\
                allowed_hosts = [\"127.0.0.1\"]\n";
    fs::write(&catalog, text).expect("a written catalog");
    fs::write(directory.join("key"), "key").expect("a written key");
    let contract =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts/payments/orders/openapi.yaml");
    let config = |egress: &str, vendor: &str| {
        format!(
            r#"
            [listen]
            address = "{}"
            [admin]
            address = "{}"
            [runtime]
            data_cores = 1
            [catalog]
            path = {catalog:?}
            [egress]
            {egress}
            service = "caller"
            default = "enforce"
            [egress.addresses]
            allow = ["127.0.0.0/8"]
            [[services]]
            name = "orders"
            contract = {contract:?}
            upstream = "http://{upstream}"
            {vendor}
            "#,
            process::free_address(),
            process::free_address(),
        )
    };
    let own = process::free_address();
    let forward = config(&format!("address = \"{own}\""), "");
    let forward = process::start_configured(directory, &forward, own);
    let own = process::free_address();
    let vendor = format!(
        "[services.vendor]\naddress = \"{own}\"\nused_by = [\"checkout\"]\n\
         header_files = {{ x-api-key = \"key\" }}"
    );
    let vendor = process::start_configured(directory, &config("", &vendor), own);
    (forward, vendor)
}

fn drive(way: &CallWay, exchange: Exchange, calls: usize) -> WayResult {
    let used = || way.proxy.as_ref().map(BenchProcess::cpu_time);
    let before = used().unwrap_or_default();
    let took = process::run_load(way.to, exchange, calls);
    let used = used().unwrap_or_default().saturating_sub(before);
    let alone = LoadTarget {
        connections: 1,
        ..way.to
    };
    let one = process::run_load(alone, exchange, SEQUENTIAL_CALLS);
    WayResult {
        calls_per_second: calls as f64 / took.as_secs_f64(),
        cpu_micros: used.as_secs_f64() * 1e6 / calls as f64,
        alone_micros: one.as_secs_f64() * 1e6 / SEQUENTIAL_CALLS as f64,
    }
}

fn print_row(
    exchange: Exchange,
    way: &CallWay,
    own: &[WayResult],
    (nginx, direct): (Option<&[WayResult]>, &[WayResult]),
) {
    let alone = |results: &[WayResult]| median(results.iter().map(|one| one.alone_micros));
    let (cpu, ratio, added) = if way.proxy.is_some() {
        let cpu = median(own.iter().map(|one| one.cpu_micros));
        let added = alone(own) - alone(direct);
        (
            format!("{cpu:.1}"),
            ratios(nginx, own),
            format!("{added:.0}"),
        )
    } else {
        Default::default()
    };
    println!(
        "{:<6} {:<27} {:>8.0} {:>11} {:>22} {:>14.0} {:>8}",
        exchange.name(),
        way.name,
        median(own.iter().map(|one| one.calls_per_second)),
        cpu,
        ratio,
        alone(own),
        added
    );
}

/// The ratio of the CPU time to that of nginx with kept connections: median, minimum and maximum of the
/// rounds.
fn ratios(nginx: Option<&[WayResult]>, own: &[WayResult]) -> String {
    let Some(nginx) = nginx else {
        return String::new();
    };
    let mut ratios: Vec<f64> = own
        .iter()
        .zip(nginx)
        .map(|(own, nginx)| own.cpu_micros / nginx.cpu_micros)
        .collect();
    ratios.sort_by(f64::total_cmp);
    let middle = median(ratios.iter().copied());
    match (ratios.first(), ratios.last()) {
        (Some(least), Some(most)) => format!("{middle:.2} ({least:.2} to {most:.2})"),
        _ => String::new(),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
