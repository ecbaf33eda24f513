//! Copies of exchanges, for a candidate to judge elsewhere.
//!
//! The data core clones what it has in memory anyway and hands it over; it never waits. What the
//! other side cannot take in time is counted and dropped, so the cost of a candidate is bounded
//! on both sides: by the share that is sampled here, and by the queue there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body::Body;
use tokio::sync::mpsc::Sender;

use portcullis_vocabulary::Consumer;

use super::answer_body::AnswerBody;
use crate::proxy::body::body_tee::BodyCopy;
use crate::proxy::body::forward_body::ForwardBody;

/// One exchange that passed, as a candidate gets it. It may hold anybody's secrets, so it has no
/// `Debug` of its content.
pub struct ShadowExchange {
    /// The method.
    pub method: Method,
    /// The target, raw.
    pub target: Uri,
    /// The request's fields, without those of the hop.
    pub headers: HeaderMap,
    /// Its body.
    pub body: ShadowBody,
    /// Who called.
    pub consumer: Consumer,
    /// The answer, where there was one.
    pub answer: Option<ShadowAnswer>,
}

/// An answer, as a candidate gets it.
#[derive(Debug)]
pub struct ShadowAnswer {
    /// The status.
    pub status: u16,
    /// The fields, without those of the hop.
    pub headers: HeaderMap,
    /// The body.
    pub body: ShadowBody,
}

/// A body, as far as it was in memory.
pub enum ShadowBody {
    /// There was none.
    Absent,
    /// It passed as a stream.
    Streamed,
    /// All of it.
    Whole(Bytes),
}

/// Where samples go, and how many.
#[derive(Clone, Debug)]
pub struct ShadowSampler {
    sender: Sender<ShadowExchange>,
    /// The share of exchanges that is sampled, from 0 to 1.
    sample: f64,
    missed: Arc<AtomicU64>,
}

impl std::fmt::Debug for ShadowExchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sampled")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ShadowBody {
    /// Its size only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Streamed => f.write_str("Streamed"),
            Self::Whole(bytes) => write!(f, "Whole({})", bytes.len()),
        }
    }
}

impl ShadowSampler {
    /// A tap for this share of exchanges; `missed` counts what could not be taken.
    pub fn new(sender: Sender<ShadowExchange>, sample: f64, missed: Arc<AtomicU64>) -> Self {
        Self {
            sender,
            sample,
            missed,
        }
    }

    /// The request's part of a sample, if this one is sampled.
    pub(super) fn capture(
        &self,
        request: &Request<ForwardBody>,
        consumer: Consumer,
    ) -> Option<ShadowCapture> {
        let is_sampled = self.sample >= 1.0 || fastrand::f64() < self.sample;
        is_sampled.then(|| ShadowCapture {
            tap: self.clone(),
            sampled: Some(Box::new(ShadowExchange {
                method: request.method().clone(),
                target: request.uri().clone(),
                headers: request.headers().clone(),
                body: request.body().shadow_body(),
                consumer,
                answer: None,
            })),
        })
    }
}

/// A sample that is being taken. It is handed over when it is dropped, with what is known then.
#[derive(Debug)]
pub(super) struct ShadowCapture {
    tap: ShadowSampler,
    sampled: Option<Box<ShadowExchange>>,
}

impl ShadowCapture {
    /// The head of the answer has come.
    pub(super) fn answered(&mut self, response: &Response<AnswerBody>) {
        let body = match response.body().is_end_stream() {
            true => ShadowBody::Absent,
            false => ShadowBody::Streamed,
        };
        if let Some(sampled) = &mut self.sampled {
            sampled.answer = Some(ShadowAnswer {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                body,
            });
        }
    }

    /// The answer's body has passed.
    pub(super) fn passed(&mut self, seen: BodyCopy) {
        let answer = self
            .sampled
            .as_mut()
            .and_then(|sampled| sampled.answer.as_mut());
        if let (Some(answer), BodyCopy::Whole(bytes)) = (answer, seen) {
            answer.body = ShadowBody::Whole(bytes);
        }
    }
}

impl Drop for ShadowCapture {
    fn drop(&mut self) {
        let Some(sampled) = self.sampled.take() else {
            return;
        };
        if self.tap.sender.try_send(*sampled).is_err() {
            self.tap.missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}
