//! Copies of exchanges that a candidate contract judges on another thread.
//!
//! A data core copies only what it holds in memory anyway, and it never waits. An exchange that
//! does not fit into the queue is counted and dropped. So the cost of a candidate has a bound on
//! both sides: the share of sampled exchanges here, the length of the queue there.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use tokio::sync::mpsc::Sender;

use portcullis_vocabulary::Consumer;

/// One sampled exchange. It may hold secrets, so its `Debug` shows no content.
pub struct ShadowExchange {
    /// The method.
    pub method: Method,
    /// The request target as received.
    pub target: Uri,
    /// The header fields of the request, without those of the hop.
    pub headers: HeaderMap,
    /// The body of the request.
    pub body: ShadowBody,
    /// The caller.
    pub consumer: Consumer,
    /// The answer; `None` if the service did not answer.
    pub answer: Option<ShadowAnswer>,
}

/// The answer of a sampled exchange.
#[derive(Debug)]
pub struct ShadowAnswer {
    /// The status.
    pub status: u16,
    /// The header fields, without those of the hop.
    pub headers: HeaderMap,
    /// The body.
    pub body: ShadowBody,
}

/// A body, if it was in memory.
pub enum ShadowBody {
    /// The message has no body.
    Absent,
    /// The body was streamed and not kept.
    Streamed,
    /// The whole body.
    Whole(Bytes),
}

/// Samples exchanges and sends the copies to the candidate's thread.
#[derive(Clone, Debug)]
pub struct ShadowSampler {
    sender: Sender<ShadowExchange>,
    /// The share of exchanges that is sampled, from 0 to 1.
    sample: f64,
    missed: Arc<AtomicU64>,
}

impl fmt::Debug for ShadowExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShadowExchange")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ShadowBody {
    /// Shows the size, not the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Streamed => f.write_str("Streamed"),
            Self::Whole(bytes) => write!(f, "Whole({})", bytes.len()),
        }
    }
}

impl ShadowSampler {
    /// A sampler of this share of exchanges. `missed` counts the copies that did not fit into the
    /// queue.
    pub fn new(sender: Sender<ShadowExchange>, sample: f64, missed: Arc<AtomicU64>) -> Self {
        Self {
            sender,
            sample,
            missed,
        }
    }

    /// Whether to sample the next exchange.
    pub(super) fn takes_next(&self) -> bool {
        self.sample >= 1.0 || fastrand::f64() < self.sample
    }

    /// Sends a copy to the candidate, or counts it as missed.
    pub(super) fn send(&self, exchange: ShadowExchange) {
        if self.sender.try_send(exchange).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}
