//! Makes a call that may be made: sends a request, or opens a tunnel.

use std::rc::Rc;

use http::header::{HeaderName, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use portcullis_config::Config;
use portcullis_telemetry::RequestOutcome;

use super::egress_record::{CallAnswer, EgressRecord};
use super::egress_refusal::EgressRefusal;
use crate::body::{ForwardBody, RequestBody};
use crate::exchange::{AnswerBody, AnswerPassage};
use crate::headers::{AddedFields, MaxForwards, ViaPseudonym, count_hop, remake_content_length};
use crate::limits::ResponseTimeouts;
use crate::upstream::UpstreamClient;

const X_PORTCULLIS: HeaderName = HeaderName::from_static("x-portcullis");

/// Opens a tunnel. Its bytes follow the answer.
pub(super) async fn open_tunnel(
    client: &UpstreamClient,
    record: &Rc<EgressRecord>,
) -> Result<Response<AnswerBody>, EgressRefusal> {
    let tunnel = client
        .open_tunnel()
        .await
        .map_err(EgressRefusal::Upstream)?;
    record.set_answer(CallAnswer {
        outcome: RequestOutcome::Answered,
        status: Some(StatusCode::OK),
        error: None,
    });
    record.set_passage(AnswerPassage::Passing);
    Ok(Response::new(AnswerBody::tunnel(tunnel, Rc::clone(record))))
}

/// Sends a request, and passes the answer on.
pub(super) async fn send(
    client: &UpstreamClient,
    mut request: Box<Request<()>>,
    body: RequestBody,
    record: &Rc<EgressRecord>,
    (config, via): (&Config, &ViaPseudonym),
) -> Result<Response<AnswerBody>, EgressRefusal> {
    let method = request.method().clone();
    if count_hop(&method, request.headers_mut()) == MaxForwards::AnswerHere {
        return Ok(own_answer(record));
    }
    // It is for this proxy.
    request.headers_mut().remove(PROXY_AUTHORIZATION);
    via.add(&mut request);
    let interim = body.interim_responses();
    let mut request = request.map(|()| ForwardBody::streamed(body));
    let timeouts = ResponseTimeouts {
        head: config.limits.upstream_timeout,
        body_idle: config.limits.body_idle_timeout,
    };
    let is_idempotent = method.is_idempotent();
    let added = AddedFields::default();
    let sent = client.send(&mut request, &added, is_idempotent, timeouts, &interim);
    let mut response = sent.await.map_err(EgressRefusal::Upstream)?;
    remake_content_length(response.headers_mut());
    let outcome = if response.status().is_server_error() {
        RequestOutcome::Failed
    } else {
        RequestOutcome::Answered
    };
    record.set_answer(CallAnswer {
        outcome,
        status: Some(response.status()),
        error: None,
    });
    let mut response = response.map(AnswerBody::streamed);
    if method != Method::HEAD && response.body().is_streamed() {
        record.set_passage(AnswerPassage::Passing);
        response.body_mut().hold_egress_record(Rc::clone(record));
    }
    Ok(response)
}

/// The answer of the last recipient (RFC 9110 section 7.6.2), without content.
fn own_answer(record: &EgressRecord) -> Response<AnswerBody> {
    const ERROR: &str = "MAX_FORWARDS";
    record.set_answer(CallAnswer {
        outcome: RequestOutcome::Answered,
        status: Some(StatusCode::OK),
        error: Some(ERROR),
    });
    let mut response = Response::new(AnswerBody::empty());
    let own = HeaderValue::from_static(ERROR);
    response.headers_mut().insert(X_PORTCULLIS, own);
    response
}
