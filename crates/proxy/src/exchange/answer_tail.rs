//! What follows the first part of an answer's body.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::answer_interruption::AnswerInterruption;
use super::in_flight::InFlight;
use super::live_records::LiveRecords;
use crate::upstream::{SwitchedConnection, UpstreamBody};

/// What follows the first part of a body.
#[derive(Debug)]
pub(super) enum AnswerTail {
    /// Nothing but trailers, if there are some.
    Trailers(Option<http::HeaderMap>),
    /// The rest of the upstream's body.
    Streamed(UpstreamBody),
    /// The same, judged record by record. Boxed, because it is rare and every answer moves the largest
    /// variant.
    Judged(Box<LiveRecords>),
    /// Another protocol.
    Upgraded(SwitchedConnection),
}

impl AnswerTail {
    /// Keeps what the request holds until its upload has ended.
    pub(super) fn hold_for_upload(&self, in_flight: Box<InFlight>) {
        match self {
            Self::Trailers(_) | Self::Upgraded(_) => {}
            Self::Streamed(body) => body.hold_for_upload(in_flight),
            Self::Judged(records) => records.source().hold_for_upload(in_flight),
        }
    }

    /// Sends more of the request while the body is not read.
    pub(super) fn poll_upload(&mut self, cx: &mut Context<'_>) {
        match self {
            Self::Trailers(_) | Self::Upgraded(_) => {}
            Self::Streamed(body) => body.poll_upload(cx),
            Self::Judged(records) => records.poll_upload(cx),
        }
    }

    /// Whether a part is still to come from the upstream.
    pub(super) fn is_streamed(&self) -> bool {
        match self {
            Self::Trailers(_) => false,
            Self::Streamed(body) => !body.is_end_stream(),
            Self::Judged(records) => !records.is_end_stream(),
            Self::Upgraded(_) => true,
        }
    }

    /// Whether nothing is left.
    pub(super) fn is_end(&self) -> bool {
        match self {
            Self::Trailers(trailers) => trailers.is_none(),
            Self::Streamed(body) => body.is_end_stream(),
            Self::Judged(records) => records.is_end_stream(),
            Self::Upgraded(_) => false,
        }
    }

    /// The next frame.
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerInterruption>>> {
        match self {
            Self::Trailers(trailers) => {
                Poll::Ready(trailers.take().map(|fields| Ok(Frame::trailers(fields))))
            }
            Self::Streamed(body) => Pin::new(body)
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map_err(Into::into))),
            Self::Judged(records) => records.poll_frame(cx),
            // Its bytes are not a body.
            Self::Upgraded(_) => Poll::Ready(None),
        }
    }

    /// The length of a body of which `first` bytes come before this.
    pub(super) fn size_after(&self, first: u64) -> SizeHint {
        match self {
            Self::Trailers(None) => SizeHint::with_exact(first),
            Self::Trailers(Some(_)) | Self::Upgraded(_) => SizeHint::default(),
            Self::Streamed(body) => length_after(first, &body.size_hint()),
            Self::Judged(records) => length_after(first, &records.size_hint()),
        }
    }
}

/// The length of a body of which `first` bytes come before the rest.
fn length_after(first: u64, rest: &SizeHint) -> SizeHint {
    match rest.exact() {
        Some(rest) => SizeHint::with_exact(first + rest),
        None => SizeHint::default(),
    }
}
