//! Traces: one OpenTelemetry span for each sampled request, exported over OTLP.
//!
//! A data core reads and writes the W3C header fields itself (`trace_parent`, `baggage`). For a
//! sampled request it fills a record (`span`, created by `tracer`). The record goes through a
//! bounded queue to the control runtime, which converts it to a span of the SDK (`span_data`) and
//! exports it in batches (`span_export`). An unsampled request only costs a random number. If the
//! collector is down, spans are dropped and counted.
//!
//! A span contains no payload value, and neither the path nor the query of the request.

mod trace_parent;
mod baggage;
mod traced_request;
mod span;
mod tracer;
mod span_data;
mod span_export;

#[cfg(test)]
mod tests;

pub use span::{ServiceAttributes, Span};
pub use span_export::{SpanExport, TracingError, start_tracing};
pub use traced_request::TracedRequest;
pub use tracer::{RequestTrace, Tracer};
