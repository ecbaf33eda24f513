//! Starts or continues the trace of a request and decides whether it is sampled.

use std::rc::Rc;

use http::HeaderMap;

use super::baggage::carry_squad;
use super::span::{Span, SpanSender};
use super::trace_parent::{TRACEPARENT, TRACESTATE, TraceParent};
use super::traced_request::TracedRequest;

/// Starts traces. Each data core has one.
#[derive(Clone, Debug)]
pub struct Tracer {
    /// Samples traces that start here. Continued traces keep the decision of their parent.
    roots: TraceSampler,
    sender: SpanSender,
}

/// Samples a fraction of all traces by their ids, as the sampler `TraceIdRatioBased` of
/// OpenTelemetry does, so that all that sample the same fraction sample the same traces. It is
/// written out because every request pays for it, sampled or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct TraceSampler {
    /// An id is sampled if its lower 64 bits, shifted right by one, are less than this.
    below: u64,
}

impl TraceSampler {
    /// Samples this fraction, from 0 to 1.
    pub(super) fn new(fraction: f64) -> Self {
        Self {
            below: (fraction.clamp(0.0, 1.0) * (1u64 << 63) as f64) as u64,
        }
    }

    pub(super) const fn is_kept(self, trace: u128) -> bool {
        ((trace as u64) >> 1) < self.below
    }
}

/// The trace of one request.
#[derive(Clone, Debug)]
pub struct RequestTrace {
    /// The span of this request.
    own: TraceParent,
    /// Whether the request came with a trace.
    is_continued: bool,
    /// The recorded span, if the request is sampled.
    span: Option<Rc<Span>>,
}

impl Tracer {
    /// A tracer that samples this fraction of the traces that start here.
    pub(super) fn new(sample: f64, sender: SpanSender) -> Self {
        Self {
            roots: TraceSampler::new(sample),
            sender,
        }
    }

    /// Continues the trace of a request, or starts a new one.
    pub fn begin(&self, request: TracedRequest<'_>) -> RequestTrace {
        let parent = TraceParent::of_headers(request.headers);
        let own = match parent {
            Some(parent) => TraceParent {
                span: span_id(),
                ..parent
            },
            None => self.root(),
        };
        let span = || Span::begin(request, own, parent.map(|parent| parent.span), &self.sender);
        RequestTrace {
            own,
            is_continued: parent.is_some(),
            span: own.is_sampled.then(span).map(Rc::new),
        }
    }

    fn root(&self) -> TraceParent {
        // An id of 0 is invalid.
        let trace = fastrand::u128(1..);
        TraceParent {
            trace,
            span: span_id(),
            is_sampled: self.roots.is_kept(trace),
            is_random: true,
        }
    }
}

fn span_id() -> u64 {
    fastrand::u64(1..)
}

impl RequestTrace {
    /// The recorded span, if the request is sampled.
    pub const fn span(&self) -> Option<&Rc<Span>> {
        self.span.as_ref()
    }

    /// The trace id as in `traceparent`.
    pub fn id(&self) -> String {
        format!("{:032x}", self.own.trace)
    }

    /// Sets the header fields that carry the trace and the calling squad to the upstream.
    pub fn propagate(&self, headers: &mut HeaderMap, squad: Option<&str>) {
        headers.insert(TRACEPARENT, self.own.to_value());
        // `tracestate` belongs to the incoming trace.
        if !self.is_continued {
            headers.remove(TRACESTATE);
        }
        carry_squad(headers, squad);
    }
}
