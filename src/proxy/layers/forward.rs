//! Sending out what was judged: to the upstream, or to the mock.

use std::rc::Rc;
use std::time::Instant;

use http::{Request, Response};

use super::super::answer::{Cause, upstream_reason};
use super::super::answer_body::AnswerBody;
use super::super::core::{Core, Target};
use super::super::forward_body::ForwardBody;
use super::super::headers::{MaxForwards, add_forwarding, count_hop};
use super::super::ledger::Ledger;
use super::super::mock;
use super::super::pipeline::End;
use super::super::upstream::Upstream;
use super::answer::outcome_of;
use super::stage::{Answered, Judged, Refused, Routed};

pub(in crate::proxy) async fn forward(
    _core: Rc<Core>,
    Judged(routed): Judged,
    _: End,
) -> Result<Answered, Refused> {
    let Routed {
        mut request,
        peer,
        ledger,
        reported,
    } = routed;
    let response = match &ledger.service.upstream {
        Target::Mock => mock::answer(&ledger.service.contract, ledger.operation(), &request),
        Target::Upstream(_) if ends_here(&mut request) => Ok(Response::new(AnswerBody::empty())),
        Target::Upstream(upstream) => {
            add_forwarding(request.headers_mut(), &peer);
            send(upstream, request, &ledger).await
        }
    };
    match response {
        Ok(response) => {
            ledger.ended(outcome_of(response.status()));
            Ok(Answered { response, reported })
        }
        Err(cause) => Err(Refused::new(cause, &ledger)),
    }
}

/// Whether `Max-Forwards` says that this is the last hop (RFC 9110 section 7.6.2).
fn ends_here(request: &mut Request<ForwardBody>) -> bool {
    let method = request.method().clone();
    count_hop(&method, request.headers_mut()) == MaxForwards::AnswerHere
}

async fn send(
    upstream: &Upstream,
    request: Request<ForwardBody>,
    ledger: &Ledger,
) -> Result<Response<AnswerBody>, Cause> {
    let started = Instant::now();
    let sent = upstream.send(request).await;
    ledger.waited(started.elapsed());
    sent.map(|response| response.map(AnswerBody::streamed)).map_err(|error| {
        ledger.service.recorder.upstream_error(upstream_reason(&error));
        tracing::debug!(service = ledger.service.service.name, %error, "the upstream did not answer");
        Cause::Upstream(error)
    })
}
