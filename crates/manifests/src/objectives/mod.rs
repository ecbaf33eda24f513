//! Service level objectives for the tools that watch them: rules for Prometheus, specifications for
//! Sloth and OpenSLO.
//!
//! `objective_spec` names an objective and its queries, and the three formats are written from it.
//! Recording rules have the names and labels of Sloth, so its dashboards show them. Alerts look at the
//! rate at which an error budget burns, over a long and a short window at once (Google SRE Workbook,
//! chapter 5).

mod objective_spec;
mod burn_rate;
mod prometheus_rules;
mod sloth_specs;
mod openslo_specs;
mod objective_manifests;

pub use objective_manifests::{ObjectiveFormat, objective_manifests};
