//! Checks the README and the pages in `docs/`: commands run and print the shown output, and links
//! have a target.
//!
//! The commands of a page run in order in a copy of the files that they name, a git repository, next
//! to a proxy that serves them. A line `…` of an output stands for any lines. Commands that build,
//! install or need a cluster are not run.
//!
//! `PORTCULLIS_TEST_WRITE=1 cargo test --test it readme` writes the outputs without `…`.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::app::program;
use crate::telemetry::deploy::file;

/// The port that the README's clients connect to.
const DATA: &str = "localhost:8080";

/// Set to write outputs instead of comparing them.
const WRITE: &str = "PORTCULLIS_TEST_WRITE";

/// The same for operators.
const ADMIN: &str = "localhost:9901";

/// The pages with commands.
const PAGES: [&str; 11] = [
    "README.md",
    "docs/admin-api.md",
    "docs/breakers.md",
    "docs/contracts.md",
    "docs/diff.md",
    "docs/gate.md",
    "docs/kubernetes.md",
    "docs/operations.md",
    "docs/ownership.md",
    "docs/replay.md",
    "docs/tracing.md",
];

/// Commands that are not run here: other jobs run them, or they need programs that are not on every
/// machine.
const NOT_RUN: [&str; 7] = [
    "cargo test ",
    "cargo install ",
    "cargo run --release --locked -- serve ",
    "docker ",
    "kubectl ",
    "portcullis serve --log-format json ",
    "zcat ",
];

/// Commands that show the counts of another thread, which may come later.
const LATE: [&str; 2] = [
    "portcullis contract candidate orders",
    "curl -s localhost:9901/traffic",
];

/// How often such a command is run until it shows the count.
const TRIES: usize = 100;

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
        // A command ends where its quotes and its document do.
        let has_document = command.contains("<<'END'") && !command.ends_with("\nEND");
        let quotes = command.matches('\'').count();
        is_open = command.ends_with('\\') || quotes % 2 == 1 || has_document;
    }
    shown
}

/// A copy of the files that the pages mention.
struct Workspace {
    directory: TempDir,
    served: Served,
}

/// The program, serving.
struct Served {
    child: Child,
    data: SocketAddr,
    admin: SocketAddr,
    /// Kept open, as the program writes to it.
    _log: BufReader<ChildStderr>,
}

impl Workspace {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        std::fs::copy(file("config.toml"), path.join("config.toml")).unwrap();
        copy(&file("contracts"), &path.join("contracts"));
        for name in ["openapi.yaml", "old.yaml", "new.yaml", "next.yaml"] {
            let contract = file("contracts/payments/orders/openapi.yaml");
            std::fs::copy(contract, path.join(name)).unwrap();
        }
        for line in [
            "git init -q -b main .",
            "git add .",
            "git -c user.name=a -c user.email=a@example.com commit -q -m a",
            "git update-ref refs/remotes/origin/main main",
            "mkdir .github",
        ] {
            let (code, _, errors) = shell(path, line, "");
            assert_eq!(code, Some(0), "{line}: {errors}");
        }
        let served = Served::start(path, "serve");
        Self { directory, served }
    }

    /// Runs a command and compares its output; returns the output if it differs and must be
    /// written.
    fn run(&self, shown: &Shown) -> Option<String> {
        let command = shown.command.as_str();
        if command.contains("serve") {
            self.serve(command);
            return None;
        }
        if command.ends_with(" | jq") {
            assert_same_json(&self.output(command), &shown.output);
            return None;
        }
        let is_late = LATE.iter().any(|late| command.starts_with(late));
        let mut output = String::new();
        for _ in 0..if is_late { TRIES } else { 1 } {
            output = self.output(command);
            if shown.output.is_empty() || is_same_text(&output, &shown.output) {
                return None;
            }
        }
        let is_whole = !shown.output.lines().any(|line| line == "…");
        assert!(
            is_whole && std::env::var_os(WRITE).is_some(),
            "{command}\nprints\n{output}\nand not\n{}",
            shown.output
        );
        Some(output)
    }

    /// The output of a command.
    fn output(&self, command: &str) -> String {
        let admin = self.served.admin.to_string();
        let line = command.replace(DATA, &self.served.data.to_string());
        let line = line.replace(ADMIN, &admin);
        let line = line.strip_suffix(" | jq").unwrap_or(&line);
        let (code, output, errors) = shell(self.directory.path(), line, &admin);
        assert!(matches!(code, Some(0 | 1)), "{command}: {code:?} {errors}");
        // A terminal shows errors too, and the progress of curl.
        if command.starts_with("portcullis ") {
            errors + &output
        } else {
            output
        }
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
        let address = |key: &str| {
            let address = line.split(key).nth(1);
            let address = address.and_then(|rest| rest.split_whitespace().next());
            address.unwrap().parse().unwrap()
        };
        Self {
            child,
            data: address(" address="),
            admin: address(" admin="),
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
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Runs a line with the program on the path, which asks this admin port; returns the exit code and
/// both outputs.
fn shell(directory: &Path, line: &str, admin: &str) -> (Option<i32>, String, String) {
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
        .env("PORTCULLIS_ADMIN_URL", format!("http://{admin}"))
        .envs([("SQUAD", "checkout"), ("GITHUB_BASE_REF", "main")])
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

/// Whether the lines are the same; a line `…` stands for any number of them.
fn is_same_text(output: &str, shown: &str) -> bool {
    let lines = |text: &str| text.trim().lines().map(normalized).collect::<Vec<_>>();
    let (output, shown) = (lines(output), lines(shown));
    let mut rest = output.as_slice();
    let mut parts = shown.split(|line| line == "…").enumerate().peekable();
    while let Some((number, part)) = parts.next() {
        let is_last = parts.peek().is_none();
        let at = match part.len() {
            0 => 0,
            // The last part is at the end.
            len if is_last && number > 0 => rest.len().saturating_sub(len),
            len => {
                let mut windows = rest.windows(len);
                windows
                    .position(|window| window == part)
                    .unwrap_or(rest.len())
            }
        };
        let has_part = rest.get(at..at + part.len()) == Some(part);
        if !has_part || (number == 0 && at > 0) {
            return false;
        }
        rest = &rest[at + part.len()..];
        if is_last && !rest.is_empty() && !part.is_empty() {
            return false;
        }
    }
    true
}

/// A line without the parts that differ between runs: times, durations, hashes of commits.
fn normalized(line: &str) -> String {
    let line = line.split(" compiled in ").next().unwrap();
    let words = line.trim_end().split(' ').filter(|word| !is_variable(word));
    words.collect::<Vec<_>>().join(" ")
}

fn is_variable(word: &str) -> bool {
    let word = word.trim_matches([',', ':', ';', '(', ')']);
    let digits = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let is_duration = digits.len() < word.len() && ["s", "m", "h", "ms"].contains(&digits);
    let is_number = digits.is_empty() && word.contains('.');
    let is_time = word.ends_with('Z') && word.contains('T') && word.starts_with("20");
    let is_commit = word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_duration || is_number || is_time || is_commit
}

#[test]
#[cfg_attr(not(has_curl_and_jq), ignore = "needs curl and jq")]
fn commands_and_outputs_of_the_pages_are_real() {
    for name in PAGES {
        let page = std::fs::read_to_string(file(name)).unwrap();
        let shown = commands(&page);
        assert!(!shown.is_empty(), "{name}");
        let workspace = Workspace::new();
        let mut written = page.clone();
        for shown in &shown {
            let command = shown.command.as_str();
            if NOT_RUN.iter().any(|other| command.starts_with(other)) {
                continue;
            }
            if let Some(output) = workspace.run(shown) {
                let before = format!("$ {command}\n{}", shown.output);
                let after = format!("$ {command}\n{}", output.trim_end());
                assert!(written.contains(&before), "{name}: {before}");
                written = written.replacen(&before, &after, 1);
            }
        }
        if written != page {
            std::fs::write(file(name), written).unwrap();
        }
        // A reader who runs the commands again in the same folder gets results, too. `init` does
        // not overwrite what it wrote.
        for Shown { command, .. } in &shown {
            let is_run = !NOT_RUN.iter().any(|other| command.starts_with(other));
            let is_once = command.starts_with("portcullis init");
            if is_run && !is_once && !command.contains("serve") {
                workspace.output(command);
            }
        }
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
