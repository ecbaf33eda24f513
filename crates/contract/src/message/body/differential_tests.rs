//! Reads generated multipart bodies with the readers of other languages: whatever passes the check
//! is read the same by all of them.
//!
//! Exceptions, which are documented in `docs/semantics.md`: PHP reads names as variables, Django leaves out files without a base
//! name, and busboy reads names as Latin-1 unless an application asks for UTF-8.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::folded_names::folded;
use super::form_data;
use super::multipart_reader::{MultipartError, MultipartReader, PartSink};
use super::part_head::{PartHead, PartNaming};
use super::tests::{contract, headers, judge};

/// How many bodies are generated.
const BODIES: usize = 12_000;

/// The highest fraction of the bodies that pass and that a reader may refuse. A reader that refuses
/// a body reads nothing else in it.
const REFUSED_MAX: f64 = 0.1;

/// A message.
#[derive(Clone, Debug)]
struct MultipartMessage {
    content_type: String,
    body: Vec<u8>,
}

/// A name and its data.
type ReadPart = (String, Vec<u8>);

/// The parts as this crate reads them, each with its head.
#[derive(Debug, Default)]
struct CollectedParts(Vec<(PartHead, Vec<u8>)>);

impl PartSink for CollectedParts {
    fn begin(&mut self, head: PartHead) -> Result<(), MultipartError> {
        self.0.push((head, Vec::new()));
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), MultipartError> {
        self.0.last_mut().unwrap().1.extend_from_slice(bytes);
        Ok(())
    }
}

/// Text that is usually the first of these, and sometimes one of the others.
fn usually(first: &'static str, others: &[&'static str]) -> BoxedStrategy<String> {
    let others = select(others.to_vec());
    prop_oneof![24 => Just(first), 1 => others]
        .prop_map(str::to_owned)
        .boxed()
}

fn content_types() -> impl Strategy<Value = String> {
    let unusual = select(vec![
        "multipart/form-data; boundary=\"Bx\"",
        "Multipart/Form-Data;boundary=Bx",
        "multipart/form-data; boundary=Bx; charset=utf-8",
        "multipart/form-data; charset=UTF-8; boundary=Bx",
        "multipart/form-data; boundary=Bx; charset=iso-8859-1",
        "multipart/form-data; boundary=Bx; charset=utf-16",
        "multipart/form-data; boundary=Bx; boundary=c",
        "multipart/form-data; boundary=c; boundary=Bx",
        "multipart/form-data; boundary=Bx; boundary*=utf-8''c",
        "multipart/form-data; boundary*=utf-8''Bx",
        "multipart/form-data; boundary*0=B; boundary*1=x",
        "multipart/form-data; boundary='Bx'",
        "multipart/form-data; boundary=\"B\\x\"",
        "multipart/form-data; boundary=\"Bx",
        "multipart/form-data; boundary=Bx;",
        "multipart/form-data ; boundary=Bx",
        "multipart/form-data; boundary = Bx",
        "multipart/form-data; x=\"; boundary=c\"; boundary=Bx",
        "multipart/form-data; xboundary=c; boundary=Bx",
        "multipart/form-data; boundary=Bx, multipart/form-data; boundary=c",
        "multipart/form-data; x=y; boundary=Bx",
    ]);
    prop_oneof![
        3 => Just("multipart/form-data; boundary=Bx"),
        1 => unusual
    ]
    .prop_map(str::to_owned)
}

fn names() -> impl Strategy<Value = String> {
    let usual = select(vec![
        "a",
        "\"a\"",
        "\"role\"",
        "role",
        "\"user name\"",
        "\"b.c\"",
    ]);
    let unusual = select(vec![
        "\"é\"",
        "\"a[b]\"",
        "\"a[]\"",
        "\"a;b\"",
        "\"a=b\"",
        "\"a'b\"",
        "'a'",
        "a'b",
        "\"\"",
        "\" a\"",
        "\"a \"",
        "\"a\\\"b\"",
        "\"a\\b\"",
        "\"a\\\\\"",
        "\"a%22b\"",
        "\"a%0ab\"",
        "a b",
        "a;b",
        "\"=?utf-8?q?a?=\"",
        "\"a",
        "a\"",
        "\"&amp;\"",
        "\"a,b\"",
        "a,b",
        "\"a\tb\"",
        "\"name=c\"",
        "\"_charset_\"",
        "\"\u{a0}a\"",
        "\"a:b\"",
        "a+b",
        "\"a/b\"",
    ]);
    prop_oneof![4 => usual, 1 => unusual].prop_map(|name| format!("name={name}"))
}

fn dispositions() -> impl Strategy<Value = String> {
    let others = select(vec![
        "filename=f",
        "filename=\"f.txt\"",
        "filename=\"\"",
        "filename=\"a/\"",
        "filename=\"..\"",
        "filename=\"C:\\f\"",
        "filename=\"a\\\"b\"",
        "filename=\"a; name=b\"",
        "filename=\"a;b\"",
        "filename*=utf-8''f",
        "name*=utf-8''c",
        "name*0=c",
        "name=c",
        "NAME=\"c\"",
        "filename=é",
        "filename=\"é\"",
        "x=y",
        "x=\"y;z\"",
        "",
        "x",
        "filename=\"&quot;\"",
        "filename=\"a%22b\"",
        "filename=\"a'b\"",
        "filename='a'",
    ]);
    let names_and_others = (
        names(),
        proptest::option::weighted(0.3, others),
        any::<bool>(),
    );
    let separators = usually("; ", &[";", " ;", " ; ", ";  ", ";;", ";\t", ",", ""]);
    let kinds = usually(
        "form-data",
        &["Form-Data", "attachment", "form-data ", "form-data*", ""],
    );
    let fields = usually(
        "Content-Disposition: ",
        &[
            "content-disposition:",
            "Content-Disposition : ",
            "Content-Disposition:\t",
            "X: ",
        ],
    );
    (fields, kinds, separators, names_and_others).prop_map(
        |(field, kind, separator, (name, other, is_first))| {
            let parameters = match (other, is_first) {
                (Some(other), true) => vec![other.to_owned(), name],
                (Some(other), false) => vec![name, other.to_owned()],
                (None, _) => vec![name],
            };
            [format!("{field}{kind}")]
                .into_iter()
                .chain(parameters)
                .collect::<Vec<_>>()
                .join(&separator)
        },
    )
}

fn other_fields() -> impl Strategy<Value = Vec<String>> {
    let fields = select(vec![
        "Content-Type: text/plain",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/plain; charset=iso-8859-1",
        "Content-Type: text/plain; charset=utf-16",
        "Content-Type: text/plain; charset=utf-8; charset=iso-8859-1",
        "Content-Type: text/plain; charset*=utf-16''",
        "Content-Type: application/octet-stream",
        "Content-Type: image/png",
        "Content-Type: multipart/mixed; boundary=c",
        "Content-Type: multipart/form-data; boundary=Bx",
        "Content-Transfer-Encoding: binary",
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: quoted-printable",
        "Content-Length: 1",
        "Content-Length: 0",
        "X-A: 1",
        "X-A: 1\r\n folded",
        "X-A: --Bx",
        "Content-Disposition: form-data; name=c",
        "X-A: 1\nContent-Disposition: form-data; name=c",
        "X-A: 1\rContent-Disposition: form-data; name=c",
        "no colon",
    ]);
    let fields = prop_oneof![2 => select(vec!["Content-Type: text/plain", "X-A: 1"]), 3 => fields];
    let list = proptest::collection::vec(fields.prop_map(str::to_owned), 1..3);
    proptest::option::weighted(0.3, list).prop_map(Option::unwrap_or_default)
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop_oneof![
        12 => select(vec!["x", "value", "é", "\r\n", "-", "--", "\r\n--", "\r\n-", "B"]),
        2 => select(vec!["\r", "\n", "\r\r\n", "\n\n", "\0", "=\r\n", "=41", "\r\n\r\n"]),
        1 => select(vec!["--Bx", "\n--Bx", "\r--Bx", "\r\n--Bxx", "\r\n--Bx", "\r\n--Bx--", "\r--Bx\r"]),
    ];
    let text = proptest::collection::vec(fragment, 0..5)
        .prop_map(|fragments| fragments.concat().into_bytes());
    let octets = proptest::collection::vec(any::<u8>(), 0..8);
    prop_oneof![9 => text, 1 => octets]
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let line_end = || {
        usually(
            "\r\n",
            &["\n", "\r", " \r\n", "\t\r\n", "", "\r\n\r\n", "-\r\n"],
        )
    };
    let part = (
        line_end(),
        dispositions(),
        other_fields(),
        any::<bool>(),
        line_end(),
        data(),
        line_end(),
    );
    let parts = proptest::collection::vec(part, 0..4);
    let preamble = usually(
        "",
        &[
            "\r\n",
            "text\r\n",
            "\n",
            " ",
            "\r\n\r\n",
            "--Bx\r\nX: 1\r\n",
        ],
    );
    let epilogue = usually(
        "\r\n",
        &[
            "",
            "\n",
            "\r\n\r\n",
            "text",
            "\r\ntext",
            "\r\n--Bx\r\n",
            " \r\n",
            "-",
        ],
    );
    let closing = usually("--Bx--", &["--Bx", "--Bx-", "--Bx- -", "--bx--", ""]);
    (preamble, parts, closing, epilogue).prop_map(|(preamble, parts, closing, epilogue)| {
        let mut body = preamble.into_bytes();
        for (delimiter_end, disposition, others, is_first, head_end, data, data_end) in parts {
            let mut lines = others;
            let at = if is_first { 0 } else { lines.len() };
            lines.insert(at, disposition);
            body.extend_from_slice(format!("--Bx{delimiter_end}").as_bytes());
            body.extend_from_slice(lines.join("\r\n").as_bytes());
            body.extend_from_slice(format!("\r\n{head_end}").as_bytes());
            body.extend_from_slice(&data);
            body.extend_from_slice(data_end.as_bytes());
        }
        body.extend_from_slice(format!("{closing}{epilogue}").as_bytes());
        body
    })
}

/// Messages, some of them with a byte that was inserted, removed or replaced.
fn messages() -> impl Strategy<Value = MultipartMessage> {
    let byte = select(b"\r\n-;:=\"\\ *B\t'%".to_vec());
    let edit = (any::<prop::sample::Index>(), byte, 0..3_u8);
    let edit = proptest::option::weighted(0.2, edit);
    (content_types(), bodies(), edit).prop_map(|(content_type, mut body, edit)| {
        if let Some((index, byte, kind)) = edit
            && !body.is_empty()
        {
            let at = index.index(body.len());
            match kind {
                0 => body.insert(at, byte),
                1 => drop(body.remove(at)),
                _ => body[at] = byte,
            }
        }
        MultipartMessage { content_type, body }
    })
}

/// The parts of a message that passes the check; `None` if it is refused.
fn passed_parts(message: &MultipartMessage) -> Option<CollectedParts> {
    thread_local! {
        static CONTRACT: crate::CompiledContract =
            contract("3.0.4", "multipart/form-data", &json!({"schema": {"type": "object"}}));
    }
    let found = CONTRACT
        .with(|contract| judge(contract, &headers(&message.content_type, ""), &message.body));
    if !found.is_empty() {
        return None;
    }
    let boundary = form_data::boundary(&message.content_type).unwrap();
    let mut reader = MultipartReader::new(boundary, PartNaming::Named).unwrap();
    let mut parts = CollectedParts::default();
    reader.feed(&message.body, &mut parts).unwrap();
    reader.finish().unwrap();
    Some(parts)
}

/// The parts that a reader must find, in an order that does not depend on the reader.
fn expected_parts(parts: &CollectedParts, reader: &str) -> Vec<ReadPart> {
    let is_read = |(head, _): &&(PartHead, Vec<u8>)| reader != "django" || !is_nameless_file(head);
    let parts = parts.0.iter().filter(is_read);
    let mut parts: Vec<ReadPart> = parts
        .map(|(head, data)| (head.name.clone(), data.clone()))
        .collect();
    parts.sort();
    parts
}

/// Whether Django leaves a part out: its file name has no base name.
fn is_nameless_file(head: &PartHead) -> bool {
    head.file_name.as_deref().is_some_and(|name| {
        let base = name.rsplit(['/', '\\']).next().unwrap();
        !name.is_empty() && ["", ".", ".."].contains(&base)
    })
}

/// Whether a reader has read these parts. PHP reads names as variables, of which the last one counts
/// unless it is an array.
fn is_same(reader: &str, expected: &[ReadPart], found: &[ReadPart]) -> bool {
    if reader != "php" {
        return expected == found;
    }
    let variables: BTreeSet<(String, &[u8])> = expected
        .iter()
        .map(|(name, data)| (folded(name), data.as_slice()))
        .collect();
    let is_expected =
        |(name, data): &ReadPart| variables.contains(&(name.clone(), data.as_slice()));
    let names: BTreeSet<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
    let found_names: BTreeSet<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    names == found_names && found.iter().all(is_expected)
}

/// What a reader reads; `None` for a body that it refuses.
fn read_by(mut command: Command, cases: &Path) -> Vec<Option<Vec<ReadPart>>> {
    let output = command.arg(cases).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    let octets = |value: &Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let read = |line: &str| {
        let parts: Value = serde_json::from_str(line).unwrap();
        let part = |part: &Value| {
            let name = String::from_utf8_lossy(&octets(&part[0])).into_owned();
            (name, octets(&part[1]))
        };
        let mut parts: Vec<ReadPart> = parts.as_array()?.iter().map(part).collect();
        parts.sort();
        Some(parts)
    };
    lines.lines().map(read).collect()
}

/// The messages that pass, in a file for the readers, with their parts.
fn passing_messages(directory: &Path) -> (PathBuf, Vec<(MultipartMessage, CollectedParts)>) {
    let mut runner = TestRunner::deterministic();
    let messages = messages();
    let mut passed = Vec::new();
    for _ in 0..BODIES {
        let message = messages.new_tree(&mut runner).unwrap().current();
        if let Some(parts) = passed_parts(&message) {
            passed.push((message, parts));
        }
    }
    let line = |(message, _): &(MultipartMessage, CollectedParts)| {
        let body = STANDARD.encode(&message.body);
        json!({"content_type": message.content_type, "body": body}).to_string()
    };
    let lines: Vec<String> = passed.iter().map(line).collect();
    let path = directory.join("cases.jsonl");
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    (path, passed)
}

/// Compares a reader with this crate.
fn compare(reader: &str, command: Command) {
    let directory = std::env::temp_dir().join(format!("multipart-{reader}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let (path, passed) = passing_messages(&directory);
    // Otherwise the comparison says little.
    assert!(
        passed.len() > BODIES / 5,
        "{} of {BODIES} pass",
        passed.len()
    );
    let read = read_by(command, &path);
    std::fs::remove_dir_all(&directory).unwrap();
    assert_eq!(read.len(), passed.len(), "{reader}");
    let (mut different, mut refused) = (BTreeMap::new(), 0_u32);
    for ((message, parts), found) in passed.iter().zip(read) {
        let expected = expected_parts(parts, reader);
        match found {
            None => refused += 1,
            Some(found) if is_same(reader, &expected, &found) => {}
            Some(found) => {
                let body = String::from_utf8_lossy(&message.body).into_owned();
                let found = format!("{expected:?} and not {found:?}");
                different.insert((body, message.content_type.clone()), found);
            }
        }
    }
    let shown: Vec<_> = different.iter().take(5).collect();
    assert!(
        different.is_empty(),
        "{reader} reads {} of {} bodies differently: {shown:#?}",
        different.len(),
        passed.len()
    );
    let fraction = f64::from(refused) / passed.len() as f64;
    assert!(
        fraction <= REFUSED_MAX,
        "{reader} refuses {refused} of {}",
        passed.len()
    );
    println!(
        "{reader}: {} of {BODIES} bodies pass; it refuses {refused} and reads the others the same",
        passed.len()
    );
}

fn parsers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/parsers")
}

/// The Python of the tools that `.ci/run` installs.
fn python(reader: &str) -> Command {
    let tools = std::env::var_os("PORTCULLIS_TEST_TOOLS").map(PathBuf::from);
    let python = tools.map(|tools| tools.join("bin/python3"));
    let python = python.filter(|python| python.is_file());
    let mut command = Command::new(python.unwrap_or_else(|| PathBuf::from("python3")));
    command.arg(parsers().join("readers.py")).arg(reader);
    command
}

#[test]
#[cfg_attr(not(has_python), ignore = "needs python3")]
fn the_email_package_of_python_reads_the_same() {
    compare("email", python("email"));
}

#[test]
#[cfg_attr(
    not(has_werkzeug),
    ignore = "needs Werkzeug and Django: .ci/run installs them"
)]
fn werkzeug_reads_the_same() {
    compare("werkzeug", python("werkzeug"));
}

#[test]
#[cfg_attr(
    not(has_werkzeug),
    ignore = "needs Werkzeug and Django: .ci/run installs them"
)]
fn django_reads_the_same() {
    compare("django", python("django"));
}

#[test]
#[cfg_attr(
    not(has_busboy),
    ignore = "needs node and busboy: .ci/run installs them"
)]
fn busboy_reads_the_same() {
    let mut command = Command::new("node");
    command.arg(parsers().join("busboy.mjs"));
    compare("busboy", command);
}

#[test]
#[cfg_attr(not(has_php), ignore = "needs php and python3")]
fn php_reads_the_same() {
    compare("php", python("php"));
}

#[test]
#[cfg_attr(not(has_go), ignore = "needs go")]
fn go_reads_the_same() {
    let mut command = Command::new("go");
    command.arg("run").arg(parsers().join("reader.go"));
    compare("go", command);
}
