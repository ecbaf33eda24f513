//! Metrics, logs, traces, and the traffic inventory that the admin port shows.
//!
//! - `metric_names` lists every metric and its labels. `recorders`, `metrics` and
//!   `protection_metrics` record them with one typed function for each event, so no other module
//!   builds labels. Label values come from closed sets: services and operations of the
//!   configuration, classes of the program, squads of the catalog.
//! - `inventory` counts traffic by operation and squad and keeps recent violations.
//! - `log` and `access_log` write lines; `trace` exports spans to an OpenTelemetry collector.
//! - `owner_view` and `build_info` describe the service owner and this build.

pub mod build_info;
mod owner_view;

mod metric_names;
mod consumer_usage;
mod duration_histograms;
mod metrics;
mod process;
mod retired_services;
mod request_outcome;
mod request_measurement;
mod upgrade_records;
mod objective_recorder;
mod recorders;
mod protection_metrics;
mod endpoint_metrics;

mod log_throttle;
mod untrusted_claims;
mod inventory;
mod egress;

mod line_folding;
mod access_log;
mod log;
mod trace;

pub use access_log::{AccessLine, AccessLog, ViolationFields};
pub use egress::{DependencyCall, DependencyLedger, DependencyView, EgressFields, EgressVerdict};
pub use inventory::{
    DeprecatedOperation, DeprecationView, DriftEvent, HealthView, InventoryView, MaskedViolation,
    ObjectiveView, ServiceDescription, SquadHealth, TrafficInventory, ViolatedParts, ViolationView,
};
pub use line_folding::LineKind;
pub use log::{LogGuard, init as init_log, lines_lost, set_level as set_log_level};
pub use log_throttle::LogThrottle;
pub use metric_names::{METRICS, Metric, MetricKind};
pub use metrics::Metrics;
pub use owner_view::{EscalationView, OwnedContract, OwnerView};
pub use process::PROCESS_METRICS;
pub use recorders::{CoreRecorder, RequestLabels, ServiceRecorder};
pub use request_measurement::RequestMeasurement;
pub use request_outcome::RequestOutcome;
pub use trace::{
    RequestTrace, ServiceAttributes, Span, SpanExport, TracedRequest, Tracer, TracingError,
    start_tracing,
};
pub use untrusted_claims::UntrustedClaims;
pub use upgrade_records::{UpgradeFields, UpgradeRecorder};
