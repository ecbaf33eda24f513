//! Which operation a request is for, or why none.

use std::rc::Rc;

use http::Response;
use http::header::{ALLOW, HeaderValue};
use tower::Service;

use portcullis_contract::find_operation;
use portcullis_contract::route::PathCaptures;

use crate::telemetry::Outcome;

use super::super::answer_body::AnswerBody;
use super::super::core::Core;
use super::super::ledger::Ended;
use super::super::owner;
use super::stage::{Answered, Found, Refused, Routed};

pub(in crate::proxy) async fn find<S>(
    _core: Rc<Core>,
    mut routed: Routed,
    mut next: S,
) -> Result<Answered, Refused>
where
    S: Service<Found, Response = Answered, Error = Refused>,
{
    let operation = match look(&mut routed)? {
        Sought::Operation(operation, captures) => Some((operation, captures)),
        Sought::Nothing => None,
        Sought::Owner(response) => {
            let reported = Vec::new();
            return Ok(Answered {
                response: *response,
                reported,
            });
        }
    };
    next.call(Found { routed, operation }).await
}

/// What a request is for.
enum Sought {
    /// This operation.
    Operation(u32, PathCaptures),
    /// None, and it may pass nevertheless.
    Nothing,
    /// Whom the service belongs to: this.
    Owner(Box<Response<AnswerBody>>),
}

fn look(routed: &mut Routed) -> Result<Sought, Refused> {
    let service = Rc::clone(&routed.ledger.service);
    let contract = &service.contract;
    let (method, path) = (routed.request.method(), routed.request.uri().path());
    let mut captures = PathCaptures::default();
    let stray = match find_operation(contract, method, path, &mut captures) {
        Ok(operation) => {
            routed.ledger.found(operation);
            return Ok(Sought::Operation(operation, captures));
        }
        Err(stray) => stray,
    };
    if service.passes_preflight() && stray.is_preflight(method, routed.request.headers()) {
        return Ok(Sought::Nothing);
    }
    if let Some(response) = owner::answer(&service, method, routed.request.uri()) {
        routed.ledger.found_owner();
        routed.ledger.ended(Ended {
            outcome: Outcome::Answered,
            status: Some(response.status()),
            error: None,
        });
        return Ok(Sought::Owner(Box::new(response)));
    }
    let violation = stray.violation(contract, method, path);
    let allow = stray
        .allow()
        .and_then(|allow| HeaderValue::from_str(allow).ok());
    let headers = allow.map(|allow| (ALLOW, allow)).into_iter().collect();
    routed.decide(vec![violation], headers)?;
    Ok(Sought::Nothing)
}
