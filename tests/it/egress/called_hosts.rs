//! Where services called: on the admin port, in the metrics, and compared with the catalog.

use serde_json::Value;

use super::{LOCAL, catalog, proxy, site};
use crate::support::app::{App, admin, ask, run};
use crate::support::upstream::Upstream;

#[test]
fn calls_are_shown_and_compared_with_the_catalog() {
    let upstream = Upstream::ok();
    let port = upstream.address.port();
    let hosts = format!("\"127.0.0.1:{port}\", \"gone.test\"");
    let app = App::start(site(&hosts, LOCAL));
    let call = |to: String| {
        ask(
            proxy(&app),
            format!("GET http://{to}/ HTTP/1.1\r\nhost: a\r\n\r\n"),
        )
    };
    assert_eq!(call(format!("127.0.0.1:{port}")).status, 200);
    assert_eq!(call(format!("localhost:{port}")).status, 200);
    assert_eq!(call(format!("LOCALHOST.:{port}")).status, 200);
    assert_eq!(call("10.0.0.1".to_owned()).status, 403);

    let (status, text) = admin(app.admin, "/dependencies");
    assert_eq!(status, 200, "{text}");
    let shown: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&shown["is_on"], &shown["default"]),
        (&true.into(), &"report".into())
    );
    let calls: Vec<_> = shown["calls"].as_array().unwrap().iter().collect();
    let row = |host: &str| {
        let found = calls.iter().find(|call| call["host"] == host);
        *found.unwrap_or_else(|| panic!("{host}: {text}"))
    };
    assert_eq!(row("127.0.0.1")["verdict"], "declared");
    assert_eq!(row("127.0.0.1")["pattern"], format!("127.0.0.1:{port}"));
    assert_eq!(row("localhost")["verdict"], "undeclared");
    assert_eq!(row("localhost")["calls"], 2);
    assert_eq!(row("10.0.0.1")["verdict"], "denied-address");
    assert_eq!(row("10.0.0.1")["refused"], 1);
    assert_eq!(row("10.0.0.1")["squad"], "payments");

    let (_, metrics) = admin(app.admin, "/metrics");
    let series = |host: &str, verdict: &str, calls: u64| {
        let line = format!(
            "portcullis_egress_calls_total{{service=\"orders\",squad=\"payments\",host=\"{host}\",verdict=\"{verdict}\"}} {calls}\n"
        );
        assert!(metrics.contains(&line), "{line}{metrics}");
    };
    series(&format!("127.0.0.1:{port}"), "declared", 1);
    series("localhost", "undeclared", 2);
    series("10.0.0.1", "denied-address", 1);

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("squads.toml"), catalog(&hosts)).unwrap();
    let command = format!(
        "owners dependencies --catalog squads.toml --admin http://{}",
        app.admin
    );
    let output = run(folder.path(), &command, "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    for part in [
        "orders (squads.toml:6)".to_owned(),
        format!("  + \"localhost:{port}\", called 2 times in the last "),
        "  - \"gone.test\" is declared and was not called in the last ".to_owned(),
        "[services.orders.dependencies]\n".to_owned(),
        format!("allowed_hosts = [\"127.0.0.1:{port}\", \"localhost:{port}\"]"),
    ] {
        assert!(text.contains(&part), "{part}: {text}");
    }
    // With the catalog that it prints, nothing differs.
    let hosts = format!("\"127.0.0.1:{port}\", \"localhost:{port}\"");
    std::fs::write(folder.path().join("squads.toml"), catalog(&hosts)).unwrap();
    let output = run(folder.path(), &command, "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let output = run(folder.path(), &format!("{command} --format json"), "");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["services"], Value::Array(Vec::new()));
}

#[test]
fn a_proxy_without_calls_says_so() {
    let upstream = Upstream::ok();
    let app = App::shop(upstream.address);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("squads.toml"), catalog("")).unwrap();
    let command = format!(
        "owners dependencies --catalog squads.toml --admin http://{}",
        app.admin
    );
    let output = run(folder.path(), &command, "");
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("egress.address"), "{error}");
}
