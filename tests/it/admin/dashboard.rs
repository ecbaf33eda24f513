//! The dashboard: the responses of `/`, and the page in a real browser.
//!
//! The scenarios in `tests/browser` drive the browser; they need Node and Chromium. If one of them
//! is missing, the test is marked as ignored; `.ci/run` installs both.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;

use super::breakers_admin::{HOST, LOOPBACK, good, request as request_to, site};
use crate::support::app::{App, Process, SHOP, Site, ask};
use crate::support::browser::{Browser, request, run_line, send};
use crate::support::client::Answer;
use crate::support::faulty::Faulty;

/// The `accept` header field of a browser.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

fn front(address: SocketAddr, method: &str, accept: &str) -> Answer {
    ask(
        address,
        format!("{method} / HTTP/1.1\r\nhost: localhost\r\naccept: {accept}\r\n\r\n"),
    )
}

#[test]
fn serves_the_page_to_browsers_and_the_routes_to_others() {
    let app = App::start(site(LOOPBACK));
    for accept in ["*/*", "text/plain", "application/json", "text/html;q=0"] {
        let answer = front(app.admin, "GET", accept);
        assert_eq!(
            answer.field("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(answer.field("vary"), Some("accept"));
        assert!(answer.body.starts_with(b"GET  /livez"), "{accept}");
    }
    let page = front(app.admin, "GET", BROWSER);
    let head = front(app.admin, "HEAD", BROWSER);
    assert_eq!((head.status, head.body.len()), (200, 0));
    for answer in [&page, &head] {
        assert_eq!(
            answer.field("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(answer.field("vary"), Some("accept"));
        assert_eq!(answer.field("cache-control"), Some("no-store"));
    }
    assert!(page.body.starts_with(b"<!doctype html>"));
}

#[test]
fn the_page_has_a_strict_content_security_policy() {
    let app = App::start(site(LOOPBACK));
    let answer = front(app.admin, "GET", BROWSER);
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.field(name), Some(value), "{name}");
    }
    let policy = answer.field("content-security-policy").unwrap();
    let directives: Vec<&str> = policy.split("; ").collect();
    for directive in [
        "default-src 'none'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(directives.contains(&directive), "{directive}: {policy}");
    }
    for name in ["script-src", "style-src"] {
        let sources = directives
            .iter()
            .find_map(|directive| directive.strip_prefix(name));
        let sources = sources.unwrap().trim();
        let is_one_hash = sources.starts_with("'sha256-") && !sources.contains(' ');
        assert!(is_one_hash, "{name}: {policy}");
    }
    for word in ["unsafe", "*", "http"] {
        assert!(!policy.contains(word), "{word}: {policy}");
    }
}

#[test]
fn the_page_refers_to_no_other_host() {
    let app = App::start(site(LOOPBACK));
    let page = String::from_utf8(front(app.admin, "GET", BROWSER).body).unwrap();
    for (word, reason) in [
        ("https:", "another host"),
        ("src=", "what is not in the page"),
        ("@import", "another style"),
        ("innerHTML", "text that is read as markup"),
        ("insertAdjacentHTML", "text that is read as markup"),
        ("document.write", "text that is read as markup"),
        (" style=", "a style that the policy forbids"),
        (" onclick=", "a script that the policy forbids"),
    ] {
        assert!(!page.contains(word), "{word}: {reason}");
    }
    // Only the default admin address of the commands is allowed.
    let addresses: Vec<&str> = page.split("http://").skip(1).collect();
    let is_own = |rest: &&str| rest.starts_with("127.0.0.1:") || rest.starts_with("localhost:");
    assert!(addresses.iter().all(is_own), "{addresses:.40?}");
    assert_eq!(page.matches("<link ").count(), 1);
    assert!(page.contains("<link rel=\"icon\" href=\"data:image/png;base64,"));
}

/// Consumers that break a contract need contact details too.
#[test]
fn lists_contacts_of_every_squad() {
    let app = App::start(two_services("", "mock"));
    let answer = request_to(app.admin, "GET /owners", HOST, "");
    let contact = |squad: &str, chat: &str, oncall: Option<&str>| json!({"squad": squad, "email": null, "chat": chat, "oncall": oncall});
    let expected = json!([
        contact("checkout", "#checkout", None),
        contact("discovery", "#discovery", Some("discovery-pager")),
        contact("payments", "#payments", Some("payments-pager")),
    ]);
    assert_eq!(good(&answer)["squads"], expected);
}

// In a real browser.

const CATALOG: &str = r##"
[squads.payments]
tier = "gold"
weight = 3
chat = "#payments"
oncall = "payments-pager"
services = ["orders"]
[squads.discovery]
tier = "silver"
weight = 2
chat = "#discovery"
oncall = "discovery-pager"
services = ["search-api"]
[squads.checkout]
tier = "bronze"
chat = "#checkout"
"##;

const SEARCH: &str = "\
openapi: 3.1.0
info: {title: Search, version: 0.9.2}
paths:
  /search:
    get: {operationId: search, responses: {default: {description: Anything.}}}
  /suggestions:
    get: {operationId: suggest, responses: {default: {description: Anything.}}}
";

/// Two services of two squads, both called by a third squad.
fn two_services(top: &str, upstream: &str) -> Site {
    Site::new(&format!("[catalog]\npath = \"squads.toml\"\n{top}"))
        .file("squads.toml", CATALOG)
        .service("orders", SHOP, upstream, "hosts = [\"orders\"]")
        .service("search-api", SEARCH, upstream, "hosts = [\"search\"]")
}

/// The program in front of an upstream, on ports chosen before it starts, so that it can be
/// restarted on them.
struct RestartableProxy<'u> {
    upstream: &'u Faulty,
    data: SocketAddr,
    admin: SocketAddr,
}

impl RestartableProxy<'_> {
    fn start(&self) -> Process {
        let Self {
            upstream,
            data,
            admin,
        } = self;
        let top = format!("[listen]\naddress = \"{data}\"\n[admin]\naddress = \"{admin}\"\n");
        Process::start(two_services(&top, &format!("http://{}", upstream.address)))
    }
}

/// A port that was free a moment ago.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// Load: search fails two of three requests of one squad, and one order violates the contract.
fn traffic() -> Vec<String> {
    let search = |squad, fields| request("GET /search", "search", squad, fields, "");
    let order = "content-type: application/json\r\nx-tenant: acme\r\n";
    vec![
        search("checkout", "x-fault: 503\r\n"),
        search("payments", "x-sla-tier: gold\r\nx-delay-ms: 2\r\n"),
        search("checkout", "x-fault: 503\r\n"),
        request("GET /items", "orders", "checkout", "", ""),
        search("checkout", ""),
        request("POST /items", "orders", "discovery", order, "[]"),
        request("GET /notes/7", "orders", "checkout", "", ""),
    ]
}

/// Traffic until the value is dropped, also when a test fails.
struct Load {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Load {
    fn start(address: SocketAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let requests = traffic();
            let mut requests = requests.iter().cycle();
            while !stopped.load(Ordering::Relaxed) {
                send(address, requests.next().unwrap());
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

#[test]
#[cfg_attr(
    not(has_browser),
    ignore = "needs node, chromium and tests/browser/node_modules: .ci/run installs them"
)]
fn a_browser_shows_a_real_proxy_under_load() {
    let upstream = Faulty::start(16);
    let proxy = RestartableProxy {
        upstream: &upstream,
        data: free_address(),
        admin: free_address(),
    };
    let mut process = Some(proxy.start());
    let mut browser = Browser::start("live.mjs", proxy.admin);
    let load = Load::start(proxy.data);
    while let Some(command) = browser.next_command() {
        match &*command {
            "stop" => drop(process.take()),
            "start" => process = Some(proxy.start()),
            command => {
                browser.reply(&run_line(command));
                continue;
            }
        }
        browser.reply("done");
    }
    drop(load);
    browser.succeed();
}

#[test]
#[cfg_attr(
    not(has_browser),
    ignore = "needs node, chromium and tests/browser/node_modules: .ci/run installs them"
)]
fn a_browser_shows_many_services_in_every_state() {
    let app = App::start(site(LOOPBACK));
    let mut browser = Browser::start("many_services.mjs", app.admin);
    while let Some(line) = browser.next_command() {
        println!("{line}");
    }
    browser.succeed();
}
