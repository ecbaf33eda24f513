//! Requests from the test suites of other products: a corpus that is not part of the repository.
//! Without it the test is skipped.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use http::Method;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use portcullis::source::load_contract;
use portcullis_contract::route::{PathCaptures, RouteMatch, check_path};
use portcullis_contract::{
    BodyLength, BodyPlan, CheckScratch, CheckSettings, CompileOptions, CompiledContract,
    RequestHead, ResponseHead, check_body, check_head, check_response_body, check_response_head,
    compile,
};
use portcullis_vocabulary::Limits;
use portcullis_vocabulary::enforcement::Enforcement;
use portcullis_vocabulary::enforcement::EnforcementCeilings;
use portcullis_vocabulary::enforcement::EnforcementPolicy;
use serde_json::Value;

use crate::support::corpus::{corpora, decode};

pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) value: Value,
}

impl Case {
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.value
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn headers(&self, message: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for pair in self.value[message]["headers"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let name = HeaderName::from_bytes(pair[0].as_str().unwrap().as_bytes()).unwrap();
            headers.append(
                name,
                HeaderValue::from_str(pair[1].as_str().unwrap()).unwrap(),
            );
        }
        headers
    }

    fn body(&self, message: &str) -> Option<Vec<u8>> {
        let body = &self.value[message]["body"];
        let text = body["text"].as_str().map(|text| text.as_bytes().to_vec());
        text.or_else(|| body["base64"].as_str().map(decode))
    }
}

/// The violations that would refuse the request; `None` if no operation matches.
pub(crate) fn request_violations(contract: &CompiledContract, case: &Case) -> Vec<String> {
    let policy = EnforcementPolicy::default();
    let rules = CheckSettings::new(&policy, &Limits::default());
    let mut headers = case.headers("request");
    headers.remove(CONTENT_LENGTH);
    headers.remove(TRANSFER_ENCODING);
    let path = case.text("/request/path");
    if let Err(error) = check_path(path) {
        return vec![format!("malformed-path: {error}")];
    }
    let method = Method::from_bytes(case.text("/request/method").as_bytes()).unwrap();
    let mut captures = PathCaptures::default();
    let operation = match contract.match_route(&method, path, &mut captures) {
        RouteMatch::Found { operation } => contract.operation(operation),
        RouteMatch::MethodNotAllowed { .. } => return vec!["unknown-method".to_owned()],
        RouteMatch::Unread { .. } => return vec!["unreadable".to_owned()],
        RouteMatch::NotFound => return vec!["unknown-path".to_owned()],
    };
    let body = case.body("request").unwrap_or_default();
    let head = RequestHead {
        path,
        query: Some(case.text("/request/query")).filter(|query| !query.is_empty()),
        headers: &headers,
        captures: &captures,
        body: if body.is_empty() {
            BodyLength::Absent
        } else {
            BodyLength::Known
        },
    };
    let (mut scratch, mut violations) = (CheckScratch::default(), Vec::new());
    let plan = check_head(
        contract,
        operation,
        head,
        rules,
        &mut scratch,
        &mut violations,
    );
    if !matches!(plan, BodyPlan::Stream) {
        check_body(
            contract,
            plan,
            &headers,
            &body,
            rules,
            &mut scratch,
            &mut violations,
        );
    }
    violations.retain(|violation| policy.of(violation.class) == Enforcement::Reject);
    violations
        .iter()
        .map(|violation| format!("{}: {}", violation.class, violation.message))
        .collect()
}

/// The violations of the response; the request only selects the operation.
pub(crate) fn response_violations(contract: &CompiledContract, case: &Case) -> Vec<String> {
    let policy = EnforcementPolicy::new(
        EnforcementCeilings {
            request: Enforcement::Reject,
            response: Enforcement::Reject,
        },
        [],
        1.0,
    );
    let rules = CheckSettings::new(&policy, &Limits::default());
    let method = Method::from_bytes(case.text("/request/method").as_bytes()).unwrap();
    let mut captures = PathCaptures::default();
    let found = contract.match_route(&method, case.text("/request/path"), &mut captures);
    let RouteMatch::Found { operation } = found else {
        return vec![format!("{found:?}")];
    };
    let operation = contract.operation(operation);
    let headers = case.headers("response");
    let body = case.body("response").unwrap_or_default();
    let head = ResponseHead {
        status: u16::try_from(case.value["response"]["status"].as_u64().unwrap()).unwrap(),
        headers: &headers,
        is_to_head: method == Method::HEAD,
        body: if body.is_empty() {
            BodyLength::Absent
        } else {
            BodyLength::Known
        },
    };
    let (mut scratch, mut violations) = (CheckScratch::default(), Vec::new());
    let plan = check_response_head(
        contract,
        operation,
        head,
        rules,
        &mut scratch,
        &mut violations,
    );
    if let Some(media) = plan.media() {
        check_response_body(
            contract,
            media,
            &headers,
            &body,
            rules,
            &mut scratch,
            &mut violations,
        );
    }
    violations
        .iter()
        .map(|violation| format!("{}: {}", violation.class, violation.message))
        .collect()
}

#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn agrees_with_the_request_corpus() {
    let folder = corpora().join("requests");
    let mut table: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in cases(&folder) {
        let (verdict, why) = verdict(&folder, &case);
        // Cases with an invalid contract are not counted as failures.
        let counts = case.value["document_conformant"] == true;
        if verdict != "agreed" && counts {
            wrong.push(format!("{} {verdict}: {why}", case.id));
        }
        let tier = if counts {
            case.text("/tier").to_owned()
        } else {
            "not conformant".to_owned()
        };
        *table.entry((tier, verdict)).or_default() += 1;
    }
    println!("{table:?}");
    assert!(table.values().sum::<usize>() > 0);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

pub(crate) fn cases(folder: &Path) -> Vec<Case> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let value: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        Case {
            id: value["id"].as_str().unwrap_or_default().to_owned(),
            value,
        }
    };
    let mut cases: Vec<Case> = paths.iter().map(read).collect();
    cases.retain(|case| ["request", "response"].contains(&case.text("/expected/check")));
    cases
}

fn verdict(folder: &Path, case: &Case) -> (&'static str, String) {
    let document = folder.join(case.text("/openapi_document"));
    let loaded = load_contract(&document, &Limits::default()).unwrap();
    let contract = match compile(loaded, &CompileOptions::default()) {
        Ok(contract) => contract,
        // An invalid contract lets no request pass.
        Err(_) if case.value["expected"]["valid"] == false => return ("agreed", String::new()),
        Err(problems) => return ("contract refused", problems[0].to_string()),
    };
    let found = match case.text("/expected/check") {
        "response" => response_violations(&contract, case),
        _ => request_violations(&contract, case),
    };
    let expected = case.value["expected"]["valid"] == true;
    if found.is_empty() == expected {
        ("agreed", String::new())
    } else {
        (
            "disagreed",
            format!("{found:?}, {}", case.text("/expected/note")),
        )
    }
}
