//! Runs Node.js.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

/// What Node.js says about a pattern and its texts.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NodeAnswer {
    /// Why the pattern is not valid.
    Invalid(String),
    /// For each text, whether it matches; `None` if that takes too long.
    Matches(Vec<Option<bool>>),
}

/// The answers for patterns, each with its texts.
pub(super) fn answers<'c>(cases: impl Iterator<Item = (&'c str, &'c [String])>) -> Vec<NodeAnswer> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/patterns/match.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed");
    let lines: Vec<String> = cases
        .map(|(pattern, subjects)| json!({"pattern": pattern, "subjects": subjects}).to_string())
        .collect();
    let mut input = node.stdin.take().expect("its input is a pipe");
    let writer = std::thread::spawn(move || {
        for line in lines {
            writeln!(input, "{line}").expect("node reads its input");
        }
    });
    let output = node.wait_with_output().expect("node ends");
    writer.join().expect("all cases are written");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(answer).collect()
}

fn answer(line: &str) -> NodeAnswer {
    match line.strip_prefix('!') {
        Some(reason) => NodeAnswer::Invalid(reason.to_owned()),
        None => NodeAnswer::Matches(
            line.chars()
                .map(|c| (c != '?').then_some(c == '1'))
                .collect(),
        ),
    }
}
