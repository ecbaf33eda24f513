//! `portcullis traffic`, `breakers --open`, the active configuration, manual pages, and the options
//! that all commands have.

use serde_json::Value;

use super::operate::printed;
use crate::support::app::{App, SHOP, Site, admin, get, program, run, until};

fn start() -> App {
    let catalog = "[squads.checkout]\ntier = \"gold\"\n[squads.payments]\nservices = [\"shop\"]\n";
    let top = "[catalog]\npath = \"squads.toml\"\n[admin]\naddress = \"127.0.0.1:0\"\ntoken = \"correct-horse-battery\"";
    let site = Site::new(top)
        .file("squads.toml", catalog)
        .service("shop", SHOP, "mock", "hosts = [\"shop\"]")
        .service("other", SHOP, "mock", "hosts = [\"other\"]");
    App::start(site)
}

#[test]
fn shows_operations_and_callers() {
    let app = start();
    for _ in 0..3 {
        let fields = "x-squad-owner: checkout\r\n";
        let request = format!("GET /items?limit=1 HTTP/1.1\r\nhost: shop\r\n{fields}\r\n");
        app.ask(request);
    }
    app.ask(get("/items?limit=101"));
    app.ask(get("/nowhere"));
    until(|| printed(app.admin, "traffic", 0).contains("5 requests"));
    let text = printed(app.admin, "traffic --service shop", 0);
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let has = |line: &str| {
        assert!(
            lines.iter().any(|found| found.starts_with(line)),
            "{line}: {text}"
        )
    };
    has("shop payments 5 requests in ");
    has("operation requests violations refused failed callers");
    has("listItems 4 1 1 0 checkout, unknown");
    has("caller requests violations refused failed now");
    has("checkout 3 0 0 0 ");
    has("unknown 2 ");
    has("never called: ");
    let all = printed(app.admin, "traffic", 0);
    assert!(all.contains("other  payments  0 requests in "), "{all}");
    let json: Value =
        serde_json::from_str(&printed(app.admin, "traffic --format json", 0)).unwrap();
    assert_eq!(json["services"][0]["requests"], 5);
}

#[test]
fn shows_open_breakers_only() {
    let app = start();
    assert_eq!(
        printed(app.admin, "breakers --open", 0),
        "all breakers are closed\n"
    );
    let url = format!("http://{}", app.admin);
    let set = program()
        .args("breakers set shop checkout open --reason tests".split(' '))
        .env("PORTCULLIS_ADMIN_URL", url)
        .env("PORTCULLIS_ADMIN__TOKEN", "correct-horse-battery")
        .output()
        .unwrap();
    assert!(set.status.success(), "{set:?}");
    let text = printed(app.admin, "breakers --open", 1);
    assert!(text.contains("shop") && !text.contains("other"), "{text}");
    let json = printed(app.admin, "breakers --open --format json", 1);
    let json: Value = serde_json::from_str(&json).unwrap();
    let squads = json["services"][0]["squads"].as_array().unwrap();
    assert!(
        !squads.is_empty() && squads.iter().all(|squad| squad["squad"] == "checkout"),
        "{json}"
    );
}

#[test]
fn the_active_configuration_has_no_secrets() {
    let app = start();
    let (status, text) = admin(app.admin, "/config");
    assert_eq!(status, 200);
    assert!(!text.contains("correct-horse"), "{text}");
    let shown: Value = serde_json::from_str(&text).unwrap();
    let keys = shown["keys"].as_array().unwrap();
    let value = |name: &str| &keys.iter().find(|key| key["key"] == name).unwrap()["value"];
    assert_eq!(value("admin.token"), "\"(not shown)\"");
    assert_eq!(value("services.other.upstream"), "\"mock\"");
}

#[test]
fn each_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let output = run(folder.path(), "man .", "");
    assert!(output.status.success(), "{output:?}");
    assert!(page("portcullis.1").contains("portcullis\\-serve"));
    assert!(page("portcullis-config-show.1").contains(".TH"));
    assert!(page("portcullis-traffic.1").contains("\\-\\-service"));
    let output = run(folder.path(), "man share/man/man1", "");
    assert!(output.status.success(), "{output:?}");
    assert!(page("share/man/man1/portcullis.1").contains("portcullis\\-serve"));
    let output = run(folder.path(), "man portcullis.1/pages", "");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("portcullis.1/pages: "));
}

#[test]
fn output_can_be_silent_or_coloured() {
    let app = start();
    let words = |words: &str| printed(app.admin, words, 0);
    assert_eq!(words("status --quiet"), "");
    assert_eq!(words("-q traffic --format json"), "");
    assert!(words("status --color always").contains("\u{1b}["));
    assert!(!words("status --color never").contains('\u{1b}'));
    assert!(!words("status").contains('\u{1b}'), "no terminal");
    let version = words("--version");
    assert!(
        version.starts_with(concat!("portcullis ", env!("CARGO_PKG_VERSION"))),
        "{version}"
    );
}
