//! The whole command line. What is written here is what `--help` says.

use std::path::PathBuf;

use clap::{Args as Flags, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::PathPrefix;

use super::admin_port::{BreakersArgs, ConfigArgs, ContractArgs, DeployWindowArgs};
use super::diff::DiffArgs;
use super::gate::GateArgs;
use super::owners::OwnersArgs;

/// A contract-validating reverse proxy: OpenAPI at the boundary between squads.
#[derive(Clone, Debug, Parser)]
#[command(name = "portcullis", version, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  portcullis serve --contract openapi.yaml --upstream http://127.0.0.1:3000
  portcullis check contracts/
  portcullis diff main:openapi.yaml openapi.yaml
  portcullis gate --squad payments --service orders --contract openapi.yaml --registry contracts
  portcullis replay --contract openapi.yaml traffic.har
  portcullis owners --squad checkout --base origin/main
  portcullis breakers --service orders
  portcullis contract reload orders

Exit codes: 0 fine, 1 a finding, 2 could not run.")]
pub struct CliArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: CliCommand,
}

/// The subcommands.
#[derive(Clone, Debug, Subcommand)]
pub enum CliCommand {
    /// Run the proxy, beside one service or in front of several
    Serve(ServeArgs),
    /// Compile contracts, report what is wrong with them and list their operations
    Check(CheckArgs),
    /// Compare two revisions of a contract: what breaks for those who keep to the older one
    Diff(DiffArgs),
    /// Say whether a revision may go out, and record what did
    Gate(Box<GateArgs>),
    /// Judge recorded exchanges by a contract, offline
    Replay(ReplayArgs),
    /// Show the breakers of a proxy that runs, or overrule one
    Breakers(BreakersArgs),
    /// Say that failures of a service are expected for a while
    DeployWindow(DeployWindowArgs),
    /// Show the contracts of a proxy that runs, change one, or try the next one
    Contract(ContractArgs),
    /// Have a proxy that runs read its configuration again
    Config(ConfigArgs),
    /// Say whether a change stays within its squad's boundary; write CODEOWNERS
    Owners(OwnersArgs),
    /// Print the completions of this command line for a shell
    Completions(CompletionsArgs),
}

/// `portcullis serve`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Flags)]
#[command(after_help = "\
Examples:
  portcullis serve
      with config.toml of the working directory
  portcullis serve --contract openapi.yaml --upstream http://127.0.0.1:3000
      one service, no configuration file
  portcullis serve --contract openapi.yaml
      answers from the contract's own examples
  PORTCULLIS_LOG__LEVEL=debug portcullis serve --config gateway.toml --listen 0.0.0.0:80

A flag outranks a variable (PORTCULLIS_SECTION__KEY), which outranks the file.")]
pub struct ServeArgs {
    /// The configuration [default: PORTCULLIS_CONFIG, else config.toml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Serve this contract for every host and path, in place of all configured services
    #[arg(long, value_name = "FILE")]
    pub contract: Option<String>,
    /// Where its requests go: http://host:port, or mock
    #[arg(long, value_name = "URL")]
    pub upstream: Option<String>,
    /// Where clients connect, such as 0.0.0.0:8080
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Where operators connect, for probes and metrics
    #[arg(long, value_name = "ADDRESS")]
    pub admin: Option<String>,
    /// How log lines are written: text or json
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// What is logged: error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
}

/// `portcullis check`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis check openapi.yaml
  portcullis check contracts/ --fail-on warning
  portcullis check --format json contracts/ | jq '.contracts[].problems[]'
  curl -s https://api.example.com/openapi.json | portcullis check -

Exit codes: 0 fine, 1 errors (or warnings, with --fail-on warning), 2 a file that cannot
be read as a contract at all.")]
pub struct CheckArgs {
    /// Contracts; a directory means every contract below it, - is standard input
    #[arg(required = true, value_name = "CONTRACT|DIR")]
    pub contracts: Vec<PathBuf>,
    /// Text is for people; JSON is stable and lists everything
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
    /// The least severity that makes the exit code 1
    #[arg(long, value_enum, default_value_t, value_name = "SEVERITY")]
    pub fail_on: FailThreshold,
}

/// `portcullis owners services`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis owners services orders
  portcullis owners services --format json | jq -r '.[] | [.service, .oncall] | @tsv'
  portcullis owners services --format backstage > catalog-info.yaml

A proxy that runs says the same at /__owner of each service, and at /owners of its admin port.

Exit codes: 0 fine, 2 a configuration or a contract that cannot be read.")]
pub struct OwnedServicesArgs {
    /// Services; all without any
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// The configuration [default: PORTCULLIS_CONFIG, else config.toml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Text is for people; JSON is that of /__owner, in a list
    #[arg(long, value_enum, default_value_t)]
    pub format: ServicesFormat,
}

/// How owners are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ServicesFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// For Backstage: catalog-info.yaml
    Backstage,
}

/// `portcullis replay`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis replay --contract openapi.yaml traffic.har
  portcullis replay --contract openapi.yaml monday.jsonl tuesday.jsonl --enforce all
  zcat traffic.jsonl.gz | portcullis replay --contract openapi.yaml -
  portcullis replay --contract openapi.yaml --format json traffic.jsonl \\
      | jq 'select(.verdict == \"violates\")'

A line of JSON Lines is one exchange:
  {\"request\": {\"method\": \"POST\", \"path\": \"/orders?draft=1\",
               \"headers\": {\"content-type\": \"application/json\"}, \"body\": {\"quantity\": 1}},
   \"response\": {\"status\": 201, \"headers\": [[\"location\", \"/orders/1\"]], \"body\": \"\"}}

Exit codes: 0 fine, 1 an exchange violates the contract, 2 a contract or a record that
cannot be read.")]
pub struct ReplayArgs {
    /// The contract to judge by
    #[arg(long, value_name = "CONTRACT")]
    pub contract: PathBuf,
    /// Recordings: HTTP Archives (HAR 1.2) or JSON Lines; - is standard input
    #[arg(required = true, value_name = "TRAFFIC")]
    pub traffic: Vec<PathBuf>,
    /// Text sums up for people; JSON prints one verdict a line and is stable
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
    /// Base paths in place of those of the contract's servers; may be repeated
    #[arg(long, value_name = "PATH", value_parser = base_path)]
    pub base_path: Vec<PathPrefix>,
    /// Which violations count: those that serve would reject, or reported ones too
    #[arg(long, value_enum, default_value_t)]
    pub enforce: EnforceScope,
    /// Show values of the recorded messages in what is printed
    #[arg(long)]
    pub values: bool,
}

fn base_path(text: &str) -> Result<PathPrefix, &'static str> {
    PathPrefix::parse(text).ok_or("expected a path such as /v1, without escapes or empty segments")
}

/// Which violations count in a replay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum EnforceScope {
    /// Those of classes that are rejected by default.
    #[default]
    Rejectable,
    /// Those that are reported by default, too.
    All,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// The least severity that counts as a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FailThreshold {
    /// Errors alone.
    #[default]
    Error,
    /// Errors and warnings.
    Warning,
}

/// `portcullis completions`.
#[derive(Clone, Copy, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis completions bash > /etc/bash_completion.d/portcullis
  portcullis completions zsh > \"${fpath[1]}/_portcullis\"")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CliArgs::command().debug_assert();
    }

    fn refusal(words: &str) -> ErrorKind {
        CliArgs::try_parse_from(words.split(' '))
            .unwrap_err()
            .kind()
    }

    #[test]
    fn wrong_words_are_refused() {
        assert_eq!(refusal("portcullis chekc"), ErrorKind::InvalidSubcommand);
        assert_eq!(
            refusal("portcullis check"),
            ErrorKind::MissingRequiredArgument
        );
        assert_eq!(
            refusal("portcullis check a --format xml"),
            ErrorKind::InvalidValue
        );
        assert_eq!(
            refusal("portcullis check a --fail-on never"),
            ErrorKind::InvalidValue
        );
        assert_eq!(
            refusal("portcullis serve --port 1"),
            ErrorKind::UnknownArgument
        );
        assert_eq!(
            refusal("portcullis completions dos"),
            ErrorKind::InvalidValue
        );
        for words in ["replay a.har", "replay --contract a"] {
            let words = format!("portcullis {words}");
            assert_eq!(refusal(&words), ErrorKind::MissingRequiredArgument);
        }
        assert_eq!(
            refusal("portcullis replay --contract a b.har --base-path v1"),
            ErrorKind::ValueValidation
        );
        assert_eq!(refusal("portcullis serve --help"), ErrorKind::DisplayHelp);
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
            let words = format!("portcullis {words}");
            assert_eq!(
                refusal(&words),
                ErrorKind::MissingRequiredArgument,
                "{words}"
            );
        }
        for words in [
            "breakers set orders checkout shut",
            "breakers set orders checkout open --tier tin",
        ] {
            let words = format!("portcullis {words}");
            assert_eq!(refusal(&words), ErrorKind::InvalidValue, "{words}");
        }
        assert_eq!(
            refusal("portcullis breakers --service a set orders checkout open"),
            ErrorKind::ArgumentConflict
        );
    }
}
