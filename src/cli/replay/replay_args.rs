//! The arguments of `portcullis replay`.

use std::path::PathBuf;

use clap::{Args as Flags, ValueEnum};

use super::recorded_hosts::parse_host;
use crate::cli::inputs::{ReadingArgs, ReferenceArgs};
use crate::cli::report::ReportFormat;
use portcullis_config::PathPrefix;

/// `portcullis replay`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis replay --contract openapi.yaml traffic.har
  portcullis replay --contract openapi.yaml monday.jsonl tuesday.jsonl --enforce all
  portcullis replay --contract openapi.yaml --host localhost:8080 browser.har traffic.jsonl.gz
  portcullis replay --contract openapi.yaml --format json traffic.jsonl \\
      | jq 'select(.verdict == \"violates\")'

A line of JSON Lines is one exchange:
  {\"request\": {\"method\": \"POST\", \"path\": \"/orders?draft=1\",
               \"headers\": {\"content-type\": \"application/json\"}, \"body\": {\"quantity\": 1}},
   \"response\": {\"status\": 201, \"headers\": [[\"location\", \"/orders/1\"]], \"body\": \"\"}}

With an AsyncAPI contract, a line is one event:
  {\"channel\": \"orders\", \"key\": \"o-1\", \"headers\": {\"trace\": \"t1\"}, \"payload\": {\"id\": \"o-1\"}}

Exit codes: 0 fine, 1 an exchange or an event violates the contract, 2 a contract or a record cannot be read.")]
pub(crate) struct ReplayArgs {
    /// The contract to validate against: a file, REV:path for a Git revision, or - for standard input
    #[arg(long, value_name = "CONTRACT")]
    pub(super) contract: String,
    /// Which files the contract may refer to
    #[command(flatten)]
    pub(super) references: ReferenceArgs,
    #[command(flatten)]
    pub(super) reading: ReadingArgs,
    /// Recordings: HTTP Archives (HAR 1.2) or JSON Lines, also compressed with gzip; - is standard input
    #[arg(required = true, value_name = "TRAFFIC")]
    pub(super) traffic: Vec<PathBuf>,
    /// The output format; JSON prints one verdict per line
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ReportFormat,
    /// Base paths that replace those of the contract's servers; may be repeated
    #[arg(long, value_name = "PATH", value_parser = base_path)]
    pub(super) base_path: Vec<PathPrefix>,
    /// Hosts whose exchanges are validated, such as api.example.com, localhost:8080, *.example.com or
    /// *; may be repeated. Default: those of the contract's servers and of its services
    #[arg(long, value_name = "HOST", value_parser = parse_host)]
    pub(super) host: Vec<String>,
    /// A configuration. The hosts of its services with this contract are validated too
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Which violations count: those that serve rejects by default, or all
    #[arg(long, value_enum, default_value_t)]
    pub(super) enforce: EnforceScope,
    /// Print values of the recorded messages
    #[arg(long)]
    pub(super) values: bool,
}

fn base_path(text: &str) -> Result<PathPrefix, &'static str> {
    PathPrefix::parse(text).ok_or("expected a path such as /v1, without escapes or empty segments")
}

/// Which violations count in a replay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum EnforceScope {
    /// Violations of the classes that are rejected by default
    #[default]
    Rejectable,
    /// Also violations of the classes that are only reported by default
    All,
}
