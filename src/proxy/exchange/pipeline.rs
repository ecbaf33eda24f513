//! The natural way of a request, as one list of layers.
//!
//! Each layer is an async function in `layers`; [`StageService`] makes a tower service of it, so that
//! nothing is allocated between layers. A layer hands the next one a richer
//! value: only what knows its operation can be judged, only what was judged can be forwarded.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use tower::{Layer, Service, ServiceBuilder};

use super::answer_body::AnswerBody;
use super::data_core::DataCore;
use super::stages;
use super::stages::{ExchangeProblem, JudgedRequest, ServiceAnswer};
use crate::proxy::client::connection::IncomingRequest;
use crate::proxy::headers::Peer;
use crate::proxy::inspect::HttpRefusal;

/// The service of one data core.
pub fn pipeline(
    core: &Rc<DataCore>,
) -> impl Service<IncomingRequest, Response = Response<AnswerBody>, Error = Infallible> + Clone + use<>
{
    ServiceBuilder::new()
        // Outermost: whatever happens below becomes one answer here, and a panic costs one request.
        .layer(stage(core, stages::answer_request))
        // Which service: everything after this is accounted to it.
        .layer(stage(core, stages::select_service))
        // Which operation, or why none.
        .layer(stage(core, stages::match_operation))
        // May this traffic pass now: before anything is judged for it.
        .layer(stage(core, stages::admit))
        // Is the head right: before a byte of the body is asked for.
        .layer(stage(core, stages::judge_head))
        // Is the body right: only where the contract has a schema for it; else it streams.
        .layer(stage(core, stages::judge_body))
        .service(BoxedExchange::new(
            ServiceBuilder::new()
                // A slot among those in flight, which it holds until its answer has passed.
                .layer(stage(core, stages::acquire_slot))
                // Is the response right: on its way back.
                .layer(stage(core, stages::judge_response))
                // Innermost: what was judged goes out, byte for byte.
                .service(StageService {
                    core: Rc::clone(core),
                    act: stages::forward,
                    inner: PipelineEnd,
                }),
        ))
}

/// The exchange with the upstream, behind one type.
///
/// Its future is boxed, alone of all: it is the largest part of a request's state, and every layer
/// above would move it once more. That it has no type parameter matters as much: the name of a
/// layer holds the names of all below several times over, and debug information holds them all,
/// a gigabyte of them if nothing stands between.
#[derive(Clone)]
struct BoxedExchange(Rc<dyn Fn(JudgedRequest) -> ExchangeFuture>);

type ExchangeFuture = Pin<Box<dyn Future<Output = Result<ServiceAnswer, ExchangeProblem>>>>;

impl BoxedExchange {
    fn new<S>(inner: S) -> Self
    where
        S: Service<
                JudgedRequest,
                Response = ServiceAnswer,
                Error = ExchangeProblem,
                Future: 'static,
            > + Clone
            + 'static,
    {
        Self(Rc::new(move |judged| Box::pin(inner.clone().call(judged))))
    }
}

impl Service<JudgedRequest> for BoxedExchange {
    type Response = ServiceAnswer;
    type Error = ExchangeProblem;
    type Future = ExchangeFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ExchangeProblem>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, judged: JudgedRequest) -> ExchangeFuture {
        (self.0)(judged)
    }
}

/// Where the list ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct PipelineEnd;

fn stage<F>(core: &Rc<DataCore>, act: F) -> StageLayer<F> {
    StageLayer {
        core: Rc::clone(core),
        act,
    }
}

struct StageLayer<F> {
    core: Rc<DataCore>,
    act: F,
}

impl<S, F: Clone> Layer<S> for StageLayer<F> {
    type Service = StageService<F, S>;

    fn layer(&self, inner: S) -> StageService<F, S> {
        StageService {
            core: Rc::clone(&self.core),
            act: self.act.clone(),
            inner,
        }
    }
}

/// An async function as a service: it takes the request and the service below.
#[derive(Clone, Debug)]
pub(super) struct StageService<F, S> {
    core: Rc<DataCore>,
    act: F,
    inner: S,
}

impl<F, S, Request, Answer, Error, Act> Service<Request> for StageService<F, S>
where
    F: Fn(Rc<DataCore>, Request, S) -> Act,
    S: Clone,
    Act: Future<Output = Result<Answer, Error>>,
{
    type Response = Answer;
    type Error = Error;
    type Future = Act;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Act {
        (self.act)(Rc::clone(&self.core), request, self.inner.clone())
    }
}

/// The answer to a stream that cannot be read as HTTP, for the listener.
pub fn refuse_stream(core: &DataCore, refusal: HttpRefusal, peer: &Peer) -> Response<Bytes> {
    stages::refuse_stream(core, refusal, peer)
}
