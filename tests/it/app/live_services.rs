//! Services that are added, changed and removed while the program serves.
//!
//! `PORTCULLIS_TEST_LOAD=full` runs the full load; by default a smaller load runs.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cli::operate::printed;
#[cfg(target_os = "linux")]
use crate::support::app::ProcessResources;
use crate::support::app::{Process, Site, StopOnDrop, admin, ask, is_full, problem, until};
use crate::support::client::{Answer, Client, PATIENCE};
use crate::support::upstream::{Step, Upstream, send};

/// A contract whose only response is this letter.
fn contract(letter: char, version: &str) -> String {
    format!(
        "openapi: 3.1.0
info: {{title: Letters, version: {version}}}
paths:
  /{{service}}/letter:
    parameters: [{{name: service, in: path, required: true, schema: {{type: string}}}}]
    get:
      operationId: letter
      responses:
        '200': {{description: The letter., content: {{application/json: {{schema: {{const: {letter}}}}}}}}}
"
    )
}

/// An upstream that answers with this letter.
fn upstream(letter: char) -> Upstream {
    Upstream::start(move |_| vec![letter_response(letter)])
}

fn letter_response(letter: char) -> Step {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 3";
    send(&format!("{head}\r\n\r\n\"{letter}\""))
}

/// A configuration file that the tests change.
struct LiveConfig {
    path: PathBuf,
    top: String,
}

impl LiveConfig {
    /// The configuration of a site with one service, `kept`, which answers with `a`.
    fn new(top: &str, kept: &Upstream) -> (Site, Self) {
        let site = Site::new(top);
        let path = site.write();
        fs::write(site.path("a.yaml"), contract('a', "1.0.0")).unwrap();
        fs::write(site.path("b.yaml"), contract('b', "2.0.0")).unwrap();
        let top = fs::read_to_string(&path).unwrap();
        let config = Self { path, top };
        (site.services(&config.services(kept, "")), config)
    }

    /// The services: `kept`, and others.
    fn services(&self, kept: &Upstream, others: &str) -> String {
        service("kept", "a.yaml", &target(kept), "") + others
    }

    /// Writes a configuration with `kept` and other services.
    fn write(&self, kept: &Upstream, others: &str) {
        let text = format!("{}{}", self.top, self.services(kept, others));
        fs::write(&self.path, text).unwrap();
    }
}

fn target(upstream: &Upstream) -> String {
    format!("http://{}", upstream.address)
}

/// A service below the prefix of its name.
fn service(name: &str, contract: &str, upstream: &str, keys: &str) -> String {
    format!(
        "[[services]]\nname = \"{name}\"\ncontract = \"{contract}\"\nupstream = \"{upstream}\"\n\
         path_prefix = \"/{name}\"\n{keys}\n[services.enforcement]\nresponse = \"reject\"\n"
    )
}

/// Reloads the configuration; returns the status and the reply.
fn reload(address: SocketAddr) -> (u16, Value) {
    let answer = change(address, "/config/reload", "");
    let reply = serde_json::from_slice(&answer.body);
    let reply = reply.unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    (answer.status, reply)
}

fn change(address: SocketAddr, path: &str, body: &str) -> Answer {
    let length = body.len();
    ask(
        address,
        format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        ),
    )
}

fn letter_request(service: &str) -> String {
    format!("GET /{service}/letter HTTP/1.1\r\nhost: a\r\n\r\n")
}

fn admin_json(process: &Process, path: &str) -> Value {
    let (status, text) = admin(process.admin, path);
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

fn active_services(process: &Process) -> Vec<String> {
    let contracts = admin_json(process, "/contracts");
    let services = contracts["services"].as_array().unwrap().iter();
    let name = |service: &Value| service["service"].as_str().unwrap().to_owned();
    services.map(name).collect()
}

/// The requests of a service, as the inventory counts them.
fn requests(process: &Process, service: &str) -> u64 {
    let traffic = admin_json(process, &format!("/traffic/{service}"));
    let consumers = traffic["consumers"].as_array().unwrap().iter();
    consumers.map(|one| one["requests"].as_u64().unwrap()).sum()
}

/// What a service of the soak may answer, one bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Answers(u8);

impl Answers {
    const ABSENT: Self = Self(1);
    const A: Self = Self(2);
    const B: Self = Self(4);

    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What an answer shows, which is exactly one of them.
    fn of(answer: &Answer) -> Self {
        match (answer.status, answer.body.as_slice()) {
            (200, b"\"a\"") => Self::A,
            (200, b"\"b\"") => Self::B,
            (404, _) if answer.field("x-portcullis") == Some("NO_SERVICE") => Self::ABSENT,
            _ => panic!("a lost or mixed response: {answer:?}"),
        }
    }
}

/// What each service may answer, in the order of time: the clients check their answers against what
/// was possible between the request and the response.
#[derive(Default)]
struct Timeline(Mutex<Vec<[Answers; CHANGING]>>);

/// The services that change in the soak.
const CHANGING: usize = 6;

impl Timeline {
    fn push(&self, answers: [Answers; CHANGING]) {
        self.0.lock().unwrap().push(answers);
    }

    fn now(&self) -> usize {
        self.0.lock().unwrap().len() - 1
    }

    /// What a service may have answered between two times.
    fn between(&self, service: usize, from: usize, to: usize) -> Answers {
        let timeline = self.0.lock().unwrap();
        let steps = timeline[from..=to].iter();
        steps.fold(Answers(0), |all, step| all.or(step[service]))
    }
}

/// One client of the soak: it asks the changing services and `kept` by turns.
fn ask_all(
    address: SocketAddr,
    timeline: &Timeline,
    stop: &AtomicBool,
    kept: &AtomicU64,
    observed: &[AtomicU64; 5],
) {
    let mut client = Client::connect(address);
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let service = number % (CHANGING + 1);
        number += 1;
        if service == CHANGING {
            client.send(letter_request("kept"));
            assert_eq!(Answers::of(&client.answer()), Answers::A);
            kept.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        let from = timeline.now();
        client.send(letter_request(&format!("s{service}")));
        let answer = Answers::of(&client.answer());
        let possible = timeline.between(service, from, timeline.now());
        assert_eq!(
            possible.or(answer),
            possible,
            "s{service} answered {answer:?}"
        );
        observed[usize::from(answer.0)].fetch_add(1, Ordering::Relaxed);
    }
}

/// The configuration of the changing services. A letter decides both contract and upstream, so a
/// mix of two revisions of a service violates its contract and is refused.
fn changing(states: &[Answers; CHANGING], upstreams: &[Upstream; 2]) -> String {
    let mut text = String::new();
    for (number, state) in states.iter().enumerate() {
        let name = format!("s{number}");
        let (contract, upstream) = match *state {
            Answers::A => ("a.yaml", &upstreams[0]),
            Answers::B => ("other/b.yaml", &upstreams[1]),
            _ => continue,
        };
        text += &service(&name, contract, &target(upstream), "");
    }
    text
}

/// Waits until what belonged to the removed services has ended.
#[cfg(target_os = "linux")]
fn await_end_of_removed(process: &Process, before: &ProcessResources) {
    let leaks = || {
        let now = process.resources();
        let is_fine = now.threads <= before.threads + 1
            && now.descriptors <= before.descriptors + 2
            && now.watched_folders == before.watched_folders;
        (!is_fine).then_some(now)
    };
    let began = Instant::now();
    while let Some(now) = leaks() {
        assert!(began.elapsed() < PATIENCE, "{now:?} after {before:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn services_come_change_and_go_without_a_lost_or_mixed_response() {
    let (rounds, clients) = if is_full() { (600, 32) } else { (120, 8) };
    let upstreams = [upstream('a'), upstream('b')];
    let (site, config) = LiveConfig::new("[runtime]\ndata_cores = 2", &upstreams[0]);
    fs::write(site.path("bad.yaml"), "openapi: 3.1.0\npaths: [").unwrap();
    fs::create_dir(site.path("other")).unwrap();
    fs::write(site.path("other/b.yaml"), contract('b', "2.0.0")).unwrap();
    let process = Process::start(site);
    let timeline = Timeline::default();
    let mut states = [Answers::ABSENT; CHANGING];
    timeline.push(states);
    let (stop, kept) = (AtomicBool::new(false), AtomicU64::new(0));
    let observed: [AtomicU64; 5] = Default::default();
    let mut memory = Vec::new();
    until(|| process.resources().watched_folders == 1);
    let before = process.resources();
    std::thread::scope(|scope| {
        let _stop = StopOnDrop(&stop);
        for _ in 0..clients {
            let (timeline, stop, kept, observed) = (&timeline, &stop, &kept, &observed);
            let address = process.data;
            scope.spawn(move || ask_all(address, timeline, stop, kept, observed));
        }
        let mut random = fastrand::Rng::with_seed(7);
        for round in 0..rounds {
            if round % 10 == 9 {
                // A contract that cannot be used changes nothing, whatever else changes with it.
                let others = service("bad", "bad.yaml", "mock", "");
                config.write(&upstreams[0], &others);
                let (status, reply) = reload(process.admin);
                assert_eq!(status, 422, "{reply}");
                continue;
            }
            let before = states;
            for state in &mut states {
                *state = [Answers::ABSENT, Answers::A, Answers::B][random.usize(..3)];
            }
            timeline.push(std::array::from_fn(|n| before[n].or(states[n])));
            config.write(&upstreams[0], &changing(&states, &upstreams));
            let (status, reply) = reload(process.admin);
            assert_eq!(status, 200, "{round}: {reply}");
            timeline.push(states);
            if round % (rounds / 6) == 0 {
                memory.push(process.memory_kib().0 / 1024);
            }
        }
        timeline.push([Answers(7); CHANGING]);
        config.write(&upstreams[0], "");
        assert_eq!(reload(process.admin).0, 200);
    });
    let [_, absent, a, _, b] = observed.map(AtomicU64::into_inner);
    println!(
        "{rounds} reloads: {a} answers of a, {b} of b, {absent} without a service; MiB {memory:?}"
    );
    assert!(a > 0 && b > 0 && absent > 0);
    assert_eq!(active_services(&process), ["kept"]);
    // The state of a service that did not change was kept: every request is still counted.
    let kept = kept.into_inner();
    until(|| requests(&process, "kept") == kept);
    assert_eq!(admin(process.admin, "/readyz").0, 200);
    await_end_of_removed(&process, &before);
    let (first, last) = (memory[1], memory[memory.len() - 1]);
    assert!(last <= first + first / 4 + 32, "memory grows: {memory:?}");
}

/// The program with `kept` and one other service.
fn start_with(other: &str) -> (Process, LiveConfig, Upstream) {
    let kept = upstream('a');
    let (site, config) = LiveConfig::new("", &kept);
    let process = Process::start(site.services(other));
    (process, config, kept)
}

#[test]
fn a_request_in_flight_ends_with_the_contract_of_the_service_that_was_removed() {
    let gate = Arc::new(tokio::sync::Notify::new());
    let wait = Arc::clone(&gate);
    // The second response violates the contract.
    let count = AtomicU64::new(0);
    let slow = Upstream::start(move |_| {
        let is_first = count.fetch_add(1, Ordering::Relaxed) == 0;
        let letter = if is_first { 'a' } else { 'b' };
        vec![Step::Wait(Arc::clone(&wait)), letter_response(letter)]
    });
    let (process, config, kept) = start_with(&service("slow", "a.yaml", &target(&slow), ""));
    let begin = || {
        let mut client = Client::connect(process.data);
        client.send(letter_request("slow"));
        slow.request();
        client
    };
    let (mut valid, mut invalid) = (begin(), begin());
    config.write(&kept, "");
    let (status, reply) = reload(process.admin);
    assert_eq!(
        (status, &reply["changed"]),
        (200, &json!(["services.slow (removed)"])),
        "{reply}"
    );
    let removed = ask(process.data, letter_request("slow"));
    assert_eq!(problem(&removed)["error"], "NO_SERVICE");
    // The service comes back with another contract, which the old requests do not see.
    config.write(&kept, &service("slow", "b.yaml", "mock", ""));
    assert_eq!(reload(process.admin).0, 200);
    assert_eq!(
        Answers::of(&ask(process.data, letter_request("slow"))),
        Answers::B
    );
    gate.notify_waiters();
    assert_eq!(Answers::of(&valid.answer()), Answers::A);
    assert_eq!(invalid.answer().status, 502);
    // Its counts began again; those of the metrics continue.
    assert_eq!(requests(&process, "slow"), 1);
}

#[test]
fn a_configuration_whose_contracts_cannot_be_used_changes_nothing() {
    let (process, config, kept) = start_with("");
    let active = fs::read_to_string(&config.path).unwrap();
    let folder = config.path.parent().unwrap();
    fs::write(folder.join("bad.yaml"), "openapi: 3.1.0\npaths: [").unwrap();
    fs::write(
        folder.join("empty.yaml"),
        "openapi: 3.1.0\ninfo: {title: E, version: 1.0.0}\npaths: {}",
    )
    .unwrap();
    let new = |contract: &str| service("new", contract, "mock", "");
    let check = |text: String, expected: &[&str]| {
        fs::write(&config.path, text + "[log]\nlevel = \"debug\"\n").unwrap();
        let (status, reply) = reload(process.admin);
        assert_eq!(status, 422, "{reply}");
        let problems = reply["problems"].as_array().unwrap();
        assert_eq!(problems.len(), expected.len(), "{reply}");
        for (problem, expected) in problems.iter().zip(expected) {
            let problem = problem.as_str().unwrap();
            assert!(problem.contains(expected), "{problem:?} has {expected:?}");
        }
        assert_eq!(active_services(&process), ["kept"]);
        let answer = ask(process.data, letter_request("kept"));
        assert_eq!(Answers::of(&answer), Answers::A);
    };
    check(
        active.clone() + &new("bad.yaml"),
        &["services.new.contract: "],
    );
    check(
        active.clone() + &new("missing.yaml") + &service("also", "bad.yaml", "mock", ""),
        &["services.also.contract: ", "services.new.contract: "],
    );
    check(
        active.clone() + &new("http://127.0.0.1:9/contract.yaml"),
        &["services.new.contract: http://127.0.0.1:9/contract.yaml"],
    );
    // A new source for a service that has a contract.
    check(
        active.replace("a.yaml", "empty.yaml"),
        &["services.kept.contract: the new contract has no operations"],
    );
    // A problem of the configuration itself.
    check(
        active.clone() + &service("new", "a.yaml", "mock", "hosts = []"),
        &["config.toml"],
    );
    let printed = printed(process.admin, "config reload", 1);
    assert!(
        printed.contains("the configuration is refused and the active one stays"),
        "{printed}"
    );
    // The same file is applied when its contract is there.
    fs::write(&config.path, active + &new("missing.yaml")).unwrap();
    fs::write(folder.join("missing.yaml"), contract('b', "1.0.0")).unwrap();
    let (_, reply) = reload(process.admin);
    assert_eq!(reply["changed"], json!(["services.new (added)"]), "{reply}");
    assert_eq!(
        Answers::of(&ask(process.data, letter_request("new"))),
        Answers::B
    );
    drop(kept);
}

#[test]
fn a_service_that_may_wait_is_refused_until_its_contract_is_there() {
    let (process, config, kept) = start_with("");
    let wait = "[services.reload]\nwait = true\npoll = \"100ms\"\n";
    let new = service("new", "later.yaml", "mock", "") + wait;
    config.write(&kept, &new);
    assert_eq!(reload(process.admin).0, 200);
    let refused = ask(process.data, letter_request("new"));
    assert_eq!(problem(&refused)["error"], "CONTRACT_UNAVAILABLE");
    assert_eq!(refused.status, 503);
    let view = admin_json(&process, "/contracts/new");
    assert_eq!(
        (&view["in_force"], &view["stale"]),
        (&json!(false), &json!(true))
    );
    // The other services keep their traffic.
    assert_eq!(admin(process.admin, "/readyz").0, 200);
    fs::write(
        config.path.with_file_name("later.yaml"),
        contract('b', "1.0.0"),
    )
    .unwrap();
    until(|| ask(process.data, letter_request("new")).status == 200);
    let view = admin_json(&process, "/contracts/new");
    assert_eq!(
        (&view["in_force"], &view["stale"]),
        (&json!(true), &json!(false))
    );
}

#[test]
fn the_cache_keeps_no_contract_of_a_removed_service() {
    let text = contract('b', "1.0.0");
    let server = Upstream::start(move |_| {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: ";
        vec![send(&format!("{head}{}\r\n\r\n{text}", text.len()))]
    });
    let (process, config, kept) = start_with("");
    let folder = tempfile::tempdir().unwrap();
    let entries = || fs::read_dir(folder.path()).unwrap().count();
    let cache = format!("[services.reload]\ncache = {:?}\n", folder.path());
    let new = service("new", &format!("{}/c.yaml", target(&server)), "mock", "");
    config.write(&kept, &(new + &cache));
    let (status, reply) = reload(process.admin);
    assert_eq!(status, 200, "{reply}");
    // Its contract was there before it was served.
    let answer = ask(process.data, letter_request("new"));
    assert_eq!(Answers::of(&answer), Answers::B);
    until(|| entries() == 1);
    config.write(&kept, "");
    assert_eq!(reload(process.admin).0, 200);
    // It may have been written at the same time.
    until(|| entries() == 0);
}

#[test]
fn a_change_keeps_what_a_service_knows() {
    let upstreams = [upstream('a'), upstream('b')];
    let old = service("moved", "a.yaml", &target(&upstreams[0]), "");
    let (process, config, kept) = start_with(&old);
    for (path, body) in [
        ("/breakers/moved/everybody", "{\"override\": \"observe\"}"),
        ("/deploy-windows/moved/open", "{\"for\": \"10m\"}"),
    ] {
        assert_eq!(change(process.admin, path, body).status, 200, "{path}");
    }
    let ask_moved = || Answers::of(&ask(process.data, letter_request("moved")));
    assert_eq!(ask_moved(), Answers::A);
    // Another contract, upstream and host at once, and the order of the services.
    let new = service("moved", "b.yaml", &target(&upstreams[1]), "hosts = [\"A\"]");
    let (others, kept_text) = (new, config.services(&kept, ""));
    fs::write(&config.path, format!("{}{others}{kept_text}", config.top)).unwrap();
    let (_, reply) = reload(process.admin);
    assert_eq!(reply["changed"], json!(["services.moved"]), "{reply}");
    assert_eq!(active_services(&process), ["moved", "kept"]);
    assert_eq!(ask_moved(), Answers::B);
    let other_host = "GET /moved/letter HTTP/1.1\r\nhost: b\r\n\r\n";
    assert_eq!(Answers::of(&ask(process.data, other_host)), Answers::ABSENT);
    assert_eq!(requests(&process, "moved"), 2);
    let breakers = admin_json(&process, "/breakers/moved");
    assert_eq!(breakers["everybody"]["override"], "observe");
    assert!(
        breakers["deploy_window"]["remaining_seconds"]
            .as_f64()
            .unwrap()
            > 500.0
    );
    let view = admin_json(&process, "/contracts/moved");
    assert_eq!(view["version"], "2.0.0");
    let history = view["history"].as_array().unwrap();
    let triggers: Vec<&Value> = history.iter().map(|event| &event["trigger"]).collect();
    assert_eq!(triggers, ["configuration", "start"], "{view}");
    // Only the new source is watched.
    fs::write(config.path.with_file_name("a.yaml"), contract('a', "1.1.0")).unwrap();
    until(|| admin_json(&process, "/contracts/kept")["version"] == "1.1.0");
    fs::write(config.path.with_file_name("b.yaml"), contract('b', "2.1.0")).unwrap();
    until(|| admin_json(&process, "/contracts/moved")["version"] == "2.1.0");
}

#[test]
fn a_removed_service_leaves_no_metrics_and_no_candidate() {
    let candidate = "candidate = \"b.yaml\"";
    let gone = service("gone", "a.yaml", "mock", candidate);
    let (process, config, kept) = start_with(&gone);
    let lines = |service: &str| {
        let text = admin(process.admin, "/metrics").1;
        let label = format!("service=\"{service}\"");
        let mut lines = text.lines().filter(|line| line.contains(&label));
        let requests = lines
            .clone()
            .find(|line| line.starts_with("portcullis_requests_total"));
        let requests = requests.and_then(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
        (lines.next().is_some(), requests)
    };
    until(|| admin_json(&process, "/contracts/gone")["candidate"] != Value::Null);
    assert_eq!(ask(process.data, letter_request("gone")).status, 200);
    assert_eq!(ask(process.data, letter_request("kept")).status, 200);
    assert_eq!(lines("gone"), (true, Some(1)));
    config.write(&kept, "");
    assert_eq!(reload(process.admin).0, 200);
    assert_eq!(lines("gone"), (false, None));
    assert_eq!(lines("kept"), (true, Some(1)));
    assert_eq!(admin(process.admin, "/contracts/gone").0, 404);
    assert_eq!(admin(process.admin, "/traffic/gone").0, 404);
    assert_eq!(admin(process.admin, "/breakers/gone").0, 404);
    // Without a candidate now. The counters continue.
    config.write(&kept, &service("gone", "a.yaml", "mock", ""));
    assert_eq!(reload(process.admin).0, 200);
    assert_eq!(ask(process.data, letter_request("gone")).status, 200);
    assert_eq!(lines("gone"), (true, Some(2)));
    let view = admin_json(&process, "/contracts/gone");
    assert_eq!(view["candidate"], Value::Null, "{view}");
    // A candidate that is configured later is read, and one whose key is removed ends.
    let candidate_of = || admin_json(&process, "/contracts/gone")["candidate"]["version"].clone();
    config.write(&kept, &gone);
    assert_eq!(reload(process.admin).0, 200);
    until(|| candidate_of() == "2.0.0");
    config.write(&kept, &service("gone", "a.yaml", "mock", ""));
    assert_eq!(reload(process.admin).0, 200);
    assert_eq!(candidate_of(), Value::Null);
}
