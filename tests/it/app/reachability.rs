//! Requests that cannot reach an operation or are not who they say: warnings, metrics and views.

use std::fs;
use std::net::SocketAddr;

use serde_json::Value;

use crate::cli::operate::printed;
use crate::support::app::{App, Process, SHOP, Site, admin, get};
use crate::support::client::Client;

const CONTRACT: &str = "openapi: 3.1.0
info: {title: Depot, version: 1.0.0}
paths:
  /items: {get: {operationId: listItems, responses: {'200': {description: d}}}}
  /items/{id}: {get: {operationId: getItem, responses: {'200': {description: d}}}}
  /stock: {get: {operationId: getStock, responses: {'200': {description: d}}}}
";

fn contract_view(address: SocketAddr, service: &str) -> Value {
    let (status, text) = admin(address, "/contracts");
    assert_eq!(status, 200, "{text}");
    let contracts: Value = serde_json::from_str(&text).unwrap();
    let services = contracts["services"].as_array().unwrap();
    let found = services.iter().find(|view| view["service"] == service);
    found.unwrap().clone()
}

/// The value of a metric of a service.
fn metric(address: SocketAddr, name: &str, service: &str) -> Option<f64> {
    let metrics = admin(address, "/metrics").1;
    let start = format!("{name}{{service=\"{service}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&start));
    line.map(|value| value.parse().unwrap())
}

const UNREACHABLE: &str = "contract_unreachable_operations";
const UNTRUSTED: &str = "portcullis_untrusted_squad_headers_total";

#[test]
fn a_prefix_that_the_contract_does_not_have_is_a_warning_until_it_is_corrected() {
    let prefix = |prefix: &str| format!("path_prefix = \"{prefix}\"\n");
    let site = |keys: &str| Site::new("").service("depot", CONTRACT, "mock", keys);
    let wrong = site(&prefix("/depot"));
    let config = wrong.path("config.toml");
    let mut process = Process::start(wrong);
    let warning = "no operation is reachable: 3 of 3 operations cannot be reached: path_prefix is \
                   /depot, and the paths of the contract begin with /items, /stock; change \
                   path_prefix, or set base_paths = [\"/depot\"] if the service serves its paths \
                   below /depot";
    let view = contract_view(process.admin, "depot");
    assert_eq!(view["unreachable_operations"], 3);
    assert_eq!(view["warnings"][0], warning);
    assert_eq!(metric(process.admin, UNREACHABLE, "depot"), Some(3.0));
    let shown = printed(process.admin, "contract show depot", 0);
    assert!(
        shown.contains("warning     no operation is reachable"),
        "{shown}"
    );
    // The fix: half of it first.
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("/depot\"", "/items\"")).unwrap();
    process.signal("HUP");
    process.await_line("1 of 3 operations cannot be reached: path_prefix is /items");
    process.await_line("configuration changed");
    assert_eq!(
        contract_view(process.admin, "depot")["unreachable_operations"],
        1
    );
    fs::write(&config, text.replace("/depot\"", "/\"")).unwrap();
    process.signal("HUP");
    process.await_line("configuration changed");
    assert_eq!(
        contract_view(process.admin, "depot")["unreachable_operations"],
        0
    );
    assert_eq!(
        contract_view(process.admin, "depot")["warnings"],
        serde_json::json!([])
    );
    assert_eq!(metric(process.admin, UNREACHABLE, "depot"), Some(0.0));
    process.signal("TERM");
    let (_, log) = process.wait();
    let at = |text: &str| log.find(text).unwrap_or_else(|| panic!("{text}: {log}"));
    assert!(at("no operation is reachable") < at("ready"), "{log}");
}

#[test]
fn another_service_that_gets_all_requests_is_named() {
    let app = App::start(
        Site::new("")
            .service("depot", CONTRACT, "mock", "")
            .service("items", CONTRACT, "mock", "path_prefix = \"/items\"\n")
            .service(
                "elsewhere",
                CONTRACT,
                "mock",
                "hosts = [\"a\"]\npath_prefix = \"/stock\"\n",
            ),
    );
    let view = contract_view(app.admin, "depot");
    assert_eq!(view["unreachable_operations"], 2);
    let warning = view["warnings"][0].as_str().unwrap();
    let expected = "2 of 3 operations cannot be reached: service `items` gets their requests, \
                    because its path_prefix /items is longer than /; change one of the prefixes, \
                    or the hosts";
    assert_eq!(warning, expected);
    // A service whose operations can all be reached has no series.
    let app = App::start(Site::new("").service("shop", SHOP, "mock", ""));
    assert_eq!(metric(app.admin, UNREACHABLE, "shop"), None);
}

#[test]
fn squad_headers_of_untrusted_peers_leave_a_trace() {
    let top = "[identity]\ntrusted_peers = [\"10.0.0.0/8\"]\n";
    let process = Process::start(Site::new(top).service("shop", SHOP, "mock", ""));
    let mut client = Client::connect(process.data);
    let mut ask = |field: &str| {
        client.send(format!(
            "GET /files/x HTTP/1.1\r\nhost: shop\r\n{field}\r\n"
        ));
        client.answer();
    };
    ask("");
    assert_eq!(metric(process.admin, UNTRUSTED, "shop"), None);
    for field in [
        "x-squad-owner: checkout\r\n",
        "x-sla-tier: gold\r\n",
        "x-squad-owner: ?\r\n",
    ] {
        ask(field);
    }
    assert_eq!(metric(process.admin, UNTRUSTED, "shop"), Some(3.0));
    let traffic: Value = serde_json::from_str(&admin(process.admin, "/traffic/shop").1).unwrap();
    assert_eq!(traffic["untrusted_squad_headers"], 3);
    let warnings = contract_view(process.admin, "shop")["warnings"].to_string();
    assert!(
        warnings.contains("the squad headers of 3 requests were removed"),
        "{warnings}"
    );
    process.signal("TERM");
    let (_, log) = process.wait();
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("squad headers removed"))
        .collect();
    let [line] = lines[..] else { panic!("{log}") };
    for part in [
        "service=\"shop\"",
        "peer=127.0.0.1",
        "peer_class=\"loopback\"",
        "identity.trusted_peers",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

/// With a trusted peer nothing is removed.
#[test]
fn squad_headers_of_trusted_peers_are_no_warning() {
    let app = App::start(Site::new("").service("shop", SHOP, "mock", ""));
    app.ask("GET /files/x HTTP/1.1\r\nhost: shop\r\nx-squad-owner: checkout\r\n\r\n");
    app.ask(get("/files/x"));
    assert_eq!(metric(app.admin, UNTRUSTED, "shop"), None);
    assert_eq!(
        contract_view(app.admin, "shop")["warnings"],
        serde_json::json!([])
    );
}
