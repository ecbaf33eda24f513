//! Overlays in the commands and in a service.

use crate::support::app::{App, Site, admin, get, run, until};

const CONTRACT: &str = "\
openapi: 3.0.3
info: {title: Cards, version: 1.0.0}
paths:
  /cards:
    get:
      parameters: [{name: limit, in: query, schema: {type: integer, maximum: 10}}]
      responses: {'204': {description: done}}
";

fn overlay(maximum: &str) -> String {
    format!(
        "overlay: 1.0.0\ninfo: {{title: Cards, version: 1.0.0}}\nactions:\n- target: $..parameters[?@.name == 'limit'].schema\n  update: {{maximum: {maximum}}}\n"
    )
}

/// The exit code and the output of a command in a folder with the contract and overlays.
#[track_caller]
fn output(command: &str, input: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("cards.yaml", CONTRACT.to_owned()),
        ("higher.yaml", overlay("20")),
        ("bad.yaml", overlay("a")),
        (
            "none.yaml",
            overlay("20").replace("$..parameters", "$..params"),
        ),
        ("broken.yaml", overlay("20").replace("$..", "$..[")),
    ];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let output = run(folder.path(), command, input);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let both = format!("{}{}", text(&output.stdout), text(&output.stderr));
    (output.status.code(), both)
}

#[test]
fn commands_apply_overlays() {
    let check = |command: &str, code: i32, parts: &[&str]| {
        let (found, text) = output(command, "");
        assert_eq!(found, Some(code), "{command}: {text}");
        for part in parts {
            assert!(text.contains(part), "{command}: {part}: {text}");
        }
    };
    check("check cards.yaml --overlay higher.yaml", 0, &["0 errors"]);
    check(
        "check cards.yaml --overlay bad.yaml",
        1,
        &["bad.yaml:5", "malformed-schema"],
    );
    check(
        "check cards.yaml --overlay none.yaml",
        0,
        &["none.yaml:4", "matches nothing"],
    );
    check(
        "check cards.yaml --overlay broken.yaml",
        1,
        &["broken.yaml:4", "is not a JSONPath"],
    );
    check(
        "check cards.yaml --overlay missing.yaml",
        2,
        &["missing.yaml"],
    );
    // Both sides of a comparison are changed alike.
    check("diff cards.yaml cards.yaml --overlay higher.yaml", 0, &[]);
    let exchange = r#"{"request": {"method": "GET", "path": "/cards?limit=15"}}"#;
    let replay = "replay --contract cards.yaml -";
    assert_eq!(output(replay, exchange).0, Some(1));
    let overlaid = "replay --contract cards.yaml --overlay higher.yaml -";
    assert_eq!(output(overlaid, exchange).0, Some(0));
}

/// A service applies its overlays in order, and again when one of them changes.
#[test]
fn a_service_watches_its_overlays() {
    let keys = "overlays = [\"first.yaml\", \"second.yaml\"]";
    let site = Site::new("[reload]\npoll = \"200ms\"")
        .file("first.yaml", &overlay("3"))
        .file("second.yaml", &overlay("20"))
        .service("cards", CONTRACT, "mock", keys);
    let second = site.path("second.yaml");
    let app = App::start(site);
    assert_eq!(app.ask(get("/cards?limit=15")).status, 204);
    assert_eq!(app.ask(get("/cards?limit=25")).status, 422);
    let before = admin(app.admin, "/contracts").1;
    std::fs::write(&second, overlay("30")).unwrap();
    until(|| app.ask(get("/cards?limit=25")).status == 204);
    assert_ne!(admin(app.admin, "/contracts").1, before);
    // An overlay that cannot be parsed is still watched.
    std::fs::write(&second, "[").unwrap();
    until(|| admin(app.admin, "/contracts").1.contains("second.yaml:2:1"));
    // A bad overlay is refused, and the active revision stays.
    std::fs::write(&second, overlay("a")).unwrap();
    until(|| admin(app.admin, "/contracts").1.contains("second.yaml:5"));
    assert_eq!(app.ask(get("/cards?limit=25")).status, 204);
}
