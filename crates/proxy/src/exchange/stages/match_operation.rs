//! Finds the operation of a request.

use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::SystemTime;

use http::Response;
use http::header::{ALLOW, HeaderValue};

use portcullis_contract::route::PathCaptures;
use portcullis_contract::{CompiledContract, find_operation};

use portcullis_telemetry::RequestOutcome;
use portcullis_vocabulary::{Enforcement, ViolationClass};

use super::enforce::enforce;
use super::staged_request::{ExchangeProblem, MatchedRequest, RoutedRequest};
use crate::exchange::answer_body::AnswerBody;
use crate::exchange::owner_endpoint;
use crate::exchange::request_record::AnswerSummary;

/// Continues with the operation, or with an undeclared request that the policy lets pass. Breaks
/// with an answer if the request asks for the owner of the service.
pub(in crate::exchange) fn match_operation(
    routed: RoutedRequest,
) -> Result<ControlFlow<Response<AnswerBody>, MatchedRequest>, ExchangeProblem> {
    let service = Rc::clone(&routed.record.service);
    let contract = &service.contract;
    let (method, path) = (routed.request.method(), routed.request.uri().path());
    let mut captures = PathCaptures::default();
    let found = find_operation(contract, method, path, &mut captures);
    // The reserved path precedes a template that also matches it, but no path of the contract.
    let is_reserved =
        |operation: u32| service.is_owner_path(path) && is_template(contract, operation);
    let stray = match found {
        Ok(operation) => {
            if is_reserved(operation)
                && let Some(answer) = answer_owner(&routed)
            {
                return Ok(ControlFlow::Break(answer));
            }
            routed.record.set_operation(operation);
            check_sunset(&routed, operation)?;
            let operation = Some((operation, captures));
            return Ok(ControlFlow::Continue(MatchedRequest { routed, operation }));
        }
        Err(stray) => stray,
    };
    if service.passes_preflight() && stray.is_preflight(method, routed.request.headers()) {
        return Ok(ControlFlow::Continue(without_operation(routed)));
    }
    if let Some(answer) = answer_owner(&routed) {
        return Ok(ControlFlow::Break(answer));
    }
    let violation = stray.violation(contract, method, path);
    let allow = stray
        .allow()
        .and_then(|allow| HeaderValue::from_str(allow).ok());
    let headers = allow.map(|allow| (ALLOW, allow)).into_iter().collect();
    enforce(&routed.record, vec![violation], headers)?;
    Ok(ControlFlow::Continue(without_operation(routed)))
}

/// Refuses or reports a call of an operation after its sunset.
fn check_sunset(routed: &RoutedRequest, operation: u32) -> Result<(), ExchangeProblem> {
    let service = &routed.record.service;
    let Some(lifecycle) = &service.contract.operation(operation).lifecycle else {
        return Ok(());
    };
    if service
        .policy(Some(operation))
        .of(ViolationClass::AfterSunset)
        == Enforcement::Off
    {
        return Ok(());
    }
    let violation = lifecycle.check(SystemTime::now());
    enforce(&routed.record, violation.into_iter().collect(), Vec::new())
}

/// Whether the path of an operation has parameters.
fn is_template(contract: &CompiledContract, operation: u32) -> bool {
    contract.operation(operation).path.contains('{')
}

/// The answer, if the request asks for the owner.
fn answer_owner(routed: &RoutedRequest) -> Option<Response<AnswerBody>> {
    let (record, request) = (&routed.record, &routed.request);
    let response = owner_endpoint::answer(&record.service, request.method(), request.uri())?;
    record.set_owner_request();
    record.set_answer(AnswerSummary {
        outcome: RequestOutcome::Answered,
        status: Some(response.status()),
        error: None,
    });
    Some(response)
}

fn without_operation(routed: RoutedRequest) -> MatchedRequest {
    MatchedRequest {
        routed,
        operation: None,
    }
}
