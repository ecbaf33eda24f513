//! Real programs on the other side: curl, openssl and Go.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::support::app::{App, SHOP, Site, get};
use crate::support::certificates::TestAuthority;
use crate::support::tools::tool;
use crate::support::upstream::Upstream;

fn start(authority: &TestAuthority, upstream: &Upstream, keys: &str) -> App {
    let top = format!(
        "[listen]\naddress = \"127.0.0.1:0\"\n[listen.tls]\n\
         certificates = [{{ cert = \"a.pem\", key = \"a.key\" }}]\n{keys}"
    );
    let site = Site::shop(upstream.address, "", &top);
    let client = authority.sign(&["spiffe://prod/ns/pay/sa/api"]);
    App::start(
        site.certificate("a", &authority.sign(&["localhost"]))
            .certificate("client", &client)
            .file("ca.pem", &authority.pem),
    )
}

fn run(mut command: Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

#[cfg_attr(not(has_curl_and_jq), ignore = "curl is missing")]
#[test]
fn curl_asks_over_every_version() {
    let authority = TestAuthority::new();
    let upstream = Upstream::ok();
    let app = start(
        &authority,
        &upstream,
        "client_auth = \"required\"\nclient_ca = \"ca.pem\"",
    );
    let folder = tempfile::tempdir().unwrap();
    let client = authority.sign(&["client.test"]);
    let files = [
        ("ca.pem", &authority.pem),
        ("client.pem", &client.cert),
        ("client.key", &client.key),
    ];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let url = format!("https://localhost:{}/items", app.data.port());
    let curl = |options: &[&str]| {
        let mut command = Command::new(tool("curl"));
        command.current_dir(folder.path()).args([
            "-sS",
            "--cacert",
            "ca.pem",
            "-w",
            "%{http_code}",
        ]);
        command.args(options).arg(&url);
        let output = run(command);
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8(text).unwrap()
    };
    let pair = ["--cert", "client.pem", "--key", "client.key"];
    for version in ["--tlsv1.2", "--tlsv1.3"] {
        let text = curl(&[&pair[..], &[version]].concat());
        assert!(text.ends_with("200"), "{version}: {text}");
    }
    let text = curl(&[&pair[..], &["--tls-max", "1.2"]].concat());
    assert!(text.ends_with("200"), "{text}");
    let text = curl(&[]);
    assert!(text.contains("certificate required"), "{text}");
    // curl names the alert of a port that has no TLS.
    let plain = App::shop(upstream.address);
    let mut command = Command::new(tool("curl"));
    command.args([
        "-sS",
        &format!("https://localhost:{}/items", plain.data.port()),
    ]);
    let output = run(command);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("handshake failure"), "{text}");
}

#[cfg_attr(not(has_openssl), ignore = "openssl is missing")]
#[test]
fn openssl_verifies_the_port_and_sees_its_end() {
    let authority = TestAuthority::new();
    let upstream = Upstream::ok();
    let app = start(&authority, &upstream, "");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), &authority.pem).unwrap();
    let script = format!(
        "printf 'GET /items HTTP/1.1\\r\\nhost: localhost\\r\\nconnection: close\\r\\n\\r\\n' | \
         \"$0\" s_client -connect 127.0.0.1:{} -servername localhost -CAfile ca.pem \
         -verify_return_error -ign_eof \"$@\"",
        app.data.port()
    );
    let ask = |options: &[&str]| {
        let mut command = Command::new("sh");
        command
            .current_dir(folder.path())
            .args(["-c", &script])
            .arg(tool("openssl"));
        command.args(options);
        let output = run(command);
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    for (option, protocol) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let text = ask(&[option]);
        assert!(text.contains("HTTP/1.1 200 OK"), "{text}");
        assert!(text.contains("Verification: OK"), "{text}");
        assert!(text.contains(protocol), "{text}");
        // The port announces the end: `closed`, and not `unexpected eof while reading`.
        assert!(
            text.contains("closed") && !text.contains("unexpected eof"),
            "{text}"
        );
    }
    let text = ask(&["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"]);
    assert!(
        text.contains("alert handshake failure") && !text.contains("HTTP/1.1"),
        "{text}"
    );
}

/// A program of Go that knows no other key exchange than X25519MLKEM768.
fn hybrid_peer(folder: &Path, arguments: &[&str]) -> Child {
    let program = folder.join("hybrid");
    if !program.exists() {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/hybrid.go");
        let mut build = Command::new(tool("go"));
        build.args(["build", "-o"]).arg(&program).arg(source);
        let output = run(build);
        assert!(output.status.success(), "{output:?}");
    }
    let mut command = Command::new(program);
    command.current_dir(folder).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command.spawn().unwrap()
}

#[cfg_attr(not(has_go), ignore = "go is missing")]
#[test]
fn the_hybrid_key_exchange_works_with_go_on_both_sides() {
    let authority = TestAuthority::new();
    let folder = tempfile::tempdir().unwrap();
    let server = authority.sign(&["localhost"]);
    let files = [
        ("ca.pem", &authority.pem),
        ("server.pem", &server.cert),
        ("server.key", &server.key),
    ];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let upstream = Upstream::ok();
    let app = start(&authority, &upstream, "");
    let client = hybrid_peer(folder.path(), &["client", &app.data.to_string(), "ca.pem"]);
    let output = client.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "200 OK\n");

    let mut peer = hybrid_peer(folder.path(), &["server", "server.pem", "server.key"]);
    let mut address = String::new();
    let stdout = peer.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut address).unwrap();
    let upstream = format!("https://{}", address.trim());
    let keys = "[services.upstream_tls]\nca = \"ca.pem\"\nserver_name = \"localhost\"";
    let site = Site::new("").service("shop", SHOP, &upstream, keys);
    let app = App::start(site.file("ca.pem", &authority.pem));
    let answer = app.ask(get("/items"));
    assert_eq!((answer.status, &answer.body[..]), (200, &b"hybrid"[..]));
    assert!(peer.wait().unwrap().success());
}
