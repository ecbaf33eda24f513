//! Failures of one squad do not affect other squads: real clients, the real program, a real
//! upstream that fails.
//!
//! `PORTCULLIS_TEST_LOAD=full` runs the full load; by default a smaller load runs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::app::{App, Process, Site, admin, ask, is_full, problem, until};
use crate::support::client::{Answer, Client};
use crate::support::faulty::Faulty;
use crate::support::upstream::{Upstream, send};

const CONTRACT: &str = "\
openapi: 3.1.0
info: {title: Work, version: 1.0.0, x-squad-owner: provider}
paths:
  /jobs:
    get: {operationId: read, responses: {default: {description: Anything.}}}
    put: {operationId: replace, responses: {default: {description: Anything.}}}
    post: {operationId: add, responses: {default: {description: Anything.}}}
  /add:
    post:
      operationId: addOnce
      x-portcullis: {idempotent: true}
      responses: {default: {description: Anything.}}
  /safe:
    get:
      operationId: careful
      x-portcullis: {idempotent: false}
      responses: {default: {description: Anything.}}
";

const CATALOG: &str = r##"
[squads.provider]
services = ["jobs"]
chat = "#provider"
oncall = "provider-pager"
[squads.gold]
tier = "gold"
weight = 3
[squads.silver]
tier = "silver"
weight = 1
[squads.bronze]
tier = "bronze"
weight = 1
"##;

fn site(upstream: SocketAddr, top: &str, keys: &str) -> Site {
    let top = format!("[catalog]\npath = \"squads.toml\"\n{top}");
    Site::new(&top).file("squads.toml", CATALOG).service(
        "jobs",
        CONTRACT,
        &format!("http://{upstream}"),
        keys,
    )
}

/// A request of a squad that claims the tier of the same name; `fields` are whole lines.
fn request(squad: &str, fields: &str) -> String {
    format!(
        "GET /jobs HTTP/1.1\r\nhost: jobs\r\nx-squad-owner: {squad}\r\nx-sla-tier: {squad}\r\n{fields}\r\n"
    )
}

/// The results of the requests of one squad.
#[derive(Debug, Default)]
struct Tally {
    statuses: Mutex<BTreeMap<(u16, String), u64>>,
    latencies_us: Mutex<Vec<u64>>,
    /// The time before latencies are recorded.
    warm_up: Duration,
}

impl Tally {
    fn count(&self, answer: &Answer, took: Duration, at: Duration) {
        let own = answer.field("x-portcullis").unwrap_or_default().to_owned();
        let mut statuses = self.statuses.lock().unwrap();
        *statuses.entry((answer.status, own)).or_default() += 1;
        if answer.status == 200 && at >= self.warm_up {
            let took = u64::try_from(took.as_micros()).unwrap();
            self.latencies_us.lock().unwrap().push(took);
        }
    }

    fn of(&self, status: u16, own: &str) -> u64 {
        let statuses = self.statuses.lock().unwrap();
        statuses
            .get(&(status, own.to_owned()))
            .copied()
            .unwrap_or(0)
    }

    fn all(&self) -> u64 {
        self.statuses.lock().unwrap().values().sum()
    }

    fn quantile_ms(&self, quantile: f64) -> f64 {
        let mut latencies = self.latencies_us.lock().unwrap().clone();
        latencies.sort_unstable();
        let index = (quantile * latencies.len() as f64) as usize;
        latencies
            .get(index.min(latencies.len().saturating_sub(1)))
            .map_or(0.0, |us| *us as f64 / 1000.0)
    }
}

/// Clients of one squad, each with a separate connection, until they are stopped.
struct ClientGroup<'a> {
    squad: &'a str,
    clients: usize,
    pause: Duration,
    fields: &'a (dyn Fn(u64) -> String + Sync),
}

/// Runs groups until `done` returns true.
fn run(
    address: SocketAddr,
    groups: &[ClientGroup<'_>],
    done: impl Fn(&[Tally]) -> bool,
) -> Vec<Tally> {
    let warm = |_: &ClientGroup<'_>| Tally {
        warm_up: Duration::from_secs(1),
        ..Tally::default()
    };
    let tallies: Vec<Tally> = groups.iter().map(warm).collect();
    let start = Instant::now();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for (group, tally) in groups.iter().zip(&tallies) {
            let number = AtomicU64::new(0);
            let number: &'static AtomicU64 = Box::leak(Box::new(number));
            for _ in 0..group.clients {
                let stop = &stop;
                scope.spawn(move || {
                    let mut client = Client::connect(address);
                    while !stop.load(Ordering::Relaxed) {
                        let number = number.fetch_add(1, Ordering::Relaxed);
                        let began = Instant::now();
                        client.send(request(group.squad, &(group.fields)(number)));
                        let answer = client.answer();
                        tally.count(&answer, began.elapsed(), start.elapsed());
                        if answer.status != 200 && !group.pause.is_zero() {
                            std::thread::sleep(group.pause);
                        }
                    }
                });
            }
        }
        let began = Instant::now();
        while !done(&tallies) {
            assert!(began.elapsed() < Duration::from_secs(120), "{tallies:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        stop.store(true, Ordering::Relaxed);
    });
    tallies
}

fn succeeds(_: u64) -> String {
    String::new()
}

fn fails(_: u64) -> String {
    "x-fault: 500\r\n".to_owned()
}

fn breakers(address: SocketAddr) -> Value {
    let (status, text) = admin(address, "/breakers/jobs");
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

fn cell<'v>(breakers: &'v Value, squad: &str, tier: &str) -> &'v Value {
    let cells = breakers["squads"].as_array().unwrap();
    let found = cells
        .iter()
        .find(|cell| cell["squad"] == squad && cell["tier"] == tier);
    found.unwrap_or_else(|| panic!("no cell of {squad}: {breakers}"))
}

#[test]
fn a_failing_squad_is_cut_off_alone() {
    let enough = if is_full() { 20_000 } else { 1500 };
    let upstream = Faulty::start(1000);
    let process = Process::start(site(upstream.address, "[runtime]\ndata_cores = 2", ""));
    let group = |squad, fields| ClientGroup {
        squad,
        clients: 8,
        pause: Duration::from_millis(1),
        fields,
    };
    let groups = [
        group("silver", &fails as _),
        group("bronze", &succeeds as _),
    ];
    let [silver, bronze] = run(process.data, &groups, |tallies| {
        tallies[0].of(503, "CIRCUIT_OPEN") > 300 && tallies[1].all() >= enough
    })
    .try_into()
    .unwrap();
    println!(
        "(a) silver: {} failed, {} cut; bronze: {} served of {}",
        silver.of(500, ""),
        silver.of(503, "CIRCUIT_OPEN"),
        bronze.of(200, ""),
        bronze.all()
    );
    assert_eq!(bronze.of(200, ""), bronze.all(), "bronze has no failures");
    assert_eq!(
        silver.of(500, "") + silver.of(503, "CIRCUIT_OPEN"),
        silver.all()
    );
    // The breaker opens after twenty calls; calls in flight at that time, and probes, come on top.
    assert!(
        silver.of(500, "") < 20 + 8 + silver.all() / 10,
        "{silver:?}"
    );
    let breakers = breakers(process.admin);
    assert_ne!(cell(&breakers, "silver", "silver")["state"], "closed");
    assert_eq!(cell(&breakers, "bronze", "bronze")["state"], "closed");
    assert_eq!(breakers["everybody"]["state"], "closed");
    let metrics = admin(process.admin, "/metrics").1;
    assert!(metrics.contains(
        "circuit_breaker_trips_by_squad_total{service=\"jobs\",squad=\"silver\",tier=\"silver\",reason=\"failure-rate\"}"
    ));
    assert!(
        !metrics.contains("circuit_breaker_trips_by_squad_total{service=\"jobs\",squad=\"bronze\"")
    );
}

#[test]
fn a_deploy_window_keeps_gold_and_cuts_off_bronze() {
    // Three minutes, thirty times as fast.
    let length = Duration::from_secs(if is_full() { 6 } else { 2 });
    let upstream = Faulty::start(1000);
    let process = Process::start(site(upstream.address, "[runtime]\ndata_cores = 2", ""));
    let opened = ask(
        process.admin,
        "POST /deploy-windows/jobs/open HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: 40\r\n\r\n{\"for\": \"3m\", \"reason\": \"version 2.0.0\"}",
    );
    assert_eq!(opened.status, 200, "{opened:?}");
    let sixty_percent = |number: u64| {
        if number % 5 < 3 {
            fails(number)
        } else {
            String::new()
        }
    };
    let group = |squad| ClientGroup {
        squad,
        clients: 8,
        pause: Duration::from_millis(1),
        fields: &sixty_percent,
    };
    let began = Instant::now();
    let [gold, bronze] = run(process.data, &[group("gold"), group("bronze")], |tallies| {
        began.elapsed() > length && tallies[1].of(503, "CIRCUIT_OPEN") > 50
    })
    .try_into()
    .unwrap();
    let rate = gold.of(500, "") as f64 / gold.all() as f64;
    println!(
        "(b) gold: {} sent, {:.0} % failed, {} cut; bronze: {} sent, {} cut",
        gold.all(),
        rate * 100.0,
        gold.of(503, "CIRCUIT_OPEN"),
        bronze.all(),
        bronze.of(503, "CIRCUIT_OPEN")
    );
    assert_eq!(gold.of(503, "CIRCUIT_OPEN"), 0, "gold passes");
    assert_eq!(gold.of(200, "") + gold.of(500, ""), gold.all());
    assert!(gold.all() > 200 && (0.55..0.65).contains(&rate), "{rate}");
    assert_eq!(
        cell(&breakers(process.admin), "gold", "gold")["failure_rate_max"],
        0.8
    );
}

/// Three squads and unknown consumers, each with more load than its share.
#[test]
fn shares_follow_the_weights_under_overload() {
    let full = is_full();
    let length = Duration::from_secs(if full { 10 } else { 3 });
    let upstream = Faulty::start(20);
    let keys = "[services.shares]\nin_flight_max = 20\n";
    let process = Process::start(site(upstream.address, "[runtime]\ndata_cores = 2", keys));
    let slow = |_: u64| "x-delay-ms: 20\r\n".to_owned();
    let group = |squad, clients| ClientGroup {
        squad,
        clients,
        pause: Duration::from_millis(if full { 4 } else { 8 }),
        fields: &slow,
    };
    let began = Instant::now();
    let alone = run(process.data, &[group("gold", 4)], |_| {
        began.elapsed() > length / 3 + Duration::from_secs(1)
    });
    // At three times the capacity: sixty clients for twenty slots, in proportion to the weights,
    // plus clients of an unknown squad.
    let began = Instant::now();
    let groups = [
        group("gold", 36),
        group("silver", 12),
        group("bronze", 12),
        group("nobody", 10),
    ];
    let tallies = run(process.data, &groups, |_| began.elapsed() > length);
    let served: Vec<u64> = tallies.iter().map(|tally| tally.of(200, "")).collect();
    let known: u64 = served[..3].iter().sum();
    let share = |squad: usize| served[squad] as f64 / known as f64;
    println!(
        "(c) served gold {} silver {} bronze {} ({:.3} {:.3} {:.3}), unknown {}; shed {:?}; gold p99 \
         {:.1} ms alone, {:.1} ms in the overload after its first second (median {:.1} and {:.1})",
        served[0],
        served[1],
        served[2],
        share(0),
        share(1),
        share(2),
        served[3],
        tallies
            .iter()
            .map(|tally| tally.of(503, "OVERLOADED"))
            .collect::<Vec<_>>(),
        alone[0].quantile_ms(0.99),
        tallies[0].quantile_ms(0.99),
        alone[0].quantile_ms(0.5),
        tallies[0].quantile_ms(0.5),
    );
    // Within 5 % of the weights if the machine is otherwise idle.
    let tolerance = if full { 0.05 } else { 0.15 };
    for (squad, fair) in [0.6, 0.2, 0.2].into_iter().enumerate() {
        let off = (share(squad) - fair).abs() / fair;
        assert!(off <= tolerance, "{served:?}");
    }
    assert!(
        served[3] * 20 < known,
        "unknown consumers get only spare capacity: {served:?}"
    );
    for tally in &tallies {
        assert_eq!(tally.of(200, "") + tally.of(503, "OVERLOADED"), tally.all());
    }
    let stats = upstream.stats();
    assert!(stats["in_flight_max"].as_u64().unwrap() <= 20, "{stats}");
}

#[test]
fn a_recovering_upstream_is_not_overloaded() {
    let mut upstream = Faulty::start(1000);
    let keys = "[services.breaker]\nopen_base = \"200ms\"\nopen_max = \"1s\"\n";
    let process = Process::start(site(upstream.address, "[runtime]\ndata_cores = 2", keys));
    let slow = |_: u64| "x-delay-ms: 60\r\n".to_owned();
    let group = |squad| ClientGroup {
        squad,
        clients: 20,
        pause: Duration::from_millis(5),
        fields: &slow,
    };
    let restarted = AtomicUsize::new(0);
    let upstream = Mutex::new(&mut upstream);
    let before = Mutex::new(0);
    let tallies = run(process.data, &[group("gold"), group("bronze")], |tallies| {
        let served: u64 = tallies.iter().map(|tally| tally.of(200, "")).sum();
        let cut: u64 = tallies
            .iter()
            .map(|tally| tally.of(503, "CIRCUIT_OPEN"))
            .sum();
        match restarted.load(Ordering::Relaxed) {
            0 if served > 100 => {
                upstream.lock().unwrap().kill();
                restarted.store(1, Ordering::Relaxed);
            }
            1 if cut > 100 => {
                *before.lock().unwrap() = served;
                upstream.lock().unwrap().restart();
                restarted.store(2, Ordering::Relaxed);
            }
            2 => return served > *before.lock().unwrap() + 300,
            _ => {}
        }
        false
    });
    let stats = upstream.lock().unwrap().stats();
    println!(
        "(d) after the restart {} requests in the first 40 ms, {} at most in flight later; cut {}, \
         unanswered {}",
        stats["in_first_period"],
        stats["in_flight_max"],
        tallies
            .iter()
            .map(|tally| tally.of(503, "CIRCUIT_OPEN"))
            .sum::<u64>(),
        tallies
            .iter()
            .map(|tally| tally.of(502, "UPSTREAM_UNAVAILABLE"))
            .sum::<u64>(),
    );
    // Five probes, and no other request until three of them are answered, which takes 60 ms.
    assert!(stats["in_first_period"].as_u64().unwrap() <= 5, "{stats}");
    let breakers = breakers(process.admin);
    assert_eq!(breakers["everybody"]["state"], "closed");
}

#[test]
fn unlisted_squads_share_one_breaker_and_label() {
    let (requests, clients) = if is_full() {
        (1_000_000, 16)
    } else {
        (20_000, 8)
    };
    let upstream = Faulty::start(1000);
    let process = Process::start(site(upstream.address, "[runtime]\ndata_cores = 2", ""));
    let series = || {
        let text = admin(process.admin, "/metrics").1;
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let names = lines.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()));
        names.collect::<BTreeSet<String>>()
    };
    let flood = |from: usize, to: usize| {
        std::thread::scope(|scope| {
            for client in 0..clients {
                let address = process.data;
                scope.spawn(move || {
                    let mut connection = Client::connect(address);
                    for number in (from + client..to).step_by(clients) {
                        connection.send(request(&format!("invented-{number}"), ""));
                        assert_eq!(connection.answer().status, 200);
                    }
                });
            }
        });
    };
    flood(0, requests / 4);
    // Gauges are set every second, this one last.
    until(|| {
        let metrics = admin(process.admin, "/metrics").1;
        metrics.contains("team_autonomy_health{squad=\"provider\"")
    });
    let (before, memory) = (series(), process.memory_kib().0);
    flood(requests / 4, requests);
    let (after, memory_after) = (series(), process.memory_kib().0);
    println!(
        "(e) {requests} invented squads: {} and {} series, {memory} and {memory_after} KiB",
        before.len(),
        after.len()
    );
    let changed: Vec<_> = after.symmetric_difference(&before).collect();
    assert!(changed.is_empty(), "{changed:?}");
    assert!(!admin(process.admin, "/metrics").1.contains("invented"));
    assert!(
        memory_after <= memory + (6 << 10),
        "{memory} and {memory_after} KiB"
    );
    let breakers = breakers(process.admin);
    assert_eq!(
        breakers["squads"].as_array().unwrap().len(),
        1,
        "{breakers}"
    );
    assert_eq!(cell(&breakers, "unknown", "bronze")["state"], "closed");
}

#[test]
fn a_refusal_has_squad_reason_retry_time_and_contact() {
    let upstream = Upstream::start(|_| {
        vec![send(
            "HTTP/1.1 503 Service Unavailable\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n",
        )]
    });
    let app = App::start(site(
        upstream.address,
        "",
        "[services.breaker]\ncalls_min = 3\n",
    ));
    for _ in 0..3 {
        assert_eq!(app.ask(request("silver", "")).status, 503);
    }
    let answer = app.ask(request("silver", ""));
    let problem = problem(&answer);
    assert_eq!(answer.status, 503);
    let seconds: u32 = answer.field("retry-after").unwrap().parse().unwrap();
    assert!(
        (5..=7).contains(&seconds),
        "the upstream asked for 7 s: {seconds}"
    );
    assert_eq!(problem["error"], "CIRCUIT_OPEN");
    assert_eq!(problem["squad"], "silver");
    assert_eq!(
        problem["detail"],
        "silver traffic of squad silver is cut off: 3 of 3 calls failed within 10 s, more than 50 %"
    );
    assert_eq!(
        problem["refusal"],
        json!({"rule": "squad-circuit-open", "tier": "silver", "retry_after_seconds": seconds})
    );
    assert_eq!(
        problem["provider"],
        json!({"squad": "provider", "chat": "#provider", "oncall": "provider-pager"})
    );
    let metrics = admin(app.admin, "/metrics").1;
    assert!(metrics.contains(
        "shed_requests_total{service=\"jobs\",squad=\"silver\",tier=\"silver\",reason=\"squad-circuit-open\"} 1"
    ));
}

#[test]
fn refusals_and_aborted_requests_are_not_failures() {
    let upstream = Faulty::start(1000);
    let app = App::start(site(
        upstream.address,
        "",
        "[services.breaker]\ncalls_min = 5\n",
    ));
    for _ in 0..30 {
        let unknown = "GET /nothing HTTP/1.1\r\nhost: jobs\r\nx-squad-owner: silver\r\n\r\n";
        assert_eq!(app.ask(unknown).status, 404);
        let mut client = app.client();
        client.send(request("bronze", "x-delay-ms: 5000\r\n"));
    }
    let cells = breakers(app.admin);
    for cell in cells["squads"].as_array().unwrap() {
        assert_eq!(cell["calls"], 0, "{cells}");
    }
    assert_eq!(app.ask(request("bronze", "")).status, 200);
    assert_eq!(cell(&breakers(app.admin), "bronze", "bronze")["calls"], 1);
}

#[test]
fn an_interrupted_response_is_a_failure() {
    let upstream = Faulty::start(1000);
    let app = App::start(site(
        upstream.address,
        "",
        "[services.breaker]\ncalls_min = 4\n",
    ));
    for fault in ["break", "close", "break", "close"] {
        let mut client = app.client();
        client.send(request("silver", &format!("x-fault: {fault}\r\n")));
        let answer = client.read_answer(true);
        assert!(answer.is_none_or(|answer| !answer.complete || answer.status == 502));
    }
    let answer = app.ask(request("silver", ""));
    assert_eq!(answer.field("x-portcullis"), Some("CIRCUIT_OPEN"));
    let breakers = breakers(app.admin);
    assert_eq!(breakers["everybody"]["state"], "closed");
    let reason = &cell(&breakers, "silver", "silver")["reason"];
    assert_eq!(reason, "4 of 4 calls failed within 10 s, more than 50 %");
}

#[test]
fn enforces_the_cross_squad_budget() {
    let upstream = Faulty::start(1000);
    let keys = "[services.budget]\ncross_squad_max = 0.15\ncalls_min = 10\n";
    let app = App::start(site(upstream.address, "", keys));
    let mut client = app.client();
    let mut ask = |squad: &str| {
        client.send(request(squad, ""));
        client.answer()
    };
    for _ in 0..10 {
        assert_eq!(ask("provider").status, 200);
    }
    let mut passed = 0;
    let refused = loop {
        let answer = ask("gold");
        if answer.status != 200 {
            break answer;
        }
        passed += 1;
    };
    assert_eq!(passed, 1, "1 of 11 is within 15 %, 2 of 12 is not");
    assert_eq!(refused.status, 429);
    let refused = problem(&refused);
    assert_eq!(refused["error"], "CROSS_SQUAD_BUDGET");
    assert_eq!(
        refused["detail"],
        "squad gold has used its part of the budget: 1 of the last 11 requests to this service came from other squads than its provider, and they may be 15 % at most (`budget.cross_squad_max`)"
    );
    assert_eq!(
        ask("nobody").status,
        429,
        "unknown consumers count as another squad"
    );
    assert_eq!(ask("provider").status, 200);
}

#[test]
fn retries_only_repeatable_requests() {
    let keys =
        "[services.retries]\nattempts_max = 2\nbackoff_base = \"1ms\"\nbackoff_max = \"1ms\"\n";
    let upstream = Upstream::start(|_| {
        vec![send(
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
        )]
    });
    let app = App::start(site(upstream.address, "", keys));
    let check = |line: &str, fields: &str, body: &str, attempts: usize| {
        let request =
            format!("{line} HTTP/1.1\r\nhost: jobs\r\nx-squad-owner: gold\r\n{fields}\r\n{body}");
        assert_eq!(app.ask(request).status, 503);
        let sent = upstream.requests.try_iter().count();
        assert_eq!(sent, attempts, "{line}");
    };
    check("GET /jobs", "", "", 3);
    check("PUT /jobs", "", "", 3);
    check("POST /jobs", "content-length: 0\r\n", "", 1);
    check("POST /add", "content-length: 0\r\n", "", 3);
    check("GET /safe", "", "", 1);
    // A streamed body cannot be sent again.
    check(
        "PUT /jobs",
        "transfer-encoding: chunked\r\n",
        "1\r\nx\r\n0\r\n\r\n",
        1,
    );
    let metrics = admin(app.admin, "/metrics").1;
    assert!(
        metrics.contains("portcullis_retries_total{service=\"jobs\",reason=\"503\"} 6"),
        "{metrics}"
    );
}

#[test]
fn a_retry_reaches_a_restarted_upstream() {
    let tries = AtomicUsize::new(0);
    let upstream = Upstream::start(move |_| match tries.fetch_add(1, Ordering::Relaxed) {
        0 => vec![crate::support::upstream::Step::Close],
        1 => vec![send(
            "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
        )],
        _ => vec![send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")],
    });
    let keys = "[services.retries]\nattempts_max = 3\nbackoff_base = \"1ms\"\n";
    let app = App::start(site(upstream.address, "", keys));
    assert_eq!(app.ask(request("gold", "")).status, 200);
    let calls = cell(&breakers(app.admin), "gold", "gold")["calls"].clone();
    assert_eq!(calls, 3, "each attempt counts");
}

#[test]
fn retries_respect_the_budget_and_retry_after() {
    let keys = "[services.retries]\nattempts_max = 1\nratio_max = 0.0\nper_second_min = 1\nbackoff_base = \"1ms\"\n\
                [services.breaker]\nmode = \"off\"\n";
    let upstream = Faulty::start(1000);
    let app = App::start(site(upstream.address, "", keys));
    for _ in 0..50 {
        assert_eq!(app.ask(request("gold", "x-fault: 503\r\n")).status, 503);
    }
    let served = upstream.stats()["served"].as_u64().unwrap();
    assert!(
        (60..=62).contains(&served),
        "ten retries in ten seconds: {served}"
    );
    let before = upstream.stats()["served"].as_u64().unwrap();
    let app = App::start(site(
        upstream.address,
        "",
        "[services.retries]\nattempts_max = 1\nbackoff_base = \"1ms\"\n",
    ));
    let failing = request("gold", "x-fault: 503\r\nx-retry-after: 60\r\n");
    assert_eq!(app.ask(failing).status, 503);
    let after = upstream.stats()["served"].as_u64().unwrap();
    assert_eq!(after, before + 1, "60 s are beyond the deadline");
}

#[test]
fn squad_headers_are_validated_and_removed_if_untrusted() {
    let upstream = Upstream::ok();
    let fields = "x-service-version: 1.2.3\r\n";
    let forwarded = |top: &str, keys: &str| {
        let app = App::start(site(upstream.address, top, keys));
        let answer = app.ask(request("gold", fields));
        assert_eq!(answer.status, 200, "{answer:?}");
        let request = upstream.request();
        ["x-squad-owner", "x-sla-tier", "x-service-version"]
            .map(|name| request.fields(name).join(","))
    };
    assert_eq!(forwarded("", ""), ["gold", "gold", "1.2.3"]);
    assert_eq!(forwarded("", "legacy = true"), ["", "", ""]);
    let untrusted = "[identity]\ntrusted_peers = [\"10.0.0.0/8\"]";
    assert_eq!(forwarded(untrusted, ""), ["", "", ""]);
    let app = App::start(site(upstream.address, "", ""));
    for (fields, complaint) in [
        (
            "x-squad-owner: gold\r\nx-squad-owner: gold\r\n",
            "the header x-squad-owner came more than once; send it once, with one value",
        ),
        (
            "x-squad-owner: Gold Team\r\n",
            "the header x-squad-owner does not name a squad: expected 1 to 64 characters of a-z, 0-9, '.', '_' and '-'",
        ),
        (
            "x-squad-owner: gold\r\nx-sla-tier: gold\r\nx-sla-tier: bronze\r\n",
            "the header x-sla-tier came more than once; send it once, with one value",
        ),
    ] {
        let answer = app.ask(format!("GET /jobs HTTP/1.1\r\nhost: jobs\r\n{fields}\r\n"));
        let problem = problem(&answer);
        assert_eq!(
            (answer.status, &problem["error"]),
            (400, &json!("INVALID_IDENTITY"))
        );
        assert_eq!(problem["detail"], complaint);
    }
    let metrics = admin(app.admin, "/metrics").1;
    assert!(metrics.contains("portcullis_identity_faults_total{reason=\"repeated-header\"} 2"));
}

#[test]
fn ignores_squad_fields_in_trailers() {
    let upstream = Upstream::ok();
    let untrusted = "[identity]\ntrusted_peers = [\"10.0.0.0/8\"]";
    let app = App::start(site(upstream.address, untrusted, ""));
    let answer = app.ask(
        "PUT /jobs HTTP/1.1\r\nhost: jobs\r\ntransfer-encoding: chunked\r\ntrailer: x-sum, x-squad-owner\r\nte: trailers\r\n\r\n1\r\nx\r\n0\r\n\
         x-squad-owner: gold\r\nx-sla-tier: gold\r\nx-forwarded-for: 1.2.3.4\r\nx-sum: 1\r\n\r\n",
    );
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(upstream.request().trailers, ["x-sum: 1"]);
}

#[test]
fn a_slow_probe_does_not_close_the_breaker() {
    let keys = "[services.breaker]\ncalls_min = 3\nslow_call = \"20ms\"\nslow_rate_max = 0.5\n\
                open_base = \"10ms\"\nopen_max = \"10ms\"\nprobes = 1\n";
    let upstream = Faulty::start(1000);
    let app = App::start(site(upstream.address, "", keys));
    let state = || cell(&breakers(app.admin), "gold", "gold").clone();
    for _ in 0..3 {
        app.ask(request("gold", "x-delay-ms: 60\r\n"));
    }
    assert_eq!(state()["history"][0]["to"], "open");
    std::thread::sleep(Duration::from_millis(15));
    app.ask(request("gold", "x-delay-ms: 60\r\n"));
    let reason = &state()["history"][0]["reason"];
    assert_eq!(reason, "1 of 1 probes failed");
    until(|| {
        app.ask(request("gold", ""));
        state()["state"] == "closed"
    });
}

#[test]
fn a_legacy_service_refuses_nothing() {
    let upstream = Upstream::ok();
    let app = App::start(Site::shop(upstream.address, "legacy = true", ""));
    for request in [
        crate::support::app::post(
            "/items",
            "x-tenant: a\r\nx-squad-owner: a\r\nx-squad-owner: b\r\n",
            "{}",
        ),
        crate::support::app::get("/nothing").into_bytes(),
    ] {
        let answer = app.ask(request);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(upstream.request().fields("x-squad-owner").is_empty());
    }
    let metrics = admin(app.admin, "/metrics").1;
    assert!(metrics.contains("class=\"unknown-path\""), "{metrics}");
    assert!(!metrics.contains("enforcement=\"reject\""), "{metrics}");
}

#[test]
fn waits_for_a_slot_and_displaces_lower_tiers() {
    let keys = "[services.shares]\nin_flight_max = 1\nwaiting_max = 1\nwait_max = \"20s\"\n";
    let upstream = Faulty::start(1000);
    let app = App::start(site(upstream.address, "", keys));
    let mut holder = app.client();
    holder.send(request("bronze", "x-delay-ms: 600\r\n"));
    let waiting = || breakers(app.admin)["shares"]["waiting"].as_u64().unwrap();
    let in_flight = || breakers(app.admin)["shares"]["in_flight"].as_u64().unwrap();
    until(|| in_flight() == 1);
    let mut displaced = app.client();
    displaced.send(request("bronze", ""));
    until(|| waiting() == 1);
    let mut first = app.client();
    first.send(request("gold", ""));
    let answer = displaced.answer();
    assert_eq!(answer.status, 503);
    let problem = problem(&answer);
    assert_eq!(problem["error"], "OVERLOADED");
    assert_eq!(problem["refusal"]["rule"], "displaced");
    assert_eq!(
        problem["detail"],
        "the service has no capacity left for squad bronze: 1 of its requests are in flight and its share is 0 of 1 (`shares.in_flight_max`)"
    );
    assert_eq!(answer.field("retry-after"), Some("1"));
    assert_eq!(holder.answer().status, 200);
    assert_eq!(first.answer().status, 200);
}
