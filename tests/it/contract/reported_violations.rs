//! Violations that are only reported never hide one that is rejected, however many there are.

use std::fmt::Write as _;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use portcullis_contract::route::{PathCaptures, RouteMatch};
use portcullis_contract::{
    BodyLength, CheckScratch, CheckSettings, CompileOptions, RequestHead, check_body, check_head,
    compile, parse_single_file,
};
use portcullis_vocabulary::enforcement::{
    Enforcement, EnforcementCeilings, EnforcementPolicy, ViolationClass,
};
use portcullis_vocabulary::limits::Limits;

const CONTRACT: &str = "openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /:
    post:
      requestBody:
        required: true
        content:
          application/json: {schema: {type: object}}
          application/jsonl:
            schema: {type: object, properties: {n: {type: integer}}}
";

/// More than the maximum of violations.
const MANY: usize = 60;

/// The classes of the violations of a request, if undeclared queries and properties are reported.
fn classes_of(query: &str, content_type: &'static str, body: &[u8]) -> Vec<ViolationClass> {
    let limits = Limits::default();
    let documents = parse_single_file("t.yaml", CONTRACT.into(), &limits).unwrap();
    let options = CompileOptions {
        detect_undeclared: true,
        ..CompileOptions::default()
    };
    let contract = compile(documents, &options).unwrap();
    let reported = [
        (ViolationClass::UnknownBodyProperty, Enforcement::Report),
        (ViolationClass::UnknownQuery, Enforcement::Report),
    ];
    let policy = EnforcementPolicy::new(EnforcementCeilings::default(), reported, 1.0);
    let settings = CheckSettings::new(&policy, &limits);
    let mut captures = PathCaptures::default();
    let RouteMatch::Found { operation } = contract.match_route(&Method::POST, "/", &mut captures)
    else {
        panic!("the contract has one operation");
    };
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
    let head = RequestHead {
        path: "/",
        query: Some(query),
        headers: &headers,
        captures: &captures,
        body: BodyLength::Known,
    };
    let (mut scratch, mut violations) = (CheckScratch::default(), Vec::new());
    let operation = contract.operation(operation);
    let plan = check_head(
        &contract,
        operation,
        head,
        settings,
        &mut scratch,
        &mut violations,
    );
    check_body(
        &contract,
        plan,
        &headers,
        body,
        settings,
        &mut scratch,
        &mut violations,
    );
    assert!(violations.len() <= limits.violations_max);
    violations.iter().map(|violation| violation.class).collect()
}

#[test]
fn undeclared_queries_do_not_hide_a_refusal() {
    let query = (0..MANY).fold(String::new(), |mut query, number| {
        let _ = write!(query, "q{number}=&");
        query
    });
    let found = classes_of(&query, "text/plain", b"x");
    assert!(
        found.contains(&ViolationClass::UnsupportedMediaType),
        "{found:?}"
    );
    let found = classes_of(&query, "application/json", b"[]");
    assert!(found.contains(&ViolationClass::InvalidBody), "{found:?}");
    let found = classes_of(&query, "application/json", b"{");
    assert!(found.contains(&ViolationClass::MalformedBody), "{found:?}");
}

#[test]
fn reported_records_do_not_hide_a_bad_one() {
    let mut body = "{\"other\": 1}\n".repeat(MANY);
    body.push_str("{\"n\": \"x\"}\n");
    let found = classes_of("", "application/jsonl", body.as_bytes());
    assert!(found.contains(&ViolationClass::InvalidBody), "{found:?}");
}
