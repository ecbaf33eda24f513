//! Calls of vendors: judged by the vendor's contract on both sides, with its credentials, and separate from
//! each other when one of them fails.

use std::time::{Duration, Instant};

use super::{LOCAL, proxy};
use crate::support::app::{App, Process, Site, admin, ask, problem, until};
use crate::support::client::{Answer, Client};
use crate::support::upstream::{Recorded, Step, Upstream, send};

/// The contract of a vendor: charges, which need a key.
pub(super) const CONTRACT: &str = r#"
openapi: 3.1.0
info: { title: Acquirer, version: 1.0.0 }
components:
  securitySchemes:
    key: { type: apiKey, in: header, name: x-api-key }
security: [{ key: [] }]
paths:
  /v1/charges:
    get:
      operationId: listCharges
      responses:
        "200":
          description: all
          content: { application/json: { schema: { type: object, required: [charges] } } }
        "429": { description: too many }
    post:
      operationId: charge
      requestBody:
        required: true
        content:
          application/json:
            schema: { type: object, required: [amount], properties: { amount: { type: integer } } }
      responses:
        "201":
          description: done
          content: { application/json: { schema: { type: object, required: [id] } } }
        "303": { description: elsewhere }
"#;

const CATALOG: &str =
    "[squads.payments]\nservices = [\"orders\"]\n[squads.search]\nservices = [\"find\"]\n";

const LIST: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nserver: vendor\r\n\
                    x-internal: 1\r\ncontent-length: 14\r\n\r\n{\"charges\":[]}";

/// A site with two vendors, whose calls `orders` makes. `keys` are further keys of the first.
fn site(first: &Upstream, second: &Upstream, keys: &str, caller: &str) -> Site {
    let top = format!(
        "[catalog]\npath = \"squads.toml\"\n[egress]\naddress = \"127.0.0.1:0\"\n{caller}\
         default = \"enforce\"\n{LOCAL}\n"
    );
    let vendor = |name: &str, keys: &str| {
        format!(
            "{keys}\n[services.vendor]\nhosts = [\"{name}.example\"]\nprefix = \"/{name}\"\n\
             used_by = [\"payments\"]\nheader_files = {{ x-api-key = \"key\" }}\n\
             drop_response_headers = [\"x-internal\"]\n"
        )
    };
    Site::new(&top)
        .file("squads.toml", CATALOG)
        .file("key", "first-key\n")
        .service(
            "acquirer",
            CONTRACT,
            &format!("http://{}", first.address),
            &vendor("acquirer", keys),
        )
        .service(
            "mailer",
            CONTRACT,
            &format!("http://{}", second.address),
            &vendor("mailer", ""),
        )
}

const SIDECAR: &str = "service = \"orders\"\n";

fn list() -> Upstream {
    Upstream::start(|_| vec![send(LIST)])
}

fn started(
    script: impl Fn(&Recorded) -> Vec<Step> + Send + Sync + 'static,
    keys: &str,
) -> (App, Upstream, Upstream) {
    let (first, second) = (Upstream::start(script), list());
    let app = App::start(site(&first, &second, keys, SIDECAR));
    (app, first, second)
}

fn get(app: &App, target: &str) -> Answer {
    let host = proxy(app);
    ask(
        host,
        format!("GET {target} HTTP/1.1\r\nhost: {host}\r\n\r\n"),
    )
}

fn charge(app: &App, body: &str) -> Answer {
    let host = proxy(app);
    let length = body.len();
    let request = format!(
        "POST /acquirer/v1/charges HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    ask(host, request)
}

#[test]
fn a_call_gets_the_credentials_and_the_host_of_the_vendor() {
    let (app, first, _second) = started(|_| vec![send(LIST)], "");
    for target in ["/acquirer/v1/charges", "http://acquirer.example/v1/charges"] {
        let host = proxy(&app);
        let answer = ask(
            host,
            format!(
                "GET {target} HTTP/1.1\r\nhost: {host}\r\nx-api-key: own\r\nx-squad-owner: search\r\n\
                 proxy-authorization: Basic b3JkZXJzOg==\r\n\r\n"
            ),
        );
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (200, &b"{\"charges\":[]}"[..]),
            "{}",
            answer.head
        );
        assert_eq!(
            (answer.field("server"), answer.field("x-internal")),
            (Some("vendor"), None)
        );
        let request = first.request();
        assert_eq!(request.request_line(), "GET /v1/charges HTTP/1.1");
        assert_eq!(request.fields("host"), [first.address.to_string()]);
        assert_eq!(request.fields("x-api-key"), ["first-key"]);
        for absent in [
            "x-squad-owner",
            "proxy-authorization",
            "x-forwarded-for",
            "forwarded",
            "x-forwarded-host",
        ] {
            assert!(request.fields(absent).is_empty(), "{absent}");
        }
    }
    // The vendor is not reachable from outside.
    let outside = app.ask("GET /v1/charges HTTP/1.1\r\nhost: acquirer.example\r\n\r\n");
    assert_eq!(outside.status, 404);
    let (_, traffic) = admin(app.admin, "/traffic/acquirer");
    assert!(traffic.contains("\"payments\""), "{traffic}");
    let (_, called) = admin(app.admin, "/dependencies");
    assert!(called.contains("\"vendor:acquirer\""), "{called}");
}

#[test]
fn both_sides_of_the_contract_are_judged() {
    let created =
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let keys = "[services.enforcement]\nrequest = \"reject\"\nresponse = \"reject\"";
    let (app, first, _second) = started(move |_| vec![send(created)], keys);
    let refused = charge(&app, "{\"amount\": \"much\"}");
    let report = problem(&refused);
    assert_eq!(
        (refused.status, report["error"].as_str()),
        (422, Some("CONTRACT_VIOLATION"))
    );
    assert_eq!(report["violations"][0]["pointer"], "/amount");
    assert!(first.requests.try_recv().is_err(), "nothing was sent");
    // The vendor breaks its own contract.
    let broken = charge(&app, "{\"amount\": 1}");
    let report = problem(&broken);
    assert_eq!(broken.status, 502);
    assert_eq!(report["violations"][0]["class"], "invalid-response-body");
    first.request();
    let unknown = get(&app, "/acquirer/v2/charges");
    assert_eq!(unknown.status, 404);
}

#[test]
fn only_the_squads_that_use_a_vendor_may_call_it() {
    let (first, second) = (list(), list());
    let app = App::start(site(&first, &second, "", ""));
    let call = |fields: &str| {
        let host = proxy(&app);
        ask(
            host,
            format!("GET /acquirer/v1/charges HTTP/1.1\r\nhost: {host}\r\n{fields}\r\n"),
        )
    };
    assert_eq!(call("x-squad-owner: payments\r\n").status, 200);
    assert_eq!(
        call("proxy-authorization: Basic b3JkZXJzOg==\r\n").status,
        200
    );
    for fields in ["", "x-squad-owner: search\r\n"] {
        let answer = call(fields);
        let report = problem(&answer);
        assert_eq!(
            (answer.status, report["error"].as_str()),
            (403, Some("UNDECLARED_DEPENDENCY"))
        );
        let detail = report["detail"].as_str().unwrap();
        assert!(
            detail.contains("used_by") && detail.contains("acquirer"),
            "{detail}"
        );
    }
}

/// What a vendor answers, and what the caller sees.
#[test]
fn faults_of_a_vendor_are_clear_and_do_not_touch_another() {
    let html = "HTTP/1.1 503 Oops\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>";
    let half =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{\"char";
    let other = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok";
    let limits = "upstream_timeout = \"300ms\"\n[services.enforcement]\nresponse = \"reject\"";
    let check = |script: Vec<Step>, status: u16, error: &str| {
        let script = std::sync::Mutex::new(script);
        let (app, _first, _second) = started(
            move |_| std::mem::take(&mut *script.lock().unwrap()),
            limits,
        );
        let answer = get(&app, "/acquirer/v1/charges");
        let report = problem(&answer);
        assert_eq!(
            (answer.status, report["error"].as_str()),
            (status, Some(error))
        );
        assert_eq!(report["service"], "acquirer");
        assert_eq!(get(&app, "/mailer/v1/charges").status, 200);
    };
    check(
        vec![Step::Wait(std::sync::Arc::default())],
        504,
        "UPSTREAM_TIMEOUT",
    );
    check(vec![Step::Close], 502, "UPSTREAM_UNAVAILABLE");
    check(vec![send(half), Step::Close], 502, "UPSTREAM_UNAVAILABLE");
    check(vec![send(html)], 502, "CONTRACT_VIOLATION");
    check(vec![send(other)], 502, "CONTRACT_VIOLATION");
}

#[test]
fn a_vendor_that_asks_for_a_pause_gets_one() {
    let limited = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 2\r\ncontent-length: 0\r\n\r\n";
    let (app, first, _second) = started(move |_| vec![send(limited)], "");
    let began = Instant::now();
    let answer = get(&app, "/acquirer/v1/charges");
    assert_eq!((answer.status, answer.field("x-portcullis")), (429, None));
    first.request();
    let paused = get(&app, "/acquirer/v1/charges");
    assert_eq!(
        (paused.status, paused.field("x-portcullis")),
        (429, Some("VENDOR_PAUSED"))
    );
    let seconds: u64 = paused.field("retry-after").unwrap().parse().unwrap();
    assert!((1..=2).contains(&seconds), "{seconds}");
    assert!(
        first.requests.try_recv().is_err(),
        "the vendor is left alone"
    );
    assert_eq!(get(&app, "/mailer/v1/charges").status, 200);
    until(|| {
        get(&app, "/acquirer/v1/charges")
            .field("x-portcullis")
            .is_none()
    });
    assert!(began.elapsed() >= Duration::from_secs(1));
}

/// The body violates the contract, so the caller gets another answer than the vendor's.
#[test]
fn an_answer_that_is_replaced_asks_for_a_pause_too() {
    let limited = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 9\r\ncontent-type: application/json\r\n\
         content-length: 2\r\n\r\n{}";
    let media = "content: { application/json: { schema: { type: object, required: [wait] } } }";
    let contract = CONTRACT.replace("description: too many", &format!("description: a, {media}"));
    let first = Upstream::start(move |_| vec![send(limited)]);
    let second = list();
    let keys = "[services.enforcement]\nresponse = \"reject\"";
    let site = site(&first, &second, keys, SIDECAR).file("acquirer.yaml", &contract);
    let app = App::start(site);
    let answer = get(&app, "/acquirer/v1/charges");
    let error = answer.field("x-portcullis");
    assert_eq!((answer.status, error), (502, Some("CONTRACT_VIOLATION")));
    first.request();
    let paused = get(&app, "/acquirer/v1/charges");
    let error = paused.field("x-portcullis");
    assert_eq!((paused.status, error), (429, Some("VENDOR_PAUSED")));
    assert!(
        first.requests.try_recv().is_err(),
        "the vendor is left alone"
    );
    assert_eq!(get(&app, "/mailer/v1/charges").status, 200);
}

#[test]
fn a_call_of_a_vendor_is_left_once_at_the_drain() {
    let first = Upstream::start(|_| vec![Step::Wait(std::sync::Arc::default())]);
    let mut process = Process::start(site(&first, &list(), "", SIDECAR));
    let host = process.egress();
    let mut client = Client::connect(host);
    client.send(format!(
        "GET /acquirer/v1/charges HTTP/1.1\r\nhost: {host}\r\n\r\n"
    ));
    first.request();
    process.signal("TERM");
    let line = process.await_line("draining: not ready");
    assert!(line.contains("requests_left=1"), "{line}");
    assert!(line.contains("calls_left=0"), "{line}");
}

/// Five retries without a pause would use up the time of the caller. Retries end within the deadline, and
/// the calls of other operations still have theirs.
#[test]
fn retries_are_bounded_and_a_post_is_never_sent_twice() {
    // Without the deadline, five retries would take more than half a minute.
    let keys = "[services.retries]\nattempts_max = 5\nratio_max = 1.0\nbackoff_base = \"4s\"\n\
                backoff_max = \"20s\"\ndeadline = \"1s\"";
    let unavailable = "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n";
    let (app, first, _second) = started(move |_| vec![send(unavailable)], keys);
    let began = Instant::now();
    assert_eq!(get(&app, "/acquirer/v1/charges").status, 503);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
    let sent = first.requests.try_iter().count();
    assert!((1..=6).contains(&sent), "{sent}");
    assert_eq!(charge(&app, "{\"amount\": 1}").status, 503);
    assert_eq!(first.requests.try_iter().count(), 1);
    // Not even if the connection ends without an answer.
    let (app, first, _second) = started(|_| vec![Step::Close], keys);
    assert_eq!(charge(&app, "{\"amount\": 1}").status, 502);
    assert_eq!(first.requests.try_iter().count(), 1);
}

#[test]
fn redirects_are_passed_and_not_followed() {
    let elsewhere = "HTTP/1.1 303 See Other\r\nlocation: http://mailer.example/v1/charges\r\ncontent-length: 0\r\n\r\n";
    let (app, first, second) = started(move |_| vec![send(elsewhere)], "");
    let answer = charge(&app, "{\"amount\": 1}");
    assert_eq!(
        (answer.status, answer.field("location")),
        (303, Some("http://mailer.example/v1/charges"))
    );
    first.request();
    assert!(second.requests.try_recv().is_err());
}

/// The addresses that are denied are denied for vendors, too.
#[test]
fn a_vendor_at_a_denied_address_is_not_called() {
    let (first, second) = (list(), list());
    let site = site(&first, &second, "", SIDECAR);
    let config = site.write();
    let text = std::fs::read_to_string(&config).unwrap().replace(LOCAL, "");
    let folder = config.parent().unwrap().to_owned();
    std::fs::write(folder.join("strict.toml"), text).unwrap();
    let loaded =
        portcullis_config::load(Some(&folder.join("strict.toml")), [], &Default::default());
    let running = portcullis::app::build(loaded.unwrap()).unwrap();
    let own = running.egress_addresses[0].tcp().unwrap();
    let answer = ask(
        own,
        format!("GET /acquirer/v1/charges HTTP/1.1\r\nhost: {own}\r\n\r\n"),
    );
    let report = problem(&answer);
    assert_eq!(answer.status, 502);
    let detail = report["detail"].as_str().unwrap();
    assert!(
        detail.contains("[egress.addresses]") && !detail.contains("is it running?"),
        "{detail}"
    );
    assert!(first.requests.try_recv().is_err());
    running.stop();
}

#[test]
fn credentials_are_read_again_and_never_shown() {
    let (first, second) = (list(), list());
    let site = site(&first, &second, "", SIDECAR);
    let key = site.path("key");
    let process = Process::start(site);
    let own = process.egress();
    let call = || {
        ask(
            own,
            format!("GET /acquirer/v1/charges HTTP/1.1\r\nhost: {own}\r\n\r\n"),
        )
        .status
    };
    assert_eq!(call(), 200);
    assert_eq!(first.request().fields("x-api-key"), ["first-key"]);
    std::fs::write(&key, "second-key").unwrap();
    until(|| {
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(call(), 200);
        first.request().fields("x-api-key") == ["second-key"]
    });
    let (_, config) = admin(process.admin, "/config");
    assert!(
        config.contains("/key") || config.contains("\"key\""),
        "{config}"
    );
    process.signal("TERM");
    let (_, log) = process.wait();
    for secret in ["first-key", "second-key"] {
        assert!(!log.contains(secret) && !config.contains(secret));
    }
}
