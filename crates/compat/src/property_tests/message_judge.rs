//! Judges sampled messages with the validators of a contract.

use std::cell::OnceCell;

use serde_json::Value;

use portcullis_contract::route::PathCaptures;
use portcullis_contract::{
    BodyDeclaration, BodyLength, BodyPlan, CheckScratch, CheckSettings, CompiledContract,
    LoweredSchemas, MediaType, MessageDirection, MessagePart, Operation, RequestHead, ResponseHead,
    StatusPattern, Violation, ViolationClass, check_body, check_head, check_response_body,
    check_response_head, find_operation,
};
use portcullis_vocabulary::enforcement::{Enforcement, EnforcementCeilings, EnforcementPolicy};
use portcullis_vocabulary::limits::Limits;

use super::recursive_pointers::without_loops;
use super::sampled_message::{SampledRequest, SampledResponse};

/// One reason why a contract refuses a message.
#[derive(Clone, Debug)]
pub(super) struct MessageRefusal {
    pub(super) class: ViolationClass,
    pub(super) part: MessagePart,
    /// The name of the parameter or header.
    pub(super) name: Option<String>,
    pub(super) pointer: String,
    pub(super) keyword: Option<String>,
    /// The media type or the status as this contract writes it.
    pub(super) declared: Option<String>,
    /// The refused part of the value.
    pub(super) value: Option<Value>,
    /// Where the contract declares the keyword.
    pub(super) source: Option<String>,
    /// Other pointers to the same place of a recursive schema.
    pub(super) also: Vec<String>,
    /// Whether the value was read from text, which can be read in several ways.
    pub(super) is_text: bool,
    /// What the closest of several alternatives refuses.
    pub(super) inner: Vec<Self>,
    pub(super) sentence: String,
}

/// A contract with the policy of a comparison: credentials and undeclared extras are ignored.
#[derive(Debug)]
pub(super) struct MessageJudge<'c> {
    pub(super) contract: &'c CompiledContract,
    policy: EnforcementPolicy,
    limits: Limits,
    scratch: CheckScratch,
    lowered: [OnceCell<LoweredSchemas>; 2],
}

impl<'c> MessageJudge<'c> {
    pub(super) fn new(contract: &'c CompiledContract) -> Self {
        let ceilings = EnforcementCeilings {
            request: Enforcement::Report,
            response: Enforcement::Report,
        };
        let ignored = [
            ViolationClass::MissingCredentials,
            ViolationClass::UnknownQuery,
            ViolationClass::UnknownBodyProperty,
        ];
        let ignored = ignored.map(|class| (class, Enforcement::Off));
        Self {
            contract,
            policy: EnforcementPolicy::new(ceilings, ignored, 1.0),
            limits: Limits::default(),
            scratch: CheckScratch::default(),
            lowered: Default::default(),
        }
    }

    fn lowered(&self, direction: MessageDirection) -> &LoweredSchemas {
        let slot = match direction {
            MessageDirection::Request => &self.lowered[0],
            MessageDirection::Response => &self.lowered[1],
        };
        slot.get_or_init(|| self.contract.lowered_schemas(direction))
    }

    /// The base path under which an operation is served.
    pub(super) fn base_of(&self, operation: &Operation) -> String {
        let listing = self.contract.listing().into_iter();
        let mut served = listing.filter(|(other, _)| std::ptr::eq(*other, operation));
        let full = served.next().and_then(|(_, paths)| paths.first().copied());
        let base = full.and_then(|full| full.strip_suffix(&*operation.path));
        base.unwrap_or_default().to_owned()
    }

    /// The reasons to refuse a request that is sent below a base path.
    pub(super) fn request(
        &mut self,
        base: &str,
        method: &http::Method,
        request: &SampledRequest,
    ) -> Vec<MessageRefusal> {
        let path = format!("{base}{}", request.path);
        let mut captures = PathCaptures::default();
        let found = find_operation(self.contract, method, &path, &mut captures);
        let operation = match found {
            Ok(index) => self.contract.operation(index),
            Err(unmatched) => return vec![target_refusal(&format!("{unmatched:?}"))],
        };
        let settings = CheckSettings::new(&self.policy, &self.limits);
        let is_empty = request.body.is_empty() && request.value.is_none();
        let head = RequestHead {
            path: &path,
            query: request.query.as_deref(),
            headers: &request.headers,
            captures: &captures,
            body: if is_empty {
                BodyLength::Absent
            } else {
                BodyLength::Known
            },
        };
        let mut violations = Vec::new();
        let (contract, scratch) = (self.contract, &mut self.scratch);
        let plan = check_head(
            contract,
            operation,
            head,
            settings,
            scratch,
            &mut violations,
        );
        let media = match plan {
            BodyPlan::Judge(media) | BodyPlan::JudgeIfPresent(media, _) => Some(media),
            BodyPlan::Stream => None,
        };
        let mut refusals: Vec<MessageRefusal> = violations
            .drain(..)
            .map(|violation| refusal_of(&violation, declared_body(operation), &request.parameters))
            .collect();
        let bytes = request.body.as_bytes();
        check_body(
            contract,
            plan,
            &request.headers,
            bytes,
            settings,
            scratch,
            &mut violations,
        );
        refusals.extend(self.body_refusals(
            MessageDirection::Request,
            media,
            &violations,
            request.value.as_ref(),
        ));
        refusals
    }

    /// The reasons to refuse a response of an operation.
    pub(super) fn response(
        &mut self,
        operation: &Operation,
        response: &SampledResponse,
    ) -> Vec<MessageRefusal> {
        let settings = CheckSettings::new(&self.policy, &self.limits);
        let head = ResponseHead {
            status: response.status,
            headers: &response.headers,
            body: if response.body.is_empty() {
                BodyLength::Absent
            } else {
                BodyLength::Known
            },
            is_to_head: operation.method == http::Method::HEAD,
        };
        let mut violations = Vec::new();
        let (contract, scratch) = (self.contract, &mut self.scratch);
        let plan = check_response_head(
            contract,
            operation,
            head,
            settings,
            scratch,
            &mut violations,
        );
        let fields: Vec<(MessagePart, String, Value)> = response
            .fields
            .iter()
            .map(|(name, value)| (MessagePart::Header, name.clone(), value.clone()))
            .collect();
        let mut refusals: Vec<MessageRefusal> = violations
            .drain(..)
            .map(|violation| refusal_of(&violation, None, &fields))
            .collect();
        if let Some(media) = plan.media() {
            let bytes = response.body.as_bytes();
            check_response_body(
                contract,
                media,
                &response.headers,
                bytes,
                settings,
                scratch,
                &mut violations,
            );
            let value = response.value.as_ref();
            let direction = MessageDirection::Response;
            refusals.extend(self.body_refusals(direction, Some(media), &violations, value));
        }
        refusals
    }

    /// The refusals of a body. JSON bodies are asked for the failing keywords themselves, because
    /// violations show only the closest of several alternatives.
    fn body_refusals(
        &self,
        direction: MessageDirection,
        media: Option<&MediaType>,
        violations: &[Violation],
        value: Option<&Value>,
    ) -> Vec<MessageRefusal> {
        let declared = media.map(|media| media.key.clone());
        let Some(first) = violations.first() else {
            return Vec::new();
        };
        let described = |violation: &Violation| MessageRefusal {
            value: value
                .and_then(|value| value.pointer(&violation.pointer))
                .cloned(),
            is_text: !media.is_some_and(|media| media.is_json),
            ..refusal_of(violation, declared.clone(), &[])
        };
        let key = media
            .filter(|media| media.is_json)
            .and_then(|media| media.schema.as_ref());
        let exact = key.zip(value).map(|(key, value)| {
            let refusals = self.contract.refusals(direction, key, &value.to_string());
            let made = refusals.into_iter().map(|refusal| {
                let below =
                    |violation: &&Violation| violation.pointer.starts_with(&refusal.pointer);
                MessageRefusal {
                    class: first.class,
                    part: MessagePart::Body,
                    name: None,
                    value: value.pointer(&refusal.pointer).cloned(),
                    keyword: Some(keyword_of(&refusal.location)),
                    declared: declared.clone(),
                    sentence: sentence_at(violations, &refusal.pointer),
                    source: None,
                    is_text: false,
                    also: without_loops(
                        &self.lowered(direction).document,
                        key.as_str(),
                        &refusal.pointer,
                    ),
                    inner: violations.iter().filter(below).map(described).collect(),
                    pointer: refusal.pointer,
                }
            });
            made.collect::<Vec<_>>()
        });
        match exact {
            Some(refusals) if !refusals.is_empty() => refusals,
            _ => violations.iter().map(described).collect(),
        }
    }
}

fn declared_body(operation: &Operation) -> Option<String> {
    match &operation.body {
        BodyDeclaration::Declared(body) => body.content.first().map(|media| media.key.clone()),
        BodyDeclaration::Undeclared | BodyDeclaration::Ignored => None,
    }
}

/// The name of the keyword that a location of the lowered schema ends with.
fn keyword_of(location: &str) -> String {
    let last = location.rsplit('/').next().unwrap_or_default();
    last.strip_prefix("x-exact-").unwrap_or(last).to_owned()
}

/// The violation at a place, as a sentence; empty if violations name other places.
fn sentence_at(violations: &[Violation], pointer: &str) -> String {
    let found = violations
        .iter()
        .find(|violation| violation.pointer == pointer);
    found
        .map(|violation| violation.sentence(true))
        .unwrap_or_default()
}

fn target_refusal(sentence: &str) -> MessageRefusal {
    MessageRefusal {
        class: ViolationClass::UnknownPath,
        part: MessagePart::Target,
        name: None,
        pointer: String::new(),
        keyword: None,
        declared: None,
        value: None,
        source: None,
        is_text: false,
        also: Vec::new(),
        inner: Vec::new(),
        sentence: sentence.to_owned(),
    }
}

fn refusal_of(
    violation: &Violation,
    declared: Option<String>,
    parameters: &[(MessagePart, String, Value)],
) -> MessageRefusal {
    let named = parameters.iter().find(|(part, name, _)| {
        *part == violation.part
            && violation
                .name
                .as_deref()
                .is_some_and(|other| other.eq_ignore_ascii_case(name))
    });
    MessageRefusal {
        class: violation.class,
        part: violation.part,
        name: violation.name.clone(),
        pointer: violation.pointer.clone(),
        keyword: violation.keyword.clone(),
        declared,
        value: named
            .and_then(|(_, _, value)| value.pointer(&violation.pointer))
            .cloned(),
        source: violation
            .contract
            .as_ref()
            .map(|location| location.pointer.clone()),
        is_text: violation.part != MessagePart::Body,
        also: Vec::new(),
        inner: Vec::new(),
        sentence: violation.sentence(true),
    }
}

/// The status of a response as this contract declares it.
pub(super) fn declared_status(operation: &Operation, status: u16) -> Option<StatusPattern> {
    operation.response(status).map(|response| response.status)
}
