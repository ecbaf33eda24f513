//! How long does a pipeline wait for `portcullis gate`?
//!
//! A catalog of 200 services, 62 of which have a contract (the sample of orders, 390 lines) and a
//! deployment in a directory. Each is judged by a process of its own with a next revision that
//! breaks something, as pipelines do: start, catalog, registry, both contracts, comparison,
//! verdict. `cargo bench --bench gate` prints the median and the greatest of one, and the sum.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SQUADS: usize = 20;
const SERVICES: usize = 200;
const CONTRACTS: usize = 62;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    fs::create_dir(root.join("registry")).expect("a registry");
    fs::write(root.join("squads.toml"), catalog()).expect("a catalog");
    let sample =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts/payments/orders/openapi.yaml");
    let sample = fs::read_to_string(sample).expect("the sample");
    for number in 0..CONTRACTS {
        let own = sample
            .replace("title: Orders", &format!("title: Orders {number}"))
            .replace(
                "x-squad-owner: payments",
                &format!("x-squad-owner: {}", squad(number)),
            );
        let next = own
            .replace("maximum: 100", "maximum: 50")
            .replace("maxLength: 500", "maxLength: 900");
        assert_ne!(own, next, "the sample has what is changed");
        fs::write(root.join(format!("{number}.yaml")), own).expect("a contract");
        fs::write(root.join(format!("{number}.next.yaml")), next).expect("a contract");
        judge(root, number, "yaml", &["--record"], 0);
    }
    let mut times: Vec<Duration> = (0..CONTRACTS)
        .map(|number| judge(root, number, "next.yaml", &[], 1))
        .collect();
    let sum: Duration = times.iter().sum();
    times.sort();
    println!(
        "one service of {SERVICES}: median {:?}, greatest {:?}",
        times[CONTRACTS / 2],
        times[CONTRACTS - 1]
    );
    println!("{CONTRACTS} contracts one after the other: {sum:?}");
}

fn squad(number: usize) -> String {
    format!("squad-{}", number % SQUADS)
}

fn catalog() -> String {
    let mut text = String::new();
    for owner in 0..SQUADS {
        let own = (0..SERVICES).filter(|service| service % SQUADS == owner);
        let own: Vec<String> = own
            .map(|service| format!("\"service-{service}\""))
            .collect();
        writeln!(
            text,
            "[squads.squad-{owner}]\ntier = \"silver\"\nservices = [{}]",
            own.join(", ")
        )
        .expect("text");
    }
    for service in 0..SERVICES {
        writeln!(text, "[[dependencies]]\nservice = \"service-{service}\"\nuses = [\"service-{}\", \"service-{}\"]", (service + 1) % SERVICES, (service + 7) % SERVICES).expect("text");
    }
    text
}

fn judge(root: &Path, number: usize, ending: &str, more: &[&str], code: i32) -> Duration {
    let began = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args([
            "gate",
            "--catalog",
            "squads.toml",
            "--registry",
            "registry",
            "--squad",
            &squad(number),
        ])
        .args([
            "--service",
            &format!("service-{number}"),
            "--contract",
            &format!("{number}.{ending}"),
        ])
        .args(more)
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .expect("the gate runs");
    let took = began.elapsed();
    assert_eq!(
        output.status.code(),
        Some(code),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    took
}
