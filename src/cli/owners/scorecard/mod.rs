//! `portcullis owners scorecard`: what the squads of services have arranged, and what is missing.
//!
//! `scorecard_command` reads the catalog and the contracts, `portcullis_control::ownership` checks them,
//! and `scorecard_report` prints the result. `scorecard_backstage` writes it as annotations.

mod scorecard_args;
mod scored_contracts;
mod scorecard_report;
mod scorecard_backstage;
mod scorecard_command;

pub(super) use scorecard_args::ScorecardArgs;
pub(super) use scorecard_command::print_scorecard;
