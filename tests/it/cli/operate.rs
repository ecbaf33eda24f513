//! `portcullis breakers` and `portcullis deploy-window` with a running proxy.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::process::Output;

use serde_json::Value;

use crate::admin::breakers_admin::{LOOPBACK, site};
use crate::support::app::{App, SHOP, Site, admin, get, problem, program, until};

const TOKEN: &str = "correct-horse-battery";

/// Runs the program with these arguments, which are separated by spaces, and variables.
fn run(words: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = program();
    command
        .args(words.split_whitespace())
        .envs(variables.iter().copied());
    command.output().unwrap()
}

/// The output of a command. Checks its exit code and that standard error is empty.
#[track_caller]
pub(crate) fn printed(admin: SocketAddr, words: &str, code: i32) -> String {
    let url = format!("http://{admin}");
    let output = run(words, &[("PORTCULLIS_ADMIN_URL", &url)]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), &*error), (Some(code), ""), "{words}");
    String::from_utf8(output.stdout).unwrap()
}

/// The error of a command that cannot run.
#[track_caller]
pub(crate) fn error_message(words: &str, variables: &[(&str, &str)]) -> String {
    let output = run(words, variables);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{words}: {error}");
    assert!(output.stdout.is_empty(), "{words}");
    error
}

#[test]
fn shows_and_overrides_breakers() {
    let app = App::start(site(LOOPBACK));
    let print = |words: &str, code| printed(app.admin, words, code);
    let service = |name: &str| {
        format!(
            "\
{name}  mode enforce
  squad      tier    state      override  calls  failed  why
  everybody          closed     auto          0       0
  in flight 0 of 1000, waiting 0, lent 0
  squad     weight  guaranteed  never lent  in flight  borrowed
  checkout       1         200         100          0         0
  payments       4         800         400          0         0
"
        )
    };
    let both = format!("{}\n{}", service("shop"), service("market"));
    assert_eq!(print("breakers", 0), both);
    assert_eq!(print("breakers --service market", 0), service("market"));
    let set = "breakers set shop checkout open --tier gold --reason flooding";
    let changed = "\
shop
  squad     tier    state      override  calls  failed  why
  checkout  gold    open       open          0       0  an operator set it to open
";
    assert_eq!(print(set, 0), changed);
    let changed = "\
shop
  squad      tier    state      override  calls  failed  why
  everybody          closed     disabled      0       0  an operator set it to disabled
";
    assert_eq!(print("breakers set shop everybody disabled", 0), changed);
    assert_eq!(
        print("breakers set shop payments observe", 0)
            .lines()
            .count(),
        2 + 3
    );
    let shown = print("breakers --service shop", 1);
    assert!(
        shown.contains("  checkout   gold    open       open "),
        "{shown}"
    );
    assert_eq!(print("breakers --service market", 0), service("market"));
    assert!(
        print("breakers set shop checkout --tier gold auto", 0).contains("removed the override")
    );
    print("breakers", 0);
}

/// A circuit whose wait is over is half-open everywhere, although no call has come.
#[test]
fn a_circuit_without_traffic_is_half_open_when_its_wait_is_over() {
    let unused = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let top = "[breaker]\nopen_base = \"100ms\"\n";
    let app = App::start(Site::new(top).service("shop", SHOP, &format!("http://{unused}"), ""));
    while problem(&app.ask(get("/files/x")))["error"] != "CIRCUIT_OPEN" {}
    let gauge = || {
        let metrics = admin(app.admin, "/metrics").1;
        let start =
            "circuit_breaker_state{service=\"shop\",squad=\"everybody\",tier=\"everybody\"} ";
        let value = metrics
            .lines()
            .find_map(|line| line.strip_prefix(start).map(str::to_owned));
        value.unwrap_or_default()
    };
    until(|| gauge() == "1");
    let breakers =
        || -> Value { serde_json::from_str(&admin(app.admin, "/breakers/shop").1).unwrap() };
    let view = breakers();
    assert_eq!(view["everybody"]["state"], "half-open");
    assert_eq!(view["everybody"]["remaining_seconds"], Value::Null);
    let last = &view["everybody"]["history"][0];
    assert_eq!(
        (&last["from"], &last["to"]),
        (&"open".into(), &"half-open".into())
    );
    let shown = run(
        "breakers",
        &[("PORTCULLIS_ADMIN_URL", &format!("http://{}", app.admin))],
    );
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains(
            "half-open  auto          0       0  the wait is over, the next calls are probes"
        ),
        "{shown}"
    );
    // After ten seconds without a call it waits for one, and nothing needs attention.
    until(|| breakers()["everybody"]["waiting_for_call"] == true);
    let shown = printed(app.admin, "breakers", 0);
    assert!(shown.contains("; waiting for a call"), "{shown}");
    let waiting = "circuit_breaker_waiting_for_call{service=\"shop\",squad=\"everybody\",tier=\"everybody\"} 1";
    until(|| admin(app.admin, "/metrics").1.contains(waiting));
}

#[test]
fn overrides_apply_to_traffic() {
    // Bound and dropped, so no upstream listens there.
    let unused = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let app = App::start(Site::new("").service("shop", SHOP, &format!("http://{unused}"), ""));
    let error = || problem(&app.ask(get("/files/x")))["error"].clone();
    let print = |words: &str, code| printed(app.admin, words, code);
    print("breakers", 0);
    for _ in 0..20 {
        assert_eq!(error(), "UPSTREAM_UNAVAILABLE");
    }
    let shown = print("breakers", 1);
    assert!(
        shown.contains(
            "  everybody          open       auto          0       0  20 of 20 calls failed within \
             10 s, more than 90 %; next probe in "
        ),
        "{shown}"
    );
    print("breakers set shop everybody disabled", 0);
    for _ in 0..30 {
        assert_eq!(error(), "UPSTREAM_UNAVAILABLE");
    }
    print("breakers set shop everybody open", 0);
    assert_eq!(error(), "CIRCUIT_OPEN");
    print("breakers set shop everybody auto", 0);
    assert_eq!(error(), "UPSTREAM_UNAVAILABLE");
    print("breakers set shop unknown open", 0);
    assert_eq!(error(), "CIRCUIT_OPEN");
}

#[test]
fn json_is_the_response_of_the_admin_port() {
    let app = App::start(site(LOOPBACK));
    let names = |words: &str, code| {
        let json: Value = serde_json::from_str(&printed(app.admin, words, code)).unwrap();
        let services = json["services"].as_array().unwrap().iter();
        let names = services.map(|view| {
            let state = view["everybody"]["state"].as_str().unwrap();
            format!("{} {state}", view["service"].as_str().unwrap())
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let all = "breakers --format json";
    assert_eq!(names(all, 0), "shop closed, market closed");
    assert_eq!(
        names("breakers --format json --service market", 0),
        "market closed"
    );
    printed(app.admin, "breakers set market everybody open", 0);
    assert_eq!(names(all, 1), "shop closed, market open");
}

#[test]
fn opens_lists_and_closes_deploy_windows() {
    let app = App::start(site(LOOPBACK));
    let print = |words: &str| printed(app.admin, words, 0);
    assert_eq!(print("deploy-window list"), "shop    none\nmarket  none\n");
    let opened = print("deploy-window open shop --for 1h --reason release-42");
    assert!(
        ["shop   open for another 1h", "shop   open for another 59m"]
            .iter()
            .any(|start| opened.starts_with(start))
            && opened.ends_with(": release-42\n"),
        "{opened}"
    );
    let listed = print("deploy-window list");
    assert!(listed.contains(": release-42\nmarket  none\n"), "{listed}");
    let json: Value = serde_json::from_str(&print("deploy-window list --format json")).unwrap();
    let window = &json["services"][0]["deploy_window"];
    assert_eq!(window["reason"], "release-42");
    let shown = print("breakers --service shop");
    assert!(
        shown.starts_with("shop  mode enforce\n  deploy window open for another "),
        "{shown}"
    );
    assert_eq!(print("deploy-window close shop"), "shop   closed\n");
    assert_eq!(print("deploy-window close shop"), "shop   was not open\n");
}

#[test]
fn explains_rejected_requests_and_exits_with_2() {
    let app = App::start(site(LOOPBACK));
    let url = format!("http://{}", app.admin);
    let check = |words: &str, status: &str, detail: &str| {
        let message = error_message(&format!("{words} --admin {url}"), &[]);
        let expected = format!("portcullis: {url} answers {status}: {detail}");
        assert!(message.starts_with(&expected), "{words}: {message}");
    };
    check(
        "breakers --service shap",
        "404",
        "there is no service `shap`, did you mean `shop`?",
    );
    check(
        "breakers set shop check-out open",
        "404",
        "there is no squad `check-out`, did you mean `checkout`?",
    );
    check(
        "breakers set shop unknown --tier gold open",
        "404",
        "unknown consumers are always bronze",
    );
    check(
        "breakers set ../shop everybody open",
        "404",
        "there is no service `..%2Fshop`; known: shop, market",
    );
    check(
        "deploy-window open shop --for 10",
        "400",
        "expected `for` to be a duration with a unit, from 1s to 24h, such as 10m",
    );
    check("deploy-window close shap", "404", "there is no service");
    // The flag overrides the variable.
    let variables = [("PORTCULLIS_ADMIN_URL", "http://127.0.0.1:1")];
    let output = run(&format!("breakers --admin {url}"), &variables);
    assert_eq!(output.status.code(), Some(0));
    let message = error_message("breakers --admin ftp://127.0.0.1:1", &[]);
    assert!(
        message.contains("is not an admin port: expected http://host:port"),
        "{message}"
    );
    let message = error_message("breakers set shop everybody shut", &[]);
    assert!(
        message.contains("[possible values: auto, open, disabled, observe]"),
        "{message}"
    );
    let message = error_message("deploy-window", &[]);
    assert!(
        message.contains("Usage: portcullis deploy-window"),
        "{message}"
    );
}

#[test]
fn names_servers_that_do_not_answer() {
    // Bound and dropped, so no server listens there.
    let unused = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{unused}");
    let message = error_message("breakers", &[("PORTCULLIS_ADMIN_URL", &url)]);
    assert!(
        message.starts_with(&format!("portcullis: cannot connect to {url}: ")),
        "{message}"
    );
    assert!(
        message.contains("`portcullis serve` must run with its admin port there"),
        "{message}"
    );
    // The data port answers, but not as an admin port.
    let app = App::start(site(LOOPBACK));
    let url = format!("http://{}", app.data);
    let message = error_message("breakers", &[("PORTCULLIS_ADMIN_URL", &url)]);
    assert!(
        message.starts_with(&format!("portcullis: {url} answers 404: ")),
        "{message}"
    );
    for (answer, expected) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
            "the answer cannot be read: expected value",
        ),
        (
            "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",
            "answers 302: no reason given",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{",
            "is this an admin port of portcullis?",
        ),
        (
            "220 mail.example ESMTP\r\n",
            "is this an admin port of portcullis?",
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            // One read is enough: the rest of the request does not matter.
            let _ = std::io::Read::read(&mut stream, &mut request);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let message = error_message("breakers", &[("PORTCULLIS_ADMIN_URL", &url)]);
        assert!(message.contains(expected), "{answer}: {message}");
        server.join().unwrap();
    }
}

#[test]
fn takes_the_token_from_the_variable_or_a_file_and_never_prints_it() {
    let keys = format!("address = \"0.0.0.0:0\"\ntoken = \"{TOKEN}\"");
    let app = App::start(site(&keys));
    let url = format!("http://127.0.0.1:{}", app.admin.port());
    let address = ("PORTCULLIS_ADMIN_URL", url.as_str());
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let close = "deploy-window close shop";
    let good = |words: &str, variables: &[(&str, &str)]| {
        let output = run(words, variables);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), &*error), (Some(0), ""), "{words}");
    };
    let own = ("PORTCULLIS_ADMIN__TOKEN", TOKEN);
    let other = ("PORTCULLIS_ADMIN__TOKEN", "another-one-of-16");
    good(close, &[address, own]);
    let right = file("right", &format!("{TOKEN}\n"));
    good(&format!("{close} --token-file {right}"), &[address, other]);
    good("breakers", &[address, other]);
    let message = error_message(close, &[address]);
    assert!(
        message.contains("answers 401: changes need the configured"),
        "{message}"
    );
    let message = error_message(close, &[address, other]);
    assert!(
        message.contains("answers 401: the token is not the configured"),
        "{message}"
    );
    assert!(!message.contains(other.1), "{message}");
    let message = error_message(close, &[address, ("PORTCULLIS_ADMIN__TOKEN", "s3cret")]);
    assert!(
        message.starts_with("portcullis: PORTCULLIS_ADMIN__TOKEN: expected a token of 16 to 1024")
            && !message.contains("s3cret"),
        "{message}"
    );
    let message = error_message(&format!("{close} --token-file /nowhere"), &[address]);
    assert!(
        message.starts_with("portcullis: --token-file /nowhere: No such file"),
        "{message}"
    );

    let app = App::start(site("address = \"0.0.0.0:0\""));
    let url = format!("http://127.0.0.1:{}", app.admin.port());
    let message = error_message(close, &[("PORTCULLIS_ADMIN_URL", &url), own]);
    assert!(
        message.contains("answers 403: ") && message.contains("set `admin.token`"),
        "{message}"
    );
}
