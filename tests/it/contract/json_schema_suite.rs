//! The JSON-Schema-Test-Suite, run through contracts: each group's schema becomes the schema of a
//! request body, in a separate file next to the contract, and each test's data is such a body.
//!
//! 2020-12 goes through an OpenAPI 3.1 contract; the part of draft 4 that OpenAPI 3.0 has goes
//! through a 3.0 one. Remote schemas of the suite are files next to the schema. Every difference is
//! listed with its reason, and the lists are asserted exactly.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use portcullis::source::load_contract;
use portcullis_contract::route::{PathCaptures, RouteMatch};
use portcullis_contract::{
    BodyLength, CheckScratch, CheckSettings, CompileOptions, CompiledContract, RequestHead,
    check_body, check_head, compile,
};
use portcullis_json::{self as json, JsonNode, Tape};
use portcullis_vocabulary::Limits;
use portcullis_vocabulary::enforcement::EnforcementPolicy;

use crate::support::corpus::corpora;

/// The address of the suite's remote schemas.
const REMOTE: &str = "http://localhost:1234/";

const V30: &str = "3.0.3";
const V31: &str = "3.1.0";

/// Tests whose verdict differs from the suite's, and why.
struct Difference {
    /// A prefix of the names `file: group: test`.
    name: &'static str,
    /// How many tests differ.
    count: usize,
    reason: &'static str,
}

/// The keywords of OpenAPI 3.0's Schema Object that draft 4 has too (3.0.4, JSON Schema Keywords).
const COMMON: [&str; 22] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "properties",
];

const ALSO_COMMON: [&str; 7] = [
    "required",
    "title",
    "type",
    "uniqueItems",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "definitions",
];

#[test]
fn passes_the_2020_12_suite_in_3_1() {
    run("tests/draft2020-12", V31, &|_| true, &DIFFERENCES_31);
}

#[test]
fn passes_the_draft_4_suite_in_3_0() {
    run("tests/draft4", V30, &is_common, &DIFFERENCES_30);
}

const FORMATS: &str = "tools decide whether formats are asserted (OpenAPI 3.1.1, Data Type \
    Format), and here they are";
const META_SCHEMAS: &str = "a dialect with a custom meta-schema is refused: tooling \
    \"MAY support additional values of $schema\" (OpenAPI 3.1.1, Specifying Schema Dialects)";
const OLDER: &str = "older drafts are refused: tooling \"MAY support additional values of \
    $schema\" (OpenAPI 3.1.1, Specifying Schema Dialects)";
const DEPENDENCIES: &str = "`dependencies` was split into dependentRequired and dependentSchemas, and \
    is not a keyword of 2020-12";
const ADDRESS: &str = "a schema's address is its `$id` or the path of its file; nothing is \
    fetched, so a file has no other address";
const NOT_FETCHED: &str = "nothing is fetched, and 3.0 has no `$id`";
const INTEGERS: &str = "1.0 is an integer in both dialects here, as in every later draft";
const HOSTNAMES: &str = "3.0 does not define `hostname`; labels with `--` in third place are checked as \
    in 3.1 (RFC 5890, section 2.3.1)";

const fn differs(name: &'static str, count: usize, reason: &'static str) -> Difference {
    Difference {
        name,
        count,
        reason,
    }
}

const DIFFERENCES_31: [Difference; 9] = [
    differs("format: ", 19, FORMATS),
    differs("optional/cross-draft: ", 1, OLDER),
    differs("optional/dependencies-compatibility: ", 14, DEPENDENCIES),
    differs("optional/format-assertion: ", 4, META_SCHEMAS),
    differs(
        "refRemote: remote HTTP ref with different $id: ",
        2,
        ADDRESS,
    ),
    differs(
        "refRemote: remote HTTP ref with different URN $id: ",
        2,
        ADDRESS,
    ),
    differs(
        "refRemote: remote HTTP ref with nested absolute ref: ",
        2,
        ADDRESS,
    ),
    differs(
        "vocabulary: ignore unrecognized optional vocabulary: ",
        2,
        META_SCHEMAS,
    ),
    differs(
        "vocabulary: schema that uses custom metaschema",
        3,
        META_SCHEMAS,
    ),
];

const DIFFERENCES_30: [Difference; 5] = [
    differs(
        "definitions: validate definition against metaschema: ",
        2,
        NOT_FETCHED,
    ),
    differs(
        "optional/format/hostname: validation of host names: hostname with con",
        1,
        HOSTNAMES,
    ),
    differs("optional/zeroTerminatedFloats: ", 1, INTEGERS),
    differs("ref: remote ref, containing refs itself: ", 2, NOT_FETCHED),
    differs(
        "refRemote: Location-independent identifier in remote ref: ",
        2,
        NOT_FETCHED,
    ),
];

fn run(
    tests: &str,
    version: &'static str,
    is_included: &dyn Fn(JsonNode<'_>) -> bool,
    differences: &[Difference],
) {
    let suite = corpora().join("jsts");
    let suite_contract = SuiteContract::new(&suite.join("remotes"), version);
    let mut failed = BTreeMap::new();
    let (mut passed, mut left_out) = (0, 0);
    for file in json_files(&suite.join(tests)) {
        let name = file.strip_prefix(suite.join(tests)).unwrap();
        let name = name.with_extension("").display().to_string();
        let text = fs::read_to_string(&file).unwrap();
        let mut tape = Tape::new();
        tape.parse("", text.as_bytes(), json::JsonLimits::default())
            .unwrap();
        for group in tape.root(&text).elements() {
            let schema = group.get("schema").unwrap();
            let count = group.get("tests").unwrap().len();
            if !is_included(schema) {
                left_out += count;
                continue;
            }
            let found = suite_contract.differing(schema, group.get("tests").unwrap());
            passed += count - found.len();
            for (test, why) in found {
                let group = text_of(group, "description");
                failed.insert(format!("{name}: {group}: {test}"), why);
            }
        }
    }
    let by_reason = explained(&failed, differences);
    println!(
        "{tests}: {passed} passed, {} differ, {left_out} left out",
        failed.len()
    );
    println!("{by_reason:#?}");
}

/// Counts differences by reason.
///
/// Panics if a difference has no listed reason, or if a reason explains more or fewer tests than
/// listed.
fn explained<'d>(
    failed: &BTreeMap<String, String>,
    differences: &'d [Difference],
) -> BTreeMap<&'d str, usize> {
    let mut problems = Vec::new();
    let mut by_reason = BTreeMap::new();
    for known in differences {
        let names = failed.keys().filter(|name| name.starts_with(known.name));
        let count = names.count();
        *by_reason.entry(known.reason).or_default() += count;
        if count != known.count {
            problems.push(format!(
                "{} of {} differ: {}",
                count, known.count, known.name
            ));
        }
    }
    for (name, why) in failed {
        if !differences.iter().any(|known| name.starts_with(known.name)) {
            problems.push(format!("{name} [{why}]"));
        }
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    by_reason
}

/// A folder with a contract, the suite's remote schemas and the schema under test.
struct SuiteContract {
    folder: tempfile::TempDir,
    version: &'static str,
}

impl SuiteContract {
    fn new(remotes: &Path, version: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut schemas = Vec::new();
        for file in json_files(remotes) {
            let below = file.strip_prefix(remotes).unwrap();
            let mut text = fs::read_to_string(&file).unwrap();
            // In 3.1 a schema's address is its `$id`; 3.0 has only file paths.
            if version == V31 && !text.contains("\"$id\"") {
                let address = format!("{{\"$id\": \"{REMOTE}{}\",", below.display());
                text = text.replacen('{', &address, 1);
            }
            let target = folder.path().join("remotes").join(below);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(target, text).unwrap();
            let number = schemas.len();
            schemas.push(format!(
                r#""r{number}": {{"$ref": "remotes/{}"}}"#,
                below.display()
            ));
        }
        let schemas = schemas.join(",");
        let contract = format!(
            r#"{{"openapi": "{version}", "info": {{"title": "t", "version": "1"}}, "paths": {{
                "/": {{"post": {{"responses": {{"200": {{"description": "ok"}}}}, "requestBody":
                {{"content": {{"application/json": {{"schema": {{"$ref": "schema.json"}}}}}}}}}}}}}},
                "components": {{"schemas": {{{schemas}}}}}}}"#
        );
        fs::write(folder.path().join("contract.json"), contract).unwrap();
        Self { folder, version }
    }

    /// The tests of a group whose result differs from the suite's, and how.
    fn differing(&self, schema: JsonNode<'_>, tests: JsonNode<'_>) -> Vec<(String, String)> {
        let mut text = schema.to_string();
        if self.version == V30 {
            text = text.replace(REMOTE, "remotes/");
        }
        fs::write(self.folder.path().join("schema.json"), text).unwrap();
        let documents = load_contract(
            &self.folder.path().join("contract.json"),
            &Limits::default(),
        );
        let contract = match compile(documents.unwrap(), &CompileOptions::default()) {
            Ok(contract) => contract,
            Err(problems) => {
                let why = problems[0].message.clone();
                return tests
                    .elements()
                    .map(|test| (text_of(test, "description").to_owned(), why.clone()))
                    .collect();
            }
        };
        let mut found = Vec::new();
        for test in tests.elements() {
            let violations = violations_of(&contract, &test.get("data").unwrap().to_string());
            let expected = test.get("valid").unwrap().as_bool().unwrap();
            if violations.is_empty() != expected {
                let why = match violations.first() {
                    Some(message) => message.clone(),
                    None => "accepted".to_owned(),
                };
                found.push((text_of(test, "description").to_owned(), why));
            }
        }
        found
    }
}

fn violations_of(contract: &CompiledContract, data: &str) -> Vec<String> {
    let policy = EnforcementPolicy::default();
    let rules = CheckSettings::new(&policy, &Limits::default());
    let mut captures = PathCaptures::default();
    let RouteMatch::Found { operation } =
        contract.match_route(&http::Method::POST, "/", &mut captures)
    else {
        panic!("the contract has one operation");
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let head = RequestHead {
        path: "/",
        query: None,
        headers: &headers,
        captures: &captures,
        body: BodyLength::Known,
    };
    let (mut scratch, mut violations) = (CheckScratch::default(), Vec::new());
    let operation = contract.operation(operation);
    let plan = check_head(
        contract,
        operation,
        head,
        rules,
        &mut scratch,
        &mut violations,
    );
    check_body(
        contract,
        plan,
        &headers,
        data.as_bytes(),
        rules,
        &mut scratch,
        &mut violations,
    );
    let messages = violations.iter();
    messages
        .map(|violation| format!("{}: {}", violation.class, violation.message))
        .collect()
}

fn text_of<'n>(node: JsonNode<'n>, name: &str) -> &'n str {
    node.get(name)
        .and_then(JsonNode::as_str)
        .unwrap_or_default()
}

/// Whether a draft 4 schema is also an OpenAPI 3.0 schema with the same meaning.
fn is_common(schema: JsonNode<'_>) -> bool {
    let one_type = schema
        .get("type")
        .is_none_or(|name| name.as_str().is_some());
    let is_known = |name: &str| COMMON.contains(&name) || ALSO_COMMON.contains(&name);
    let alone = schema.get("$ref").is_none() || schema.len() == 1;
    schema.is_object()
        && one_type
        && alone
        && schema.members().all(|(name, value)| match name {
            "properties" | "definitions" => value.members().all(|(_, inner)| is_common(inner)),
            "allOf" | "anyOf" | "oneOf" => value.elements().all(is_common),
            "items" | "not" => is_common(value),
            "additionalProperties" => value.as_bool().is_some() || is_common(value),
            _ => is_known(name),
        })
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path.extension().is_some_and(|end| end == "json") {
            files.push(path);
        }
    }
    files.sort();
    files
}
