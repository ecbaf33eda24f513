//! `portcullis owners costs`: a real Prometheus scrapes a real proxy, and a bill is divided.

use std::net::SocketAddr;
use std::time::SystemTime;

use portcullis_vocabulary::Date;
use serde_json::Value;

use crate::support::app::{Process, SHOP, Site, admin, get, post, run};
use crate::support::client::Client;
use crate::support::upstream::Upstream;
use crate::telemetry::prometheus::Prometheus;

const CATALOG: &str = r#"
[squads.payments]
services = ["shop"]
cost_center = "4711"
[squads.checkout]
cost_center = "4713"
[squads.search]
cost_center = "47,12"
[squads.billing]
cost_center = "4713"
[squads.archive]
cost_center = "4714"
"#;

const ITEM: &str = r#"{"name":"a","quantity":1}"#;

/// Sends as a squad; returns the bytes of the bodies of requests and responses.
fn send(data: SocketAddr, squad: &str, times: u64, creates: bool) -> u64 {
    let mut client = Client::connect(data);
    let fields = format!("x-tenant: a\r\nx-squad-owner: {squad}\r\n");
    let mut bytes = 0;
    for _ in 0..times {
        if creates {
            client.send(post("/items", &fields, ITEM));
            bytes += ITEM.len() as u64;
        } else {
            let request = get("/files/x").replacen("\r\n\r\n", &format!("\r\n{fields}\r\n"), 1);
            client.send(request);
        }
        let answer = client.answer();
        assert_eq!(answer.status, 200);
        bytes += answer.body.len() as u64;
    }
    bytes
}

struct Bill {
    site: tempfile::TempDir,
    url: String,
    month: String,
}

impl Bill {
    fn divide(&self, words: &str) -> (Option<i32>, String, String) {
        let Self { url, month, .. } = self;
        let command = format!(
            "owners costs --prometheus {url} --service shop --month {month} --catalog squads.toml {words}"
        );
        let output = run(self.site.path(), &command, "");
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    fn json(&self, words: &str) -> Value {
        let (_, text, errors) = self.divide(&format!("{words} --format json"));
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{errors}"))
    }
}

fn shares(report: &Value) -> Vec<String> {
    let consumers = report["consumers"].as_array().unwrap().iter();
    let text = |of: &Value| {
        let amount = of["amount"].as_str().unwrap();
        format!("{} {} {amount}", of["squad"].as_str().unwrap(), of["used"])
    };
    consumers.map(text).collect()
}

fn cents(amount: &Value) -> u64 {
    amount.as_str().unwrap().replace('.', "").parse().unwrap()
}

#[test]
#[cfg_attr(
    not(has_prometheus),
    ignore = "needs prometheus, promtool and amtool: .ci/run installs them"
)]
fn divides_a_bill_by_what_consumers_used() {
    let upstream = Upstream::ok();
    let address = format!("http://{}", upstream.address);
    let site = Site::new("[catalog]\npath = \"squads.toml\"")
        .file("squads.toml", CATALOG)
        .service("shop", SHOP, &address, "");
    let process = Process::start(site);
    let prometheus = Prometheus::start(process.admin);
    prometheus.await_vector("up", &["job"], "portcullis 1");
    let checkout = send(process.data, "checkout", 30, true);
    let search = send(process.data, "search", 50, false);
    let billing = send(process.data, "billing", 10, true);
    prometheus.await_vector("sum(portcullis_requests_total)", &[], "90");
    let (_, metrics) = admin(process.admin, "/metrics");
    assert!(
        metrics.contains("portcullis_squad_info{squad=\"search\",cost_center=\"47,12\"} 1\n"),
        "{metrics}"
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("squads.toml"), CATALOG).unwrap();
    let bill = Bill {
        site: folder,
        url: format!("http://{}", prometheus.address),
        month: Date::of(SystemTime::now()).to_string()[..7].to_owned(),
    };

    let by_requests = bill.json("--amount 1000.01");
    // 333.3366…, 555.5611…, 111.1122…: one cent is left, for the largest remainder.
    assert_eq!(
        shares(&by_requests),
        [
            "search 50.0 555.56",
            "checkout 30.0 333.34",
            "billing 10.0 111.11"
        ]
    );
    assert_eq!(by_requests["cost_centers"][1]["cost_center"], "4713");
    assert_eq!(by_requests["cost_centers"][1]["amount"], "444.45");
    assert_eq!(by_requests["is_partial"], true);

    let by_bytes = bill.json("--amount 1000.01 --method bytes");
    let used = |squad: &str| {
        let consumers = by_bytes["consumers"].as_array().unwrap().iter();
        let mut own = consumers.filter(|of| of["squad"] == squad);
        own.next().unwrap()["used"].as_f64().unwrap() as u64
    };
    assert_eq!(
        (used("checkout"), used("search"), used("billing")),
        (checkout, search, billing)
    );
    // Without request bodies, more requests are fewer bytes.
    assert_eq!(by_bytes["consumers"][0]["squad"], "checkout");
    check_sums(&bill);
    check_formats(&bill);
    check_refusals(&bill);
}

/// For each method and amount, the shares add up to the cent.
fn check_sums(bill: &Bill) {
    for method in ["requests", "bytes", "time"] {
        for amount in ["0.01", "0.07", "1200", "99999999.99"] {
            let report = bill.json(&format!("--amount {amount} --method {method}"));
            let consumers = report["consumers"].as_array().unwrap();
            assert_eq!(
                consumers.len(),
                3,
                "archive and payments sent nothing: {report}"
            );
            let sum: u64 = consumers.iter().map(|of| cents(&of["amount"])).sum();
            assert_eq!(sum, cents(&report["amount"]), "{report}");
        }
    }
}

fn check_formats(bill: &Bill) {
    let (code, csv, _) = bill.divide("--amount 1000.01 --format csv");
    assert_eq!(code, Some(0));
    let month = &bill.month;
    assert_eq!(
        csv,
        format!(
            "service,month,squad,cost_center,requests,share,amount\n\
             shop,{month},search,\"47,12\",50,0.555556,555.56\n\
             shop,{month},checkout,4713,30,0.333333,333.34\n\
             shop,{month},billing,4713,10,0.111111,111.11\n"
        )
    );
    let (_, text, _) = bill.divide("--amount 1200");
    assert!(
        text.contains("search") && text.contains("1200.00"),
        "{text}"
    );
    let (_, markdown, _) = bill.divide("--amount 1200 --format markdown");
    assert!(
        markdown.contains("| **total** | | | | **1200.00** |"),
        "{markdown}"
    );
}

/// A month without use, one that has not begun, and a service that does not exist.
fn check_refusals(bill: &Bill) {
    for (words, expected) in [
        ("--month 2020-01", "has no use of shop in 2020-01"),
        ("--month 2999-01", "it has not begun"),
        ("--month 2026-13", "expected a month such as 2026-11"),
        ("--service shopp", "lists a service `shopp`"),
        ("--amount 1.001", "at most two decimals"),
    ] {
        let base = format!(
            "owners costs --prometheus {} --catalog squads.toml",
            bill.url
        );
        let mut command = base;
        for default in ["--month 2026-01", "--service shop", "--amount 5"] {
            let flag = default.split(' ').next().unwrap();
            let chosen = if words.starts_with(flag) {
                words
            } else {
                default
            };
            command += &format!(" {chosen}");
        }
        let output = run(bill.site.path(), &command, "");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words}: {errors}");
        assert!(errors.contains(expected), "{words}: {errors}");
    }
}
