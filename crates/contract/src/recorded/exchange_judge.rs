//! Judging a recorded exchange: the way of the proxy, without its sockets.
//!
//! The proxy stops at the first part of a request that it refuses; here everything is judged
//! that can be, because nobody waits for the answer.

use crate::message::route::PathCaptures;
use crate::{
    BodyPlan, CheckScratch, CheckSettings, CompiledContract, OperationPolicies, RequestHead,
    ResponseHead, ResponsePlan, Violation, body_too_large, check_body, check_head,
    check_response_body, check_response_head, find_operation,
};
use portcullis_vocabulary::enforcement::{Enforcement, EnforcementPolicy, ViolationClass};

use super::recorded_exchange::{RecordedBody, RecordedExchange, RecordedResponse};

/// How far judging goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeCheckLimits {
    /// The most violations to list of a request, and of a response.
    pub violations_max: usize,
    /// How deeply a JSON body may nest.
    pub json_depth_max: u32,
    /// The largest request body that a schema is applied to, in bytes.
    pub body_bytes_max: u64,
    /// The most bytes that a compressed body may decode to.
    pub decoded_bytes_max: usize,
    /// The most times as large that a decoded body may be.
    pub decoded_ratio_max: usize,
}

/// What is to be said of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeVerdict {
    /// The operation it is for, as [`CompiledContract::operation`] takes it.
    pub operation: Option<u32>,
    /// What is wrong with the request, the most useful first.
    pub request: Vec<Violation>,
    /// What is wrong with the response, where there is one and the operation is known.
    pub response: Vec<Violation>,
}

impl ExchangeVerdict {
    /// All that is wrong, the request first.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.request.iter().chain(&self.response)
    }
}

/// Judges exchanges by one contract.
#[derive(Debug)]
pub struct ExchangeJudge<'c> {
    contract: &'c CompiledContract,
    policies: OperationPolicies,
    bounds: ExchangeCheckLimits,
    scratch: CheckScratch,
}

impl<'c> ExchangeJudge<'c> {
    /// A judge who looks for the classes that are not off in `policy`, or in what an operation
    /// says itself.
    pub fn new(
        contract: &'c CompiledContract,
        policy: &EnforcementPolicy,
        bounds: ExchangeCheckLimits,
    ) -> Self {
        Self {
            contract,
            policies: OperationPolicies::new(policy, contract),
            bounds,
            scratch: CheckScratch::default(),
        }
    }

    /// What would be done about a violation of an operation, or of a request to none.
    pub fn enforcement(&self, operation: Option<u32>, class: ViolationClass) -> Enforcement {
        self.policies.of(operation).of(class)
    }

    /// Judges one exchange. The response is judged whatever is wrong with the request.
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
            // What browsers ask on their own is nobody's violation.
            Err(stray) if stray.is_preflight(method, &exchange.headers) => {}
            Err(stray) => {
                let violation = stray.violation(self.contract, method, path);
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
            bounds,
            scratch,
        } = self;
        let rules = bounds.check_settings(policies.of(Some(id)));
        let head = RequestHead {
            path: exchange.path,
            query: exchange.query,
            headers: &exchange.headers,
            captures,
            body: exchange.body.length(),
        };
        let operation = contract.operation(id);
        let plan = check_head(contract, operation, head, rules, scratch, violations);
        let RecordedBody::Bytes(bytes) = &exchange.body else {
            return;
        };
        if matches!(plan, BodyPlan::Stream) {
            return;
        }
        if bytes.len() as u64 <= bounds.body_bytes_max {
            check_body(
                contract,
                plan,
                &exchange.headers,
                bytes,
                rules,
                scratch,
                violations,
            );
        } else if rules.policy.of(ViolationClass::BodyTooLarge) != Enforcement::Off {
            violations.push(body_too_large(bounds.body_bytes_max));
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
            bounds,
            scratch,
        } = self;
        let policy = policies.of(Some(id));
        if !policy.checks_responses() {
            return;
        }
        let rules = bounds.check_settings(policy);
        let head = ResponseHead {
            status: response.status,
            headers: &response.headers,
            body: response.body.length(),
            is_to_head,
        };
        let operation = contract.operation(id);
        let plan = check_response_head(contract, operation, head, rules, scratch, violations);
        if let (ResponsePlan::Judge(media), RecordedBody::Bytes(bytes)) = (plan, &response.body) {
            check_response_body(
                contract,
                media,
                &response.headers,
                bytes,
                rules,
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
