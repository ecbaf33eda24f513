//! The arguments of `portcullis breakers`.

use clap::{Args as Flags, Subcommand};

use portcullis_breaker::BreakerOverride;
use portcullis_vocabulary::Tier;

use crate::cli::admin_port::{AdminArgs, AdminChangeArgs};
use crate::cli::output::DataFormat;

/// `portcullis breakers`.
#[derive(Clone, Debug, Flags)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  portcullis breakers
  portcullis breakers --open
  portcullis breakers --service orders --admin http://10.1.2.3:9901
  portcullis breakers --format json | jq '.services[].squads[] | select(.state != \"closed\")'
  portcullis breakers set orders checkout open --reason 'too many requests'

Exit codes: 0 all closed or waiting for a call, 1 a breaker is open or probes, 2 could not run.")]
pub(crate) struct BreakersArgs {
    /// The subcommand; without one the breakers are shown
    #[command(subcommand)]
    pub(super) action: Option<BreakersAction>,
    /// The proxy
    #[command(flatten)]
    pub(super) admin: AdminArgs,
    /// Show only this service
    #[arg(long, value_name = "SERVICE")]
    pub(super) service: Option<String>,
    /// Show only the breakers that are not closed, and their services
    #[arg(long)]
    pub(super) open: bool,
    /// The output format; JSON is the response of the admin port
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: DataFormat,
}

/// The subcommands of `portcullis breakers`.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum BreakersAction {
    /// Override a circuit breaker, or end an override
    Set(SetBreakerArgs),
}

/// `portcullis breakers set`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis breakers set orders checkout open --reason 'too many requests'
      rejects all requests of that squad, of all tiers
  portcullis breakers set orders checkout --tier gold observe
      accepts its gold requests; the breaker only reports when it would open
  portcullis breakers set orders checkout auto
      ends the override: the breaker decides again

The change lasts until the next one, or until the proxy stops.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct SetBreakerArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub(super) service: String,
    /// The calling squad: a squad of the catalog, unknown, or the breaker for all callers
    #[arg(value_name = "SQUAD|everybody")]
    pub(super) squad: String,
    /// Only the squad's requests of this tier
    #[arg(long, value_name = "TIER", value_parser = Tier::ALL.map(Tier::as_str))]
    pub(super) tier: Option<String>,
    /// Reject all requests (open); accept all and count nothing (disabled) or count only (observe);
    /// let the breaker decide (auto)
    #[arg(value_name = "OVERRIDE", value_parser = BreakerOverride::NAMES.map(|(name, _)| name))]
    pub(super) over: String,
    /// The reason, for the log of the proxy
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    /// The proxy
    #[command(flatten)]
    pub(super) change: AdminChangeArgs,
}
