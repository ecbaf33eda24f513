//! The README is true: its commands run, and print what it shows; links in all pages lead somewhere.
//!
//! Commands run in order in a copy of the files that they name, a git repository. A line `…` of an
//! output stands for any lines. Commands that build or install are not run here.
//!
//! `PORTCULLIS_TEST_WRITE=1 cargo test --test it readme` writes the text outputs without `…` anew.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::app::program;
use super::deploy::file;
use super::tools::tool;

/// What the README's clients connect to.
const DATA: &str = "localhost:8080";

/// Set to write outputs instead of comparing them.
const WRITE: &str = "PORTCULLIS_TEST_WRITE";

/// Commands that build, test or install: other jobs run them.
const NOT_RUN: [&str; 4] = [
    "cargo test ",
    "cargo install ",
    "cargo run --release --locked -- serve ",
    "docker ",
];

/// A command of a page and the output that follows it.
#[derive(Debug)]
struct Shown {
    command: String,
    output: String,
}

/// The commands of a page's `sh` blocks, and those after `$ ` in its `console` blocks.
fn commands(page: &str) -> Vec<Shown> {
    let mut shown = Vec::new();
    for block in page.split("\n```").skip(1).step_by(2) {
        let (kind, text) = block.split_once('\n').unwrap();
        match kind {
            "sh" => shown.extend(text.lines().map(|line| Shown {
                command: line.to_owned(),
                output: String::new(),
            })),
            "console" => shown.extend(console(text)),
            _ => {}
        }
    }
    shown
}

fn console(text: &str) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            let (command, output) = (command.to_owned(), String::new());
            shown.push(Shown { command, output });
        } else if let Some(last) = shown.last_mut() {
            let text = if is_open {
                &mut last.command
            } else {
                &mut last.output
            };
            if is_open || !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line);
        }
        let command = shown.last().map_or("", |last| last.command.as_str());
        // A command ends where its quotes do.
        is_open = command.ends_with('\\') || command.matches('\'').count() % 2 == 1;
    }
    shown
}

/// A copy of what the README speaks of.
struct Workplace {
    directory: TempDir,
    served: Served,
}

/// The program, serving.
struct Served {
    child: Child,
    data: SocketAddr,
    /// Kept open, as the program writes to it.
    _log: BufReader<ChildStderr>,
}

impl Workplace {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        std::fs::copy(file("config.toml"), path.join("config.toml")).unwrap();
        copy(&file("contracts"), &path.join("contracts"));
        for line in [
            "git init -q -b main .",
            "git add .",
            "git -c user.name=a -c user.email=a@example.com commit -q -m a",
            "git update-ref refs/remotes/origin/main main",
            "cp contracts/payments/orders/openapi.yaml openapi.yaml",
            "mkdir deployments",
        ] {
            let (code, _, errors) = shell(path, line);
            assert_eq!(code, Some(0), "{line}: {errors}");
        }
        let served = Served::start(path, "serve");
        Self { directory, served }
    }

    /// Runs a command and compares what it prints, or returns it where the page is to be written.
    fn run(&self, shown: &Shown) -> Option<String> {
        let command = shown.command.as_str();
        if command.contains("serve") {
            self.serve(command);
            return None;
        }
        let command = command.replace(DATA, &self.served.data.to_string());
        let (command, is_json) = match command.strip_suffix(" | jq") {
            Some(command) => (command, true),
            None => (command.as_str(), false),
        };
        let (code, output, errors) = shell(self.directory.path(), command);
        assert!(matches!(code, Some(0 | 1)), "{command}: {code:?} {errors}");
        let is_whole = !shown.output.lines().any(|line| line == "…");
        match is_json {
            true => assert_same_json(&output, &shown.output),
            false if shown.output.is_empty() => {}
            false if is_whole && std::env::var_os(WRITE).is_some() => return Some(output),
            false => assert_same_text(command, &output, &shown.output),
        }
        None
    }

    /// A command that serves becomes ready.
    fn serve(&self, command: &str) {
        let words = command.strip_prefix("portcullis ").unwrap_or("serve");
        let words = words.replace("0.0.0.0:8080", "127.0.0.1:0");
        drop(Served::start(self.directory.path(), &words));
    }
}

impl Served {
    /// Runs the program until it is ready, on free ports.
    fn start(directory: &Path, words: &str) -> Self {
        let mut child = program()
            .args(words.split(' '))
            .envs([
                ("PORTCULLIS_ADMIN__ADDRESS", "127.0.0.1:0"),
                ("PORTCULLIS_LISTEN__ADDRESS", "127.0.0.1:0"),
            ])
            .current_dir(directory)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(" ready ") {
            line.clear();
            let count = log.read_line(&mut line).unwrap();
            assert!(count > 0, "{words}: ended before it was ready");
        }
        let address = line.split(" address=").nth(1);
        let address = address.and_then(|rest| rest.split(' ').next());
        let data = address.unwrap().parse().unwrap();
        Self {
            child,
            data,
            _log: log,
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Runs a line with the program on the path; returns the exit code and both outputs.
fn shell(directory: &Path, line: &str) -> (Option<i32>, String, String) {
    let program = program();
    let folder = Path::new(program.get_program()).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [folder.to_owned()].into_iter();
    let path = std::env::join_paths(folders.chain(std::env::split_paths(&path))).unwrap();
    let mut command = Command::new("sh");
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let output = command
        .args(["-c", line])
        .env("PATH", path)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The same values, but for the id and the time of a request.
fn assert_same_json(output: &str, shown: &str) {
    let parse = |text: &str| {
        let mut value: Value = serde_json::from_str(text).unwrap_or_else(|error| {
            panic!("{error}: {text}");
        });
        for key in ["instance", "timestamp"] {
            assert!(value[key].is_string(), "{key}: {text}");
            value[key] = Value::Null;
        }
        value
    };
    assert_eq!(parse(output), parse(shown));
}

/// The same lines; a line `…` stands for any number of them.
fn assert_same_text(command: &str, output: &str, shown: &str) {
    let lines = |text: &str| {
        let lines = text.trim().lines().map(|line| steady(line.trim_end()));
        lines.collect::<Vec<_>>()
    };
    let (output, shown) = (lines(output), lines(shown));
    let mut rest = output.as_slice();
    let mut parts = shown.split(|line| line == "…").enumerate().peekable();
    while let Some((number, part)) = parts.next() {
        let (is_first, is_last) = (number == 0, parts.peek().is_none());
        let found = match part.len() {
            0 => Some(if is_last && !is_first { rest.len() } else { 0 }),
            len => rest.windows(len).position(|window| window == part),
        };
        let found = found.filter(|at| !is_first || *at == 0);
        let found = found.filter(|at| !is_last || part.is_empty() || at + part.len() == rest.len());
        let at = found.unwrap_or_else(|| {
            panic!(
                "{command}\nprints\n{}\nand not\n{}",
                output.join("\n"),
                part.join("\n")
            )
        });
        rest = &rest[at + part.len()..];
    }
}

/// A line without what differs from run to run.
fn steady(line: &str) -> String {
    match line.trim_start().split_once(' ') {
        Some((key @ "gate_duration_ms", _)) => key.to_owned(),
        _ => line.to_owned(),
    }
}

#[test]
fn commands_and_outputs_of_the_readme_are_real() {
    if tool("curl", "the README", "install curl").is_none() {
        return;
    }
    let page = std::fs::read_to_string(file("README.md")).unwrap();
    let shown = commands(&page);
    assert!(shown.len() > 10, "{shown:?}");
    let workplace = Workplace::new();
    let mut written = page.clone();
    for shown in &shown {
        let command = shown.command.as_str();
        if NOT_RUN.iter().any(|other| command.starts_with(other)) {
            continue;
        }
        if let Some(output) = workplace.run(shown) {
            written = written.replace(&shown.output, output.trim_end());
        }
    }
    if written != page {
        std::fs::write(file("README.md"), written).unwrap();
    }
}

/// The pages with links.
fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "deploy/README.md",
    ]
    .map(file)
    .to_vec();
    let docs = std::fs::read_dir(file("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    pages.extend(docs.filter(|path| path.extension().is_some_and(|end| end == "md")));
    pages
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = text.replace(' ', "-");
        let is_kept = |c: &char| c.is_alphanumeric() || "-_".contains(*c);
        kept.chars().filter(is_kept).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_of_all_pages_lead_somewhere() {
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            if link.contains("://") || link.contains(char::is_whitespace) {
                continue;
            }
            let (name, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match name {
                "" => page.clone(),
                name => page.parent().unwrap().join(name),
            };
            assert!(target.exists(), "{}: {link}", page.display());
            if !anchor.is_empty() {
                let target = std::fs::read_to_string(&target).unwrap();
                let is_there = anchors(&target).contains(anchor);
                assert!(is_there, "{}: {link}", page.display());
            }
        }
    }
}
