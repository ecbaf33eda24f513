//! Real programs that use the forward proxy, as `HTTP_PROXY` and `HTTPS_PROXY` and by their own settings:
//! plain requests, and TLS to a server through a tunnel.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{LOCAL, proxy, site_of};
use crate::support::app::{App, SHOP, Site, admin};
use crate::support::certificates::TestAuthority;
use crate::support::tools::tool;
use crate::support::upstream::Upstream;

/// A forward proxy, a plain server, and a server with TLS.
struct Scene {
    proxy: App,
    plain: Upstream,
    tls: App,
    _tls_upstream: Upstream,
    folder: TempDir,
}

impl Scene {
    /// The service `orders` may call this machine at any port; `find` may call nothing.
    fn new() -> Self {
        let authority = TestAuthority::new();
        let tls_upstream = Upstream::ok();
        let top = "[listen]\naddress = \"127.0.0.1:0\"\n[listen.tls]\n\
                   certificates = [{ cert = \"a.pem\", key = \"a.key\" }]";
        let tls = Site::new(top)
            .service(
                "shop",
                SHOP,
                &format!("http://{}", tls_upstream.address),
                "",
            )
            .certificate("a", &authority.sign(&["localhost"]));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), &authority.pem).unwrap();
        let settings = format!("default = \"enforce\"\n{LOCAL}");
        Self {
            proxy: App::start(site_of("", "\"localhost\"", &settings)),
            plain: Upstream::ok(),
            tls: App::start(tls),
            _tls_upstream: tls_upstream,
            folder,
        }
    }

    fn plain_url(&self) -> String {
        format!("http://localhost:{}/items", self.plain.address.port())
    }

    fn tls_url(&self) -> String {
        format!("https://localhost:{}/items", self.tls.data.port())
    }

    fn proxy_url(&self, service: &str) -> String {
        // Some clients send nothing without a password.
        format!("http://{service}:-@{}", proxy(&self.proxy))
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        for name in [
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "http_proxy",
            "https_proxy",
            "NO_PROXY",
            "no_proxy",
        ] {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command; returns what it prints.
    #[track_caller]
    fn output(&self, mut command: Command) -> String {
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}\n{error}");
        text
    }

    /// Checks what a program printed, one line for each call: plain and with TLS as `orders`, and both
    /// as `find`.
    #[track_caller]
    fn check(&self, printed: &str) {
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(lines, ["200 ok", "200 ok", "403", "refused"], "{printed}");
        let (_, text) = admin(self.proxy.admin, "/dependencies");
        let shown: Value = serde_json::from_str(&text).unwrap();
        let calls = shown["calls"].as_array().unwrap();
        let sum = |service: &str, field: &str| -> u64 {
            let of = calls.iter().filter(|call| call["service"] == service);
            of.map(|call| call[field].as_u64().unwrap()).sum()
        };
        assert_eq!(
            (sum("orders", "calls"), sum("orders", "refused")),
            (2, 0),
            "{text}"
        );
        let refused = sum("find", "refused");
        assert!(refused >= 2 && refused == sum("find", "calls"), "{text}");
    }

    /// Runs a script that gets the addresses as arguments: the proxy as both services, and the servers.
    fn check_script(&self, mut command: Command) {
        command.args([
            self.proxy_url("orders"),
            self.proxy_url("find"),
            self.plain_url(),
            self.tls_url(),
        ]);
        let printed = self.output(command);
        self.check(&printed);
    }
}

#[cfg_attr(not(has_curl_and_jq), ignore = "curl is missing")]
#[test]
fn curl_calls_through_the_variables() {
    let scene = Scene::new();
    let curl = |service: &str, url: &str| {
        let mut command = scene.command(&tool("curl"));
        let address = scene.proxy_url(service);
        command
            .env("http_proxy", &address)
            .env("HTTPS_PROXY", &address);
        let format = " %{http_code} %{http_connect}";
        command.args(["-s", "--cacert", "ca.pem", "-w", format, url]);
        let output = command.output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let plain = curl("orders", &scene.plain_url());
    let tls = curl("orders", &scene.tls_url());
    let refused = curl("find", &scene.plain_url());
    let refused_tunnel = curl("find", &scene.tls_url());
    assert_eq!((plain.as_str(), tls.as_str()), ("ok 200 000", "ok 200 200"));
    assert!(
        refused.contains("UNDECLARED_DEPENDENCY") && refused.ends_with(" 403 000"),
        "{refused}"
    );
    assert_eq!(refused_tunnel, " 000 403");
    scene.check("200 ok\n200 ok\n403\nrefused");
}

/// The standard library of Python, which opens tunnels with HTTP/1.0 in older versions.
#[cfg_attr(not(has_python), ignore = "Python is missing")]
#[test]
fn the_standard_library_of_python_calls() {
    let scene = Scene::new();
    let script = r#"
import ssl, sys, urllib.error, urllib.request
orders, find, plain, tls = sys.argv[1:]
context = ssl.create_default_context(cafile="ca.pem")
def call(proxy, url):
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"http": proxy, "https": proxy}),
        urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(url, timeout=20) as answer:
            print(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        print(error.code)
    except OSError as error:
        print("refused" if "403" in str(error) else error)
call(orders, plain)
call(orders, tls)
call(find, plain)
call(find, tls)
"#;
    let mut command = scene.command(&tool("python3"));
    command.args(["-c", script]);
    scene.check_script(command);
}

#[cfg_attr(not(has_python_requests), ignore = "the library requests is missing")]
#[test]
fn requests_calls_through_the_variables() {
    let scene = Scene::new();
    let script = r#"
import os, sys, requests
orders, find, plain, tls = sys.argv[1:]
def call(proxy, url):
    os.environ["HTTP_PROXY"] = os.environ["HTTPS_PROXY"] = proxy
    try:
        answer = requests.get(url, verify="ca.pem", timeout=20)
        print(answer.status_code, answer.text if answer.ok else "", sep=" " if answer.ok else "")
    except requests.exceptions.ProxyError as error:
        print("refused" if "403" in str(error) else error)
for proxy in orders, find:
    for url in plain, tls:
        call(proxy, url)
"#;
    let mut command = scene.command(&tool("python3"));
    command.args(["-c", script]);
    scene.check_script(command);
}

#[cfg_attr(not(has_node), ignore = "Node.js is missing")]
#[test]
fn node_calls() {
    let scene = Scene::new();
    let script = r#"
const http = require("node:http"), tls = require("node:tls"), fs = require("node:fs");
const [orders, find, plain, secure] = process.argv.slice(1);
const ca = fs.readFileSync("ca.pem");
const read = async (stream) => { let text = ""; for await (const piece of stream) text += piece; return text; };
const fields = (proxy) => ({ "proxy-authorization": "Basic " + btoa(`${proxy.username}:${proxy.password}`) });
const overProxy = (proxy, url) => new Promise((resolve, reject) => {
  const options = { host: proxy.hostname, port: proxy.port, path: url, headers: { host: new URL(url).host, ...fields(proxy) } };
  http.get(options, async (answer) => {
    const text = await read(answer);
    resolve(answer.statusCode === 200 ? `200 ${text}` : `${answer.statusCode}`);
  }).on("error", reject);
});
const overTunnel = (proxy, url) => new Promise((resolve, reject) => {
  const { host, hostname, pathname } = new URL(url);
  const options = { host: proxy.hostname, port: proxy.port, method: "CONNECT", path: host, headers: fields(proxy) };
  http.request(options).on("connect", (answer, socket) => {
    if (answer.statusCode !== 200) { socket.destroy(); return resolve("refused"); }
    const createConnection = () => tls.connect({ socket, servername: hostname, ca });
    http.get({ createConnection, path: pathname, headers: { host } }, async (reply) =>
      resolve(`${reply.statusCode} ${await read(reply)}`)).on("error", reject);
  }).on("error", reject).end();
});
(async () => {
  for (const proxy of [new URL(orders), new URL(find)]) {
    console.log(await overProxy(proxy, plain));
    console.log(await overTunnel(proxy, secure));
  }
})();
"#;
    let mut command = scene.command(&tool("node"));
    command.args(["-e", script]);
    scene.check_script(command);
}

/// `fetch` with the agent that reads the variables. Without an agent, `fetch` of Node.js 20 and 22 ignores
/// them.
#[cfg_attr(not(has_undici), ignore = "the library undici of Node.js is missing")]
#[test]
fn fetch_calls_through_the_variables() {
    let scene = Scene::new();
    let script = r#"
import { EnvHttpProxyAgent, fetch } from "undici";
const [orders, find, plain, secure] = process.argv.slice(2);
for (const proxy of [orders, find]) {
  process.env.http_proxy = process.env.https_proxy = proxy;
  const dispatcher = new EnvHttpProxyAgent({ proxyTunnel: false });
  for (const url of [plain, secure]) {
    try {
      const answer = await fetch(url, { dispatcher });
      const text = await answer.text();
      console.log(answer.ok ? `${answer.status} ${text}` : `${answer.status}`);
    } catch (error) {
      // The library does not say why a tunnel was refused.
      console.log(`${error.cause?.message}` === "Request was cancelled." ? "refused" : `${error} ${error.cause}`);
    }
  }
}
"#;
    // The module is found from its folder.
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parsers");
    let script_path = scene.folder.path().join("fetch.mjs");
    std::fs::write(&script_path, script).unwrap();
    let modules = scene.folder.path().join("node_modules");
    std::os::unix::fs::symlink(format!("{folder}/node_modules"), modules).unwrap();
    let mut command = scene.command(&tool("node"));
    command.env("NODE_EXTRA_CA_CERTS", scene.folder.path().join("ca.pem"));
    command.arg(script_path);
    scene.check_script(command);
}

#[cfg_attr(not(has_go), ignore = "Go is missing")]
#[test]
fn go_calls() {
    let scene = Scene::new();
    let program = r#"
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

func main() {
	pem, _ := os.ReadFile("ca.pem")
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	for _, proxy := range os.Args[1:3] {
		address, _ := url.Parse(proxy)
		client := http.Client{Transport: &http.Transport{
			Proxy: http.ProxyURL(address), TLSClientConfig: &tls.Config{RootCAs: pool}}}
		for _, target := range os.Args[3:] {
			answer, err := client.Get(target)
			if err != nil {
				if strings.Contains(err.Error(), "Forbidden") {
					fmt.Println("refused")
				} else {
					fmt.Println(err)
				}
				continue
			}
			text, _ := io.ReadAll(answer.Body)
			if answer.StatusCode == 200 {
				fmt.Println(answer.StatusCode, string(text))
			} else {
				fmt.Println(answer.StatusCode)
			}
		}
	}
}
"#;
    std::fs::write(scene.folder.path().join("main.go"), program).unwrap();
    let mut command = scene.command(&tool("go"));
    command.args(["run", "main.go"]).env("GOFLAGS", "-mod=mod");
    scene.check_script(command);
}
