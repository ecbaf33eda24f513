//! The arguments of `portcullis manifests alertmanager`.

use std::time::Duration;

use clap::Args as Flags;

use super::argument_values::web_address;
use super::catalog_args::CatalogArgs;

/// `portcullis manifests alertmanager`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis manifests alertmanager --webhook https://notify.example.com --fallback platform > alertmanager.yml
  amtool check-config alertmanager.yml

An alert goes to the squad in its label squad: critical ones to `oncall`, the others to `chat`. If it lasts,
the steps of `escalation` follow, one after the other. Each receiver posts to WEBHOOK/SQUAD/CONTACT.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct AlertmanagerArgs {
    /// The catalog
    #[command(flatten)]
    pub(super) catalog: CatalogArgs,
    /// The gateway that notifies people
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub(super) webhook: String,
    /// The squad that gets alerts of squads without a route, and of unknown callers
    #[arg(long, value_name = "SQUAD")]
    pub(super) fallback: String,
    /// How long a critical alert lasts before the next step of an escalation
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = humantime::parse_duration)]
    pub(super) escalate_after: Duration,
}
