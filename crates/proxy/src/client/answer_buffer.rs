//! Reads an answer ahead of a client that does not read, within bounds of memory.
//!
//! A request holds its slot until the upstream has finished its answer. While a client accepts no
//! bytes, no more of the answer is written, so it is read into this buffer. A client that does not read then holds memory instead of a slot, until its own
//! deadlines end it. Where the memory is used up, the slot is held as long as the answer, and only
//! the rest of the request is still sent to the upstream.

use std::cell::Cell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};

use crate::exchange::{AnswerBody, AnswerInterruption};
use crate::limits::RESPONSE_BUFFERS_BYTES_MAX;

/// The memory that the buffers of one data core use.
#[derive(Debug, Default)]
pub(super) struct BufferedBytes(Cell<usize>);

/// An answer that is read ahead.
#[derive(Debug)]
pub(super) struct AnswerBuffer {
    body: AnswerBody,
    frames: VecDeque<Frame<Bytes>>,
    /// The memory that `frames` take, of which there is a maximum.
    held: usize,
    bytes_max: usize,
    failure: Option<AnswerInterruption>,
    has_ended: bool,
    /// Of the whole core.
    buffered: Rc<BufferedBytes>,
}

impl AnswerBuffer {
    /// A buffer of `bytes_max` bytes at most, apart from the last frame.
    pub(super) fn new(body: AnswerBody, bytes_max: usize, buffered: Rc<BufferedBytes>) -> Self {
        Self {
            body,
            frames: VecDeque::new(),
            held: 0,
            bytes_max,
            failure: None,
            has_ended: false,
            buffered,
        }
    }

    /// Reads ahead of the client. The task is woken when there is more to read.
    pub(super) fn read_ahead(&mut self, cx: &mut Context<'_>) {
        while !self.has_ended
            && self.held < self.bytes_max
            && self.buffered.0.get() < RESPONSE_BUFFERS_BYTES_MAX
        {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.add(&frame);
                    self.frames.push_back(frame);
                    self.has_ended = self.body.is_end_stream();
                }
                Poll::Ready(Some(Err(failure))) => {
                    self.failure = Some(failure);
                    self.has_ended = true;
                }
                Poll::Ready(None) => self.has_ended = true,
                Poll::Pending => return,
            }
        }
        if !self.has_ended {
            self.body.poll_upload(cx);
        }
    }

    fn add(&mut self, frame: &Frame<Bytes>) {
        self.held += held_bytes(frame);
        self.buffered
            .0
            .set(self.buffered.0.get() + held_bytes(frame));
    }

    fn remove(&mut self, frame: &Frame<Bytes>) {
        self.held -= held_bytes(frame);
        self.buffered
            .0
            .set(self.buffered.0.get() - held_bytes(frame));
    }

    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerInterruption>>> {
        if let Some(frame) = self.frames.pop_front() {
            self.remove(&frame);
            return Poll::Ready(Some(Ok(frame)));
        }
        if self.has_ended {
            return Poll::Ready(self.failure.take().map(Err));
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.frames.is_empty()
            && self.failure.is_none()
            && (self.has_ended || self.body.is_end_stream())
    }

    /// Notes that the client's connection has taken the whole answer.
    pub(super) fn complete(&mut self) {
        self.body.complete();
    }
}

impl Drop for AnswerBuffer {
    fn drop(&mut self) {
        self.buffered.0.set(self.buffered.0.get() - self.held);
    }
}

/// The memory that a frame takes. An answer in small chunks has more frames than data.
fn held_bytes(frame: &Frame<Bytes>) -> usize {
    size_of::<Frame<Bytes>>() + frame.data_ref().map_or(0, Bytes::len)
}
