//! The check of one request by its contract, without I/O.

use http::header::{ALLOW, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use http::request::Parts;

use super::contract_verdict::ContractVerdict;
use super::layer_settings::LayerSettings;
use crate::message::route::PathCaptures;
use crate::{
    BodyLength, BodyPlan, CheckScratch, RequestHead, UnmatchedTarget, Violation, ViolationClass,
    body_too_large, check_body, check_head, find_operation,
};

/// A request as far as it was checked.
#[derive(Debug)]
pub(super) struct RequestCheck<'c> {
    settings: &'c LayerSettings,
    operation: Option<u32>,
    /// How to handle the body.
    pub(super) plan: BodyPlan<'c>,
    violations: Vec<Violation>,
    /// The header field that HTTP requires in a refusal: `Allow` or `WWW-Authenticate`.
    refusal_header: Option<(HeaderName, HeaderValue)>,
}

impl<'c> RequestCheck<'c> {
    /// Finds the operation of a request and checks its head.
    pub(super) fn of_head(settings: &'c LayerSettings, head: &Parts, body: BodyLength) -> Self {
        let mut check = Self {
            settings,
            operation: None,
            plan: BodyPlan::Stream,
            violations: Vec::new(),
            refusal_header: None,
        };
        let mut captures = PathCaptures::default();
        match find_operation(
            &settings.contract,
            &head.method,
            head.uri.path(),
            &mut captures,
        ) {
            Ok(operation) => check.head(operation, head, &captures, body),
            Err(unmatched) if unmatched.is_preflight(&head.method, &head.headers) => {}
            Err(unmatched) => check.unmatched(unmatched, head),
        }
        check
    }

    fn head(&mut self, id: u32, head: &Parts, captures: &PathCaptures, body: BodyLength) {
        self.operation = Some(id);
        let operation = self.settings.contract.operation(id);
        let request_head = RequestHead {
            path: head.uri.path(),
            query: head.uri.query(),
            headers: &head.headers,
            captures,
            body,
        };
        let settings = self.settings.check_settings(self.operation);
        let plan = check_head(
            &self.settings.contract,
            operation,
            request_head,
            settings,
            &mut CheckScratch::default(),
            &mut self.violations,
        );
        if settings.policy.checks_request_bodies() {
            self.plan = plan;
        }
        let first = self.violations.first().map(|violation| violation.class);
        if first == Some(ViolationClass::MissingCredentials) {
            let challenges = HeaderValue::from_str(&operation.challenges()).ok();
            self.refusal_header = challenges.map(|value| (WWW_AUTHENTICATE, value));
        }
    }

    fn unmatched(&mut self, unmatched: UnmatchedTarget<'_>, head: &Parts) {
        self.push(unmatched.violation(&self.settings.contract, &head.method, head.uri.path()));
        let allow = unmatched.allow().map(HeaderValue::from_str);
        self.refusal_header = allow.and_then(Result::ok).map(|value| (ALLOW, value));
    }

    /// Checks the collected body.
    pub(super) fn body(&mut self, head: &Parts, bytes: &[u8]) {
        check_body(
            &self.settings.contract,
            self.plan,
            &head.headers,
            bytes,
            self.settings.check_settings(self.operation),
            &mut CheckScratch::default(),
            &mut self.violations,
        );
    }

    /// Reports a body above the maximum.
    pub(super) fn body_too_large(&mut self) {
        let bytes_max = u64::try_from(self.settings.limits.body_bytes_max).unwrap_or(u64::MAX);
        self.push(body_too_large(bytes_max));
    }

    fn push(&mut self, violation: Violation) {
        let settings = self.settings.check_settings(self.operation);
        if settings.is_on(violation.class) {
            self.violations.push(violation);
        }
    }

    /// Whether the request has a violation that refuses it.
    pub(super) fn is_refused(&self) -> bool {
        let mut violations = self.violations.iter();
        violations.any(|violation| self.settings.is_refused(self.operation, violation))
    }

    /// The verdict, and the header field of a refusal. Violations that refuse the request come
    /// first.
    pub(super) fn finish(mut self) -> (ContractVerdict, Option<(HeaderName, HeaderValue)>) {
        let is_refused = self.is_refused();
        let (settings, operation) = (self.settings, self.operation);
        self.violations
            .sort_by_key(|violation| !settings.is_refused(operation, violation));
        let verdict = ContractVerdict {
            operation: operation.map(|id| self.settings.contract.operation(id).name.clone()),
            violations: self.violations.into(),
            is_refused,
        };
        (verdict, self.refusal_header)
    }
}
