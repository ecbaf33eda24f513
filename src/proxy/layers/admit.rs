//! May this traffic pass now? A look only, before a byte of the body is read.

use std::rc::Rc;

use tower::Service;

use super::super::answer::Cause;
use super::super::core::Core;
use super::super::service::Target;
use super::stage::{Answered, Found, Refused};

pub(in crate::proxy) async fn admit<S>(
    _core: Rc<Core>,
    found: Found,
    mut next: S,
) -> Result<Answered, Refused>
where
    S: Service<Found, Response = Answered, Error = Refused>,
{
    let ledger = &found.routed.ledger;
    let service = &ledger.service;
    if matches!(service.upstream, Target::Upstream(_)) {
        let now = service.turnstile.at(ledger.started);
        if let Some(refusal) = service.turnstile.peek(ledger.caller, now) {
            return Err(Refused::new(Cause::Traffic(refusal), ledger));
        }
    }
    next.call(found).await
}
