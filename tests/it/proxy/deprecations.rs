//! Operations that end: what their answers announce, who still calls them, and calls that come too
//! late.

use serde_json::Value;

use crate::cli::operate::printed;
use crate::support::app::{App, Site, admin, problem, until};
use crate::support::client::Answer;
use crate::support::upstream::{Upstream, send};

const CONTRACT: &str = r##"openapi: 3.1.0
info: {title: t, version: "1"}
x-squad-owner: payments
paths:
  /kept: {get: {responses: {"200": {description: ok}}}}
  /old:
    get:
      operationId: old
      deprecated: true
      x-deprecated-since: 2026-01-02
      x-sunset: "2999-12-31"
      x-successor: /v2/kept
      responses: {"200": {description: ok}}
  /undated: {get: {operationId: undated, deprecated: true, responses: {"200": {description: ok}}}}
  /ended:
    get:
      operationId: ended
      deprecated: true
      x-sunset: "2020-02-01T10:00:00Z"
      x-successor: /v2/kept
      responses: {"200": {description: ok}}
"##;

const CATALOG: &str = "[squads.payments]\ntier = \"gold\"\nchat = \"#payments\"\n\
     [squads.checkout]\ntier = \"gold\"\nemail = \"checkout@shop.example\"\n";

fn start(upstream: &str, keys: &str) -> App {
    let top = "[catalog]\npath = \"squads.toml\"";
    let site = Site::new(top).file("squads.toml", CATALOG);
    App::start(site.service("shop", CONTRACT, upstream, keys))
}

fn call(app: &App, target: &str) -> Answer {
    let fields = "host: a\r\nx-squad-owner: checkout\r\nx-sla-tier: gold\r\n";
    app.ask(format!("GET {target} HTTP/1.1\r\n{fields}\r\n"))
}

/// The fields that announce an end: `Deprecation`, `Sunset` and `Link`.
fn announced(answer: &Answer) -> [Option<&str>; 3] {
    ["deprecation", "sunset", "link"].map(|name| answer.field(name))
}

const SUCCESSOR: Option<&str> = Some("</v2/kept>; rel=\"successor-version\"");

#[test]
fn answers_announce_the_end_of_their_operation() {
    let app = start("mock", "");
    assert_eq!(announced(&call(&app, "/kept")), [None; 3]);
    let sunset = Some("Tue, 31 Dec 2999 00:00:00 GMT");
    let old = call(&app, "/old");
    assert_eq!(old.status, 200);
    assert_eq!(announced(&old), [Some("@1767312000"), sunset, SUCCESSOR]);
    // Refusals, too, and a day that the contract does not give is surely past.
    let refused = call(&app, "/old?surprise=1&surprise=2");
    assert_eq!(announced(&refused)[0], Some("@1767312000"));
    let undated = call(&app, "/undated");
    assert_eq!(announced(&undated), [Some("@0"), None, None]);
    let app = start("mock", "deprecation_headers = false");
    assert_eq!(announced(&call(&app, "/old")), [None; 3]);
}

#[test]
fn what_the_service_announces_itself_stays() {
    let upstream = Upstream::start(|_| {
        vec![send(
            "HTTP/1.1 200 OK\r\ndeprecation: @5\r\nlink: </a>; rel=\"next\"\r\ncontent-length: 0\r\n\r\n",
        )]
    });
    let app = start(&format!("http://{}", upstream.address), "");
    let answer = call(&app, "/old");
    assert_eq!(answer.field("deprecation"), Some("@5"));
    let links: Vec<&str> = answer
        .head
        .lines()
        .filter_map(|line| line.strip_prefix("link: "))
        .collect();
    assert_eq!(links, ["</a>; rel=\"next\"", SUCCESSOR.unwrap()]);
}

#[test]
fn calls_after_the_sunset_are_reported_or_refused() {
    let app = start("mock", "");
    let answer = call(&app, "/ended");
    let reported = answer.field("x-portcullis-violations");
    assert_eq!((answer.status, reported), (200, Some("1; after-sunset")));
    let app = start("mock", "enforcement.classes.after-sunset = \"reject\"");
    let answer = call(&app, "/ended");
    assert_eq!(answer.status, 410);
    let expected = [Some("@0"), Some("Sat, 01 Feb 2020 10:00:00 GMT"), SUCCESSOR];
    assert_eq!(announced(&answer), expected);
    let violation = &problem(&answer)["violations"][0];
    assert_eq!(violation["class"], "after-sunset");
    assert_eq!(violation["expected"], "a call of /v2/kept");
    assert_eq!(violation["line"], 19, "{violation}");
    assert_eq!(call(&app, "/old").status, 200);
    let app = start("mock", "enforcement.classes.after-sunset = \"off\"");
    let answer = call(&app, "/ended");
    let reported = answer.field("x-portcullis-violations");
    assert_eq!((answer.status, reported), (200, None));
}

#[test]
fn callers_of_deprecated_operations_are_listed() {
    let app = start("mock", "");
    for _ in 0..3 {
        call(&app, "/old");
    }
    for version in ["1.4.0", "1.5.0", "1.4.0"] {
        let fields = "host: a\r\nx-squad-owner: checkout\r\nx-sla-tier: gold\r\n";
        app.ask(format!(
            "GET /old HTTP/1.1\r\n{fields}x-service-version: {version}\r\n\r\n"
        ));
    }
    call(&app, "/ended");
    call(&app, "/kept");
    // A client may have its answer before the request is over.
    until(|| {
        let (_, text) = admin(app.admin, "/deprecations");
        text.contains("\"requests\":6") && text.matches("\"last_at\":\"").count() == 2
    });
    let (status, text) = admin(app.admin, "/deprecations");
    let view: Value = serde_json::from_str(&text).unwrap();
    let operations = view["operations"].as_array().unwrap();
    assert_eq!((status, operations.len()), (200, 3), "{text}");
    let old = &operations[0];
    let is = |key: &str, value: Value| assert_eq!(old[key], value, "{key}: {text}");
    is("operation", "old".into());
    is("provider", "payments".into());
    is("sunset", "2999-12-31T00:00:00Z".into());
    is("has_ended", false.into());
    is("successor", "/v2/kept".into());
    is("requests", 6.into());
    let caller = &old["callers"][0];
    assert_eq!(
        (&caller["squad"], &caller["requests"]),
        (&"checkout".into(), &6.into())
    );
    let versions = serde_json::json!([
        {"version": "1.4.0", "requests": 2},
        {"version": "1.5.0", "requests": 1},
    ]);
    assert_eq!(caller["versions"], versions);
    assert!(
        caller["last_seconds_ago"].as_f64().unwrap() < 60.0,
        "{text}"
    );
    assert_eq!(operations[1]["callers"].as_array().unwrap().len(), 0);
    assert_eq!(operations[2]["has_ended"], true);
    let metrics = admin(app.admin, "/metrics").1;
    let sample = "portcullis_deprecated_requests_total{service=\"shop\",operation=\"old\",squad=\"checkout\"} 6";
    assert!(metrics.contains(sample), "{metrics}");
    let text = printed(app.admin, "owners deprecations", 1);
    for part in [
        "To checkout (checkout@shop.example)\n- old of shop is deprecated and ends on \
         2999-12-31T00:00:00Z. You sent 6 requests in the last ",
        " (by version 1.4.0: 2, 1.5.0: 1), the last at ",
        " Call /v2/kept instead. Ask payments (#payments).",
        "- ended of shop ended on 2020-02-01T10:00:00Z. You sent 1 request in",
        "undated of shop is deprecated and was not called",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = printed(app.admin, "owners deprecations --squad payments", 0);
    assert!(
        text.contains("no deprecated operation was called"),
        "{text}"
    );
}

/// Several squads call at the same time, and each is listed with the calls that it counted itself.
#[test]
fn callers_are_listed_as_they_counted() {
    let squads = [
        ("checkout", 40_u64),
        ("search", 25),
        ("payments", 10),
        ("", 5),
    ];
    let catalog = format!("{CATALOG}[squads.search]\ntier = \"silver\"\n");
    let site = Site::new("[catalog]\npath = \"squads.toml\"").file("squads.toml", &catalog);
    let app = App::start(site.service("shop", CONTRACT, "mock", ""));
    let call_often = |squad: &str, calls: u64| {
        let mut client = app.client();
        let caller = match squad {
            "" => String::new(),
            squad => format!("x-squad-owner: {squad}\r\n"),
        };
        for number in 0..calls {
            // Not all of their calls are to what ends, and some are refused.
            let target = ["/old", "/kept", "/old?surprise=1", "/old"][number as usize % 4];
            client.send(format!("GET {target} HTTP/1.1\r\nhost: a\r\n{caller}\r\n"));
            client.answer();
        }
        calls - (calls + 2) / 4
    };
    let counted: Vec<(String, u64)> = std::thread::scope(|scope| {
        let call_often = &call_often;
        let threads = squads.map(|(squad, calls)| scope.spawn(move || call_often(squad, calls)));
        let counts = threads.into_iter().map(|thread| thread.join().unwrap());
        let names = squads.map(|(squad, _)| if squad.is_empty() { "unknown" } else { squad });
        names.map(str::to_owned).into_iter().zip(counts).collect()
    });
    let sorted = |mut rows: Vec<(String, u64)>| {
        rows.sort();
        rows
    };
    // A client may have its answer before the request is over.
    until(|| {
        let (_, text) = admin(app.admin, "/deprecations");
        let view: Value = serde_json::from_str(&text).unwrap();
        let callers = view["operations"][0]["callers"].as_array().unwrap().iter();
        let listed = callers.map(|caller| {
            let squad = caller["squad"].as_str().unwrap().to_owned();
            (squad, caller["requests"].as_u64().unwrap())
        });
        sorted(listed.collect()) == sorted(counted.clone())
    });
    let metrics = admin(app.admin, "/metrics").1;
    let messages = printed(app.admin, "owners deprecations", 1);
    for (squad, calls) in counted {
        let sample = format!("operation=\"old\",squad=\"{squad}\"}} {calls}\n");
        assert!(metrics.contains(&sample), "{sample}{metrics}");
        let sent = format!("You sent {calls} requests in the last ");
        assert!(
            squad == "unknown" || messages.contains(&sent),
            "{sent}: {messages}"
        );
    }
}
