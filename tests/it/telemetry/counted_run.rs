//! One run with every way in which an exchange can end. The clients' own counts, metrics, the access
//! log, `/traffic` and the circuit breakers agree to the last exchange.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use socket2::SockRef;
use tokio::sync::Notify;

use crate::support::app::{Process, Site, admin, get, post, until};
use crate::support::client::Client;
use crate::support::upstream::{Recorded, Step, Upstream, send};

/// The breakers show the calls of the last ten seconds. A run that takes longer is repeated.
const RUN_MAX: Duration = Duration::from_secs(9);

/// What a client sees of one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClientView {
    Whole(u16),
    /// The end of the answer is missing.
    CutOff(u16),
    /// The client leaves while it waits for the answer.
    LeavesWaiting,
    /// The client leaves inside the answer.
    LeavesReading,
    /// The client leaves inside its request.
    LeavesSending,
}

use ClientView::{CutOff, LeavesReading, LeavesSending, LeavesWaiting, Whole};

/// How a circuit breaker counts an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BreakerView {
    Succeeded,
    Failed,
    NotCounted,
}

use BreakerView::{Failed, NotCounted, Succeeded};

/// One kind of exchange, its operation and outcome, what client and breaker see, and how often it
/// occurs.
struct PlannedExchanges {
    request: Vec<u8>,
    operation: &'static str,
    outcome: &'static str,
    seen: ClientView,
    counted: BreakerView,
    times: u64,
}

fn planned(
    request: impl Into<Vec<u8>>,
    (operation, outcome): (&'static str, &'static str),
    (seen, counted): (ClientView, BreakerView),
    times: u64,
) -> PlannedExchanges {
    PlannedExchanges {
        request: request.into(),
        operation,
        outcome,
        seen,
        counted,
        times,
    }
}

#[rustfmt::skip]
fn plan() -> Vec<PlannedExchanges> {
    let item = |name: &str| post("/items", "x-tenant: a\r\n", format!(r#"{{"name":"{name}","quantity":1}}"#));
    let switching = "GET /files/ok HTTP/1.1\r\nhost: shop\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    let unfinished = "POST /items HTTP/1.1\r\nhost: shop\r\nx-tenant: a\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{";
    let (file, create) = ("fetchFile", "createItem");
    vec![
        planned(get("/files/ok"), (file, "answered"), (Whole(200), Succeeded), 21),
        planned(item("a"), (create, "answered"), (Whole(200), Succeeded), 8),
        planned(get("/files/large"), (file, "answered"), (Whole(200), Succeeded), 3),
        planned(get("/files/chunked"), (file, "answered"), (Whole(200), Succeeded), 6),
        planned(get("/files/trailers"), (file, "answered"), (Whole(200), Succeeded), 3),
        planned(get("/files/until-close"), (file, "answered"), (Whole(200), Succeeded), 5),
        planned(switching, (file, "refused"), (Whole(501), NotCounted), 4),
        planned(get("/files/switched"), (file, "unanswered"), (Whole(502), Failed), 2),
        planned(get("/files/large-head"), (file, "unanswered"), (Whole(502), Failed), 3),
        planned(get("/files/closed"), (file, "unanswered"), (Whole(502), Failed), 5),
        planned(get("/files/failed"), (file, "failed"), (Whole(503), Failed), 6),
        planned(get("/files/broken"), (file, "truncated"), (CutOff(200), Failed), 7),
        planned(get("/files/stalled"), (file, "truncated"), (CutOff(200), Failed), 2),
        planned(get("/files/quiet"), (file, "idle"), (CutOff(200), Succeeded), 2),
        planned(get("/items?limit=x"), ("listItems", "refused"), (Whole(422), NotCounted), 9),
        planned(get("/nowhere"), ("unknown", "refused"), (Whole(404), NotCounted), 4),
        planned(item(&"a".repeat(5000)), (create, "refused"), (Whole(413), NotCounted), 5),
        planned(unfinished, (create, "abandoned"), (LeavesSending, NotCounted), 3),
        planned(get("/files/late"), (file, "abandoned"), (LeavesWaiting, NotCounted), 3),
        planned(get("/files/long"), (file, "disconnected"), (LeavesReading, Succeeded), 2),
    ]
}

/// What the upstream sends, by the last segment of the path.
fn steps(request: &Recorded, never: &Arc<Notify>) -> Vec<Step> {
    let wait = Step::Wait(Arc::clone(never));
    let target = request.request_line().split(' ').nth(1).unwrap();
    match target.rsplit('/').next().unwrap() {
        "closed" => vec![Step::Close],
        "failed" => vec![send("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n")],
        "broken" => vec![
            send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
            Step::Close,
        ],
        "stalled" => vec![
            send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
            wait,
        ],
        "quiet" => vec![
            send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: hello\n\n"),
            wait,
        ],
        "chunked" => vec![
            send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
            send("4\r\nhalf\r\n"),
            send("4\r\nhalf\r\n0\r\n\r\n"),
        ],
        "trailers" => vec![
            send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
            send("4\r\nhalf\r\n0\r\nx-sum: 1\r\n\r\n"),
        ],
        "until-close" => vec![
            send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: hello\n\n"),
            Step::Close,
        ],
        "large" => vec![
            send("HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n"),
            Step::Fill(200_000),
        ],
        "large-head" => vec![
            send("HTTP/1.1 200 OK\r\nx-large: "),
            Step::Fill(100_000),
            Step::Close,
        ],
        "switched" => vec![send(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
        )],
        "late" => vec![wait],
        "long" => vec![
            send("HTTP/1.1 200 OK\r\ncontent-length: 20000000\r\n\r\n"),
            Step::Fill(1_000_000),
            wait,
        ],
        _ => vec![send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")],
    }
}

/// The addresses of the process, which threads share.
#[derive(Clone, Copy, Debug)]
struct Ports {
    data: SocketAddr,
    admin: SocketAddr,
}

fn is_held(process: Ports) -> bool {
    breakers(process)["shares"]["in_flight"] != 0
}

/// Plays the exchanges of one kind and checks what the client sees of each.
fn play(process: Ports, planned: &PlannedExchanges) {
    for _ in 0..planned.times {
        let mut client = Client::connect(process.data);
        client.send(&planned.request);
        match planned.seen {
            Whole(status) => {
                let answer = client.answer();
                assert_eq!(
                    (answer.status, answer.complete),
                    (status, true),
                    "{}",
                    answer.head
                );
            }
            CutOff(status) => {
                let answer = client.answer();
                assert_eq!(
                    (answer.status, answer.complete),
                    (status, false),
                    "{}",
                    answer.head
                );
            }
            LeavesReading => client.stream().read_exact(&mut [0; 1000]).unwrap(),
            LeavesWaiting => {
                until(|| is_held(process));
                // A reset, because a client that only closes its sending side may still read.
                let socket = SockRef::from(&*client.stream());
                socket.set_linger(Some(Duration::ZERO)).unwrap();
            }
            LeavesSending => {}
        }
    }
}

type Counts = BTreeMap<(String, String), u64>;

fn add(counts: &mut Counts, operation: &str, outcome: &str, count: u64) {
    if count > 0 {
        *counts
            .entry((operation.to_owned(), outcome.to_owned()))
            .or_default() += count;
    }
}

fn json(process: Ports, path: &str) -> Value {
    serde_json::from_str(&admin(process.admin, path).1).unwrap()
}

fn breakers(process: Ports) -> Value {
    json(process, "/breakers/shop")
}

fn by_metrics(process: Ports) -> Counts {
    let mut counts = Counts::new();
    let metrics = admin(process.admin, "/metrics").1;
    for line in metrics.lines() {
        let Some(labels) = line.strip_prefix("portcullis_requests_total{") else {
            continue;
        };
        let label = |name: &str| {
            let (_, value) = labels.split_once(&format!("{name}=\"")).unwrap();
            value.split_once('"').unwrap().0
        };
        let count = line.rsplit_once(' ').unwrap().1.parse().unwrap();
        add(&mut counts, label("operation"), label("outcome"), count);
    }
    counts
}

fn by_traffic(process: Ports) -> Counts {
    let mut counts = Counts::new();
    for operation in json(process, "/traffic/shop")["operations"]
        .as_array()
        .unwrap()
    {
        let name = operation["operation"].as_str().unwrap();
        for consumer in operation["consumers"].as_array().unwrap() {
            for (outcome, count) in consumer["outcomes"].as_object().unwrap() {
                add(&mut counts, name, outcome, count.as_u64().unwrap());
            }
        }
    }
    counts
}

fn by_log(log: &str) -> Counts {
    let mut counts = Counts::new();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["message"] == "exchange" {
            let text = |name: &str| line[name].as_str().unwrap();
            add(&mut counts, text("operation"), text("outcome"), 1);
        }
    }
    counts
}

/// Plays the plan once. Returns whether it was fast enough for the breakers to be compared.
fn run() -> bool {
    let never = Arc::new(Notify::new());
    let upstream = Upstream::start(move |request| steps(request, &never));
    let top = "[limits]\nbody_idle_timeout = \"200ms\"\nbody_bytes_max = \"2KiB\"\n\
               [breaker]\ncalls_min = 1000000\n\
               [log]\nformat = \"json\"\n[access_log]\nsample = 1.0";
    let process = Process::start(Site::shop(upstream.address, "", top));
    let ports = Ports {
        data: process.data,
        admin: process.admin,
    };
    let plan = plan();
    let started = Instant::now();
    // Clients that leave are watched by the requests in flight, so they come first, one at a time.
    let (leaving, staying): (Vec<_>, Vec<_>) = plan
        .iter()
        .partition(|planned| planned.seen == LeavesWaiting);
    for planned in leaving {
        for time in 1..=planned.times {
            play(
                ports,
                &PlannedExchanges {
                    times: 1,
                    request: planned.request.clone(),
                    ..*planned
                },
            );
            let key = (planned.operation.to_owned(), planned.outcome.to_owned());
            until(|| by_metrics(ports).get(&key) == Some(&time));
        }
    }
    std::thread::scope(|scope| {
        for planned in staying {
            scope.spawn(move || play(ports, planned));
        }
    });
    let mut sent = Counts::new();
    for planned in &plan {
        add(&mut sent, planned.operation, planned.outcome, planned.times);
    }
    // Clients that leave are noticed a moment later.
    until(|| by_metrics(ports) == sent || started.elapsed() > RUN_MAX);
    assert_eq!(by_metrics(ports), sent, "metrics");
    assert_eq!(by_traffic(ports), sent, "/traffic");
    let shown = breakers(ports);
    let is_comparable = started.elapsed() < RUN_MAX;
    if is_comparable {
        check_breakers(&shown, &plan);
    }
    process.signal("TERM");
    let (_, log) = process.wait();
    assert_eq!(by_log(&log), sent, "the log");
    is_comparable
}

fn check_breakers(shown: &Value, plan: &[PlannedExchanges]) {
    let total = |views: &[BreakerView]| -> u64 {
        let counted = plan
            .iter()
            .filter(|planned| views.contains(&planned.counted));
        counted.map(|planned| planned.times).sum()
    };
    let squads = shown["squads"].as_array().unwrap();
    let sum = |name: &str| -> u64 { squads.iter().map(|cell| cell[name].as_u64().unwrap()).sum() };
    assert_eq!(sum("calls"), total(&[Succeeded, Failed]), "{shown}");
    assert_eq!(sum("failures"), total(&[Failed]), "{shown}");
    assert_eq!(shown["shares"]["in_flight"], 0, "{shown}");
}

#[test]
fn all_counts_agree_to_the_last_exchange() {
    let is_compared = (0..3).any(|_| run());
    assert!(is_compared, "no run took less than {RUN_MAX:?}");
}
