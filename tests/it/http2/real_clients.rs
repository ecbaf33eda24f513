//! Real programs on the other side: curl, nghttp, h2load, and Python's h2.

use std::process::{Command, Stdio};

use super::exchanges::echo;
use crate::support::app::{App, Site};
use crate::support::certificates::TestAuthority;
use crate::support::tools::tool;
use crate::support::upstream::{Step, Upstream, send};

fn run(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(tool(program));
    let output = command
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[cfg_attr(not(has_curl_and_jq), ignore = "curl is missing")]
#[test]
fn curl_speaks_it_on_plain_ports_and_inside_tls() {
    let authority = TestAuthority::new();
    let upstream = Upstream::ok();
    let plain = App::shop(upstream.address);
    let shown = "%{http_version} %{http_code}\\n";
    let curl = |options: &[&str], url: &str| {
        run(
            "curl",
            &[&["-sS", "-w", shown, "-o", "/dev/null"], options, &[url]].concat(),
        )
    };
    let url = format!("http://{}/items", plain.data);
    assert_eq!(curl(&["--http2-prior-knowledge"], &url), "2 200\n");
    assert_eq!(curl(&["--http1.1"], &url), "1.1 200\n");
    // The upgrade of RFC 7540 was removed by RFC 9113; HTTP/1.1 is the answer.
    assert_eq!(curl(&["--http2"], &url), "1.1 200\n");
    let item = [
        "--json",
        "{\"name\":\"a\",\"price\":-1}",
        "-H",
        "x-tenant: abc",
    ];
    let posted = curl(&[&["--http2-prior-knowledge"][..], &item].concat(), &url);
    assert_eq!(posted, "2 422\n");

    let top = "[listen]\naddress = \"127.0.0.1:0\"\n[listen.tls]\n\
               certificates = [{ cert = \"a.pem\", key = \"a.key\" }]";
    let site = Site::shop(upstream.address, "", top).file("ca.pem", &authority.pem);
    let ca = site.path("ca.pem");
    let app = App::start(site.certificate("a", &authority.sign(&["localhost"])));
    let url = format!("https://localhost:{}/items", app.data.port());
    let ca = ["--cacert", ca.to_str().unwrap()];
    for (version, expected) in [("--http2", "2 200\n"), ("--http1.1", "1.1 200\n")] {
        for tls in ["--tlsv1.3", "--tls-max=1.2"] {
            let tls: Vec<&str> = tls.split('=').collect();
            let found = curl(&[&ca[..], &tls, &[version]].concat(), &url);
            assert_eq!(found, expected, "{version} {tls:?}");
        }
    }
}

const BLOBS: &str = "\
openapi: 3.1.0
info: { title: Blobs, version: '1' }
paths:
  /blob:
    put:
      requestBody: { content: { application/octet-stream: {} } }
      responses: { '200': { description: ok, content: { application/octet-stream: {} } } }
";

#[cfg_attr(not(has_curl_and_jq), ignore = "curl is missing")]
#[test]
fn large_bodies_pass_both_ways() {
    const BYTES: usize = 8 << 20;
    let upstream = Upstream::start(|_| {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: {BYTES}\r\n\r\n"
        );
        vec![send(&head), Step::Fill(BYTES)]
    });
    let authority = TestAuthority::new();
    let address = format!("http://{}", upstream.address);
    for scheme in ["http", "https"] {
        let tls = "[listen.tls]\ncertificates = [{ cert = \"a.pem\", key = \"a.key\" }]";
        let tls = if scheme == "https" { tls } else { "" };
        let site = Site::new(&format!("[listen]\naddress = \"127.0.0.1:0\"\n{tls}"));
        let site = site
            .service("blobs", BLOBS, &address, "")
            .file("ca.pem", &authority.pem);
        let (ca, blob) = (site.path("ca.pem"), site.path("blob"));
        std::fs::write(&blob, vec![b'b'; BYTES]).unwrap();
        let app = App::start(site.certificate("a", &authority.sign(&["localhost"])));
        let version = ["--http2-prior-knowledge", "--http2"][usize::from(scheme == "https")];
        let shown = run(
            "curl",
            &[
                "-sS",
                version,
                "--cacert",
                ca.to_str().unwrap(),
                "-o",
                "/dev/null",
                "-w",
                "%{http_version} %{http_code} %{size_upload} %{size_download}",
                "-H",
                "content-type: application/octet-stream",
                "-T",
                blob.to_str().unwrap(),
                &format!("{scheme}://localhost:{}/blob", app.data.port()),
            ],
        );
        assert_eq!(shown, format!("2 200 {BYTES} {BYTES}"));
        let request = upstream.request();
        assert_eq!(request.fields("content-length"), [BYTES.to_string()]);
    }
}

#[cfg_attr(not(has_nghttp2), ignore = "nghttp or h2load is missing")]
#[test]
fn nghttp_and_h2load_lose_nothing() {
    let upstream = echo();
    let app = App::shop(upstream.address);
    let url = format!("http://{}/items/17", app.data);
    assert!(run("nghttp", &[&url]).contains("/items/17 "));
    let verbose = run("nghttp", &["-nv", &url]);
    assert!(
        verbose.contains("SETTINGS_MAX_CONCURRENT_STREAMS(0x03):100"),
        "{verbose}"
    );
    let load = run("h2load", &["-n", "20000", "-c", "10", "-m", "50", &url]);
    assert!(
        load.contains("20000 succeeded, 0 failed, 0 errored"),
        "{load}"
    );
}

#[cfg_attr(not(has_python_h2), ignore = "the h2 library of Python is missing")]
#[test]
fn another_library_agrees() {
    let upstream = echo();
    let app = App::shop(upstream.address);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/http2_client.py");
    let port = app.data.port().to_string();
    let exchanges = run("python3", &[script, "exchanges", &port, "5000", "90"]);
    assert_eq!(exchanges, "done 5000\n");
    let resets = run("python3", &[script, "resets", &port]);
    assert_eq!(resets, "ended after at most 400 True\n");
    let exchanges = run("python3", &[script, "exchanges", &port, "100", "10"]);
    assert_eq!(exchanges, "done 100\n", "other connections are served");
}
