//! Addresses of vendors: all requests to one of them are calls of its vendor, whatever host they name.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::Command;

use super::vendors::CONTRACT;
use super::{LOCAL, proxy};
use crate::support::app::{App, Process, Site, admin, ask, problem, until};
use crate::support::certificates::TestAuthority;
use crate::support::client::Client;
use crate::support::tls_client::TlsClient;
use crate::support::tools::tool;
use crate::support::upstream::{Step, Upstream, send};

const CATALOG: &str =
    "[squads.payments]\nservices = [\"orders\"]\n[squads.search]\nservices = [\"find\"]\n";

const LIST: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 14\r\n\r\n\
                    {\"charges\":[]}";

fn list() -> Upstream {
    Upstream::start(|_| vec![send(LIST)])
}

/// A site with the vendors `acquirer` and `mailer`, each at an address of its own. `egress` are keys of
/// `[egress]`, and `keys` those of the first vendor.
fn site(vendors: [&Upstream; 2], egress: &str, keys: &str) -> Site {
    let top = format!(
        "[catalog]\npath = \"squads.toml\"\n[egress]\ndefault = \"enforce\"\n{egress}\n{LOCAL}\n"
    );
    let [acquirer, mailer] = vendors.map(|vendor| format!("http://{}", vendor.address));
    let own = "[services.vendor]\naddress = \"127.0.0.1:0\"\nused_by = [\"payments\"]\n";
    let first = format!("{keys}\n{own}header_files = {{ x-api-key = \"key\" }}\n");
    let second = format!("{own}header_files = {{ x-api-key = \"key\" }}\n");
    Site::new(&top)
        .file("squads.toml", CATALOG)
        .file("key", "first-key\n")
        .service("acquirer", CONTRACT, &acquirer, &first)
        .service("mailer", CONTRACT, &mailer, &second)
}

const SIDECAR: &str = "service = \"orders\"";

const GET: &str = "GET /v1/charges HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[test]
fn a_request_to_its_address_is_a_call_of_the_vendor() {
    let (first, second) = (list(), list());
    // There is no forward proxy.
    let app = App::start(site([&first, &second], SIDECAR, ""));
    assert_eq!(app.egress, None);
    let (acquirer, mailer) = (app.vendors["acquirer"], app.vendors["mailer"]);
    for target in [
        "/v1/charges",
        "http://mailer.example/v1/charges",
        &format!("http://{mailer}/v1/charges"),
    ] {
        let request = format!(
            "GET {target} HTTP/1.1\r\nhost: localhost\r\nx-api-key: own\r\nx-squad-owner: search\r\n\
             x-forwarded-for: 10.0.0.1\r\n\r\n"
        );
        assert_eq!(ask(acquirer, request).status, 200, "{target}");
        let got = first.request();
        assert_eq!(got.request_line(), "GET /v1/charges HTTP/1.1");
        assert_eq!(got.fields("host"), [first.address.to_string()]);
        assert_eq!(got.fields("x-api-key"), ["first-key"]);
        assert!(got.fields("x-squad-owner").is_empty());
        assert!(got.fields("x-forwarded-for").is_empty());
    }
    assert!(second.requests.try_recv().is_err());
    assert_eq!(ask(mailer, GET).status, 200);
    second.request();
    // It is not a proxy, and the contract decides about paths.
    let tunnel = ask(
        acquirer,
        "CONNECT mailer.example:443 HTTP/1.1\r\nhost: a\r\n\r\n",
    );
    assert_eq!(tunnel.status, 501);
    let unknown = ask(
        acquirer,
        "GET /acquirer/v1/charges HTTP/1.1\r\nhost: a\r\n\r\n",
    );
    assert_eq!(
        (unknown.status, unknown.field("x-portcullis")),
        (404, Some("CONTRACT_VIOLATION"))
    );
    assert!(first.requests.try_recv().is_err());
    let (_, called) = admin(app.admin, "/dependencies");
    assert!(
        called.contains("\"vendor:acquirer\"") && called.contains("\"is_on\":true"),
        "{called}"
    );
}

#[test]
fn requests_and_responses_have_their_own_modes() {
    let created =
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let check = |request: &str, response: &str, sent: u16, answered: u16| {
        let first = Upstream::start(move |_| vec![send(created)]);
        let keys =
            format!("[services.enforcement]\nrequest = \"{request}\"\nresponse = \"{response}\"");
        let app = App::start(site([&first, &list()], SIDECAR, &keys));
        let charge = |body: &str| {
            let length = body.len();
            let request = format!(
                "POST /v1/charges HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
                 content-length: {length}\r\n\r\n{body}"
            );
            ask(app.vendors["acquirer"], request).status
        };
        assert_eq!(
            charge("{\"amount\": \"much\"}"),
            sent,
            "{request} {response}"
        );
        assert_eq!(first.requests.try_iter().count(), usize::from(sent != 422));
        assert_eq!(charge("{\"amount\": 1}"), answered, "{request} {response}");
        // Both are reported in any case: what, where, and since when.
        let (_, traffic) = admin(app.admin, "/traffic/acquirer");
        for part in [
            "\"invalid-body\"",
            "\"/amount\"",
            "\"invalid-response-body\"",
            "first_seconds_ago",
        ] {
            assert!(traffic.contains(part), "{part}: {traffic}");
        }
    };
    check("reject", "report", 422, 201);
    check("report", "report", 201, 201);
    check("reject", "reject", 422, 502);
}

#[test]
fn only_the_squads_that_use_a_vendor_may_call_its_address() {
    let (first, second) = (list(), list());
    let app = App::start(site([&first, &second], "", ""));
    let call = |fields: &str| {
        let request = format!("GET /v1/charges HTTP/1.1\r\nhost: a\r\n{fields}\r\n");
        ask(app.vendors["acquirer"], request)
    };
    assert_eq!(call("x-squad-owner: payments\r\n").status, 200);
    let refused = call("x-squad-owner: search\r\n");
    assert_eq!(problem(&refused)["error"], "UNDECLARED_DEPENDENCY");
    assert_eq!(first.requests.try_iter().count(), 1);
}

/// The forward proxy does not call an address of this process, which a vendor's is.
#[test]
fn the_forward_proxy_does_not_lead_to_a_vendor() {
    let (first, second) = (list(), list());
    let egress = format!("address = \"127.0.0.1:0\"\n{SIDECAR}");
    let site = site([&first, &second], &egress, "");
    let app = App::start(site.file(
        "squads.toml",
        &format!("{CATALOG}[services.orders.dependencies]\nallowed_hosts = [\"127.0.0.1\"]\n"),
    ));
    let target = format!("http://{}/v1/charges", app.vendors["acquirer"]);
    let looped = ask(
        proxy(&app),
        format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n"),
    );
    assert_eq!(problem(&looped)["error"], "LOOP_DETECTED");
    assert!(first.requests.try_recv().is_err());
}

#[test]
fn a_reload_keeps_the_address_and_may_remove_its_vendor() {
    let (first, second) = (list(), list());
    let site = site([&first, &second], SIDECAR, "");
    let path = site.path("config.toml");
    let mut process = Process::start(site);
    let own = process.vendor("acquirer");
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    // Another address needs a restart; the rest applies at once.
    let moved = text.replacen(
        "address = \"127.0.0.1:0\"\nused_by = [\"payments\"]",
        "address = \"127.0.0.2:0\"\nused_by = [\"search\"]",
        1,
    );
    write(&moved);
    process.signal("HUP");
    let line = process.await_line("services.acquirer.vendor.address");
    assert!(line.contains("restart"), "{line}");
    until(|| ask(own, GET).status == 403);
    let (_, shown) = admin(process.admin, "/config");
    assert!(!shown.contains("127.0.0.2"), "{shown}");
    // The port stays open, and its vendor is gone.
    let at = text.find("[[services]]\nname = \"acquirer\"").unwrap();
    let next = text.find("[[services]]\nname = \"mailer\"").unwrap();
    write(&(text[..at].to_owned() + &text[next..]));
    process.signal("HUP");
    until(|| ask(own, GET).status == 404);
    let gone = ask(own, GET);
    let report = problem(&gone);
    assert_eq!(report["error"], "NO_VENDOR");
    let detail = report["detail"].as_str().unwrap();
    assert!(
        detail.contains("acquirer") && detail.contains("removed"),
        "{detail}"
    );
    assert_eq!(ask(process.vendor("mailer"), GET).status, 200);
}

#[test]
fn a_drain_answers_the_calls_in_flight() {
    let release = std::sync::Arc::new(tokio::sync::Notify::new());
    let wait = std::sync::Arc::clone(&release);
    let first =
        Upstream::start(move |_| vec![Step::Wait(std::sync::Arc::clone(&wait)), send(LIST)]);
    let mut process = Process::start(site([&first, &list()], SIDECAR, ""));
    let own = process.vendor("acquirer");
    let mut client = Client::connect(own);
    client.send(GET);
    first.request();
    process.signal("TERM");
    let line = process.await_line("draining: not ready");
    assert!(line.contains("requests_left=1"), "{line}");
    // No new connection is accepted, and the call in flight is answered.
    until(|| refuses(own));
    release.notify_one();
    let answer = client.read_answer(true).expect("an answer");
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, &b"{\"charges\":[]}"[..])
    );
    let (status, log) = process.wait();
    assert_eq!(status.code(), Some(0), "{log}");
}

fn refuses(address: SocketAddr) -> bool {
    let patience = std::time::Duration::from_millis(200);
    std::net::TcpStream::connect_timeout(&address, patience).is_err()
}

/// `[egress.tls]` is for the forward proxy and for the addresses of vendors.
#[test]
fn calls_of_services_can_be_encrypted() {
    let (first, second) = (list(), list());
    let authority = TestAuthority::new();
    let own = authority.sign(&["localhost"]);
    let squad = authority.sign(&["spiffe://example.org/ns/payments/sa/orders"]);
    let egress = format!(
        "address = \"127.0.0.1:0\"\n{SIDECAR}\n[egress.tls]\n\
         certificates = [{{ cert = \"own.pem\", key = \"own.key\" }}]\nclient_auth = \"required\"\n\
         client_ca = \"ca.pem\""
    );
    let site = site([&first, &second], &egress, "").certificate("own", &own);
    let app = App::start(site.file("ca.pem", &authority.pem));
    let client = TlsClient::identified(&authority, &squad);
    let mut call = client.connect(app.vendors["acquirer"], "localhost");
    call.send(GET);
    assert_eq!(call.read_answer(true).unwrap().status, 200);
    // A tunnel through the encrypted forward proxy leads to another name than that of its certificate.
    let mut tunnel = client.connect(proxy(&app), "localhost");
    tunnel.send("CONNECT undeclared.example:443 HTTP/1.1\r\nhost: undeclared.example\r\n\r\n");
    let refused = tunnel.read_answer(true).unwrap();
    assert_eq!(problem(&refused)["error"], "UNDECLARED_DEPENDENCY");
    // Without a certificate, and without TLS, nothing passes.
    let stranger = TlsClient::new(&authority).handshake(app.vendors["acquirer"], "localhost");
    // With TLS 1.3, the client learns of the refusal when it reads.
    let refused = stranger.and_then(|mut stream| {
        stream.write_all(GET.as_bytes())?;
        stream.read(&mut [0; 64])
    });
    let refused = refused.expect_err("no certificate").to_string();
    assert!(refused.contains("CertificateRequired"), "{refused}");
    assert_eq!(ask(app.vendors["acquirer"], GET).status, 400);
    assert_eq!(first.requests.try_iter().count(), 1);
    let (_, status) = admin(app.admin, "/tls");
    assert!(status.contains("egress.tls"), "{status}");
}

/// A real client lists the charges and sends one that violates the contract, with the address as its base
/// URL.
fn check_client(program: &str, words: &[&str]) {
    let (first, second) = (list(), list());
    let app = App::start(site([&first, &second], SIDECAR, ""));
    let mut command = Command::new(tool(program));
    command.args(words);
    command.arg(format!("http://{}/v1/charges", app.vendors["acquirer"]));
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines, ["{\"charges\":[]}", "422"], "{error}");
    assert_eq!(first.request().fields("x-api-key"), ["first-key"]);
    assert!(first.requests.try_recv().is_err());
}

#[cfg_attr(not(has_curl_and_jq), ignore = "curl is missing")]
#[test]
fn curl_calls_a_vendor() {
    let curl = tool("curl").display().to_string();
    let script = format!(
        "set -e; '{curl}' -sf \"$0\"; echo; '{curl}' -s -o /dev/null -w '%{{http_code}}\\n' \
         -H 'content-type: application/json' -d '{{\"amount\": \"much\"}}' \"$0\""
    );
    check_client("sh", &["-c", &script]);
}

#[cfg_attr(not(has_python), ignore = "Python is missing")]
#[test]
fn python_calls_a_vendor() {
    let script = r#"
import sys, urllib.error, urllib.request
url = sys.argv[1]
print(urllib.request.urlopen(url, timeout=20).read().decode())
charge = urllib.request.Request(url, data=b'{"amount": "much"}', headers={"content-type": "application/json"})
try:
    urllib.request.urlopen(charge, timeout=20)
except urllib.error.HTTPError as error:
    print(error.code)
"#;
    check_client("python3", &["-c", script]);
}

#[cfg_attr(not(has_node), ignore = "Node.js is missing")]
#[test]
fn node_calls_a_vendor() {
    let script = r#"
const url = process.argv[1];
const charge = { method: "POST", headers: { "content-type": "application/json" }, body: '{"amount": "much"}' };
fetch(url).then(async (answer) => {
  console.log(await answer.text());
  console.log((await fetch(url, charge)).status);
});
"#;
    check_client("node", &["-e", script]);
}
