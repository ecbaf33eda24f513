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

pub use access::{AccessLine, AccessLog, ViolationFields};
pub use inventory::{
    DriftEvent, HealthView, InventoryView, MaskedViolation, ServiceDescription, SquadHealth,
    TrafficInventory, ViolatedParts, ViolationView,
};
pub use log::{LogGuard, init as init_log, lines_lost, set_level as set_log_level};
pub use metrics::Metrics;
pub use names::{METRICS, Metric, MetricKind, PROCESS_METRICS};
pub use owner::{OwnedContract, OwnerView};
pub use record::{
    CoreRecorder, RequestLabels, RequestMeasurement, RequestOutcome, ServiceRecorder,
};
pub use trace::{
    RequestTrace, ServiceAttributes, Span, SpanExport, TracedRequest, Tracer, TracingError,
    start_tracing,
};
