//! The arguments of `portcullis owners services`.

use std::path::PathBuf;

use clap::{Args as Flags, ValueEnum};

/// `portcullis owners services`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis owners services orders
  portcullis owners services --format json | jq -r '.[] | [.service, .oncall] | @tsv'
  portcullis owners services --format backstage > catalog-info.yaml

A running proxy serves the same data at /__owner of each service and at /owners of its admin port.

Exit codes: 0 fine, 2 a configuration or a contract cannot be read.")]
pub(super) struct ServicesArgs {
    /// The services [default: all]
    #[arg(value_name = "SERVICE")]
    pub(super) services: Vec<String>,
    /// The configuration [default: PORTCULLIS_CONFIG, else config.toml]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The output format; JSON is a list of the documents at /__owner
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ServicesFormat,
}

/// How owners of services are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ServicesFormat {
    /// For humans
    #[default]
    Text,
    /// For programs
    Json,
    /// For Backstage: catalog-info.yaml
    Backstage,
}
