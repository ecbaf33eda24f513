//! What is told about traffic: metrics, logs and traces.
//!
//! `names` lists every metric and label, `record` has one typed function for each thing that is
//! counted, so that nobody else builds a label. Labels come from closed sets only: services and
//! operations of the configuration, classes of the program, squads of the catalog.

mod names;
mod metrics;
mod record;
mod protection;
mod log;
mod trace;

pub use log::{init as init_log, set_level as set_log_level};
pub use metrics::Metrics;
pub use names::{METRICS, Metric, MetricKind};
pub use record::{CoreRecorder, Outcome, ServiceRecorder, Subject};
pub use trace::{
    Asked, Served, Span, SpanExport, Trace, Tracer, TracingError, Violated, start_tracing,
};
