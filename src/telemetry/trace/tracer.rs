//! Where the trace of a request begins, and whether anybody keeps a span of it.

use std::rc::Rc;

use http::{HeaderMap, HeaderValue, Method, Version};
use opentelemetry::trace::{SpanKind, TraceId};
use opentelemetry_sdk::trace::{
    IdGenerator, RandomIdGenerator, Sampler, SamplingDecision, ShouldSample,
};

use super::baggage::carry_squad;
use super::span::{Span, SpanSender};
use super::trace_parent::{TRACEPARENT, TRACESTATE, TraceParent};

/// Begins traces. Each data core has one.
#[derive(Clone, Debug)]
pub struct Tracer {
    /// Decides about traces that begin here; whoever began one decides about the others.
    roots: Sampler,
    ids: RandomIdGenerator,
    outlet: SpanSender,
}

/// A request as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct TracedRequest<'a> {
    /// The method.
    pub method: &'a Method,
    /// The version of HTTP.
    pub version: Version,
    /// The fields.
    pub headers: &'a HeaderMap,
    /// Its id, in our answers and at its upstream.
    pub request_id: &'a HeaderValue,
}

/// The part of a trace that one request is.
#[derive(Clone, Debug)]
pub struct RequestTrace {
    /// Our own place in it.
    own: TraceParent,
    /// Whether the trace began before us.
    is_continued: bool,
    /// What is noted of the request, if it is sampled.
    span: Option<Rc<Span>>,
}

impl Tracer {
    /// A tracer for this share of the traces that begin here.
    pub(super) fn new(sample: f64, outlet: SpanSender) -> Self {
        Self {
            roots: Sampler::TraceIdRatioBased(sample),
            ids: RandomIdGenerator::default(),
            outlet,
        }
    }

    /// Continues the trace of a request, or begins one.
    pub fn begin(&self, asked: TracedRequest<'_>) -> RequestTrace {
        let parent = TraceParent::of_headers(asked.headers);
        let own = match parent {
            Some(parent) => TraceParent {
                span: self.span_id(),
                ..parent
            },
            None => self.root(),
        };
        let note = || Span::begin(asked, own, parent.map(|parent| parent.span), &self.outlet);
        RequestTrace {
            own,
            is_continued: parent.is_some(),
            span: own.is_sampled.then(note).map(Rc::new),
        }
    }

    fn root(&self) -> TraceParent {
        // 0 stands for no trace.
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
    /// What is noted of the request, if it is sampled.
    pub const fn span(&self) -> Option<&Rc<Span>> {
        self.span.as_ref()
    }

    /// The trace's id, as `traceparent` writes it.
    pub fn id(&self) -> String {
        format!("{:032x}", self.own.trace)
    }

    /// Tells the upstream which trace it is part of and, where it is known, which squad calls.
    pub fn propagate(&self, headers: &mut HeaderMap, squad: Option<&str>) {
        headers.insert(TRACEPARENT, self.own.to_value());
        // It belongs to the trace that it came with.
        if !self.is_continued {
            headers.remove(TRACESTATE);
        }
        carry_squad(headers, squad);
    }
}
