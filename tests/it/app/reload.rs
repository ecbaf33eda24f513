//! Contracts and configuration that change under traffic.
//!
//! `PORTCULLIS_TEST_LOAD=full` runs the full load; by default a smaller load runs.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::source::sources::Storage;
use crate::support::app::{App, Process, Site, admin, ask, is_full, post, problem, until};
use crate::support::client::{Answer, Client};
use crate::support::corpus::corpora;
use crate::support::upstream::{Step, Upstream, send};

/// Two revisions that differ in every response: `GET /v` returns the revision, and so does the
/// bound that `GET /bound?x=1` violates.
fn revision(letter: char) -> String {
    let (version, bound) = match letter {
        'a' => ("1.0.0", "maximum: 0"),
        _ => ("2.0.0", "minimum: 2"),
    };
    format!(
        "openapi: 3.1.0
info: {{title: Flux, version: {version}}}
paths:
  /v:
    get:
      operationId: which
      responses:
        '200': {{description: Which., content: {{application/json: {{example: {{is: {letter}}}}}}}}}
  /bound:
    get:
      operationId: bound
      parameters: [{{name: x, in: query, schema: {{type: integer, {bound}}}}}]
      responses: {{'200': {{description: In bounds.}}}}
"
    )
}

/// A site with one service whose contract can be changed.
fn flux(top: &str) -> Site {
    Site::new(top).service("flux", &revision('a'), "mock", "")
}

/// Sends a change to the admin port.
fn change(address: SocketAddr, path: &str, body: &str) -> Answer {
    let length = body.len();
    let head = "content-type: application/json";
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    ask(address, request)
}

fn reload(address: SocketAddr) -> Value {
    let answer = change(address, "/contracts/flux/reload", "");
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

fn view(address: SocketAddr, service: &str) -> Value {
    let (status, text) = admin(address, &format!("/contracts/{service}"));
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Sends one request of the steady load; returns the revision that answered, if all parts belong to
/// one.
fn consistent(client: &mut Client, number: u64) -> char {
    if number.is_multiple_of(2) {
        client.send("GET /v HTTP/1.1\r\nhost: flux\r\n\r\n");
        let answer = client.answer();
        assert_eq!(answer.status, 200, "{answer:?}");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        return body["is"].as_str().unwrap().chars().next().unwrap();
    }
    client.send("GET /bound?x=1 HTTP/1.1\r\nhost: flux\r\n\r\n");
    let answer = client.answer();
    let problem = problem(&answer);
    let violation = &problem["violations"][0];
    let observed = (
        answer.status,
        problem["contract"]["version"].as_str().unwrap(),
        violation["expected"].as_str().unwrap(),
    );
    match observed {
        (422, "1.0.0", "≤ 0") => 'a',
        (422, "2.0.0", "≥ 2") => 'b',
        other => panic!("two revisions in one answer: {other:?}"),
    }
}

fn p99_ms(latencies: &Mutex<Vec<u64>>) -> f64 {
    let mut latencies = std::mem::take(&mut *latencies.lock().unwrap());
    latencies.sort_unstable();
    latencies[latencies.len() * 99 / 100] as f64 / 1000.0
}

#[test]
fn reloads_under_load_neither_lose_nor_mix_responses() {
    let (reloads, connections) = if is_full() { (500, 64) } else { (60, 16) };
    let site = flux("[runtime]\ndata_cores = 2");
    let contract = site.path("flux.yaml");
    let process = Process::start(site);
    let stop = AtomicBool::new(false);
    let observed = [AtomicU64::new(0), AtomicU64::new(0)];
    let latencies = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for connection in 0..connections {
            let (stop, observed, latencies, address) = (&stop, &observed, &latencies, process.data);
            scope.spawn(move || {
                let mut client = Client::connect(address);
                let mut number = connection;
                while !stop.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    let letter = consistent(&mut client, number);
                    let elapsed_us = u64::try_from(began.elapsed().as_micros()).unwrap();
                    latencies.lock().unwrap().push(elapsed_us);
                    observed[usize::from(letter == 'b')].fetch_add(1, Ordering::Relaxed);
                    number += 1;
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
        }
        std::thread::sleep(Duration::from_secs(1));
        let baseline = p99_ms(&latencies);
        for number in 0..reloads {
            let (text, result) = match number % 5 {
                0 => (revision('b'), "in-force"),
                1 => ("openapi: 3.1.0\npaths: [".to_owned(), "refused"),
                2 => (revision('a'), "in-force"),
                3 => (revision('a'), "unchanged"),
                _ => (
                    revision('b').replace("type: integer", "type: whole"),
                    "refused",
                ),
            };
            replace(&contract, &text);
            let reloaded = reload(process.admin);
            if result == "refused" {
                assert_eq!(reloaded["status"], 422, "{number}: {reloaded}");
                continue;
            }
            // The file watch may have reloaded first.
            let is_first = reloaded["result"] == "unchanged";
            assert!(
                is_first || reloaded["result"] == result,
                "{number}: {reloaded}"
            );
        }
        let busy = p99_ms(&latencies);
        println!("p99 {baseline:.2} ms without reloads, {busy:.2} ms during {reloads}");
        stop.store(true, Ordering::Relaxed);
    });
    let [a, b] = observed.map(AtomicU64::into_inner);
    println!("{a} answers of one revision, {b} of the other");
    assert!(a > 0 && b > 0);
    let view = view(process.admin, "flux");
    assert_eq!(view["in_force"], true);
    assert_eq!(view["history"].as_array().unwrap().len(), 50);
    let metrics = admin(process.admin, "/metrics").1;
    assert!(metrics.contains("contract_reloads_total{service=\"flux\",result=\"refused\"}"));
    let in_force = metrics
        .lines()
        .filter(|line| line.starts_with("contract_revision_info") && line.ends_with(" 1"));
    assert_eq!(in_force.count(), 1, "{metrics}");
}

/// Replaces the file as an editor does: the new text under another name, then renamed.
fn replace(path: &Path, text: &str) {
    let other = path.with_extension("new");
    fs::write(&other, text).unwrap();
    fs::rename(&other, path).unwrap();
}

fn version(address: SocketAddr) -> String {
    let version = &view(address, "flux")["version"];
    version.as_str().unwrap().to_owned()
}

#[test]
fn notices_every_kind_of_file_change() {
    let site = flux("[reload]\npoll = \"200ms\"");
    let contract = site.path("flux.yaml");
    let app = App::start(site);
    assert_eq!(version(app.admin), "1.0.0");
    replace(&contract, &revision('b'));
    until(|| version(app.admin) == "2.0.0");
    fs::write(&contract, revision('a')).unwrap();
    until(|| version(app.admin) == "1.0.0");
    // Deleted: the active revision stays, and the view has the reason.
    fs::remove_file(&contract).unwrap();
    until(|| view(app.admin, "flux")["stale"] == true);
    assert_eq!(app.ask("GET /v HTTP/1.1\r\nhost: flux\r\n\r\n").status, 200);
    let error = &view(app.admin, "flux")["last_error"];
    assert!(error.as_str().unwrap().contains("flux.yaml"), "{error}");
    fs::write(&contract, revision('b')).unwrap();
    until(|| version(app.admin) == "2.0.0");
    // Truncated: no longer a contract.
    let complete = revision('a');
    fs::write(&contract, &complete[..complete.len() / 2]).unwrap();
    until(|| view(app.admin, "flux")["stale"] == true);
    assert_eq!(version(app.admin), "2.0.0");
    let view = view(app.admin, "flux");
    assert_eq!(view["history"][0]["result"], "refused");
    let metrics = admin(app.admin, "/metrics").1;
    assert!(
        metrics.contains("contract_stale{service=\"flux\"} 1"),
        "{metrics}"
    );
    assert_eq!(
        admin(app.admin, "/readyz").0,
        200,
        "an invalid revision must not stop the process"
    );
}

/// Alerts about a service reach the squad in this metric.
#[test]
fn metrics_name_the_current_provider() {
    let catalog = "[squads.ada]\ntier = \"gold\"\n[squads.bob]\ntier = \"gold\"\n";
    let owned = |letter, owner: &str| {
        let title = format!("x-squad-owner: {owner}, title: Flux");
        revision(letter).replace("title: Flux", &title)
    };
    let site = Site::new("[catalog]\npath = \"squads.toml\"")
        .file("squads.toml", catalog)
        .service("flux", &owned('a', "ada"), "mock", "")
        .service("orphan", &revision('a'), "mock", "hosts = [\"orphan\"]");
    let contract = site.path("flux.yaml");
    let app = App::start(site);
    let tells = |service: &str, squad: &str, value: u8| {
        let labels = format!("{{service=\"{service}\",squad=\"{squad}\"}} {value}\n");
        let line = format!("portcullis_service_info{labels}");
        until(|| admin(app.admin, "/metrics").1.contains(&line));
    };
    tells("flux", "ada", 1);
    tells("orphan", "unknown", 1);
    replace(&contract, &owned('b', "bob"));
    reload(app.admin);
    tells("flux", "bob", 1);
    tells("flux", "ada", 0);
}

#[cfg(unix)]
#[test]
fn a_mounted_config_map_is_swapped() {
    use std::os::unix::fs::symlink;
    let site = Site::new("[reload]\npoll = \"200ms\"");
    let root = site.path("mount");
    let write_mount = |name: &str, letter| {
        fs::create_dir_all(root.join(name)).unwrap();
        fs::write(root.join(name).join("openapi.yaml"), revision(letter)).unwrap();
    };
    write_mount("..2026_a", 'a');
    symlink("..2026_a", root.join("..data")).unwrap();
    symlink("..data/openapi.yaml", root.join("openapi.yaml")).unwrap();
    let app = App::start(site.at("flux", "mount/openapi.yaml"));
    assert_eq!(version(app.admin), "1.0.0");
    write_mount("..2026_b", 'b');
    symlink("..2026_b", root.join("..data_tmp")).unwrap();
    fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    fs::remove_dir_all(root.join("..2026_a")).unwrap();
    until(|| version(app.admin) == "2.0.0");
}

#[test]
fn forwards_nothing_before_the_contract_is_read() {
    let site =
        Site::new("[reload]\npoll = \"200ms\"\nwait = true").at("flux", "later/openapi.yaml");
    let folder = site.path("later");
    let app = App::start(site);
    let (status, why) = admin(app.admin, "/readyz");
    assert_eq!(
        (status, why.trim()),
        (503, "the contract of flux is not ready")
    );
    let answer = app.ask("GET /v HTTP/1.1\r\nhost: flux\r\n\r\n");
    let problem = problem(&answer);
    assert_eq!(
        (answer.status, answer.field("retry-after")),
        (503, Some("5"))
    );
    assert_eq!(problem["error"], "CONTRACT_UNAVAILABLE");
    assert_eq!(
        problem["detail"],
        "the contract of flux could not be read yet, and no request passes without validation"
    );
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("openapi.yaml"), revision('a')).unwrap();
    until(|| admin(app.admin, "/readyz").0 == 200);
    assert_eq!(app.ask("GET /v HTTP/1.1\r\nhost: flux\r\n\r\n").status, 200);
}

#[test]
fn the_compatible_policy_refuses_breaks_without_a_major_version() {
    let site = flux("[reload]\npolicy = \"compatible\"");
    let contract = site.path("flux.yaml");
    let app = App::start(site);
    let without = |version: &str| {
        let text = revision('a').replace("version: 1.0.0", &format!("version: {version}"));
        let at = text.find("  /bound:").unwrap();
        text[..at].to_owned()
    };
    replace(&contract, &without("1.1.0"));
    let refused = reload(app.admin);
    assert_eq!(refused["status"], 422, "{refused}");
    assert_eq!(refused["detail"], "GET /bound: operation removed");
    let problems = refused["problems"].as_array().unwrap();
    assert_eq!(problems[0], "GET /bound: operation removed");
    assert_eq!(version(app.admin), "1.0.0");
    replace(&contract, &without("2.0.0"));
    assert_eq!(reload(app.admin)["result"], "in-force");
    assert_eq!(version(app.admin), "2.0.0");
}

const SQUADS: &str = "[squads.a]\n[squads.b]\n[squads.c]\n[squads.d]\n[squads.e]\n[squads.owner]\nservices = [\"shop\"]\n";

/// The body of an order with a note of this length.
fn order(length: usize) -> String {
    json!({ "note": "n".repeat(length), "secret": "do-not-tell" }).to_string()
}

fn orders(bound: usize) -> String {
    format!(
        "openapi: 3.1.0
info: {{title: Orders, version: 1.{bound}.0}}
paths:
  /orders:
    post:
      operationId: createOrder
      requestBody:
        required: true
        content:
          application/json:
            schema: {{type: object, properties: {{note: {{type: string, maxLength: {bound}}}}}}}
      responses: {{default: {{description: Anything.}}}}
  /lists:
    get: {{operationId: list, responses: {{default: {{description: Anything.}}}}}}
"
    )
}

#[test]
fn a_candidate_reports_the_callers_it_would_refuse() {
    let upstream = Upstream::ok();
    let site = Site::new("[catalog]\npath = \"squads.toml\"")
        .file("squads.toml", SQUADS)
        .service(
            "orders",
            &orders(100),
            &format!("http://{}", upstream.address),
            "",
        );
    let app = App::start(site);
    let next = orders(10);
    let proposed = propose(app.admin, "orders", &next);
    assert_eq!(proposed["result"], "candidate", "{proposed}");
    for (squad, length) in [("a", 5), ("b", 50), ("c", 10), ("d", 11), ("e", 0)] {
        for _ in 0..3 {
            let fields = format!("x-squad-owner: {squad}\r\n");
            let answer = app.ask(post("/orders", &fields, order(length)));
            assert_eq!(answer.status, 200, "all traffic passes");
            let list = format!("GET /lists HTTP/1.1\r\nhost: a\r\n{fields}\r\n");
            assert_eq!(app.ask(list).status, 200);
        }
    }
    let report = || -> Value {
        let (status, text) = admin(app.admin, "/contracts/orders/candidate");
        assert_eq!(status, 200, "{text}");
        assert!(
            !text.contains("nnn") && !text.contains("do-not-tell"),
            "{text}"
        );
        serde_json::from_str(&text).unwrap()
    };
    until(|| report()["judged"] == 30);
    let report = report();
    assert_eq!(report["squads"], json!(["b", "d"]));
    assert_eq!(
        (&report["refused"], &report["unjudged"]),
        (&json!(6), &json!(0))
    );
    let refusals = report["refusals"].as_array().unwrap();
    assert_eq!(refusals.len(), 2, "{report}");
    for refusal in refusals {
        assert_eq!(
            (&refusal["operation"], &refusal["class"], &refusal["count"]),
            (&json!("createOrder"), &json!("invalid-body"), &json!(3))
        );
        assert_eq!(refusal["pointer"], "/note");
        let example = refusal["example"].as_str().unwrap();
        assert!(
            example.starts_with("/note: ") && example.contains("10"),
            "{example}"
        );
    }
    let metrics = admin(app.admin, "/metrics").1;
    assert!(metrics.contains(
        "contract_candidate_refusals_total{service=\"orders\",operation=\"createOrder\",class=\"invalid-body\",squad=\"b\"} 3"
    ));
    assert_eq!(
        change(app.admin, "/contracts/orders/candidate/promote", "").status,
        200
    );
    let refused = app.ask(post("/orders", "x-squad-owner: b\r\n", order(50)));
    assert_eq!(refused.status, 422);
    assert_eq!(admin(app.admin, "/contracts/orders/candidate").0, 404);
}

fn propose(address: SocketAddr, service: &str, contract: &str) -> Value {
    let length = contract.len();
    let answer = ask(
        address,
        format!(
            "POST /contracts/{service}/candidate HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/yaml\r\ncontent-length: {length}\r\n\r\n{contract}"
        ),
    );
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

#[test]
fn a_candidate_checks_response_bodies() {
    let contract = |schema: &str| {
        format!(
            "openapi: 3.1.0
info: {{title: List, version: 1.0.0}}
paths:
  /list:
    get:
      operationId: list
      responses:
        '200': {{description: A list., content: {{application/json: {{schema: {schema}}}}}}}
"
        )
    };
    let upstream = Upstream::start(|_| {
        vec![send(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{\"a\":1}",
        )]
    });
    let keys = "[services.enforcement]\nresponse = \"reject\"\n";
    let address = format!("http://{}", upstream.address);
    let app = App::start(Site::new("").service("list", &contract("{}"), &address, keys));
    propose(
        app.admin,
        "list",
        &contract("{properties: {a: {type: string}}}"),
    );
    for _ in 0..3 {
        let answer = app.ask("GET /list HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(answer.body, b"{\"a\":1}");
    }
    let report = || -> Value {
        serde_json::from_str(&admin(app.admin, "/contracts/list/candidate").1).unwrap()
    };
    until(|| report()["judged"] == 3);
    let refusal = &report()["refusals"][0];
    assert_eq!(
        (&refusal["class"], &refusal["count"], &refusal["pointer"]),
        (&json!("invalid-response-body"), &json!(3), &json!("/a"))
    );
}

#[test]
fn a_configured_candidate_is_watched() {
    let site = Site::new("[reload]\npoll = \"200ms\"")
        .file("next.yaml", &orders(10))
        .service("orders", &orders(100), "mock", "candidate = \"next.yaml\"");
    let next = site.path("next.yaml");
    let app = App::start(site);
    let candidate = || view(app.admin, "orders")["candidate"]["version"].clone();
    until(|| candidate() == "1.10.0");
    replace(&next, &orders(20));
    until(|| candidate() == "1.20.0");
    assert_eq!(view(app.admin, "orders")["version"], "1.100.0");
    assert_eq!(
        change(app.admin, "/contracts/orders/candidate/drop", "").status,
        200
    );
    assert_eq!(candidate(), Value::Null);
}

#[test]
fn a_reload_applies_changes_and_lists_those_that_need_a_restart() {
    let site = flux("[log]\nlevel = \"info\"");
    let config = site.write();
    let before = fs::read_to_string(&config).unwrap();
    let mut process = Process::start(site);
    let bound = "GET /bound?x=1 HTTP/1.1\r\nhost: flux\r\n\r\n";
    assert_eq!(ask(process.data, bound).status, 422);
    let after = before.replace("level = \"info\"", "level = \"debug\"")
        + "[services.enforcement]\nrequest = \"report\"\n[services.shares]\nin_flight_max = 7\n";
    let after = after.replace("data_cores = 1", "data_cores = 2");
    let after = after.replace("[listen]", "[listen]\nvia = \"gate\"");
    let after = after.replace(
        "[log]",
        "[tracing]\nsample = 0.5\n[access_log]\nsample = 1.0\n[log]",
    );
    fs::write(&config, &after).unwrap();
    let answer = change(process.admin, "/config/reload", "");
    let reloaded: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(
        reloaded,
        json!({
            "result": "applied",
            "changed": ["log.level", "access_log", "services.flux"],
            "needs_restart": ["listen.via", "runtime", "tracing"],
            "problems": [],
        })
    );
    assert_eq!(ask(process.data, bound).status, 200, "reported only");
    process.await_line("exchange: GET /bound 200 answered");
    let breakers: Value = serde_json::from_str(&admin(process.admin, "/breakers/flux").1).unwrap();
    assert_eq!(breakers["shares"]["limit"], 7);
    // What needs a restart is shown with its active value.
    let shown: Value = serde_json::from_str(&admin(process.admin, "/config").1).unwrap();
    let key = |name: &str| {
        let mut keys = shown["keys"].as_array().unwrap().iter();
        keys.find(|key| key["key"] == name).unwrap().clone()
    };
    assert_eq!(key("services.flux.shares.in_flight_max")["value"], "7");
    let level = key("log.level");
    let source = level["source"].as_str().unwrap();
    assert!(
        level["value"] == "\"debug\"" && source.contains("config.toml:"),
        "{level}"
    );
    assert_eq!(key("runtime.data_cores")["value"], "1");
    assert_eq!(
        key("listen.via"),
        json!({"key": "listen.via", "value": "\"portcullis\"", "source": null})
    );
    // A bad file changes nothing.
    fs::write(
        &config,
        after.replace("request = \"report\"", "request = \"reprot\""),
    )
    .unwrap();
    process.signal("HUP");
    process.await_line("reload refused: the active configuration stays");
    assert_eq!(ask(process.data, bound).status, 200);
    fs::write(&config, before).unwrap();
    process.signal("HUP");
    process.await_line("configuration changed");
    until(|| ask(process.data, bound).status == 422);
}

#[test]
fn overrides_survive_a_catalog_change() {
    let site = Site::new("[catalog]\npath = \"squads.toml\"")
        .file("squads.toml", "[squads.b]\n")
        .service("flux", &revision('a'), "mock", "");
    let squads = site.path("squads.toml");
    let config = site.write();
    let process = Process::start(site);
    for (path, body) in [
        ("/breakers/flux/b/gold", "{\"override\": \"open\"}"),
        ("/breakers/flux/everybody", "{\"override\": \"observe\"}"),
        ("/deploy-windows/flux/open", "{\"for\": \"10m\"}"),
    ] {
        assert_eq!(change(process.admin, path, body).status, 200, "{path}");
    }
    let by_b = "GET /bound HTTP/1.1\r\nhost: flux\r\nx-squad-owner: b\r\n\r\n";
    ask(process.data, by_b);
    fs::write(squads, "[squads.a]\n[squads.b]\n").unwrap();
    let reloaded = change(process.admin, "/config/reload", "");
    assert_eq!(reloaded.status, 200, "{reloaded:?} {config:?}");
    // Squad numbers have changed; squads are still counted by name.
    ask(process.data, by_b.replace(": b", ": a"));
    let traffic: Value = serde_json::from_str(&admin(process.admin, "/traffic/flux").1).unwrap();
    let consumers = traffic["consumers"].as_array().unwrap().iter();
    let counted = consumers.map(|one| json!([one["squad"], one["requests"]]));
    assert_eq!(Value::from_iter(counted), json!([["a", 1], ["b", 1]]));
    let text = admin(process.admin, "/breakers/flux").1;
    let breakers: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(breakers["everybody"]["override"], "observe");
    let squads = breakers["squads"].as_array().unwrap();
    let gold = squads
        .iter()
        .find(|cell| cell["squad"] == "b" && cell["tier"] == "gold");
    assert_eq!(gold.unwrap()["state"], "open", "{text}");
    assert!(
        breakers["deploy_window"]["remaining_seconds"]
            .as_f64()
            .unwrap()
            > 500.0
    );
    let shares = breakers["shares"]["squads"].as_array().unwrap();
    assert_eq!(shares.len(), 2, "{text}");
}

#[test]
fn circuits_survive_a_catalog_change() {
    let failing = "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n";
    let upstream = Upstream::start(move |_| vec![send(failing)]);
    let target = format!("http://{}", upstream.address);
    let site = Site::new("[catalog]\npath = \"squads.toml\"\n[breaker]\nopen_base = \"60s\"")
        .file("squads.toml", "[squads.b]\n[squads.c]\n")
        .service("flux", &revision('a'), &target, "");
    let squads = site.path("squads.toml");
    let process = Process::start(site);
    let by = |squad: &str| {
        format!("GET /bound HTTP/1.1\r\nhost: flux\r\nx-squad-owner: {squad}\r\n\r\n")
    };
    for squad in ["b", "c"] {
        until(|| ask(process.data, by(squad)).status == 503);
    }
    let circuits = || {
        let text = admin(process.admin, "/breakers/flux").1;
        let breakers: Value = serde_json::from_str(&text).unwrap();
        let cells = breakers["squads"].as_array().unwrap().iter();
        let named = cells.map(|cell| {
            (
                cell["squad"].to_string(),
                cell["history"][0]["reason"].clone(),
            )
        });
        named.collect::<BTreeMap<_, _>>()
    };
    let before = circuits();
    let opened = json!("20 of 20 calls failed within 10 s, more than 50 %");
    assert_eq!(before["\"b\""], opened);
    fs::write(squads, "[squads.a]\n[squads.b]\n").unwrap();
    assert_eq!(change(process.admin, "/config/reload", "").status, 200);
    let after = circuits();
    assert_eq!(after["\"b\""], opened);
    assert!(
        !after.contains_key("\"a\"") && !after.contains_key("\"c\""),
        "{after:?}"
    );
}

#[test]
fn a_promotion_lasts_until_the_next_change() {
    let mut process = Process::start(flux(""));
    assert_eq!(
        propose(process.admin, "flux", &revision('b'))["result"],
        "candidate"
    );
    assert_eq!(
        change(process.admin, "/contracts/flux/candidate/promote", "").status,
        200
    );
    assert_eq!(version(process.admin), "2.0.0");
    process.signal("HUP");
    process.await_line("SIGHUP");
    until(|| view(process.admin, "flux")["stale"] == true);
    assert_eq!(version(process.admin), "2.0.0");
    let error = view(process.admin, "flux")["last_error"].clone();
    assert!(
        error
            .as_str()
            .unwrap()
            .contains("the source still has 1.0.0"),
        "{error}"
    );
    assert_eq!(reload(process.admin)["result"], "in-force");
    assert_eq!(version(process.admin), "1.0.0");
}

/// What `config reload` prints is in the log after SIGHUP.
#[test]
fn sighup_logs_what_the_command_prints() {
    let site = flux("");
    let config = site.write();
    let mut process = Process::start(site);
    let text = fs::read_to_string(&config).unwrap();
    let mut reload = |text: &str, expected: &str| {
        fs::write(&config, text).unwrap();
        process.signal("HUP");
        process.await_line(expected)
    };
    let with_restart = format!("[tracing]\nsample = 0.5\n{text}");
    let line = reload(&with_restart, "configuration unchanged");
    assert!(
        line.contains("needs_restart=") && line.contains("tracing"),
        "{line}"
    );
    let both = format!("[refusals]\nvalues = \"never\"\n{with_restart}");
    let line = reload(&both, "configuration changed");
    assert!(
        line.contains("refusals") && line.contains("tracing"),
        "{line}"
    );
    let line = reload("[listen]\nadress = 1\n", "reload refused");
    assert!(line.contains("unknown key"), "{line}");
}

/// Large real contracts from other projects.
#[test]
#[cfg_attr(
    not(is_full_load),
    ignore = "takes minutes and needs the corpora: PORTCULLIS_TEST_LOAD=full"
)]
fn large_contracts_reload_quickly_without_leaks() {
    let corpora = corpora();
    for (name, reloads) in [("github", 500), ("graph", 5)] {
        let text = large(&corpora, name);
        let site = Site::new("[runtime]\ndata_cores = 2").service("flux", &text, "mock", "");
        let contract = site.path("flux.yaml");
        let process = Process::start(site);
        let (stop, latencies) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let (mut slowest, mut took_max, mut memory) = (0, Duration::ZERO, Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let (stop, latencies, address) = (&stop, &latencies, process.data);
                scope.spawn(move || request_continuously(address, stop, latencies));
            }
            std::thread::sleep(Duration::from_secs(2));
            let baseline = p99_ms(&latencies);
            for number in 0..reloads {
                replace(
                    &contract,
                    &format!("{text}\n{}", " ".repeat(number % 2 + 1)),
                );
                let began = Instant::now();
                let reloaded = reload(process.admin);
                took_max = took_max.max(began.elapsed());
                slowest = slowest.max(reloaded["compile_ms"].as_u64().unwrap_or(0));
                if number % 50 == 49 || reloads < 50 {
                    std::thread::sleep(Duration::from_millis(2500));
                    memory.push(process.memory_kib().0 / 1024);
                }
            }
            let busy = p99_ms(&latencies);
            stop.store(true, Ordering::Relaxed);
            println!(
                "{name}: slowest of {reloads} reloads {} ms, compiling {slowest} ms of it; p99 of \
                 requests {baseline:.2} ms before, {busy:.2} ms meanwhile; resident MiB {memory:?}",
                took_max.as_millis()
            );
        });
        // Memory is freed within seconds; the allocator keeps some of it for a while.
        let (first, last) = memory.split_at(memory.len() / 2);
        let least = |part: &[u64]| part.iter().copied().min().unwrap();
        assert!(
            least(last) <= least(first) * 3 / 2 + 64,
            "{name}: {memory:?}"
        );
    }
}

/// Requests an unknown path over and over: each request is processed up to routing.
fn request_continuously(address: SocketAddr, stop: &AtomicBool, latencies: &Mutex<Vec<u64>>) {
    let mut client = Client::connect(address);
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        client.send("GET /no/such/path HTTP/1.1\r\nhost: flux\r\n\r\n");
        assert_eq!(client.answer().status, 404);
        let elapsed_us = u64::try_from(began.elapsed().as_micros()).unwrap();
        latencies.lock().unwrap().push(elapsed_us);
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn large(corpora: &Path, name: &str) -> String {
    let folder = fs::read_dir(corpora.join("specs")).unwrap();
    let mut files = folder.map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.to_string_lossy().to_lowercase().contains(name));
    fs::read_to_string(file.unwrap()).unwrap()
}

/// A contract server whose behaviour the test sets.
fn server(mode: &'static AtomicU64) -> Upstream {
    Upstream::start(move |_| {
        let response = |text: &str| {
            let length = text.len();
            send(&format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{text}"
            ))
        };
        match mode.load(Ordering::Relaxed) {
            0 => vec![send(
                "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
            )],
            1 => vec![response(&revision('a'))],
            2 => vec![response(&revision('b'))],
            3 => vec![response("<html>not found</html>")],
            // Half of the body.
            _ => vec![
                send("HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n"),
                send(&revision('a')),
                Step::Close,
            ],
        }
    })
}

#[test]
fn loads_reloads_and_caches_a_contract_from_a_url() {
    static MODE: AtomicU64 = AtomicU64::new(0);
    let server = server(&MODE);
    let kept = tempfile::tempdir().unwrap();
    let start = || {
        let top = format!("[reload]\npoll = \"100ms\"\ncache = {:?}", kept.path());
        let address = format!("http://{}/contract.yaml?token=secret", server.address);
        App::start(Site::new(&top).at("flux", &address))
    };
    let app = start();
    assert_eq!(admin(app.admin, "/readyz").0, 503);
    assert_eq!(app.ask("GET /v HTTP/1.1\r\nhost: flux\r\n\r\n").status, 503);
    MODE.store(1, Ordering::Relaxed);
    until(|| admin(app.admin, "/readyz").0 == 200);
    assert_eq!(version(app.admin), "1.0.0");
    MODE.store(2, Ordering::Relaxed);
    until(|| version(app.admin) == "2.0.0");
    for (mode, result) in [(3, "refused"), (4, "unavailable")] {
        MODE.store(mode, Ordering::Relaxed);
        until(|| view(app.admin, "flux")["history"][0]["result"] == result);
        assert_eq!(
            (version(app.admin), view(app.admin, "flux")["stale"].clone()),
            ("2.0.0".to_owned(), json!(true))
        );
    }
    // The same content after a failure: the error is cleared.
    MODE.store(2, Ordering::Relaxed);
    until(|| view(app.admin, "flux")["stale"] == false);
    let text = view(app.admin, "flux").to_string();
    assert!(
        text.contains("/contract.yaml") && !text.contains("secret"),
        "{text}"
    );
    drop(app);
    // A start while the server is unreachable.
    MODE.store(0, Ordering::Relaxed);
    let app = start();
    until(|| admin(app.admin, "/readyz").0 == 200);
    let view = view(app.admin, "flux");
    assert_eq!(
        (&view["version"], &view["stale"]),
        (&json!("2.0.0"), &json!(true))
    );
    let error = view["last_error"].as_str().unwrap();
    assert!(
        error.contains("503") && error.contains("the contract cached"),
        "{error}"
    );
    assert_eq!(app.ask("GET /v HTTP/1.1\r\nhost: flux\r\n\r\n").status, 200);
}

#[test]
#[cfg_attr(not(has_s3_server), ignore = "needs moto_server: .ci/run installs it")]
fn loads_and_reloads_a_contract_from_object_storage() {
    let storage = Storage::start();
    storage.send("PUT", "/contracts", "");
    storage.put("flux.yaml", &revision('a'));
    let site = Site::new("[reload]\npoll = \"200ms\"").at("flux", "s3://contracts/flux.yaml");
    let process = Process::start_with(site, &storage.variables());
    until(|| admin(process.admin, "/readyz").0 == 200);
    assert_eq!(version(process.admin), "1.0.0");
    storage.put("flux.yaml", &revision('b'));
    until(|| version(process.admin) == "2.0.0");
    assert_eq!(
        view(process.admin, "flux")["source"],
        "s3://contracts/flux.yaml"
    );
}

/// Reading a named pipe hangs like a dead network file system. The contract is read again when the
/// file changes, the commands answer, and the process ends.
#[cfg(unix)]
#[test]
fn a_source_that_hangs_stops_neither_reloads_nor_the_end() {
    let site = flux("");
    let file = site.path("flux.yaml");
    let process = Process::start(site);
    let state = || {
        let (_, contracts) = admin(process.admin, "/contracts");
        let contracts: Value = serde_json::from_str(&contracts).unwrap();
        contracts["services"][0].clone()
    };
    // A pipe with a writer who writes nothing. Opening it waits for the process to read it.
    let hang = || {
        fs::remove_file(&file).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&file).status();
        assert!(made.unwrap().success());
        fs::OpenOptions::new().write(true).open(&file).unwrap()
    };
    let _first = hang();
    fs::remove_file(&file).unwrap();
    fs::write(&file, revision('b')).unwrap();
    until(|| state()["version"] == "2.0.0");
    let _second = hang();
    process.signal("TERM");
    let (status, log) = process.wait();
    assert!(status.success(), "{log}");
}

/// The overlays of a contract at a URL are files, and a change of one applies without a new fetch.
#[test]
fn watches_the_overlays_of_a_contract_from_a_url() {
    static MODE: AtomicU64 = AtomicU64::new(1);
    let server = server(&MODE);
    let overlay = |version: &str| {
        format!(
            "overlay: 1.0.0\ninfo: {{title: o, version: '1'}}\nactions:\n- target: $.info\n  update: {{version: {version}}}\n"
        )
    };
    let address = format!("http://{}/contract.yaml", server.address);
    let service = format!(
        "[[services]]\nname = \"flux\"\ncontract = \"{address}\"\nupstream = \"mock\"\noverlays = [\"o.yaml\"]\n"
    );
    let site = Site::new("[reload]\npoll = \"100ms\"")
        .file("o.yaml", &overlay("1.5.0"))
        .services(&service);
    let path = site.path("o.yaml");
    let app = App::start(site);
    until(|| admin(app.admin, "/readyz").0 == 200);
    assert_eq!(version(app.admin), "1.5.0");
    fs::write(&path, overlay("1.6.0")).unwrap();
    until(|| version(app.admin) == "1.6.0");
    // A bad overlay is refused, and the active revision stays until it is corrected.
    fs::write(&path, "[").unwrap();
    until(|| view(app.admin, "flux")["history"][0]["result"] == "refused");
    assert_eq!(version(app.admin), "1.6.0");
    fs::write(&path, overlay("1.7.0")).unwrap();
    until(|| version(app.admin) == "1.7.0");
    // While the source is unreachable, the content that was fetched before is changed, and is stale.
    MODE.store(0, Ordering::Relaxed);
    until(|| view(app.admin, "flux")["stale"] == true);
    fs::write(&path, overlay("1.8.0")).unwrap();
    until(|| version(app.admin) == "1.8.0");
    assert_eq!(view(app.admin, "flux")["stale"], json!(true));
    MODE.store(1, Ordering::Relaxed);
    until(|| view(app.admin, "flux")["stale"] == false);
}
