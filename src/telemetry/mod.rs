//! What is told about traffic: metrics, logs and traces.
//!
//! `names` lists every metric and label, `record` has one typed function for each thing that is
//! counted, so that nobody else builds a label. Labels come from closed sets only: services and
//! operations of the configuration, classes of the program, squads of the catalog.

pub mod build_info;
mod metric_names;
mod metrics;
mod recorders;
mod inventory;
mod process;
mod protection_metrics;
mod owner_view;
mod log;
mod access_log;
mod trace;

pub use access_log::{AccessLine, AccessLog, ViolationFields};
pub use inventory::{
    DriftEvent, HealthView, InventoryView, MaskedViolation, ServiceDescription, SquadHealth,
    TrafficInventory, ViolatedParts, ViolationView,
};
pub use log::{LogGuard, init as init_log, lines_lost, set_level as set_log_level};
pub use metric_names::{METRICS, Metric, MetricKind, PROCESS_METRICS};
pub use metrics::Metrics;
pub use owner_view::{OwnedContract, OwnerView};
pub use recorders::{
    CoreRecorder, RequestLabels, RequestMeasurement, RequestOutcome, ServiceRecorder,
};
pub use trace::{
    RequestTrace, ServiceAttributes, Span, SpanExport, TracedRequest, Tracer, TracingError,
    start_tracing,
};
