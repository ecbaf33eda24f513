//! Starts or continues the trace of a request and decides whether it is sampled.

use std::rc::Rc;

use http::HeaderMap;
use opentelemetry::trace::{SpanKind, TraceId};
use opentelemetry_sdk::trace::{
    IdGenerator, RandomIdGenerator, Sampler, SamplingDecision, ShouldSample,
};

use super::baggage::carry_squad;
use super::span::{Span, SpanSender};
use super::trace_parent::{TRACEPARENT, TRACESTATE, TraceParent};
use super::traced_request::TracedRequest;

/// Starts traces. Each data core has one.
#[derive(Clone, Debug)]
pub struct Tracer {
    /// Samples traces that start here. Continued traces keep the decision of their parent.
    roots: Sampler,
    ids: RandomIdGenerator,
    sender: SpanSender,
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
            roots: Sampler::TraceIdRatioBased(sample),
            ids: RandomIdGenerator::default(),
            sender,
        }
    }

    /// Continues the trace of a request, or starts a new one.
    pub fn begin(&self, request: TracedRequest<'_>) -> RequestTrace {
        let parent = TraceParent::of_headers(request.headers);
        let own = match parent {
            Some(parent) => TraceParent {
                span: self.span_id(),
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
        let trace = self.ids.new_trace_id().to_bytes();
        let trace = u128::from_be_bytes(trace).max(1);
        TraceParent {
            trace,
            span: self.span_id(),
            is_sampled: is_kept(&self.roots, trace),
            is_random: true,
        }
    }

    fn span_id(&self) -> u64 {
        u64::from_be_bytes(self.ids.new_span_id().to_bytes()).max(1)
    }
}

pub(super) fn is_kept(roots: &Sampler, trace: u128) -> bool {
    let trace = TraceId::from_bytes(trace.to_be_bytes());
    let sampled = roots.should_sample(None, trace, "", &SpanKind::Server, &[], &[]);
    sampled.decision == SamplingDecision::RecordAndSample
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
