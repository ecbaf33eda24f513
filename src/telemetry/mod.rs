//! What is told about traffic: metrics, logs and traces.
//!
//! `names` lists every metric and label, `record` has one typed function for each thing that is
//! counted, so that nobody else builds a label. Labels come from closed sets only: services and
//! operations of the configuration, classes of the program, squads of the catalog.

pub mod build;
mod names;
mod metrics;
mod record;
mod inventory;
mod process;
mod protection;
mod owner;
mod log;
mod access;
mod trace;

pub use access::{AccessLine, AccessLog, FindingLine};
pub use inventory::{
    Departed, Departure, Described, Finding, FindingView, Health, HealthView, Inventory,
    InventoryView,
};
pub use log::{LogGuard, init as init_log, lines_lost, set_level as set_log_level};
pub use metrics::Metrics;
pub use names::{METRICS, Metric, MetricKind, PROCESS_METRICS};
pub use owner::{OwnedContract, OwnerView};
pub use record::{CoreRecorder, Measured, Outcome, ServiceRecorder, Subject};
pub use trace::{Asked, Served, Span, SpanExport, Trace, Tracer, TracingError, start_tracing};
