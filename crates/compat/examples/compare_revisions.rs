//! Measures comparisons of two revisions of a contract, as a Markdown table:
//!
//! `cargo run --release -p portcullis-compat --example compare_revisions -- OLD NEW [OLD NEW ...]`
//!
//! Each argument pair is a row; `OLD` and `NEW` may also be one directory with `old.*` and `new.*`,
//! given alone. If a program `oasdiff` is on the path, its figures for the same files are shown next
//! to ours: `changelog`, where level 3 is breaking and level 2 a warning. Each row is measured in a
//! separate process, so that its peak memory is its own. Memory is read from `/proc`, so it is
//! missing on other systems than Linux.

use std::error::Error;
use std::fs;
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portcullis_compat::{ChangeCertainty, CompareOptions, CompatFinding, Date, compare};
use portcullis_contract::{
    CompileOptions, CompiledContract, Severity, UnreadableFile, compile, load,
};
use portcullis_vocabulary::limits::Limits;
use serde_json::Value;

const HEADER: &str = "\
| pair | findings | places | breaking | unknown | warnings | witnessed | proved | seconds | peak MiB | oasdiff changes | breaking | warnings | seconds | peak MiB |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, old, new] = &arguments[..]
        && flag == "--row"
    {
        let cells = measured_row(Path::new(old), Path::new(new))?;
        writeln!(stdout(), "{}", cells.join(" | "))?;
        return Ok(());
    }
    let pairs = revision_pairs(&arguments);
    if pairs.is_empty() {
        return Err("give OLD and NEW, or directories with old.* and new.*".into());
    }
    writeln!(stdout(), "{HEADER}")?;
    for (old, new) in pairs {
        writeln!(
            stdout(),
            "| {} | {} | {} |",
            name(&old),
            own_figures(&old, &new)?,
            oasdiff_figures(&old, &new)
        )?;
    }
    Ok(())
}

/// The pairs that the arguments name.
fn revision_pairs(arguments: &[String]) -> Vec<(PathBuf, PathBuf)> {
    let mut pairs = Vec::new();
    let mut rest = arguments.iter().map(PathBuf::from);
    while let Some(old) = rest.next() {
        let pair = if old.is_dir() {
            revision_in(&old, "old").zip(revision_in(&old, "new"))
        } else {
            rest.next().map(|new| (old, new))
        };
        pairs.extend(pair);
    }
    pairs
}

fn revision_in(directory: &Path, name: &str) -> Option<PathBuf> {
    let files = ["json", "yaml", "yml"].map(|ending| directory.join(format!("{name}.{ending}")));
    files.into_iter().find(|file| file.is_file())
}

/// The name of a pair: the directory of its files.
fn name(old: &Path) -> String {
    let directory = old.parent().and_then(Path::file_name);
    directory
        .unwrap_or(old.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// Our figures, measured in another process.
fn own_figures(old: &Path, new: &Path) -> Result<String, Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let output = Command::new(program)
        .arg("--row")
        .args([old, new])
        .output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let error = String::from_utf8_lossy(&output.stderr);
    let line = error.lines().next().unwrap_or_default().replace('|', "/");
    Ok(format!("{line} | | | | | | | | "))
}

/// Compares a pair in this process. The time includes reading and compiling both contracts.
fn measured_row(old: &Path, new: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let begun = Instant::now();
    let [old, new] = [contract(old)?, contract(new)?];
    let today = Date::parse("2026-11-20").ok_or("the date is valid")?;
    let report = compare(&old, &new, &CompareOptions::for_day(today));
    let seconds = begun.elapsed();
    let findings = &report.findings;
    let count = |is_counted: &dyn Fn(&CompatFinding) -> bool| {
        findings
            .iter()
            .filter(|finding| is_counted(finding))
            .count()
            .to_string()
    };
    let is_unknown =
        |finding: &CompatFinding| matches!(finding.certainty, ChangeCertainty::Unknown(_));
    Ok(vec![
        findings.len().to_string(),
        findings.iter().map(places).sum::<usize>().to_string(),
        count(&|finding| finding.level.as_str() == "breaking"),
        count(&is_unknown),
        count(&|finding| finding.level.as_str() == "warning"),
        count(&|finding| finding.certainty == ChangeCertainty::Witnessed),
        count(&|finding| finding.certainty == ChangeCertainty::Proved),
        format!("{:.2}", seconds.as_secs_f64()),
        mebibytes(peak_kibibytes("self")),
    ])
}

/// The number of places that a finding reaches.
fn places(finding: &CompatFinding) -> usize {
    finding.places.len()
}

fn contract(path: &Path) -> Result<CompiledContract, Box<dyn Error>> {
    let read = |path: &Path, _| fs::read(path).map_err(|error| UnreadableFile(error.to_string()));
    let name = path.to_string_lossy();
    let documents = load(path, &name, &Limits::default(), &read)?;
    let options = CompileOptions {
        accepts_events: true,
        outbound_operations: true,
        ..CompileOptions::default()
    };
    compile(documents, &options).map_err(|problems| {
        let first = problems
            .iter()
            .find(|problem| problem.severity == Severity::Error);
        first.map_or_else(String::new, ToString::to_string).into()
    })
}

/// The figures of `oasdiff changelog`; empty cells if the program is missing or fails.
fn oasdiff_figures(old: &Path, new: &Path) -> String {
    let begun = Instant::now();
    let output = std::env::temp_dir().join(format!("oasdiff-{}.json", std::process::id()));
    let figures = fs::File::create(&output).ok().and_then(|file| {
        let child = Command::new("oasdiff")
            .arg("changelog")
            .args([old, new])
            .args(["--format", "json"])
            .stdout(file)
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let peak = peak_of(child);
        let seconds = begun.elapsed().as_secs_f64();
        let changes: Value = serde_json::from_slice(&fs::read(&output).ok()?).ok()?;
        let changes = changes.as_array()?;
        let of_level = |level: u64| {
            let levels = changes
                .iter()
                .filter_map(|change| change.get("level")?.as_u64());
            levels.filter(|found| *found == level).count()
        };
        Some(format!(
            "{} | {} | {} | {seconds:.2} | {}",
            changes.len(),
            of_level(3),
            of_level(2),
            mebibytes(peak)
        ))
    });
    // A file that remains in the temporary directory does no harm.
    drop(fs::remove_file(&output));
    figures.unwrap_or_else(|| " | | | | ".to_owned())
}

/// Waits for a process. Returns its peak memory as it was seen last.
fn peak_of(mut child: Child) -> Option<u64> {
    let mut peak = None;
    loop {
        peak = peak_kibibytes(&child.id().to_string()).or(peak);
        match child.try_wait() {
            Ok(None) => std::thread::sleep(Duration::from_millis(10)),
            Ok(Some(_)) | Err(_) => return peak,
        }
    }
}

fn peak_kibibytes(process: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn mebibytes(kibibytes: Option<u64>) -> String {
    kibibytes.map_or_else(String::new, |kibibytes| (kibibytes / 1024).to_string())
}
