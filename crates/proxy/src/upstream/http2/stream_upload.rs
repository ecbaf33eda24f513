//! The sending half of an exchange: the body of a request, as fast as the windows of the upstream allow.
//!
//! An upstream may answer early and end the stream while the request is still being sent. So what it
//! does not accept any more is discarded, and reading decides.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{Reason, SendStream};
use http_body::{Body, Frame};

use super::shared_connection::StreamLease;
use crate::body::{ForwardBody, RequestBodyError, UploadProgress};
use crate::deadline_timer::DeadlineTimer;
use crate::upstream::kept_body::KeptBody;
use crate::upstream::upload_rest::ContinuedUpload;

/// A request on a stream, with the timer of its exchange.
#[derive(Debug)]
pub(super) struct StreamUpload {
    stream: SendStream<Bytes>,
    /// The rest of the body; nothing when all of it is sent.
    body: Option<ForwardBody>,
    /// Data that the body has given and the library not taken.
    data: Bytes,
    /// What was read of a streamed body, if the request may have to be sent again.
    kept: Option<KeptBody>,
    sent_bytes: u64,
    is_accepted: bool,
    pub(super) timer: DeadlineTimer,
    pub(super) lease: StreamLease,
}

impl StreamUpload {
    /// Begins to send a body, unless it is empty.
    pub(super) fn new(stream: SendStream<Bytes>, body: ForwardBody, lease: StreamLease) -> Self {
        Self {
            stream,
            kept: (!body.is_in_memory()).then(KeptBody::default),
            body: (!body.is_end_stream()).then_some(body),
            data: Bytes::new(),
            sent_bytes: 0,
            is_accepted: true,
            timer: DeadlineTimer::default(),
            lease,
        }
    }

    /// Whether the upstream may accept more of the request, as far as is known.
    pub(super) const fn continues(&self) -> bool {
        self.body.is_some() && self.is_accepted
    }

    /// The progress of the body, unless it is in memory.
    pub(super) fn progress(&self) -> Option<UploadProgress> {
        self.body.as_ref().and_then(ForwardBody::upload)
    }

    /// The whole body of a streamed request, if what was read of it was kept.
    pub(super) fn take_back(&mut self) -> Option<ForwardBody> {
        let kept = self.kept.take()?;
        Some(kept.into_body(self.body.take()))
    }

    /// Notes that the request will not be sent again.
    pub(super) fn forget_kept(&mut self) {
        self.kept = None;
        if !self.is_accepted {
            self.body = None;
        }
    }

    /// Sends as much as the upstream accepts. Ready when there is nothing more to send.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RequestBodyError>> {
        loop {
            let Some(body) = self.body.as_mut().filter(|_| self.is_accepted) else {
                return Poll::Ready(Ok(()));
            };
            if !self.data.is_empty() {
                ready!(self.poll_data(cx));
                continue;
            }
            let frame = ready!(Pin::new(&mut *body).poll_frame(cx));
            let has_ended = body.is_end_stream();
            match frame.transpose() {
                Ok(Some(frame)) => self.add(frame, has_ended),
                Ok(None) => self.send(Bytes::new(), true),
                Err(failure) => {
                    // The upstream must not take the request for complete.
                    self.stream.send_reset(Reason::CANCEL);
                    self.stop();
                    return Poll::Ready(Err(failure));
                }
            }
        }
    }

    /// Takes data, or sends trailers.
    fn add(&mut self, frame: Frame<Bytes>, has_ended: bool) {
        if let Some(kept) = &mut self.kept
            && !kept.add(&frame)
        {
            self.kept = None;
        }
        match frame.into_data() {
            Ok(data) if data.is_empty() && has_ended => self.send(data, true),
            Ok(data) => self.data = data,
            Err(frame) => {
                let sent = frame
                    .into_trailers()
                    .map(|trailers| self.stream.send_trailers(trailers));
                self.is_accepted = matches!(sent, Ok(Ok(())));
                self.body = None;
            }
        }
    }

    /// Gives the library as much data as the upstream accepts.
    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.stream.reserve_capacity(self.data.len());
        while self.stream.capacity() == 0 {
            match ready!(self.stream.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => {
                    self.stop();
                    return Poll::Ready(());
                }
            }
        }
        let length = self.stream.capacity().min(self.data.len());
        let part = self.data.split_to(length);
        let is_last =
            self.data.is_empty() && self.body.as_ref().is_none_or(ForwardBody::is_end_stream);
        self.send(part, is_last);
        Poll::Ready(())
    }

    fn send(&mut self, part: Bytes, is_last: bool) {
        self.sent_bytes += part.len() as u64;
        if self.stream.send_data(part, is_last).is_err() {
            self.stop();
        } else if is_last {
            self.body = None;
        }
    }

    /// Discards the rest.
    fn stop(&mut self) {
        self.is_accepted = false;
        self.data = Bytes::new();
        // What was kept is whole only with the rest.
        if self.kept.is_none() {
            self.body = None;
        }
    }
}

impl ContinuedUpload for StreamUpload {
    fn poll_upload(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        self.poll(cx).map(|sent| sent.is_ok() && self.is_accepted)
    }

    fn poll_disturbance(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.stream.poll_reset(cx).map(drop)
    }

    fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }

    fn timer(&mut self) -> &mut DeadlineTimer {
        &mut self.timer
    }
}
