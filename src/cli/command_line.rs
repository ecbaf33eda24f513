//! The root of the command line: the list of subcommands.

use clap::{Parser, Subcommand};

use super::breakers::BreakersArgs;
use super::check::CheckArgs;
use super::completions::CompletionsArgs;
use super::config::ConfigArgs;
use super::contract::ContractArgs;
use super::deploy_window::DeployWindowArgs;
use super::diff::DiffArgs;
use super::gate::GateArgs;
use super::init::InitArgs;
use super::man::ManArgs;
use super::manifests::ManifestsArgs;
use super::output::OutputArgs;
use super::owners::OwnersArgs;
use super::replay::ReplayArgs;
use super::schema::SchemaArgs;
use super::serve::ServeArgs;
use super::status::StatusArgs;
use super::traffic::TrafficArgs;

/// A contract-validating reverse proxy: OpenAPI at the boundary between squads.
#[derive(Clone, Debug, Parser)]
#[command(name = "portcullis", version = env!("VERSION_WITH_COMMIT"), arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  portcullis serve --contract openapi.yaml --upstream http://127.0.0.1:3000
  portcullis init --contract openapi.yaml --upstream http://127.0.0.1:3000
  portcullis check contracts/
  portcullis diff main:openapi.yaml openapi.yaml
  portcullis gate --squad payments --service orders --contract openapi.yaml --registry deployments
  portcullis replay --contract openapi.yaml traffic.har
  portcullis owners --squad checkout --base origin/main
  portcullis schema --squad payments --migrations db/migrations --scratch
  portcullis status
  portcullis traffic --service orders
  portcullis breakers --service orders
  portcullis contract reload orders

Exit codes: 0 fine, 1 a finding, 2 could not run.")]
pub struct CliArgs {
    /// What is printed, and how
    #[command(flatten)]
    pub(super) output: OutputArgs,
    /// The command to run
    #[command(subcommand)]
    pub(super) command: CliCommand,
}

/// The subcommands.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum CliCommand {
    /// Run the proxy, as a sidecar of one service or as a gateway for several
    Serve(ServeArgs),
    /// Write the first configuration, catalog and pipeline step of a service
    Init(InitArgs),
    /// Compile contracts, report their problems and list their operations
    Check(CheckArgs),
    /// Compare two revisions of a contract and report what breaks existing clients
    Diff(DiffArgs),
    /// Decide whether a contract revision may be deployed, and record deployments
    Gate(Box<GateArgs>),
    /// Validate recorded exchanges against a contract, offline
    Replay(ReplayArgs),
    /// Show all services of a running proxy and what is wrong
    Status(StatusArgs),
    /// Show who calls which operations of a running proxy, and how often
    Traffic(TrafficArgs),
    /// Show the circuit breakers of a running proxy, or override one
    Breakers(BreakersArgs),
    /// Announce that failures of a service are expected for a while
    DeployWindow(DeployWindowArgs),
    /// Show the contracts of a running proxy, change one, or try the next one
    Contract(ContractArgs),
    /// Check or show a configuration, or reload that of a running proxy
    Config(ConfigArgs),
    /// Check that a change stays within the paths of its squad; write CODEOWNERS
    Owners(OwnersArgs),
    /// Check what database migrations do to tables that squads share
    Schema(Box<SchemaArgs>),
    /// Print manifests for Kubernetes, and SQL and ACLs for shared stores
    Manifests(Box<ManifestsArgs>),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Write a manual page for each command
    Man(ManArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    #[test]
    fn clap_accepts_the_definition() {
        CliArgs::command().debug_assert();
    }

    fn parse_error(words: &str) -> ErrorKind {
        CliArgs::try_parse_from(words.split(' '))
            .unwrap_err()
            .kind()
    }

    #[test]
    fn rejects_invalid_arguments() {
        let check = |words: &str, expected: ErrorKind| {
            assert_eq!(
                parse_error(&format!("portcullis {words}")),
                expected,
                "{words}"
            );
        };
        check("chekc", ErrorKind::InvalidSubcommand);
        check("check", ErrorKind::MissingRequiredArgument);
        check("check a --format xml", ErrorKind::InvalidValue);
        check("check a --fail-on never", ErrorKind::InvalidValue);
        check("serve --port 1", ErrorKind::UnknownArgument);
        check("completions dos", ErrorKind::InvalidValue);
        check("replay a.har", ErrorKind::MissingRequiredArgument);
        check("replay --contract a", ErrorKind::MissingRequiredArgument);
        check(
            "replay --contract a b.har --base-path v1",
            ErrorKind::ValueValidation,
        );
        check("serve --help", ErrorKind::DisplayHelp);
        for words in [
            "breakers set orders checkout",
            "deploy-window open orders",
            "deploy-window close",
            "contract show",
            "contract reload",
            "contract candidate",
            "contract promote",
            "contract drop",
        ] {
            check(words, ErrorKind::MissingRequiredArgument);
        }
        for words in [
            "breakers set orders checkout shut",
            "breakers set orders checkout open --tier tin",
        ] {
            check(words, ErrorKind::InvalidValue);
        }
        check(
            "breakers --service a set orders checkout open",
            ErrorKind::ArgumentConflict,
        );
    }
}
