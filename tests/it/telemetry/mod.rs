//! Metrics, traces, logs and the rules shipped for them.

pub(crate) mod counted_run;
pub(crate) mod deploy;
pub(crate) mod label_values;
pub(crate) mod outcomes;
pub(crate) mod prometheus;
pub(crate) mod refusal_log;
pub(crate) mod tracing;
pub(crate) mod tracing_cost;
pub(crate) mod traffic;
