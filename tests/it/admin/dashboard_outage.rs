//! The dashboard in an outage: five squads call six services of the real program.
//!
//! A new contract of `users` becomes active, then its upstream fails for every squad. At the same time
//! one squad sends `orders` what its contract does not allow, a new contract of `catalog` is refused,
//! `search` is slow, and an operator refuses one squad at `carts`. `billing` is healthy. These are five
//! causes, and the page shows five.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::{Process, Site, admin, until};
use crate::support::browser::{Browser, request, run_line, send};
use crate::support::faulty::Faulty;

const SQUADS: [&str; 5] = ["checkout", "identity", "mobile", "partners", "storefront"];

const CATALOG: &str = r##"
[squads.checkout]
tier = "gold"
chat = "#checkout"
oncall = "checkout-pager"
services = ["orders", "carts"]
[squads.identity]
tier = "gold"
chat = "#identity"
oncall = "identity-pager"
services = ["users"]
[squads.mobile]
tier = "silver"
chat = "#mobile"
oncall = "mobile-pager"
[squads.partners]
tier = "bronze"
chat = "#partners"
services = ["billing"]
[squads.storefront]
tier = "silver"
chat = "#storefront"
oncall = "storefront-pager"
services = ["catalog", "search"]
"##;

/// A contract that allows to read all items and to add one of at least one piece.
fn contract(title: &str, version: &str) -> String {
    format!(
        "\
openapi: 3.1.0
info: {{title: {title}, version: {version}}}
paths:
  /items:
    get: {{operationId: listItems, responses: {{default: {{description: Anything.}}}}}}
    post:
      operationId: addItem
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [quantity]
              properties:
                quantity: {{type: integer, minimum: 1}}
      responses: {{default: {{description: Anything.}}}}
"
    )
}

/// The next contract of `catalog`.
const REFUSED: &str = "\
openapi: 3.1.0
info: {title: Catalog, version: 5.1.0}
paths: [/items]
";

fn site(upstream: SocketAddr) -> Site {
    let users = "[services.breaker]\nopen_max = \"4s\"\n";
    let search = "[services.breaker]\nslow_call = \"200ms\"\n";
    let services = [
        ("users", "Users", "1.4.0", users),
        ("orders", "Orders", "2.3.1", ""),
        ("catalog", "Catalog", "5.0.2", ""),
        ("search", "Search", "0.9.2", search),
        ("carts", "Carts", "1.1.0", ""),
        ("billing", "Billing", "3.2.0", ""),
    ];
    let site = Site::new("[catalog]\npath = \"squads.toml\"\n").file("squads.toml", CATALOG);
    services
        .into_iter()
        .fold(site, |site, (name, title, version, keys)| {
            let upstream = format!("http://{upstream}");
            let keys = format!("hosts = [\"{name}\"]\n{keys}");
            site.service(name, &contract(title, version), &upstream, &keys)
        })
}

/// The requests of one service, in turn, and how many clients send them.
struct ServiceTraffic {
    clients: usize,
    pause: Duration,
    requests: Vec<String>,
}

/// Whether `users` fails; it does not at first.
type IsFailing = Arc<AtomicBool>;

fn traffic(is_failing: bool) -> Vec<ServiceTraffic> {
    let list = |service, squad, fields: &str| request("GET /items", service, squad, fields, "");
    let add = |squad, body| {
        let fields = "content-type: application/json\r\n";
        request("POST /items", "orders", squad, fields, body)
    };
    let all = |service, fields: &str| SQUADS.map(|squad| list(service, squad, fields)).to_vec();
    let mut users = all("users", "x-delay-ms: 40\r\n");
    if is_failing {
        let failing = all("users", "x-delay-ms: 40\r\nx-fault: 503\r\n");
        users.extend(std::iter::repeat_n(failing, 4).flatten());
    }
    let orders = [
        add("checkout", r#"{"quantity": 2}"#),
        add("mobile", r#"{"quantity": 0}"#),
        list("orders", "storefront", ""),
        add("mobile", r#"{"quantity": 1}"#),
        add("storefront", r#"{"quantity": 7}"#),
    ];
    let carts = ["checkout", "partners", "storefront"].map(|squad| list("carts", squad, ""));
    let of = |clients, pause_ms, requests| ServiceTraffic {
        clients,
        pause: Duration::from_millis(pause_ms),
        requests,
    };
    vec![
        of(2, 25, users),
        of(1, 40, orders.to_vec()),
        of(1, 60, all("catalog", "")),
        of(4, 20, all("search", "x-delay-ms: 320\r\n")),
        of(1, 50, carts.to_vec()),
        of(1, 90, all("billing", "")),
    ]
}

/// Clients that send requests until the value is dropped, also when a test fails.
struct Clients {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Clients {
    fn start(address: SocketAddr, is_failing: &IsFailing) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for (calm, failing) in traffic(false).into_iter().zip(traffic(true)) {
            for client in 0..calm.clients {
                let (stop, is_failing) = (Arc::clone(&stop), Arc::clone(is_failing));
                let requests = [calm.requests.clone(), failing.requests.clone()];
                let pause = calm.pause;
                threads.push(std::thread::spawn(move || {
                    let mut turn = client;
                    while !stop.load(Ordering::Relaxed) {
                        let now = &requests[usize::from(is_failing.load(Ordering::Relaxed))];
                        send(address, &now[turn % now.len()]);
                        turn += 1;
                        std::thread::sleep(pause);
                    }
                }));
            }
        }
        Self { stop, threads }
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
    }
}

fn json_of(address: SocketAddr, path: &str) -> Value {
    let (status, text) = admin(address, path);
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// The recent counts of `/traffic` add up: the squads of a service to the service, and its outcomes
/// to its requests.
fn counts_add_up(address: SocketAddr) {
    let traffic = json_of(address, "/traffic");
    let services = traffic["services"].as_array().unwrap();
    assert_eq!(services.len(), 6);
    for service in services {
        let recent = &service["recent"];
        let squads = recent["consumers"].as_array().unwrap();
        assert_eq!(recent["seconds"], 10);
        assert!(!squads.is_empty(), "{service}");
        for name in ["requests", "departed", "wrong_requests", "wrong_responses"] {
            let sum: u64 = squads
                .iter()
                .map(|squad| squad[name].as_u64().unwrap())
                .sum();
            assert_eq!(recent[name], json!(sum), "{name}: {recent}");
        }
        let outcomes = recent["outcomes"].as_object().unwrap();
        let sum: u64 = outcomes.values().map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(recent["requests"], json!(sum), "{recent}");
        let points = service["series"]["points"].as_array().unwrap();
        let last = points[points.len() - 5..].iter();
        let sum: u64 = last.map(|point| point["requests"].as_u64().unwrap()).sum();
        assert_eq!(recent["requests"], json!(sum), "{recent}");
    }
}

#[test]
#[cfg_attr(
    not(has_browser),
    ignore = "needs node, chromium and tests/browser/node_modules: .ci/run installs them"
)]
fn a_browser_shows_an_outage_as_its_causes() {
    let upstream = Faulty::start(64);
    let site = site(upstream.address);
    let (users, catalog) = (site.path("users.yaml"), site.path("catalog.yaml"));
    let proxy = Process::start_inside(site);
    let command = |words: &str| {
        run_line(&format!(
            "portcullis {words} --admin http://{}",
            proxy.admin
        ))
    };
    let is_failing = IsFailing::default();
    let clients = Clients::start(proxy.data, &is_failing);
    let refuse = "breakers set carts partners open --reason 'import runs wild, ticket 4711'";
    assert_eq!(command(refuse), "0");
    std::fs::write(&catalog, REFUSED).unwrap();
    assert_eq!(command("contract reload catalog"), "1");
    let is_full = |service: &Value| service["recent"]["seconds"] == 10;
    until(|| {
        let traffic = json_of(proxy.admin, "/traffic");
        traffic["services"].as_array().unwrap().iter().all(is_full)
    });
    std::fs::write(&users, contract("Users", "1.4.1")).unwrap();
    assert_eq!(command("contract reload users"), "0");
    is_failing.store(true, Ordering::Relaxed);
    let has_opened = |name: &str| {
        let breakers = json_of(proxy.admin, "/breakers/users");
        let squads = breakers["squads"].as_array().unwrap();
        let mut histories = squads.iter().filter(|breaker| breaker["squad"] == name);
        histories.any(|breaker| breaker["history"][0].is_object())
    };
    until(|| SQUADS.iter().all(|squad| has_opened(squad)));
    // Most of the current requests are refused by circuits.
    until(|| {
        let recent = &json_of(proxy.admin, "/traffic/users")["recent"];
        let [shed, all] = [&recent["outcomes"]["shed"], &recent["requests"]];
        2 * shed.as_u64().unwrap() > all.as_u64().unwrap()
    });
    counts_add_up(proxy.admin);
    let mut browser = Browser::start("outage.mjs", proxy.admin);
    while let Some(line) = browser.next_command() {
        browser.reply(&run_line(&line));
    }
    counts_add_up(proxy.admin);
    drop(clients);
    browser.succeed();
}
