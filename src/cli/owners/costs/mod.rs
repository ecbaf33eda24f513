//! `portcullis owners costs`: divides a bill between the consumers of a service.
//!
//! `usage_queries` asks Prometheus what each squad used in a month, `costs_command` divides the amount,
//! and `costs_report` is the result with its formats.

mod costs_args;
mod billing_month;
mod usage_queries;
mod costs_report;
mod costs_command;

pub(super) use costs_args::CostsArgs;
pub(super) use costs_command::divide_costs;
