//! Checks the head of a request.

use http::HeaderMap;
use http::header::COOKIE;

use portcullis_json::with_message_steps;
use portcullis_vocabulary::enforcement::Enforcement;
use portcullis_vocabulary::limits::CHECK_STEPS_MAX;

use super::body_plan::BodyPlan;
use super::find_operation::is_preflight;
use super::head_judge::HeadJudge;
use super::request_head::RequestHead;
use crate::message::check_settings::{CheckScratch, CheckSettings};
use crate::message::compiled_contract::CompiledContract;
use crate::message::operation::Operation;
use crate::message::parameter::{PairScratch, RawPairs};
use crate::message::security_requirements::{CredentialPresence, CredentialSources};
use crate::message::unreadable_part::unreadable;
use crate::message::violation::{MessagePart, Violation, ViolationClass};
use crate::openapi::dialect::MessageDirection;

/// Checks the head of a request to an operation.
///
/// Returns the plan for the body, and adds violations, the most useful first.
pub fn check_head<'c>(
    contract: &'c CompiledContract,
    operation: &'c Operation,
    head: RequestHead<'_>,
    settings: CheckSettings<'_>,
    scratch: &mut CheckScratch,
    violations: &mut Vec<Violation>,
) -> BodyPlan<'c> {
    let CheckScratch {
        tape,
        inner,
        query,
        cookies,
        cookie_text,
    } = scratch;
    let mut judge = HeadJudge {
        contract,
        operation,
        head,
        settings,
        direction: MessageDirection::Request,
        tape,
        inner,
        query: RawPairs::of_query(head.query.unwrap_or_default(), query),
        cookies: cookies_of(head.headers, operation, settings, cookie_text, cookies),
        violations,
    };
    if judge.rejects_credentials() {
        // If missing credentials are rejected, no other violation is reported.
        return BodyPlan::Stream;
    }
    with_message_steps(CHECK_STEPS_MAX, || judge.check_parameters());
    // A parameter or credential that cannot be read may have any name.
    if !operation.unread.has_names {
        judge.check_unknown_query();
        judge.check_unknown_headers();
        judge.check_unknown_cookies();
    }
    judge.plan_body()
}

/// The cookies. They are split only if a check needs them.
fn cookies_of<'s>(
    headers: &'s HeaderMap,
    operation: &Operation,
    settings: CheckSettings<'_>,
    text: &'s mut String,
    scratch: &'s mut PairScratch,
) -> RawPairs<'s> {
    let is_needed = settings.is_on(ViolationClass::UnknownCookie)
        || operation.security.reads_cookies()
        || operation
            .parameters
            .iter()
            .any(|parameter| parameter.part == MessagePart::Cookie);
    if !is_needed {
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

impl HeadJudge<'_, '_> {
    /// Checks credentials. Returns whether their absence refuses the request.
    fn rejects_credentials(&mut self) -> bool {
        let missing = ViolationClass::MissingCredentials;
        let security = &self.operation.security;
        let sources = CredentialSources {
            headers: self.head.headers,
            query: self.query,
            cookies: self.cookies,
        };
        // Browsers send preflights without credentials (Fetch Standard, section 4.8).
        let is_preflight = is_preflight(&self.operation.method, self.head.headers);
        if is_preflight {
            return false;
        }
        let violation = match security.presence(sources) {
            CredentialPresence::Present => return false,
            CredentialPresence::Missing if !self.settings.is_on(missing) => return false,
            CredentialPresence::Missing => {
                let mut violation =
                    Violation::new(missing, MessagePart::Header, "credentials are missing")
                        .with_expected(security.expected());
                violation.contract = security
                    .node_ref
                    .map(|node_ref| self.contract.location(node_ref));
                violation
            }
            CredentialPresence::Unreadable(node_ref) => {
                let class = ViolationClass::UnreadableCredentials;
                unreadable(self.contract, class, MessagePart::Header, node_ref)
            }
        };
        let class = violation.class;
        self.push(violation);
        self.settings.policy.of(class) == Enforcement::Reject
    }
}
