//! The body of a response, as it arrives from the upstream.

use std::any::Any;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::http1_body::Http1ResponseBody;
use super::http2::Http2ResponseBody;
use super::switched_connection::SwitchedConnection;
use super::upstream_error::UpstreamError;
use crate::body::{BodyLease, BufferOutcome, buffer_body};

/// The body of the upstream's response. Reading it also sends the rest of the request. Dropping it
/// before its end ends the exchange.
#[derive(Debug)]
pub struct UpstreamBody(VersionedBody);

#[derive(Debug)]
enum VersionedBody {
    Http1(Http1ResponseBody),
    /// Boxed, so that bodies of HTTP/1.1 do not grow.
    Http2(Box<Http2ResponseBody>),
}

impl UpstreamBody {
    /// The connection, if the upstream has switched protocols on it.
    pub(crate) fn into_switched(self) -> Option<SwitchedConnection> {
        match self.0 {
            VersionedBody::Http1(body) => body.into_switched(),
            VersionedBody::Http2(_) => None,
        }
    }

    /// Reads the body into memory, or returns it if it is larger than `bytes_max`.
    ///
    /// # Errors
    ///
    /// [`UpstreamError`] if the body ends early.
    pub async fn gather(self, bytes_max: u64) -> Result<BufferOutcome<Self>, UpstreamError> {
        buffer_body(self, bytes_max, BodyLease::uncounted()).await
    }

    /// Sends more of the request while the response is not read. So a client that sends all of its
    /// request first does not wait for an upstream that answers meanwhile.
    pub(crate) fn poll_upload(&mut self, cx: &mut Context<'_>) {
        match &mut self.0 {
            VersionedBody::Http1(body) => body.poll_upload(cx),
            VersionedBody::Http2(body) => body.poll_upload(cx),
        }
    }

    /// Keeps `held` until all of the request is sent, if that continues after the response.
    pub(crate) fn hold_for_upload(&self, held: Box<dyn Any>) {
        match &self.0 {
            VersionedBody::Http1(body) => body.hold_for_upload(held),
            VersionedBody::Http2(body) => body.hold_for_upload(held),
        }
    }
}

impl From<Http1ResponseBody> for UpstreamBody {
    fn from(body: Http1ResponseBody) -> Self {
        Self(VersionedBody::Http1(body))
    }
}

impl From<Box<Http2ResponseBody>> for UpstreamBody {
    fn from(body: Box<Http2ResponseBody>) -> Self {
        Self(VersionedBody::Http2(body))
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        match &mut self.get_mut().0 {
            VersionedBody::Http1(body) => body.poll_frame(cx),
            VersionedBody::Http2(body) => body.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            VersionedBody::Http1(body) => body.is_end_stream(),
            VersionedBody::Http2(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            VersionedBody::Http1(body) => body.size_hint(),
            VersionedBody::Http2(body) => body.size_hint(),
        }
    }
}
