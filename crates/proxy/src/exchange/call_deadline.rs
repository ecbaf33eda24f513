//! The end of a gRPC call while its response is running: its caller has no use for more of it.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use http::header::{HeaderMap, HeaderValue};
use tokio::time::{Sleep, sleep_until};

use super::grpc_refusal::{GRPC_MESSAGE, GRPC_STATUS};

/// `DEADLINE_EXCEEDED`.
const DEADLINE_EXCEEDED: HeaderValue = HeaderValue::from_static("4");

const MESSAGE: HeaderValue =
    HeaderValue::from_static("the time of the call (grpc-timeout) is over");

/// When a call ends.
#[derive(Debug)]
pub(super) struct CallDeadline(Pin<Box<Sleep>>);

impl CallDeadline {
    pub(super) fn at(deadline: Instant) -> Self {
        Self(Box::pin(sleep_until(deadline.into())))
    }

    /// Ready when the time is over.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

/// The trailers of a call whose time is over.
pub(super) fn deadline_trailers() -> HeaderMap {
    HeaderMap::from_iter([(GRPC_STATUS, DEADLINE_EXCEEDED), (GRPC_MESSAGE, MESSAGE)])
}
