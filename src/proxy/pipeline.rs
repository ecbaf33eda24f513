//! The natural way of a request, as one list of layers.
//!
//! Each layer is an async function in `layers`; [`Step`] makes a tower service of it, so that
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
use super::connection::Arrived;
use super::core::Core;
use super::headers::Peer;
use super::inspect::HttpRefusal;
use super::layers;
use super::layers::{Answered, Judged, Refused};

/// The service of one data core.
pub fn pipeline(
    core: &Rc<Core>,
) -> impl Service<Arrived, Response = Response<AnswerBody>, Error = Infallible> + Clone + use<> {
    ServiceBuilder::new()
        // Outermost: whatever happens below becomes one answer here, and a panic costs one request.
        .layer(step(core, layers::answer))
        // Which service: everything after this is accounted to it.
        .layer(step(core, layers::route))
        // Which operation, or why none.
        .layer(step(core, layers::find))
        // May this traffic pass now: before anything is judged for it.
        .layer(step(core, layers::admit))
        // Is the head right: before a byte of the body is asked for.
        .layer(step(core, layers::judge_head))
        // Is the body right: only where the contract has a schema for it; else it streams.
        .layer(step(core, layers::judge_body))
        .service(Exchange::new(
            ServiceBuilder::new()
                // A slot among those in flight, which it holds until its answer has passed.
                .layer(step(core, layers::take_part))
                // Is the response right: on its way back.
                .layer(step(core, layers::judge_response))
                // Innermost: what was judged goes out, byte for byte.
                .service(Step {
                    core: Rc::clone(core),
                    act: layers::forward,
                    inner: End,
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
struct Exchange(Rc<dyn Fn(Judged) -> Exchanging>);

type Exchanging = Pin<Box<dyn Future<Output = Result<Answered, Refused>>>>;

impl Exchange {
    fn new<S>(inner: S) -> Self
    where
        S: Service<Judged, Response = Answered, Error = Refused, Future: 'static> + Clone + 'static,
    {
        Self(Rc::new(move |judged| Box::pin(inner.clone().call(judged))))
    }
}

impl Service<Judged> for Exchange {
    type Response = Answered;
    type Error = Refused;
    type Future = Exchanging;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, judged: Judged) -> Exchanging {
        (self.0)(judged)
    }
}

/// Where the list ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct End;

fn step<F>(core: &Rc<Core>, act: F) -> StepLayer<F> {
    StepLayer {
        core: Rc::clone(core),
        act,
    }
}

struct StepLayer<F> {
    core: Rc<Core>,
    act: F,
}

impl<S, F: Clone> Layer<S> for StepLayer<F> {
    type Service = Step<F, S>;

    fn layer(&self, inner: S) -> Step<F, S> {
        Step {
            core: Rc::clone(&self.core),
            act: self.act.clone(),
            inner,
        }
    }
}

/// An async function as a service: it takes the request and the service below.
#[derive(Clone, Debug)]
pub(super) struct Step<F, S> {
    core: Rc<Core>,
    act: F,
    inner: S,
}

impl<F, S, Request, Answer, Error, Act> Service<Request> for Step<F, S>
where
    F: Fn(Rc<Core>, Request, S) -> Act,
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
pub fn refuse_stream(core: &Core, refusal: HttpRefusal, peer: &Peer) -> Response<Bytes> {
    layers::refuse_stream(core, refusal, peer)
}
