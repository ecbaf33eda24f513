//! The body of a refusal: problem details (RFC 9457) with what the sender needs to fix the request.

use std::time::SystemTime;

use bytes::Bytes;
use serde::Serialize;

use portcullis_contract::ViolationRecord;
use portcullis_vocabulary::{Catalog, Squad};

use super::answer_table::ProblemCause;
use super::request_record::RequestRecord;

/// The members of a problem, in the order in which a person reads them.
#[derive(Debug, Serialize)]
pub(super) struct ProblemDetails<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    error: &'static str,
    message: &'a str,
    squad: &'a str,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<ContractDetails<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<ProviderDetails<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalDetails>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<ViolationRecord<'a>>,
}

/// Which traffic rule refused a request, and when to retry.
#[derive(Debug, Serialize)]
struct RefusalDetails {
    rule: &'static str,
    tier: &'static str,
    retry_after_seconds: u32,
}

#[derive(Debug, Serialize)]
struct ContractDetails<'a> {
    version: &'a str,
    revision: &'a str,
}

#[derive(Debug, Serialize)]
struct ProviderDetails<'a> {
    squad: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    chat: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oncall: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    escalation: Vec<EscalationContact<'a>>,
}

/// Whom to ask after the provider.
#[derive(Debug, Serialize)]
struct EscalationContact<'a> {
    squad: &'a str,
    contact: &'a str,
}

impl<'a> ProviderDetails<'a> {
    fn of(squad: &'a Squad, catalog: &'a Catalog) -> Self {
        let escalation = catalog.escalation_of(squad);
        Self {
            squad: squad.name.as_str(),
            chat: squad.chat.as_deref(),
            oncall: squad.oncall.as_deref(),
            escalation: escalation
                .map(|(squad, contact)| EscalationContact { squad, contact })
                .collect(),
        }
    }
}

impl<'a> ProblemDetails<'a> {
    /// The details of a problem. `record` is `None` if no service was found.
    pub(super) fn new(
        cause: &'a ProblemCause,
        detail: &'a str,
        request_id: &str,
        record: Option<&'a RequestRecord>,
        with_values: bool,
    ) -> Self {
        let entry = cause.entry();
        let service = record.map(|record| &record.service);
        Self {
            kind: problem_type(cause),
            title: entry.title,
            status: entry.status.as_u16(),
            detail,
            instance: instance(request_id),
            error: entry.error,
            message: detail,
            squad: record.map_or("unknown", RequestRecord::consumer_name),
            timestamp: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            service: service.map(|service| service.config().name.as_str()),
            operation: record
                .filter(|record| record.operation().is_some())
                .map(RequestRecord::operation_name),
            contract: service.map(|service| ContractDetails {
                version: &service.contract.version,
                revision: &service.contract.revision,
            }),
            provider: service.and_then(|service| {
                let squad = service.provider()?;
                Some(ProviderDetails::of(squad, &service.catalog))
            }),
            refusal: record.and_then(|record| refusal_details(cause, record)),
            violations: cause
                .violations()
                .iter()
                .map(|violation| violation.record(with_values))
                .collect(),
        }
    }

    pub(super) fn to_bytes(&self) -> Bytes {
        serde_json::to_vec(self)
            .expect("all members are text and numbers")
            .into()
    }
}

fn refusal_details(cause: &ProblemCause, record: &RequestRecord) -> Option<RefusalDetails> {
    let ProblemCause::Traffic(refusal) = cause else {
        return None;
    };
    Some(RefusalDetails {
        rule: refusal.rule.as_str(),
        tier: record.caller.tier.as_str(),
        retry_after_seconds: refusal.retry_after_seconds(),
    })
}

/// The type of a problem: its class of violations, or its error.
pub(super) fn problem_type(cause: &ProblemCause) -> String {
    match cause.violations().first() {
        Some(violation) => format!("urn:portcullis:violation:{}", violation.class),
        None => format!(
            "urn:portcullis:{}",
            cause.entry().error.to_lowercase().replace('_', "-")
        ),
    }
}

/// The request id as a URI reference: a UUID as `urn:uuid`, any other plain word unchanged.
pub(super) fn instance(request_id: &str) -> Option<String> {
    let is_uuid = request_id.len() == 36
        && request_id.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    let is_word = request_id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    match (is_uuid, is_word && !request_id.is_empty()) {
        (true, _) => Some(format!("urn:uuid:{request_id}")),
        (false, true) => Some(request_id.to_owned()),
        (false, false) => None,
    }
}
