//! Traces: one span for each request, in the vocabulary of OpenTelemetry, sent over OTLP.
//!
//! A data core reads and writes the W3C fields by itself (`context`, `baggage`) and notes what
//! happens to a request only where it is sampled (`span`, begun by `tracer`). The note goes through
//! a queue that nobody waits for to the control runtime, where it becomes a span of the SDK (`data`)
//! and is sent in batches (`export`). So tracing costs an unsampled request a number, and a
//! collector that is away costs spans, which are counted.
//!
//! No value of a message is in a span: neither its path and query nor what violated a contract.

mod baggage;
mod trace_parent;
mod span_data;
mod span_export;
mod span;
mod tracer;

#[cfg(test)]
mod tests;

pub use span::{ServiceAttributes, Span};
pub use span_export::{SpanExport, TracingError, start_tracing};
pub use tracer::{RequestTrace, TracedRequest, Tracer};
