//! The log lines of refused and failed requests say which request it was and why.

use serde_json::Value;

use crate::support::app::{Process, Site, get};
use crate::support::client::Client;
use crate::support::upstream::{Upstream, send};

const LIMITS: &str = "[limits]\nrequest_head_timeout = \"100ms\"\n";

/// Sends each text on its own connection, stops the process and returns the lines about exchanges.
fn logged(format: &str, requests: &[&[u8]]) -> Vec<String> {
    let upstream = Upstream::start(|_| vec![send("HTTP/1.1 200 OK\r\nx-a: one\r\n two\r\n\r\n")]);
    let top = format!("{LIMITS}[log]\nformat = \"{format}\"");
    let keys = "hosts = [\"shop\"]\n";
    let process = Process::start(Site::shop(upstream.address, keys, &top));
    for request in requests {
        let mut client = Client::connect(process.data);
        client.send(request);
        client.answer();
    }
    process.signal("TERM");
    let (_, log) = process.wait();
    let lines = log.lines().filter(|line| line.contains("exchange"));
    lines.map(str::to_owned).collect()
}

/// Checks the lines of a request in both formats: service, method, path, status and reason.
#[track_caller]
fn check(request: &[u8], expected: [&str; 5]) {
    let shown = String::from_utf8_lossy(request);
    let lines = logged("json", &[request]);
    let [line] = lines.as_slice() else {
        panic!("{shown}: {lines:?}");
    };
    let line: Value = serde_json::from_str(line).unwrap();
    let text = |name: &str| match &line[name] {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    };
    let names = ["service", "method", "path", "status", "reason"];
    assert_eq!(names.map(text), expected, "{shown}");
    assert_eq!(text("request_id").len(), 36, "{line}");
    assert_eq!(text("peer"), "127.0.0.1", "{line}");
    // The text says the same.
    let lines = logged("text", &[request]);
    let [line] = lines.as_slice() else {
        panic!("{shown}: {lines:?}");
    };
    let [service, method, path, status, reason] = expected;
    assert!(
        line.contains(&format!(" {method} {path} {status} ")),
        "{line}"
    );
    assert!(
        service == "-" || line.contains(&format!(" service={service} ")),
        "{line}"
    );
    assert!(
        reason == "-" || line.contains(&format!(" reason={reason:?} ")),
        "{line}"
    );
    assert!(
        line.contains(" peer=127.0.0.1") && line.contains(" request_id="),
        "{line}"
    );
}

#[test]
fn a_refused_stream_is_logged_with_its_request() {
    let two =
        "POST /items HTTP/1.1\r\nhost: shop\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n";
    check(
        two.as_bytes(),
        [
            "shop",
            "POST",
            "/items",
            "400",
            "conflicting-content-length",
        ],
    );
    check(
        b"GET /items/17?secret=x HTTP/1.1\r\nhost: shop\r\nbad name: x\r\n\r\n",
        ["shop", "GET", "/items/{}", "400", "malformed-field-name"],
    );
    check(
        b"PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n",
        ["-", "*", "-", "505", "unsupported-version"],
    );
    // The head ends too late, after its first lines have arrived.
    check(
        b"GET /items HTTP/1.1\r\nhost: shop\r\nx-a",
        ["shop", "GET", "/items", "408", "head-timeout"],
    );
}

#[test]
fn a_request_without_a_service_is_logged() {
    check(
        b"GET /orders/17/notes HTTP/1.1\r\nhost: other\r\n\r\n",
        ["-", "GET", "/orders/{}/notes", "404", "-"],
    );
}

#[test]
fn a_failure_of_the_upstream_is_logged_with_its_cause() {
    let lines = logged("json", &[get("/files/x").as_bytes()]);
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(
        (&line["service"], &line["path"], &line["status"]),
        (&"shop".into(), &"/files/{name}".into(), &502.into())
    );
    let reason = line["reason"].as_str().unwrap();
    assert!(reason.contains("sent a malformed response"), "{reason}");
}
