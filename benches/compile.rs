//! What does it cost to compile a contract, in time and memory, over its bare parse?
//!
//! `cargo bench --bench compile -- FILE...` prints a row for each document: the time to parse it
//! to a `serde_json::Value` (YAML: to the tape), the time to load and compile it, the difference,
//! and what the compiled contract keeps resident. Each document runs in a process of its own, so
//! that memory is counted from nothing.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use portcullis::source::load_contract;
use portcullis_contract::{CompileOptions, compile};
use portcullis_vocabulary::Limits;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 5;

fn main() {
    let files: Vec<PathBuf> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .map(PathBuf::from)
        .collect();
    if let Some(child) = std::env::var_os("PORTCULLIS_BENCH_FILE") {
        return measure(Path::new(&child));
    }
    let files = if files.is_empty() { samples() } else { files };
    println!(
        "{:<34} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "document", "operations", "parse", "compile", "over", "kept", "peak"
    );
    for file in files {
        let own = std::env::current_exe().expect("this program has a path");
        let status = Command::new(own)
            .env("PORTCULLIS_BENCH_FILE", &file)
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "{}",
            file.display()
        );
    }
}

fn samples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts");
    [
        "payments/orders/openapi.yaml",
        "payments/ledger/openapi.yaml",
        "discovery/search-api/openapi.json",
    ]
    .iter()
    .map(|path| root.join(path))
    .collect()
}

fn measure(file: &Path) {
    let limits = Limits {
        contract_bytes_max: 64 << 20,
        ..Limits::default()
    };
    let bytes = std::fs::read(file).expect("the document is readable");
    let is_json = file
        .extension()
        .is_some_and(|extension| extension == "json");
    let before = resident();
    let started = Instant::now();
    let first = load_contract(file, &limits)
        .map_err(|error| error.to_string())
        .and_then(|documents| {
            compile(documents, &CompileOptions::default()).map_err(|problems| {
                problems
                    .first()
                    .map(ToString::to_string)
                    .unwrap_or_default()
            })
        });
    let mut compile_time = started.elapsed();
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let contract = match first {
        Ok(contract) => contract,
        Err(problem) => return println!("{name:<34} refused: {problem}"),
    };
    let peak = peak().saturating_sub(before);
    settle();
    let kept = resident().saturating_sub(before);
    for _ in 1..ROUNDS {
        let started = Instant::now();
        let documents = load_contract(file, &limits).expect("it loaded before");
        let again = compile(documents, &CompileOptions::default()).expect("it compiled before");
        compile_time = compile_time.min(started.elapsed());
        drop(again);
    }
    let parse_time = (0..ROUNDS)
        .map(|_| parse(&bytes, is_json))
        .min()
        .unwrap_or_default();
    println!(
        "{name:<34} {:>10} {:>7.1} ms {:>7.1} ms {:>7.1} ms {:>7.1} MB {:>7.1} MB",
        contract.operations.len(),
        milliseconds(parse_time),
        milliseconds(compile_time),
        milliseconds(compile_time.saturating_sub(parse_time)),
        kept as f64 / 1e6,
        peak as f64 / 1e6,
    );
}

/// Gives the allocator time and occasion to return what was freed, as a running program does.
fn settle() {
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(10));
        std::hint::black_box(vec![0_u8; 100_000]);
    }
}

fn parse(bytes: &[u8], is_json: bool) -> Duration {
    let started = Instant::now();
    if is_json {
        let value: serde_json::Value = serde_json::from_slice(bytes).expect("JSON");
        std::hint::black_box(&value);
        let elapsed = started.elapsed();
        drop(value);
        return elapsed;
    }
    let limits = Limits::default();
    std::hint::black_box(
        portcullis_contract::parse_single_file("a.yaml", bytes.to_vec(), &limits).is_ok(),
    );
    started.elapsed()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Resident memory of this process, in bytes (Linux).
fn resident() -> u64 {
    status("VmRSS:")
}

fn peak() -> u64 {
    status("VmHWM:")
}

fn status(field: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .unwrap_or_default();
    line.trim()
        .trim_end_matches(" kB")
        .parse::<u64>()
        .unwrap_or(0)
        * 1024
}
