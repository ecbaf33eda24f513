//! Copies of exchanges, for a candidate to judge elsewhere.
//!
//! The data core clones what it has in memory anyway and hands it over; it never waits. What the
//! other side cannot take in time is counted and dropped, so the cost of a candidate is bounded
//! on both sides: by the share that is sampled here, and by the queue there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri};
use tokio::sync::mpsc::Sender;

use crate::squad::Consumer;

use super::forward_body::ForwardBody;

/// One exchange that passed, as a candidate gets it. It may hold anybody's secrets, so it has no
/// `Debug` of its content.
pub struct Sampled {
    /// The method.
    pub method: Method,
    /// The target, raw.
    pub target: Uri,
    /// The request's fields, without those of the hop.
    pub headers: HeaderMap,
    /// Its body.
    pub body: SampledBody,
    /// Who called.
    pub consumer: Consumer,
    /// Status and fields of the answer, and whether it has a body, where there was one.
    pub answer: Option<(u16, HeaderMap, bool)>,
}

/// A body, as far as it was in memory.
pub enum SampledBody {
    /// There was none.
    Absent,
    /// It passed as a stream.
    Streamed,
    /// All of it.
    Whole(Bytes),
}

/// Where samples go, and how many.
#[derive(Clone, Debug)]
pub struct Tap {
    sender: Sender<Sampled>,
    /// The share of exchanges that is sampled, from 0 to 1.
    sample: f64,
    missed: Arc<AtomicU64>,
}

impl std::fmt::Debug for Sampled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sampled")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SampledBody {
    /// Its size only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Streamed => f.write_str("Streamed"),
            Self::Whole(bytes) => write!(f, "Whole({})", bytes.len()),
        }
    }
}

impl Tap {
    /// A tap for this share of exchanges; `missed` counts what could not be taken.
    pub fn new(sender: Sender<Sampled>, sample: f64, missed: Arc<AtomicU64>) -> Self {
        Self {
            sender,
            sample,
            missed,
        }
    }

    /// The request's part of a sample, if this one is sampled.
    pub(super) fn sample(
        &self,
        request: &Request<ForwardBody>,
        consumer: Consumer,
    ) -> Option<Box<Sampled>> {
        let is_sampled = self.sample >= 1.0 || fastrand::f64() < self.sample;
        is_sampled.then(|| {
            Box::new(Sampled {
                method: request.method().clone(),
                target: request.uri().clone(),
                headers: request.headers().clone(),
                body: request.body().sampled(),
                consumer,
                answer: None,
            })
        })
    }

    /// Hands a sample over, or counts that it was missed.
    pub(super) fn give(&self, sampled: Box<Sampled>) {
        if self.sender.try_send(*sampled).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}
