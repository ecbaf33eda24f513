//! Judging the head of a request.

use http::HeaderMap;
use http::header::COOKIE;

use portcullis_json::Tape;
use portcullis_vocabulary::enforcement::Enforcement;

use super::body_plan::{BodyLength, BodyPlan};
use super::find_operation::is_preflight;
use crate::message::check_settings::{CheckScratch, CheckSettings};
use crate::message::compiled_contract::CompiledContract;
use crate::message::operation::Operation;
use crate::message::parameter::{PairScratch, RawPairs};
use crate::message::route::PathCaptures;
use crate::message::security_requirements::CredentialSources;
use crate::message::violation::{MessagePart, Violation, ViolationClass};
use crate::openapi::dialect::MessageDirection;

/// The head of a request, as it was received.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The path, raw.
    pub path: &'a str,
    /// The query, raw, without `?`.
    pub query: Option<&'a str>,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// The values of the path's expressions.
    pub captures: &'a PathCaptures,
    /// What is known of the body before a byte of it was read.
    pub body: BodyLength,
}

/// Judges the head of a request to an operation.
///
/// Returns what to do with the body, and pushes violations, the most useful first.
pub fn check_head<'c>(
    contract: &'c CompiledContract,
    operation: &'c Operation,
    head: RequestHead<'_>,
    rules: CheckSettings<'_>,
    scratch: &mut CheckScratch,
    violations: &mut Vec<Violation>,
) -> BodyPlan<'c> {
    let CheckScratch {
        tape,
        query,
        cookies,
        cookie_text,
        ..
    } = scratch;
    let mut judge = HeadJudge {
        contract,
        operation,
        head,
        rules,
        direction: MessageDirection::Request,
        tape,
        query: RawPairs::of_query(head.query.unwrap_or_default(), query),
        cookies: cookies_of(head.headers, operation, rules, cookie_text, cookies),
        violations,
    };
    if judge.rejects_credentials() {
        // Whoever may not ask is not told what else is wrong.
        return BodyPlan::Stream;
    }
    judge.parameters();
    judge.unknown_query();
    judge.unknown_headers();
    judge.unknown_cookies();
    judge.body()
}

/// The cookies, only split where somebody asks for them.
fn cookies_of<'s>(
    headers: &'s HeaderMap,
    operation: &Operation,
    rules: CheckSettings<'_>,
    text: &'s mut String,
    scratch: &'s mut PairScratch,
) -> RawPairs<'s> {
    let is_asked = rules.is_on(ViolationClass::UnknownCookie)
        || operation.security.reads_cookies()
        || operation
            .parameters
            .iter()
            .any(|parameter| parameter.part == MessagePart::Cookie);
    if !is_asked {
        return RawPairs::EMPTY;
    }
    text.clear();
    for line in headers.get_all(COOKIE) {
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(&String::from_utf8_lossy(line.as_bytes()));
    }
    RawPairs::of_cookies(text, scratch)
}

pub(super) struct HeadJudge<'j, 'c> {
    pub(super) contract: &'c CompiledContract,
    pub(super) operation: &'c Operation,
    pub(super) head: RequestHead<'j>,
    pub(super) rules: CheckSettings<'j>,
    pub(super) direction: MessageDirection,
    pub(super) tape: &'j mut Tape,
    pub(super) query: RawPairs<'j>,
    pub(super) cookies: RawPairs<'j>,
    pub(super) violations: &'j mut Vec<Violation>,
}

impl HeadJudge<'_, '_> {
    /// Whether the request is refused for its credentials.
    fn rejects_credentials(&mut self) -> bool {
        let class = ViolationClass::MissingCredentials;
        let security = &self.operation.security;
        let carried = CredentialSources {
            headers: self.head.headers,
            query: self.query,
            cookies: self.cookies,
        };
        // Browsers send preflights without credentials (Fetch Standard, section 4.8).
        let is_free = is_preflight(&self.operation.method, self.head.headers);
        if !self.rules.is_on(class) || is_free || security.is_satisfied(carried) {
            return false;
        }
        let mut violation = Violation::new(class, MessagePart::Header, "credentials are missing")
            .with_expected(security.expected());
        violation.contract = security.place.map(|place| self.contract.location(place));
        self.push(violation);
        self.rules.policy.of(class) == Enforcement::Reject
    }

    pub(super) fn push(&mut self, violation: Violation) {
        if self.rules.is_on(violation.class) && self.violations.len() < self.rules.violations_max {
            self.violations.push(violation);
        }
    }
}
