//! Time and memory to compile a contract, compared with parsing it.
//!
//! `cargo bench --bench compile -- FILE...` prints a row for each document: the time to parse it
//! to a `serde_json::Value` (YAML: to the tape), the time to load and compile it, the difference,
//! the resident memory of the compiled contract, and the peak. Each document is measured in a
//! separate process, so earlier documents do not affect the memory.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

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
        "document", "operations", "parse", "compile", "difference", "resident", "peak"
    );
    for file in files {
        let program = std::env::current_exe().expect("the path of this program");
        let status = Command::new(program)
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
    let bytes = std::fs::read(file).expect("a readable document");
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
    let compiled_bytes = resident().saturating_sub(before);
    for _ in 1..ROUNDS {
        let started = Instant::now();
        let documents = load_contract(file, &limits).expect("a valid document");
        let recompiled = compile(documents, &CompileOptions::default()).expect("a valid contract");
        compile_time = compile_time.min(started.elapsed());
        drop(recompiled);
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
        compiled_bytes as f64 / 1e6,
        peak as f64 / 1e6,
    );
}

/// Waits and allocates, so that the allocator returns freed memory as in a running program.
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
