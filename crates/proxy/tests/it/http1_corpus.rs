//! Every stream of the HTTP/1.1 robustness corpus, against a relay.
//!
//! The corpus is not part of the repository. Its folder is the one in `PORTCULLIS_CORPORA`, or the
//! one next to the repository; without it the test is skipped.

use std::time::Duration;

use portcullis_proxy::ClientLimits;
use serde::Deserialize;

use crate::support::corpus::{corpora, decode};
use crate::support::relay::{Mode, Relay, Setup};
use crate::support::upstream::{Upstream, send};

#[derive(Debug, Deserialize)]
struct Case {
    id: String,
    name: String,
    raw_base64: String,
    expectation: String,
    requests_accepted_before: usize,
    also_allowed: Vec<String>,
}

/// The result of a stream.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Exact,
    Allowed,
    Wrong(String),
}

#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn every_stream_is_parsed_strictly() {
    let cases = load();
    for mode in [Mode::Stream, Mode::Collect { bytes_max: 1 << 20 }] {
        let upstream = Upstream::start(|_| vec![send("HTTP/1.1 204 No Content\r\n\r\n")]);
        let limits = ClientLimits {
            request_head_timeout: Duration::from_millis(300),
            request_body_timeout: Duration::from_millis(300),
            ..ClientLimits::default()
        };
        let relay = Relay::start(
            upstream.address,
            Setup {
                mode,
                limits,
                ..Setup::default()
            },
        );
        let (mut exact, mut allowed, mut wrong) = (0, 0, Vec::new());
        for case in &cases {
            match run_case(case, &relay, &upstream) {
                Verdict::Exact => exact += 1,
                Verdict::Allowed => allowed += 1,
                Verdict::Wrong(why) => wrong.push(format!("{} {}: {why}", case.id, case.name)),
            }
        }
        println!(
            "{mode:?}: {exact} exact, {allowed} allowed, {} wrong",
            wrong.len()
        );
        assert_eq!(wrong, Vec::<String>::new());
    }
}

fn run_case(case: &Case, relay: &Relay, upstream: &Upstream) -> Verdict {
    let accepted = case.requests_accepted_before;
    let is_reject = case.expectation == "reject";
    let mut client = relay.client();
    client.send(decode(&case.raw_base64));
    let mut served = 0;
    let mut refusal = None;
    loop {
        if served == accepted && !is_reject {
            // Every expected response has arrived, so the stream must end.
            client.finish();
        }
        let Some(answer) = client.read_answer(true) else {
            break;
        };
        match answer.status {
            204 => served += 1,
            status => refusal = Some((status, answer.refusal().to_owned())),
        }
    }
    let forwarded: Vec<_> = upstream.requests.try_iter().collect();
    if let Some(unclean) = forwarded
        .iter()
        .find(|recorded| !recorded.problems.is_empty())
    {
        return Verdict::Wrong(format!("forwarded {:?}", unclean.problems));
    }
    let refused = refusal
        .as_ref()
        .is_some_and(|(_, name)| !name.ends_with("timeout"));
    let as_expected = served == accepted && forwarded.len() == accepted && refused == is_reject;
    let differently = !case.also_allowed.is_empty() && forwarded.len() == served;
    match (as_expected, differently) {
        (true, _) => Verdict::Exact,
        (false, true) => Verdict::Allowed,
        _ => Verdict::Wrong(format!(
            "expected {} after {accepted}, got {served} answered, {} forwarded, {refusal:?}",
            case.expectation,
            forwarded.len()
        )),
    }
}

fn load() -> Vec<Case> {
    let folder = corpora();
    let text = std::fs::read_to_string(folder.join("http1/cases.jsonl")).unwrap();
    assert!(!text.is_empty());
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
