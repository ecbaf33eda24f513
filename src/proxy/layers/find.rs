//! Which operation a request is for, or why none.

use std::rc::Rc;

use http::header::{ALLOW, HeaderValue};
use tower::Service;

use crate::contract::judge_target;
use crate::contract::route::Captures;

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
    let (method, path) = (routed.request.method(), routed.request.uri().path());
    let mut captures = Captures::default();
    let stray = match judge_target(contract, method, path, &mut captures) {
        Ok(operation) => {
            routed.ledger.found(operation);
            return Ok(Some((operation, captures)));
        }
        Err(stray) => stray,
    };
    if service.passes_preflight() && stray.is_preflight(method, routed.request.headers()) {
        return Ok(None);
    }
    let violation = stray.violation(contract, method, path);
    let allow = stray
        .allow()
        .and_then(|allow| HeaderValue::from_str(allow).ok());
    let headers = allow.map(|allow| (ALLOW, allow)).into_iter().collect();
    routed.decide(vec![violation], headers)?;
    Ok(None)
}
