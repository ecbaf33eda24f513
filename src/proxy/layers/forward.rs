//! Sending out what was judged: to the upstream, perhaps more than once, or to the mock.

use std::rc::Rc;
use std::time::Instant;

use http::{Request, Response};

use super::super::answer::{Cause, upstream_reason};
use super::super::answer_body::AnswerBody;
use super::super::core::Core;
use super::super::forward_body::ForwardBody;
use super::super::headers::{MaxForwards, add_forwarding, count_hop};
use super::super::ledger::{Ended, Ledger};
use super::super::mock;
use super::super::passage::Passage;
use super::super::pipeline::End;
use super::super::retry::{Again, Sent, is_idempotent};
use super::super::service::Target;
use super::super::upstream::Upstream;
use super::answer::outcome_of;
use super::stage::{Admitted, Answered, Refused, Routed};
use crate::identity::remove_squad_headers;

pub(in crate::proxy) async fn forward(
    _core: Rc<Core>,
    admitted: Admitted,
    _: End,
) -> Result<Answered, Refused> {
    let Admitted { routed, passage } = admitted;
    let Routed {
        mut request,
        peer,
        ledger,
        reported,
    } = routed;
    let response = match (&ledger.service.upstream, passage) {
        (Target::Upstream(_), _) if ends_here(&mut request) => {
            Ok(Response::new(AnswerBody::empty()))
        }
        (Target::Upstream(upstream), Some(passage)) => {
            add_forwarding(request.headers_mut(), &peer);
            if ledger.service.config().legacy {
                remove_squad_headers(request.headers_mut());
            }
            ledger.propagate(request.headers_mut());
            send(upstream, request, passage, &ledger).await
        }
        (Target::Mock | Target::Upstream(_), _) => {
            mock::answer(&ledger.service.contract, ledger.operation(), &request)
        }
    };
    match response {
        Ok(response) => {
            ledger.ended(Ended {
                outcome: outcome_of(response.status()),
                status: Some(response.status()),
                error: None,
            });
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
    mut request: Request<ForwardBody>,
    mut passage: Box<Passage>,
    ledger: &Ledger,
) -> Result<Response<AnswerBody>, Cause> {
    if request.body().upload().is_some() {
        passage.streams();
    }
    let mut again = Again::of(&request, ledger);
    loop {
        let sent = attempt(upstream, request, &mut passage, ledger).await;
        let next = match &mut again {
            // Boxed: it is rare, and its size would count for every request.
            Some(again) => Box::pin(again.after(&sent, &mut passage, ledger)).await,
            None => None,
        };
        match next {
            Some(next) => request = next,
            None => return conclude(sent, passage, ledger),
        }
    }
}

async fn attempt(
    upstream: &Upstream,
    request: Request<ForwardBody>,
    passage: &mut Passage,
    ledger: &Ledger,
) -> Sent {
    let started = Instant::now();
    let is_idempotent = is_idempotent(request.method(), ledger);
    let sent = upstream.send(request, is_idempotent).await;
    let now = Instant::now();
    let took = now - started;
    ledger.upstream_took(took);
    match &sent {
        Ok(response) => passage.answered(response, now, took),
        Err(error) => passage.failed(error, now, took),
    }
    sent
}

fn conclude(
    sent: Sent,
    passage: Box<Passage>,
    ledger: &Ledger,
) -> Result<Response<AnswerBody>, Cause> {
    match sent {
        Ok(response) => Ok(response.map(|body| AnswerBody::streamed(body).holding(Some(passage)))),
        Err(error) => {
            let service = &ledger.service;
            service.recorder.upstream_error(upstream_reason(&error));
            tracing::debug!(service = service.config().name, %error, "the upstream did not answer");
            Err(Cause::Upstream(error))
        }
    }
}
