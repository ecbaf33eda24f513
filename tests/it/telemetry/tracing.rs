//! Traces: what a collector receives, what is propagated to an upstream, and what happens to both
//! when the collector is unreachable. The collector is a real server: a socket, HTTP, protobuf.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Instant;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{Span, SpanFlags, span::SpanKind, status::StatusCode};
use prost::Message as _;
use tokio::sync::Notify;

use crate::support::app::{App, SHOP, Site, admin, ask, get, post, problem};
use crate::support::client::PATIENCE;
use crate::support::upstream::{AnswerAt, Recorded, Step, Upstream, send};

pub(crate) const EXPORT_ACCEPTED: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
const CATALOG: &str = "[squads.payments]\ntier = \"gold\"\n[squads.checkout]\ntier = \"silver\"\n";
const SQUAD: &str = "x-tenant: a\r\nx-squad-owner: checkout\r\nx-sla-tier: gold\r\n";
const ITEM: &str = r#"{"name":"a","quantity":1}"#;

/// A collector of spans.
struct Collector(Upstream);

/// A span, with its attributes as text.
#[derive(Debug)]
pub(crate) struct CollectedSpan {
    span: Span,
    attributes: BTreeMap<String, String>,
    resource: BTreeMap<String, String>,
}

impl Collector {
    fn start() -> Self {
        Self(Upstream::start(|_| vec![send(EXPORT_ACCEPTED)]))
    }

    fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// The spans of the next exports, at least this many, in the order in which they began.
    fn spans(&self, count: usize) -> Vec<CollectedSpan> {
        let mut collected = Vec::new();
        while collected.len() < count {
            collected.extend(spans_of(&self.0.request()));
        }
        collected.sort_by_key(|collected| collected.span.start_time_unix_nano);
        assert_eq!(collected.len(), count, "{collected:#?}");
        collected
    }

    /// The only span of the next export.
    fn span(&self) -> CollectedSpan {
        self.spans(1).remove(0)
    }
}

impl CollectedSpan {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    fn is_error(&self) -> bool {
        let status = self.span.status.as_ref().unwrap();
        status.code == StatusCode::Error as i32
    }
}

pub(crate) fn spans_of(export: &Recorded) -> Vec<CollectedSpan> {
    assert_eq!(export.request_line(), "POST /v1/traces HTTP/1.1");
    assert_eq!(export.fields("content-type"), ["application/x-protobuf"]);
    let request = ExportTraceServiceRequest::decode(&export.body[..]).unwrap();
    let mut collected = Vec::new();
    for of_resource in request.resource_spans {
        let resource = of_resource.resource.unwrap();
        for of_scope in of_resource.scope_spans {
            assert_eq!(of_scope.scope.unwrap().name, "portcullis");
            collected.extend(of_scope.spans.into_iter().map(|span| CollectedSpan {
                attributes: texts(&span.attributes),
                span,
                resource: texts(&resource.attributes),
            }));
        }
    }
    collected
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for KeyValue { key, value, .. } in attributes {
        let text = text(value.as_ref().unwrap());
        assert_eq!(texts.insert(key.clone(), text), None, "{key} twice");
    }
    texts
}

fn text(value: &AnyValue) -> String {
    match value.value.as_ref().unwrap() {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        Value::DoubleValue(number) => number.to_string(),
        Value::ArrayValue(list) => list.values.iter().map(text).collect::<Vec<_>>().join(","),
        other => panic!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn top(collector: SocketAddr, keys: &str) -> String {
    format!(
        "[catalog]\npath = \"squads.toml\"\n\
         [tracing]\nendpoint = \"http://{collector}\"\nsample = 1.0\n{keys}\n"
    )
}

fn site(collector: SocketAddr, keys: &str) -> Site {
    Site::new(&top(collector, keys)).file("squads.toml", CATALOG)
}

/// The shop in front of an upstream, with tracing.
fn shop(upstream: SocketAddr, collector: SocketAddr, keys: &str) -> App {
    let upstream = format!("http://{upstream}");
    App::start(site(collector, keys).service("shop", SHOP, &upstream, ""))
}

/// An address without a listener.
pub(crate) fn unreachable_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// The number of spans by result: exported, lost in the queue, lost in the export.
pub(crate) fn spans_total(address: SocketAddr) -> [u64; 3] {
    let (_, text) = admin(address, "/metrics");
    ["exported", "lost-queue", "lost-export"].map(|result| {
        let series = format!("portcullis_spans_total{{result=\"{result}\"}} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&series));
        value.map_or_else(
            || panic!("{series}: {text}"),
            |value| value.parse().unwrap(),
        )
    })
}

/// Waits until this many spans have any result.
fn await_spans(app: &App, count: u64) -> [u64; 3] {
    let began = Instant::now();
    loop {
        let total = spans_total(app.admin);
        if total.iter().sum::<u64>() == count {
            return total;
        }
        assert!(began.elapsed() < PATIENCE, "{total:?} of {count}");
        std::thread::yield_now();
    }
}

#[test]
fn a_trace_is_continued_and_passed_on() {
    let (collector, upstream) = (Collector::start(), Upstream::ok());
    let keys = "service_name = \"edge\"\nheaders = { authorization = \"Bearer s3cret\" }\n\
                attributes = { \"deployment.environment.name\" = \"test\" }";
    let address = format!("http://{}", upstream.address);
    let site = site(collector.address(), keys);
    let app = App::start(site.service("shop", SHOP, &address, "risk_score = 50"));
    let fields = format!(
        "{SQUAD}{PARENT}tracestate: a=1\r\ntracestate: b=2\r\nx-request-id: request-7\r\n\
         baggage: user=%20u;p=1 , squad-id=forged\r\n"
    );
    let answer = app.ask(post("/items", &fields, ITEM));
    assert_eq!(answer.status, 200);
    let export = collector.0.request();
    assert_eq!(export.fields("authorization"), ["Bearer s3cret"]);
    let mut collected = spans_of(&export).remove(0);
    let span = &collected.span;

    let own = hex(&span.span_id);
    let forwarded = upstream.request();
    assert_eq!(
        forwarded.fields("traceparent"),
        [format!("00-{TRACE}-{own}-01")]
    );
    assert_eq!(forwarded.fields("tracestate"), ["a=1", "b=2"]);
    assert_eq!(
        forwarded.fields("baggage"),
        ["squad-id=checkout,user=%20u;p=1"]
    );

    assert_eq!(hex(&span.trace_id), TRACE);
    assert_eq!(hex(&span.parent_span_id), "00f067aa0ba902b7");
    assert_eq!(span.trace_state, "a=1,b=2");
    assert_eq!(span.kind, SpanKind::Server as i32);
    assert_eq!(span.name, "POST /items");
    let remote = SpanFlags::ContextHasIsRemoteMask as u32 | SpanFlags::ContextIsRemoteMask as u32;
    assert_eq!(span.flags, remote | 1);
    assert!(span.start_time_unix_nano < span.end_time_unix_nano);
    assert!(span.events.is_empty() && !collected.is_error());

    let duration_s = (span.end_time_unix_nano - span.start_time_unix_nano) as f64 / 1e9;
    let waited = collected.attributes.remove("portcullis.upstream.duration");
    let waited: f64 = waited.unwrap().parse().unwrap();
    assert!(
        0.0 < waited && waited <= duration_s,
        "{waited} of {duration_s}"
    );
    let revision = collected.attributes.remove("contract.revision").unwrap();
    assert!(revision.starts_with("sha256:"), "{revision}");
    let expected = "contract.operation=createItem contract.service=shop contract.version=2.3.1 \
         deployment.risk_score=50 http.request.method=POST http.response.status_code=200 \
         http.route=/items network.protocol.version=1.1 portcullis.outcome=answered \
         portcullis.request_id=request-7 portcullis.upstream.attempts=1 server.address=shop \
         sla.tier=silver squad.id=checkout url.scheme=http";
    let pairs = collected.attributes.iter();
    let found: Vec<_> = pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(found.join(" "), expected);
    for (name, value) in [
        ("service.name", "edge"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("deployment.environment.name", "test"),
    ] {
        assert_eq!(collected.resource[name], value);
    }
    assert_eq!(await_spans(&app, 1), [1, 0, 0]);
}

/// Every way in which a request can end, by the requested host.
fn many_shops(collector: SocketAddr, upstream: SocketAddr) -> App {
    let hosts = |host: &str| format!("hosts = [\"{host}\"]");
    let address = format!("http://{upstream}");
    let unreachable = format!("http://{}", unreachable_address());
    let strict = "hosts = [\"strict\"]\n[services.enforcement]\nresponse = \"reject\"";
    let watched = "hosts = [\"watched\"]\ncandidate = \"next.yaml\"";
    let next = SHOP.replace("maximum: 100", "maximum: 10");
    let site = site(collector, "")
        .file("next.yaml", &next)
        .service("shop", SHOP, &address, &hosts("shop"))
        .service("gone", SHOP, &unreachable, &hosts("gone"))
        .service("mock", SHOP, "mock", &hosts("mock"))
        .service("watched", SHOP, &address, watched)
        .service(
            "strict",
            &SHOP.replace("default:", "'299':"),
            &address,
            strict,
        );
    App::start(site)
}

fn answer_by_path(request: &Recorded) -> Vec<Step> {
    let line = request.request_line();
    match () {
        () if line.contains("/files/bad") => {
            vec![send("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n")]
        }
        () if line.contains("/files/cut") => {
            vec![
                send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab"),
                Step::Close,
            ]
        }
        () => vec![send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")],
    }
}

#[test]
fn every_request_has_one_span() {
    let (collector, upstream) = (Collector::start(), Upstream::start(answer_by_path));
    let app = many_shops(collector.address(), upstream.address);
    let requests: Vec<&str> = ENDS.trim().lines().collect();
    let mut answered = Vec::new();
    for line in &requests {
        let [method, host, path, ..] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let request_line =
            format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\n\r\n");
        answered.push(ask(app.data, request_line).status.to_string());
    }
    let spans = collector.spans(requests.len());
    for ((line, status), collected) in requests.iter().zip(answered).zip(&spans) {
        let (request_line, expected) = line.split_once(" -> ").unwrap();
        let names = [
            "error.type",
            "portcullis.error",
            "portcullis.outcome",
            "portcullis.violation.classes",
        ];
        let found = names.map(|name| collected.attribute(name).unwrap_or("-"));
        let found = format!("{}: {}", collected.span.name, found.join(" "));
        assert_eq!(found, expected, "{request_line}");
        assert_eq!(
            collected.attribute("http.response.status_code"),
            Some(&*status),
            "{request_line}"
        );
        let is_error = collected.attribute("error.type").is_some();
        assert_eq!(collected.is_error(), is_error, "{request_line}");
        let route = collected.span.name.split_once(' ').map(|(_, route)| route);
        assert_eq!(collected.attribute("http.route"), route, "{request_line}");
        let host = request_line.split_whitespace().nth(1).unwrap();
        assert_eq!(
            collected.attribute("server.address"),
            host.split(':').next(),
            "{request_line}"
        );
        assert_eq!(
            collected.attribute("server.port"),
            host.split(':').nth(1),
            "{request_line}"
        );
    }
}

/// Method, host and path; the span's name; its error type, error, outcome and violations.
const ENDS: &str = "
GET shop:8080 /files/a -> GET /files/{name}: - - answered -
GET shop /files/bad -> GET /files/{name}: 503 - failed -
GET shop /files/cut -> GET /files/{name}: broken-response - truncated -
GET shop /items?limit=101 -> GET /items: - CONTRACT_VIOLATION refused invalid-parameter
GET shop /items?more=1 -> GET /items: - - answered unknown-query
GET shop /nowhere -> GET: - CONTRACT_VIOLATION refused unknown-path
BREW shop /items -> HTTP: - CONTRACT_VIOLATION refused unknown-method
GET other /items -> GET: - NO_SERVICE - -
GET gone /items -> GET /items: UPSTREAM_UNAVAILABLE UPSTREAM_UNAVAILABLE unanswered -
GET mock /items -> GET /items: - - answered -
GET watched /items?limit=11 -> GET /items: - - answered -
GET strict /files/bad -> GET /files/{name}: CONTRACT_VIOLATION CONTRACT_VIOLATION failed undeclared-status
";

#[test]
fn violations_are_events_without_values() {
    let (collector, upstream) = (Collector::start(), Upstream::ok());
    let app = shop(upstream.address, collector.address(), "");
    let body = r#"{"name":"a","quantity":"s3cret","s3cret":1,"tags":["s3cret",7]}"#;
    let fields = format!("{SQUAD}cookie: session=s3c\r\nx-s3cret: s3cret\r\n");
    let answer = app.ask(post("/items?s3cret=s3cret", &fields, body));
    assert_eq!(answer.status, 422);
    let problem = problem(&answer);
    let export = collector.0.request();
    let secret = b"s3c";
    assert!(
        !export
            .body
            .windows(secret.len())
            .any(|bytes| bytes == secret)
    );
    let collected = spans_of(&export).remove(0);
    let events: Vec<_> = collected
        .span
        .events
        .iter()
        .map(|event| (&*event.name, texts(&event.attributes)))
        .collect();
    // All violations that the refusal lists, and those that were only reported.
    let listed = problem["violations"].as_array().unwrap();
    assert!(
        listed.len() >= 2 && events.len() >= listed.len(),
        "{events:?}"
    );
    for violation in listed {
        let is_reported = events.iter().any(|(name, event)| {
            *name == "portcullis.violation"
                && event["portcullis.violation.class"] == violation["class"].as_str().unwrap()
                && event.get("portcullis.violation.schema").map(String::as_str)
                    == violation["schema"].as_str()
                && event
                    .get("portcullis.violation.keyword")
                    .map(String::as_str)
                    == violation["keyword"].as_str()
        });
        assert!(is_reported, "{violation} {events:?}");
    }
    assert!(
        events
            .iter()
            .any(|(_, event)| event["portcullis.violation.enforcement"] == "reject")
    );
}

#[test]
fn late_response_violations_are_span_events() {
    const CONTRACT: &str = "openapi: 3.1.0\ninfo: { title: Pins, version: 1.0.0 }\npaths:\n  /pin:\n    get:\n      responses: { '200': { description: It., content: { application/json: { schema: { type: object } } } } }";
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]";
    let (collector, upstream) = (
        Collector::start(),
        Upstream::start(move |_| vec![send(answer)]),
    );
    let site = site(collector.address(), "");
    let app = App::start(site.service(
        "pins",
        CONTRACT,
        &format!("http://{}", upstream.address),
        "",
    ));
    assert_eq!(app.ask(get("/pin")).status, 200);
    let collected = collector.span();
    assert_eq!(
        collected.attribute("portcullis.violation.classes"),
        Some("invalid-response-body")
    );
    let event = texts(&collected.span.events[0].attributes);
    assert_eq!(event["portcullis.violation.enforcement"], "report");
    assert_eq!(collected.attribute("contract.operation"), Some("GET /pin"));
}

#[test]
fn follows_the_sampling_decision_of_the_caller() {
    let (collector, upstream) = (Collector::start(), Upstream::ok());
    let app = shop(upstream.address, collector.address(), "");
    let forwarded_fields = |fields: &str| {
        app.ask(format!("GET /items HTTP/1.1\r\nhost: shop\r\n{fields}\r\n"));
        let forwarded = upstream.request();
        let texts = |name: &str| forwarded.fields(name).join("|");
        (texts("traceparent"), texts("tracestate"))
    };
    // Unsampled: our own parent id, and no span.
    let unsampled = PARENT.replace("-01\r\n", "-00\r\ntracestate: a=1\r\n");
    let (parent, state) = forwarded_fields(&unsampled);
    assert!(
        parent.starts_with(&format!("00-{TRACE}-")) && parent.ends_with("-00"),
        "{parent}"
    );
    assert!(!parent.contains("00f067aa0ba902b7"), "{parent}");
    assert_eq!(state, "a=1");
    // A malformed or repeated field starts a new trace.
    let mut roots = Vec::new();
    for fields in [
        PARENT.replace("00-", "ff-"),
        PARENT.repeat(2),
        PARENT.replace("-01\r\n", "\r\n"),
        String::new(),
    ] {
        let (parent, state) = forwarded_fields(&format!("{fields}tracestate: a=1\r\n"));
        assert!(
            !parent.contains(TRACE) && parent.ends_with("-03"),
            "{fields} {parent}"
        );
        assert_eq!(parent.len(), 55, "{parent}");
        assert_eq!(state, "");
        roots.push(parent);
    }
    // A later version is parsed as far as its format is known.
    let (parent, _) = forwarded_fields(
        &PARENT
            .replace("00-4", "cc-4")
            .replace("-01\r\n", "-01-more\r\n"),
    );
    assert!(parent.starts_with(&format!("00-{TRACE}-")), "{parent}");
    roots.push(parent);
    let spans = collector.spans(roots.len());
    for (collected, parent) in spans.iter().zip(roots) {
        let Span {
            trace_id,
            span_id,
            parent_span_id,
            ..
        } = &collected.span;
        assert_eq!(parent[3..52], format!("{}-{}", hex(trace_id), hex(span_id)));
        assert_eq!(parent_span_id.is_empty(), hex(trace_id) != TRACE);
    }
}

#[test]
fn samples_a_share_of_root_spans() {
    let (collector, upstream) = (Collector::start(), Upstream::ok());
    let top = top(collector.address(), "").replace("sample = 1.0", "sample = 0.25");
    let address = format!("http://{}", upstream.address);
    let site = Site::new(&top).file("squads.toml", CATALOG);
    let app = App::start(site.service("shop", SHOP, &address, ""));
    let mut client = app.client();
    let mut sampled = 0;
    for _ in 0..200 {
        client.send(get("/items"));
        assert_eq!(client.answer().status, 200);
        let forwarded = upstream.request();
        sampled += u64::from(forwarded.fields("traceparent")[0].ends_with("-03"));
    }
    // Six standard deviations around 50, so chance cannot fail the test.
    assert!((13..=87).contains(&sampled), "{sampled}");
    assert_eq!(await_spans(&app, sampled), [sampled, 0, 0]);
}

#[test]
fn forwards_trace_fields_unchanged_without_a_collector() {
    let upstream = Upstream::ok();
    let app = App::shop(upstream.address);
    let fields =
        format!("{PARENT}{PARENT}tracestate: a=1\r\nbaggage: squad-id=other, a=1\r\n{SQUAD}");
    assert_eq!(app.ask(post("/items", &fields, ITEM)).status, 200);
    let forwarded = upstream.request();
    assert_eq!(forwarded.fields("traceparent").len(), 2);
    assert_eq!(forwarded.fields("tracestate"), ["a=1"]);
    assert_eq!(forwarded.fields("baggage"), ["squad-id=other, a=1"]);
    app.ask(get("/items"));
    assert_eq!(upstream.request().fields("traceparent").len(), 0);
    assert!(
        !admin(app.admin, "/metrics")
            .1
            .contains("portcullis_spans_total{")
    );
}

#[test]
fn does_not_propagate_an_unverified_squad() {
    let (collector, upstream) = (Collector::start(), Upstream::ok());
    let address = format!("http://{}", upstream.address);
    let legacy = "hosts = [\"legacy\"]\nlegacy = true";
    let site = site(collector.address(), "")
        .service("shop", SHOP, &address, "hosts = [\"shop\"]")
        .service("old", SHOP, &address, legacy);
    let app = App::start(site);
    let check = |host: &str, squad: &str, expected: &[&str]| {
        app.ask(format!(
            "GET /items HTTP/1.1\r\nhost: {host}\r\nbaggage: a=1,squad-id=forged\r\n{squad}\r\n"
        ));
        assert_eq!(
            upstream.request().fields("baggage"),
            expected,
            "{host} {squad}"
        );
    };
    check("shop", "", &["a=1"]);
    check("shop", "x-squad-owner: nobody\r\n", &["a=1"]);
    check(
        "shop",
        "x-squad-owner: checkout\r\n",
        &["squad-id=checkout,a=1"],
    );
    check("legacy", "x-squad-owner: checkout\r\n", &["a=1"]);
}

#[test]
fn a_disconnected_client_has_a_span() {
    let (collector, gate) = (Collector::start(), Arc::new(Notify::new()));
    let upstream = Upstream::start_at(AnswerAt::EndAfter(Arc::clone(&gate)), |_| vec![]);
    let app = shop(upstream.address, collector.address(), "");
    let mut client = app.client();
    client.send(get("/items"));
    upstream.head();
    drop(client);
    let collected = collector.span();
    assert_eq!(collected.attribute("portcullis.outcome"), Some("abandoned"));
    assert_eq!(collected.attribute("http.response.status_code"), None);
    assert!(!collected.is_error());
}

#[test]
fn exports_the_last_spans_at_shutdown() {
    let (collector, upstream) = (Collector::start(), Upstream::ok());
    let app = shop(upstream.address, collector.address(), "");
    for _ in 0..3 {
        app.ask(get("/items"));
    }
    drop(app);
    // They were sent before the process exited: nothing that could send them runs any more.
    let sent: usize = collector
        .0
        .requests
        .try_iter()
        .map(|export| spans_of(&export).len())
        .sum();
    assert_eq!(sent, 3);
}

#[test]
fn an_unreachable_collector_loses_only_spans() {
    let upstream = Upstream::ok();
    let app = shop(upstream.address, unreachable_address(), "queue_max = 8");
    let mut client = app.client();
    for _ in 0..100 {
        client.send(get("/items"));
        assert_eq!(client.answer().status, 200);
    }
    let [exported, in_queue, in_export] = await_spans(&app, 100);
    assert_eq!(exported, 0);
    assert_eq!(in_queue + in_export, 100);
    assert!(in_export >= 8, "{in_queue} {in_export}");
}

#[test]
fn a_hanging_collector_fills_only_the_queue() {
    let gate = Arc::new(Notify::new());
    let collector = {
        let gate = Arc::clone(&gate);
        Upstream::start(move |_| vec![Step::Wait(Arc::clone(&gate)), send(EXPORT_ACCEPTED)])
    };
    let upstream = Upstream::ok();
    let app = shop(
        upstream.address,
        collector.address,
        "queue_max = 4\ntimeout = \"1m\"",
    );
    let mut client = app.client();
    let mut ask = |times: usize| {
        for _ in 0..times {
            client.send(get("/items"));
            assert_eq!(client.answer().status, 200);
        }
    };
    ask(1);
    collector.head();
    // One export is pending; the queue takes four more spans, and all others are lost at once.
    ask(20);
    assert_eq!(await_spans(&app, 16), [0, 16, 0]);
    gate.notify_one();
    collector.head();
    gate.notify_one();
    assert_eq!(await_spans(&app, 21), [5, 16, 0]);
}

#[test]
fn slow_and_refused_exports_are_lost() {
    let check = |steps: Vec<Step>, keys: &str| {
        let collector = Upstream::start(move |_| steps.clone());
        let upstream = Upstream::ok();
        let app = shop(upstream.address, collector.address, keys);
        for _ in 0..3 {
            assert_eq!(app.ask(get("/items")).status, 200);
        }
        assert_eq!(await_spans(&app, 3), [0, 0, 3]);
    };
    let never = Arc::new(Notify::new());
    check(vec![Step::Wait(never)], "timeout = \"100ms\"");
    check(
        vec![send("HTTP/1.1 400 No\r\ncontent-length: 0\r\n\r\n")],
        "",
    );
    let elsewhere = "HTTP/1.1 307 No\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    check(vec![send(elsewhere)], "");
    check(vec![Step::Close], "timeout = \"1s\"");
}
