//! Which operation a request is for, or why none.

use std::rc::Rc;

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ALLOW, HeaderValue, ORIGIN};
use http::{Method, Request};
use tower::Service;

use crate::contract::route::{Captures, Match, check_path};
use crate::contract::{CompiledContract, Part, Violation, ViolationClass};

use super::super::core::Core;
use super::stage::{Answered, Found, Refused, Routed};

pub(in crate::proxy) async fn find<S>(
    _core: Rc<Core>,
    mut routed: Routed,
    mut next: S,
) -> Result<Answered, Refused>
where
    S: Service<Found, Response = Answered, Error = Refused>,
{
    let operation = operation_of(&mut routed)?;
    next.call(Found { routed, operation }).await
}

fn operation_of(routed: &mut Routed) -> Result<Option<(u32, Captures)>, Refused> {
    let service = Rc::clone(&routed.ledger.service);
    let contract = &service.contract;
    let path = routed.request.uri().path();
    if let Err(malformed) = check_path(path) {
        let violation = Violation::new(
            ViolationClass::MalformedPath,
            Part::Target,
            malformed.to_string(),
        );
        routed.decide(vec![violation], Vec::new())?;
        return Ok(None);
    }
    let mut captures = Captures::default();
    let (violation, allow) = match contract.find(routed.request.method(), path, &mut captures) {
        Match::Found { operation } => {
            routed.ledger.found(operation);
            return Ok(Some((operation, captures)));
        }
        Match::MethodNotAllowed { .. } | Match::NotFound
            if service.passes_preflight() && is_preflight(&routed.request) =>
        {
            return Ok(None);
        }
        Match::MethodNotAllowed { allow } => {
            (unknown_method(routed.request.method(), allow), Some(allow))
        }
        Match::NotFound => (unknown_path(contract, path), None),
    };
    let allow = allow.and_then(|allow| HeaderValue::from_str(allow).ok());
    let headers = allow.map(|allow| (ALLOW, allow)).into_iter().collect();
    routed.decide(vec![violation], headers)?;
    Ok(None)
}

/// A CORS preflight (Fetch Standard, section 4.8): sent by browsers, described by few contracts.
fn is_preflight<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn unknown_method(method: &Method, allow: &str) -> Violation {
    let message = format!("the path has no operation for {method}");
    Violation::new(ViolationClass::UnknownMethod, Part::Target, message).expecting(allow)
}

fn unknown_path(contract: &CompiledContract, path: &str) -> Violation {
    let nearest = contract.nearest_path(path);
    let message = match nearest {
        Some(nearest) => format!("no path of the contract matches; did you mean `{nearest}`?"),
        None => "no path of the contract matches".to_owned(),
    };
    let violation = Violation::new(ViolationClass::UnknownPath, Part::Target, message);
    match nearest {
        Some(nearest) => violation.expecting(nearest),
        None => violation,
    }
}
