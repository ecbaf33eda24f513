//! The duration of `portcullis gate` in a pipeline.
//!
//! The catalog has 200 services; 62 of them have a contract (the sample of orders, 390 lines) and a
//! recorded deployment in a directory. As in a pipeline, a separate process decides about a
//! breaking revision of each: start, catalog, registry, both contracts, comparison, decision.
//! `cargo bench --bench gate` prints the median and the maximum of one process, and the sum.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

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
        assert_ne!(own, next, "the replaced text occurs in the sample");
        fs::write(root.join(format!("{number}.yaml")), own).expect("a contract");
        fs::write(root.join(format!("{number}.next.yaml")), next).expect("a contract");
        run_gate(root, number, "yaml", &["--record"], 0);
    }
    let mut times: Vec<Duration> = (0..CONTRACTS)
        .map(|number| run_gate(root, number, "next.yaml", &[], 1))
        .collect();
    let sum: Duration = times.iter().sum();
    times.sort();
    println!(
        "one service of {SERVICES}: median {:?}, maximum {:?}",
        times[CONTRACTS / 2],
        times[CONTRACTS - 1]
    );
    println!("{CONTRACTS} contracts sequentially: {sum:?}");
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

fn run_gate(
    root: &Path,
    number: usize,
    suffix: &str,
    options: &[&str],
    exit_code: i32,
) -> Duration {
    let started = Instant::now();
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
            &format!("{number}.{suffix}"),
        ])
        .args(options)
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .expect("the gate runs");
    let took = started.elapsed();
    assert_eq!(
        output.status.code(),
        Some(exit_code),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    took
}
