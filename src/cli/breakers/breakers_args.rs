//! The words of `portcullis breakers` and `portcullis deploy-window`.

use std::path::PathBuf;

use clap::{Args as Flags, Subcommand};

use portcullis_breaker::BreakerOverride;
use portcullis_vocabulary::Tier;

use crate::cli::command_line::ReportFormat;

/// `portcullis breakers`.
#[derive(Clone, Debug, Flags)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  portcullis breakers
  portcullis breakers --service orders --admin http://10.1.2.3:9901
  portcullis breakers --format json | jq '.services[].squads[] | select(.state != \"closed\")'
  portcullis breakers set orders checkout open --reason 'it floods us'

Exit codes: 0 all closed, 1 a breaker is open or half-open, 2 could not ask.")]
pub struct BreakersArgs {
    /// What to do, if not to look
    #[command(subcommand)]
    pub action: Option<BreakersAction>,
    /// Whom to ask
    #[command(flatten)]
    pub admin: AdminArgs,
    /// This service alone
    #[arg(long, value_name = "SERVICE")]
    pub service: Option<String>,
    /// Text is for people; JSON is what the admin port answers
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
}

/// What is done about breakers.
#[derive(Clone, Debug, Subcommand)]
pub enum BreakersAction {
    /// Overrule a breaker, or leave it to itself again
    Set(SetBreakerArgs),
}

/// `portcullis breakers set`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis breakers set orders checkout open --reason 'it floods us'
      nothing of that squad passes, whatever its tier
  portcullis breakers set orders checkout --tier gold observe
      its gold traffic passes; the breaker only says when it would open
  portcullis breakers set orders everybody auto
      the breaker decides again

The change lasts until the next one, or until the proxy ends.")]
pub struct SetBreakerArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// Whose traffic: a squad of the catalog, unknown, or everybody
    #[arg(value_name = "SQUAD|everybody")]
    pub squad: String,
    /// Its traffic of this tier alone
    #[arg(long, value_name = "TIER", value_parser = Tier::ALL.map(Tier::as_str))]
    pub tier: Option<String>,
    /// Nothing passes (open); all passes, unjudged (disabled) or judged (observe); the breaker
    /// decides (auto)
    #[arg(value_name = "OVERRIDE", value_parser = BreakerOverride::NAMES.map(|(name, _)| name))]
    pub over: String,
    /// Why, for the proxy's log
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Whom to tell, and by which right
    #[command(flatten)]
    pub change: AdminChangeArgs,
}

/// `portcullis deploy-window`.
#[derive(Clone, Debug, Flags)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  portcullis deploy-window open orders --for 10m --reason 'release 42'
  portcullis deploy-window close orders
  portcullis deploy-window list")]
pub struct DeployWindowArgs {
    /// What to do
    #[command(subcommand)]
    pub action: DeployWindowAction,
}

/// What is done about deploy windows.
#[derive(Clone, Debug, Subcommand)]
pub enum DeployWindowAction {
    /// Say that failures of a service are expected for a while
    Open(OpenWindowArgs),
    /// Say that they are not any more
    Close(CloseWindowArgs),
    /// Show which windows are open
    List(ListWindowsArgs),
}

/// `portcullis deploy-window open`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis deploy-window open orders --for 10m --reason 'release 42'

Inside a window the tiers' deploy_failure_rate_max holds. It ends by itself; opening it again
changes its end.")]
pub struct OpenWindowArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// How long, from 1s to 24h
    #[arg(long = "for", value_name = "DURATION")]
    pub length: String,
    /// What for; shown to other operators
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Whom to tell, and by which right
    #[command(flatten)]
    pub change: AdminChangeArgs,
}

/// `portcullis deploy-window close`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis deploy-window close orders")]
pub struct CloseWindowArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// Whom to tell, and by which right
    #[command(flatten)]
    pub change: AdminChangeArgs,
}

/// `portcullis deploy-window list`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis deploy-window list
  portcullis deploy-window list --format json | jq '.services[] | select(.deploy_window)'")]
pub struct ListWindowsArgs {
    /// Whom to ask
    #[command(flatten)]
    pub admin: AdminArgs,
    /// Text is for people; JSON is what the admin port answers
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
}

/// Which proxy is asked.
#[derive(Clone, Debug, Default, Flags)]
pub struct AdminArgs {
    /// The proxy's admin port [default: PORTCULLIS_ADMIN_URL, else http://127.0.0.1:9901]
    #[arg(long, value_name = "URL")]
    pub admin: Option<String>,
}

/// Which proxy is changed, and by which right.
#[derive(Clone, Debug, Default, Flags)]
pub struct AdminChangeArgs {
    /// Whom to tell
    #[command(flatten)]
    pub admin: AdminArgs,
    /// A file that holds admin.token, where the proxy asks for it [default:
    /// PORTCULLIS_ADMIN__TOKEN holds it]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}
