//! Which operation a request is for, or why none.

use std::rc::Rc;

use http::Response;
use http::header::{ALLOW, HeaderValue};
use tower::Service;

use portcullis_contract::find_operation;
use portcullis_contract::route::PathCaptures;

use crate::telemetry::RequestOutcome;

use super::staged_request::{ExchangeProblem, MatchedRequest, RoutedRequest, ServiceAnswer};
use crate::proxy::exchange::answer_body::AnswerBody;
use crate::proxy::exchange::data_core::DataCore;
use crate::proxy::exchange::owner_endpoint;
use crate::proxy::exchange::request_record::AnswerSummary;

pub(in crate::proxy) async fn match_operation<S>(
    _core: Rc<DataCore>,
    mut routed: RoutedRequest,
    mut next: S,
) -> Result<ServiceAnswer, ExchangeProblem>
where
    S: Service<MatchedRequest, Response = ServiceAnswer, Error = ExchangeProblem>,
{
    let operation = match look_up_operation(&mut routed)? {
        OperationLookup::Operation(operation, captures) => Some((operation, captures)),
        OperationLookup::Unmatched => None,
        OperationLookup::Owner(response) => {
            let reported = Vec::new();
            return Ok(ServiceAnswer {
                response: *response,
                reported,
            });
        }
    };
    next.call(MatchedRequest { routed, operation }).await
}

/// What a request is for.
enum OperationLookup {
    /// This operation.
    Operation(u32, PathCaptures),
    /// None, and it may pass nevertheless.
    Unmatched,
    /// Whom the service belongs to: this.
    Owner(Box<Response<AnswerBody>>),
}

fn look_up_operation(routed: &mut RoutedRequest) -> Result<OperationLookup, ExchangeProblem> {
    let service = Rc::clone(&routed.ledger.service);
    let contract = &service.contract;
    let (method, path) = (routed.request.method(), routed.request.uri().path());
    let mut captures = PathCaptures::default();
    let stray = match find_operation(contract, method, path, &mut captures) {
        Ok(operation) => {
            routed.ledger.set_operation(operation);
            return Ok(OperationLookup::Operation(operation, captures));
        }
        Err(stray) => stray,
    };
    if service.passes_preflight() && stray.is_preflight(method, routed.request.headers()) {
        return Ok(OperationLookup::Unmatched);
    }
    if let Some(response) = owner_endpoint::answer(&service, method, routed.request.uri()) {
        routed.ledger.set_owner_request();
        routed.ledger.set_answer(AnswerSummary {
            outcome: RequestOutcome::Answered,
            status: Some(response.status()),
            error: None,
        });
        return Ok(OperationLookup::Owner(Box::new(response)));
    }
    let violation = stray.violation(contract, method, path);
    let allow = stray
        .allow()
        .and_then(|allow| HeaderValue::from_str(allow).ok());
    let headers = allow.map(|allow| (ALLOW, allow)).into_iter().collect();
    routed.enforce(vec![violation], headers)?;
    Ok(OperationLookup::Unmatched)
}
