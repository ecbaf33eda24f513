//! Checks a recorded exchange as the proxy does, without sockets.
//!
//! The proxy stops at the first part of a request that it refuses. Here every part is checked,
//! because no client waits for a response.

use crate::message::route::PathCaptures;
use crate::{
    BodyPlan, CheckScratch, CheckSettings, CompiledContract, OperationPolicies, RequestHead,
    ResponseHead, Violation, body_too_large, check_body, check_head, check_response_body,
    check_response_head, find_operation,
};
use portcullis_vocabulary::enforcement::{Enforcement, EnforcementPolicy, ViolationClass};

use super::recorded_exchange::{RecordedBody, RecordedExchange, RecordedResponse};

/// The limits of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeCheckLimits {
    /// The most violations to report for a request, and for a response.
    pub violations_max: usize,
    /// The deepest nesting of a JSON body.
    pub json_depth_max: u32,
    /// The largest request body that is checked, in bytes.
    pub body_bytes_max: u64,
    /// The largest decoded body, in bytes.
    pub decoded_bytes_max: usize,
    /// The largest ratio of a decoded body to its compressed form.
    pub decoded_ratio_max: usize,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeVerdict {
    /// The index of the operation for [`CompiledContract::operation`].
    pub operation: Option<u32>,
    /// The violations of the request, the most useful first.
    pub request: Vec<Violation>,
    /// The violations of the response, if it was recorded and the operation is known.
    pub response: Vec<Violation>,
}

impl ExchangeVerdict {
    /// All violations, those of the request first.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.request.iter().chain(&self.response)
    }
}

/// Checks exchanges by one contract.
#[derive(Debug)]
pub struct ExchangeJudge<'c> {
    contract: &'c CompiledContract,
    policies: OperationPolicies,
    limits: ExchangeCheckLimits,
    scratch: CheckScratch,
}

impl<'c> ExchangeJudge<'c> {
    /// A judge that checks every class that is not off in `policy` or in the `x-portcullis` of the
    /// operation.
    pub fn new(
        contract: &'c CompiledContract,
        policy: &EnforcementPolicy,
        limits: ExchangeCheckLimits,
    ) -> Self {
        Self {
            contract,
            policies: OperationPolicies::new(policy, contract),
            limits,
            scratch: CheckScratch::default(),
        }
    }

    /// The enforcement of a class for an operation, or for a request that matches no operation.
    pub fn enforcement(&self, operation: Option<u32>, class: ViolationClass) -> Enforcement {
        self.policies.of(operation).of(class)
    }

    /// Checks one exchange. The response is checked even if the request has violations.
    pub fn judge(&mut self, exchange: &RecordedExchange<'_>) -> ExchangeVerdict {
        let mut verdict = ExchangeVerdict {
            operation: None,
            request: Vec::new(),
            response: Vec::new(),
        };
        let RecordedExchange { method, path, .. } = exchange;
        let mut captures = PathCaptures::default();
        match find_operation(self.contract, method, path, &mut captures) {
            Ok(operation) => {
                verdict.operation = Some(operation);
                self.request(operation, exchange, &captures, &mut verdict.request);
                if let Some(response) = &exchange.response {
                    let is_to_head = method == http::Method::HEAD;
                    self.response(operation, response, is_to_head, &mut verdict.response);
                }
            }
            // Browsers send preflights on their own, so an undeclared one is not reported.
            Err(unmatched) if unmatched.is_preflight(method, &exchange.headers) => {}
            Err(unmatched) => {
                let violation = unmatched.violation(self.contract, method, path);
                if self.enforcement(None, violation.class) != Enforcement::Off {
                    verdict.request.push(violation);
                }
            }
        }
        verdict
    }

    fn request(
        &mut self,
        id: u32,
        exchange: &RecordedExchange<'_>,
        captures: &PathCaptures,
        violations: &mut Vec<Violation>,
    ) {
        let Self {
            contract,
            policies,
            limits,
            scratch,
        } = self;
        let settings = limits.check_settings(policies.of(Some(id)));
        let head = RequestHead {
            path: exchange.path,
            query: exchange.query,
            headers: &exchange.headers,
            captures,
            body: exchange.body.length(),
        };
        let operation = contract.operation(id);
        let plan = check_head(contract, operation, head, settings, scratch, violations);
        if matches!(exchange.body, RecordedBody::Unknown) {
            violations.retain(|violation| violation.class != ViolationClass::MissingBody);
        }
        let RecordedBody::Bytes(bytes) = &exchange.body else {
            return;
        };
        if matches!(plan, BodyPlan::Stream) {
            return;
        }
        if bytes.len() as u64 <= limits.body_bytes_max {
            check_body(
                contract,
                plan,
                &exchange.headers,
                bytes,
                settings,
                scratch,
                violations,
            );
        } else if settings.policy.of(ViolationClass::BodyTooLarge) != Enforcement::Off {
            violations.push(body_too_large(limits.body_bytes_max));
        }
    }

    fn response(
        &mut self,
        id: u32,
        response: &RecordedResponse<'_>,
        is_to_head: bool,
        violations: &mut Vec<Violation>,
    ) {
        let Self {
            contract,
            policies,
            limits,
            scratch,
        } = self;
        let policy = policies.of(Some(id));
        if !policy.checks_responses() {
            return;
        }
        let settings = limits.check_settings(policy);
        let head = ResponseHead {
            status: response.status,
            headers: &response.headers,
            body: response.body.length(),
            is_to_head,
        };
        let operation = contract.operation(id);
        let plan = check_response_head(contract, operation, head, settings, scratch, violations);
        if let (Some(media), RecordedBody::Bytes(bytes)) = (plan.media(), &response.body) {
            check_response_body(
                contract,
                media,
                &response.headers,
                bytes,
                settings,
                scratch,
                violations,
            );
        }
    }
}

impl ExchangeCheckLimits {
    fn check_settings(self, policy: &EnforcementPolicy) -> CheckSettings<'_> {
        CheckSettings {
            policy,
            violations_max: self.violations_max,
            json_depth_max: self.json_depth_max,
            decoded_bytes_max: self.decoded_bytes_max,
            decoded_ratio_max: self.decoded_ratio_max,
        }
    }
}
