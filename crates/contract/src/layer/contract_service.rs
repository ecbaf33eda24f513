//! The service of the layer: checks a request, then refuses it or calls the inner service.

use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{Either, Full};
use tower_service::Service;

use super::checked_request_body::CheckedRequestBody;
use super::contract_verdict::ContractVerdict;
use super::layer_settings::LayerSettings;
use super::problem_response::{ProblemOr, refusal, unreadable_request};
use super::read_body::{BodyRead, read_body};
use super::request_check::RequestCheck;
use crate::{BodyLength, BodyPlan};

/// The service of a [`ContractLayer`](super::ContractLayer).
#[derive(Clone, Debug)]
pub struct ContractService<S> {
    inner: S,
    settings: Arc<LayerSettings>,
}

/// The future of a [`ContractService`]. It is boxed, because it contains the future of the inner
/// service and the body that is being read.
pub type ResponseFuture<R, E> =
    Pin<Box<dyn Future<Output = Result<Response<ProblemOr<R>>, E>> + Send>>;

impl<S> ContractService<S> {
    pub(super) fn new(inner: S, settings: Arc<LayerSettings>) -> Self {
        Self { inner, settings }
    }
}

impl<S, B, R> Service<Request<B>> for ContractService<S>
where
    S: Service<Request<CheckedRequestBody<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Send,
    R: 'static,
{
    type Response = Response<ProblemOr<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<R, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // Only this instance of the inner service is ready; its clone is not.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        Box::pin(respond(inner, Arc::clone(&self.settings), request))
    }
}

async fn respond<S, B, R>(
    mut inner: S,
    settings: Arc<LayerSettings>,
    request: Request<B>,
) -> Result<Response<ProblemOr<R>>, S::Error>
where
    S: Service<Request<CheckedRequestBody<B>>, Response = Response<R>>,
    B: Body,
{
    let (request, verdict) = match check_request(&settings, request).await {
        Ok(checked) => checked,
        Err(refusal) => return Ok(refusal.map(Either::Left)),
    };
    let mut response = inner.call(request).await?.map(Either::Right);
    response.extensions_mut().insert(verdict);
    Ok(response)
}

/// Checks a request. Returns the request for the inner service, or the refusal.
async fn check_request<B: Body>(
    settings: &LayerSettings,
    request: Request<B>,
) -> Result<(Request<CheckedRequestBody<B>>, ContractVerdict), Response<Full<Bytes>>> {
    let (mut head, body) = request.into_parts();
    let mut check = RequestCheck::of_head(settings, &head, body_length(&body));
    // A refused head needs no body, so a client that expects `100 Continue` does not send one.
    let body = if check.is_refused() || matches!(check.plan, BodyPlan::Stream) {
        CheckedRequestBody::unread(body)
    } else {
        match read_body(body, settings.limits.body_bytes_max).await {
            BodyRead::Whole(body, bytes) => {
                check.body(&head, &bytes);
                body
            }
            BodyRead::TooLarge(body) => {
                check.body_too_large();
                body
            }
            BodyRead::Failed(body) if settings.is_report_only => body,
            BodyRead::Failed(_) => return Err(unreadable_request()),
        }
    };
    let (verdict, header) = check.finish();
    if verdict.is_refused {
        return Err(refusal(settings, verdict, header));
    }
    head.extensions.insert(verdict.clone());
    Ok((Request::from_parts(head, body), verdict))
}

fn body_length<B: Body>(body: &B) -> BodyLength {
    match body.size_hint().exact() {
        Some(0) => BodyLength::Absent,
        _ if body.is_end_stream() => BodyLength::Absent,
        Some(_) => BodyLength::Known,
        None => BodyLength::Unknown,
    }
}
