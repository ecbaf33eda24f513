//! A real Prometheus scrapes a real Portcullis while tests send traffic. It loads the rules and
//! evaluates the expressions of dashboard and runbook; its tools check all files shipped for it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use prometheus_parse::Scrape;
use serde_json::Value;
use tempfile::TempDir;

use super::deploy::{file, metric, rule_expressions, shown_expressions};
use super::label_values::{Values, values};
use crate::support::app::{Process, SHOP, Site, admin, ask, get, post};
use crate::support::client::Client;
use crate::support::tools::tool;
use crate::support::upstream::{Upstream, send};

/// Longer than a Prometheus on a busy machine takes to scrape and evaluate.
const PATIENCE: Duration = Duration::from_secs(60);

/// The number of concurrent clients, and how often each sends its sequence of requests.
const CLIENTS: usize = 4;
const ROUNDS: usize = 25;

fn promtool(words: &[&str], input: &str) -> Output {
    let mut child = Command::new(tool("promtool"))
        .args(words)
        .current_dir(file("deploy/prometheus"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// The whole output of a program.
fn output_text(output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    text.concat()
}

#[track_caller]
fn succeeded(output: &Output) {
    let output_text = output_text(output);
    assert!(output.status.success(), "{output_text}");
    println!("{output_text}");
}

#[test]
#[cfg_attr(
    not(has_prometheus),
    ignore = "needs prometheus, promtool and amtool: .ci/run installs them"
)]
fn promtool_accepts_configuration_and_rules() {
    let words = ["check", "config", "prometheus.yml"];
    let output = promtool(&words, "");
    succeeded(&output);
    let words = [
        "check",
        "rules",
        "recording.rules.yaml",
        "alerts.rules.yaml",
        "objectives.rules.yaml",
    ];
    succeeded(&promtool(&words, ""));
}

#[test]
#[cfg_attr(
    not(has_prometheus),
    ignore = "needs prometheus, promtool and amtool: .ci/run installs them"
)]
fn alerts_fire_when_they_should_and_only_then() {
    let tests = fs::read_dir(file("deploy/prometheus/tests")).unwrap();
    let names = tests.map(|entry| format!("tests/{}", entry.unwrap().file_name().display()));
    let mut names: Vec<String> = names.collect();
    names.sort();
    let words = ["test", "rules"].into_iter();
    let words: Vec<&str> = words.chain(names.iter().map(String::as_str)).collect();
    let output = promtool(&words, "");
    succeeded(&output);
    assert_eq!(output_text(&output).matches("SUCCESS").count(), names.len());
}

/// Shows that promtool does report a failing rule test.
#[test]
#[cfg_attr(
    not(has_prometheus),
    ignore = "needs prometheus, promtool and amtool: .ci/run installs them"
)]
fn an_alert_that_does_not_fire_fails_its_test() {
    let folder = TempDir::new().unwrap();
    for name in ["recording.rules.yaml", "alerts.rules.yaml"] {
        fs::copy(
            file("deploy/prometheus").join(name),
            folder.path().join(name),
        )
        .unwrap();
    }
    let alerts = folder.path().join("alerts.rules.yaml");
    let text = fs::read_to_string(&alerts).unwrap();
    let weaker = text.replacen(
        "up{job=\"portcullis\"} == 0",
        "up{job=\"portcullis\"} == 2",
        1,
    );
    assert_ne!(text, weaker);
    fs::write(&alerts, weaker).unwrap();
    fs::create_dir(folder.path().join("tests")).unwrap();
    let test = folder.path().join("tests/process.yaml");
    fs::copy(file("deploy/prometheus/tests/process.yaml"), &test).unwrap();
    let output = promtool(&["test", "rules", test.to_str().unwrap()], "");
    assert!(!output.status.success());
    assert!(output_text(&output).contains("alertname: PortcullisInstanceDown"));
}

#[test]
#[cfg_attr(
    not(has_prometheus),
    ignore = "needs prometheus, promtool and amtool: .ci/run installs them"
)]
fn alertmanager_routes_alerts_by_squad() {
    let program = tool("amtool");
    let path = file("deploy/alertmanager/alertmanager.yml");
    let output = Command::new(&program)
        .arg("check-config")
        .arg(&path)
        .output();
    succeeded(&output.unwrap());
    let check = |squad: &str, severity: &str, receiver: &str| {
        let output = Command::new(&program)
            .args(["config", "routes", "test", "--verify.receivers", receiver])
            .arg("--config.file")
            .arg(&path)
            .args([format!("squad={squad}"), format!("severity={severity}")])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{squad} {severity}: {}",
            output_text(&output)
        );
    };
    check("payments", "critical", "payments-pager");
    check("payments", "warning", "payments-room");
    check("checkout", "critical", "checkout-pager");
    check("discovery", "info", "discovery-room");
    check("platform", "critical", "platform-pager");
    check("unknown", "critical", "platform-room");
}

/// A Prometheus in a separate process.
pub(crate) struct Prometheus {
    process: Child,
    pub(crate) address: SocketAddr,
    folder: TempDir,
}

impl Prometheus {
    /// Scrapes this admin port and evaluates the shipped rules, both much more often than in
    /// production.
    pub(crate) fn start(target: SocketAddr) -> Self {
        let folder = TempDir::new().unwrap();
        let rules = file("deploy/prometheus");
        let config = format!(
            "global: {{scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms}}\n\
             rule_files: ['{0}/recording.rules.yaml', '{0}/alerts.rules.yaml']\n\
             scrape_configs:\n\
             - {{job_name: portcullis, static_configs: [{{targets: ['{target}']}}]}}\n",
            rules.display()
        );
        Self::start_in(folder, &config)
    }

    /// Has these samples, in the format of OpenMetrics, and scrapes nothing.
    pub(crate) fn of_samples(text: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("samples");
        fs::write(&path, text).unwrap();
        let data = folder.path().join("data");
        let words = ["tsdb", "create-blocks-from", "openmetrics"];
        let words = words
            .into_iter()
            .chain([&path, &data].map(|path| path.to_str().unwrap()));
        let output = promtool(&words.collect::<Vec<_>>(), "");
        succeeded(&output);
        Self::start_in(folder, "scrape_configs: []\n")
    }

    fn start_in(folder: TempDir, config: &str) -> Self {
        let program = tool("prometheus");
        let path = folder.path().join("prometheus.yml");
        fs::write(&path, config).unwrap();
        // It does not report the port that it chose, so it gets a port that was free.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new(program)
            .arg(format!("--config.file={}", path.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.path().join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut started = Self {
            process,
            address,
            folder,
        };
        started.await_ready();
        started
    }

    fn await_ready(&mut self) {
        let log = self.folder.path().join("log");
        until("Prometheus starts", || {
            if let Some(status) = self.process.try_wait().unwrap() {
                panic!("{status}: {}", fs::read_to_string(&log).unwrap());
            }
            let stream = std::net::TcpStream::connect(self.address);
            stream.is_ok() && self.ask("/-/ready").0 == 200
        });
    }

    fn ask(&self, path: &str) -> (u16, String) {
        let answer = ask(
            self.address,
            format!("GET {path} HTTP/1.1\r\nhost: prometheus\r\nconnection: close\r\n\r\n"),
        );
        (answer.status, String::from_utf8(answer.body).unwrap())
    }

    /// The response of its API for a path.
    fn api(&self, path: &str) -> Value {
        let (status, text) = self.ask(&format!("/api/v1/{path}"));
        let value = serde_json::from_str(&text);
        value.unwrap_or_else(|error| panic!("{path}: {status}: {error}: {text}"))
    }

    fn query(&self, expression: &str) -> Value {
        let encoded = utf8_percent_encode(expression, NON_ALPHANUMERIC);
        self.api(&format!("query?query={encoded}"))
    }

    /// The current value of an expression: values by labels, in the given order of labels.
    pub(crate) fn vector(&self, expression: &str, labels: &[&str]) -> BTreeMap<String, f64> {
        let answer = self.query(expression);
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        let samples = answer["data"]["result"].as_array().unwrap();
        let sample = |sample: &Value| {
            let of = |label: &&str| sample["metric"][*label].as_str().unwrap_or("-").to_owned();
            let value = sample["value"][1].as_str().unwrap().parse().unwrap();
            (labels.iter().map(of).collect::<Vec<_>>().join(" "), value)
        };
        samples.iter().map(sample).collect()
    }

    /// Waits until an expression has these values, one on each line with its value last.
    #[track_caller]
    pub(crate) fn await_vector(&self, expression: &str, labels: &[&str], expected: &str) {
        let expected: Vec<&str> = expected.trim().lines().map(str::trim).collect();
        let began = Instant::now();
        loop {
            let found = self.vector(expression, labels);
            let found = found
                .iter()
                .map(|(labels, value)| format!("{labels} {value}"));
            let found: Vec<String> = found.map(|line| line.trim().to_owned()).collect();
            if found == expected {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{expression}: {found:#?}, expected {expected:#?}"
            );
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // A failed test has already reported its cause.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[track_caller]
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(
            began.elapsed() < PATIENCE,
            "{what}: it did not happen in time"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

const CATALOG: &str = "[squads.payments]\ntier = \"gold\"\n\
                       [squads.checkout]\ntier = \"bronze\"\n";

/// A shop that answers, and one with an unreachable upstream.
fn two_shops() -> (Process, Upstream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let unreachable = listener.local_addr().unwrap();
    drop(listener);
    let upstream = Upstream::start(|request| {
        let status = if request.request_line().contains("/files/bad") {
            "503 No"
        } else {
            "200 OK"
        };
        vec![send(&format!(
            "HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\nok"
        ))]
    });
    let address = upstream.address;
    // The breaker of the unreachable upstream stays closed, so every request is counted as
    // unanswered.
    let site = Site::new("[catalog]\npath = \"squads.toml\"\n[breaker]\nmode = \"off\"")
        .file("squads.toml", CATALOG)
        .service(
            "shop",
            SHOP,
            &format!("http://{address}"),
            "hosts = [\"shop\"]",
        )
        .service(
            "gone",
            SHOP,
            &format!("http://{unreachable}"),
            "hosts = [\"gone\"]",
        );
    (Process::start(site), upstream)
}

/// One client's sequence: some requests of every outcome.
fn send_round(client: &mut Client) {
    let squad = "x-tenant: a\r\nx-squad-owner: checkout\r\n";
    let good = post("/items", squad, r#"{"name":"a","quantity":1}"#);
    let bad = post("/items", squad, r#"{"name":"a","quantity":0}"#);
    let unreachable = b"GET /items HTTP/1.1\r\nhost: gone\r\n\r\n";
    let requests = [
        (get("/files/x").into(), 200),
        (good.clone(), 200),
        (good, 200),
        (bad, 422),
        (get("/files/bad").into(), 503),
        (get("/nowhere").into(), 404),
        (unreachable.to_vec(), 502),
    ];
    for (request, status) in requests {
        client.send(&request);
        let answer = client.answer();
        assert_eq!(
            answer.status,
            status,
            "{}",
            String::from_utf8_lossy(&request)
        );
    }
}

fn send_load(data: SocketAddr) {
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(move || {
                let mut client = Client::connect(data);
                for _ in 0..ROUNDS {
                    send_round(&mut client);
                }
            });
        }
    });
}

#[test]
#[cfg_attr(
    not(has_prometheus),
    ignore = "needs prometheus, promtool and amtool: .ci/run installs them"
)]
fn prometheus_has_the_sent_traffic() {
    let (process, _upstream) = two_shops();
    let prometheus = Prometheus::start(process.admin);
    prometheus.await_vector("up", &["job"], "portcullis 1");
    // In two halves, so that counters increase between scrapes.
    let n = CLIENTS * ROUNDS;
    send_load(process.data);
    let half = format!("{}", 7 * n);
    prometheus.await_vector("sum(portcullis_requests_total)", &[], &half);
    send_load(process.data);
    let n = 2 * n;
    let requests = format!(
        "gone listItems unknown unanswered {n}
         shop createItem checkout answered {twice}
         shop createItem checkout refused {n}
         shop fetchFile unknown answered {n}
         shop fetchFile unknown failed {n}
         shop unknown unknown refused {n}",
        twice = 2 * n
    );
    let labels = ["service", "operation", "squad", "outcome"];
    prometheus.await_vector("portcullis_requests_total", &labels, &requests);
    let check = |expression: &str, labels: &[&str], expected: String| {
        prometheus.await_vector(expression, labels, &expected);
    };
    let violations = format!("invalid-body checkout reject {n}\nunknown-path unknown reject {n}");
    let labels = ["class", "squad", "enforcement"];
    check("contract_validation_errors_total", &labels, violations);
    let upstream = format!("gone connect {n}");
    check(
        "portcullis_upstream_errors_total",
        &["service", "reason"],
        upstream,
    );
    let durations = format!("gone {n}\nshop {}", 6 * n);
    check(
        "sum by (service) (portcullis_request_duration_seconds_count)",
        &["service"],
        durations.clone(),
    );
    check("portcullis_overhead_seconds_count", &["service"], durations);
    // The contracts of both name their squad.
    let provider = "gone payments 1\nshop payments 1".to_owned();
    let labels = ["service", "squad"];
    check("service:portcullis_provider:info", &labels, provider);
    check(
        "contract_revision_info",
        &["service", "version"],
        "gone 2.3.1 1\nshop 2.3.1 1".into(),
    );
    let alert = "max by (service, squad) (ALERTS{alertname=\"PortcullisUpstreamUnreachable\"})";
    check(alert, &labels, "gone payments 1".into());
    check_rules(&prometheus);
    check_expressions(&prometheus);
    check_scrape(process.admin);
}

/// Sends a change to the admin port.
fn change(address: SocketAddr, path: &str, body: &str) {
    let length = body.len();
    let head = "host: localhost\r\ncontent-type: application/json";
    let request =
        format!("POST {path} HTTP/1.1\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}");
    let status = ask(address, request).status;
    assert!(status == 200 || status == 422, "{path}: {status}");
}

/// Alerts fire for real conditions, for the squad concerned.
#[test]
#[cfg_attr(
    not(has_prometheus),
    ignore = "needs prometheus, promtool and amtool: .ci/run installs them"
)]
fn alerts_fire_for_the_squad_concerned() {
    let upstream = Upstream::ok();
    let address = format!("http://{}", upstream.address);
    let site = Site::new("[catalog]\npath = \"squads.toml\"")
        .file("squads.toml", CATALOG)
        .service("shop", SHOP, &address, "");
    let contract = site.path("shop.yaml");
    let process = Process::start(site);
    let prometheus = Prometheus::start(process.admin);
    prometheus.await_vector("up", &["job"], "portcullis 1");
    let labels = ["service", "squad", "severity", "alertstate"];
    let check = |alert: &str, expected: &str| {
        let alert = format!("ALERTS{{alertname=\"{alert}\"}}");
        prometheus.await_vector(&alert, &labels, expected);
    };
    fs::write(&contract, "openapi: [").unwrap();
    change(process.admin, "/contracts/shop/reload", "");
    check(
        "PortcullisContractRefused",
        "shop payments warning firing 1",
    );
    check("PortcullisContractStale", "shop payments warning pending 1");
    let open = r#"{"override": "open", "reason": "a test"}"#;
    change(process.admin, "/breakers/shop/checkout/silver", open);
    check(
        "PortcullisCircuitOpenForConsumer",
        "shop checkout critical pending 1",
    );
    check(
        "PortcullisCircuitOpenForProvider",
        "shop payments warning pending 1",
    );
    let auto = r#"{"override": "auto", "reason": "a test"}"#;
    change(process.admin, "/breakers/shop/checkout/silver", auto);
    check("PortcullisCircuitOpenForConsumer", "");
    fs::write(&contract, SHOP).unwrap();
    change(process.admin, "/contracts/shop/reload", "");
    check("PortcullisContractRefused", "");
    check("PortcullisContractStale", "");
}

/// Checks that each rule was evaluated without an error.
fn check_rules(prometheus: &Prometheus) {
    let mut rules = 0;
    until("each rule is evaluated", || {
        let answer = prometheus.api("rules");
        let groups = answer["data"]["groups"].as_array().unwrap();
        let all = groups
            .iter()
            .flat_map(|group| group["rules"].as_array().unwrap());
        let all: Vec<&Value> = all.collect();
        for rule in &all {
            assert_eq!(rule["lastError"].as_str().unwrap_or_default(), "", "{rule}");
        }
        rules = all.len();
        all.iter().all(|rule| rule["health"] == "ok")
    });
    assert_eq!(rules, rule_expressions().len());
}

/// Prometheus accepts every expression shown to people, and rejects an invalid one.
fn check_expressions(prometheus: &Prometheus) {
    let all = shown_expressions();
    for expression in all.iter().chain(&rule_expressions()) {
        let answer = prometheus.query(&expression.text);
        let location = &expression.location;
        assert_eq!(answer["status"], "success", "{location}: {answer}");
    }
    assert_eq!(prometheus.query("sum by (")["status"], "error");
}

/// A scrape holds only documented metrics and label values, and promtool finds no fault.
fn check_scrape(address: SocketAddr) {
    let (status, text) = admin(address, "/metrics");
    assert_eq!(status, 200);
    let output = promtool(&["check", "metrics"], &text);
    assert!(output.status.success(), "{}", output_text(&output));
    assert_eq!(
        output_text(&output),
        "",
        "promtool check metrics reports problems"
    );
    let lines = text.lines().map(|line| Ok(line.to_owned()));
    for sample in Scrape::parse(lines).unwrap().samples {
        let name = sample.metric.as_str();
        let known = metric(name).or_else(|| metric(&format!("{name}_count")));
        let known = known.unwrap_or_else(|| panic!("{name} is not listed"));
        for label in known.labels {
            let value = sample
                .labels
                .get(label)
                .unwrap_or_else(|| panic!("{name} has no {label}"));
            if let Values::Closed(closed) = values(known.name, label) {
                assert!(
                    closed.iter().any(|known| known == value),
                    "{name}: {label}=\"{value}\" is not listed"
                );
            }
        }
    }
}

/// A bad scrape that promtool rejects, so that its silence is meaningful.
#[test]
#[cfg_attr(
    not(has_prometheus),
    ignore = "needs prometheus, promtool and amtool: .ci/run installs them"
)]
fn promtool_rejects_invalid_metrics() {
    let bad = "# TYPE requests counter\nrequests 1\n";
    let output = promtool(&["check", "metrics"], bad);
    assert!(!output.status.success());
    assert!(
        output_text(&output).contains("requests"),
        "{}",
        output_text(&output)
    );
}
