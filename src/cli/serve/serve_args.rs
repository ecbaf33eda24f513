//! The arguments of `portcullis serve`.

use std::path::PathBuf;

use clap::Args as Flags;

/// `portcullis serve`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Flags)]
#[command(after_help = "\
Examples:
  portcullis serve
      with config.toml of the working directory
  portcullis serve --contract openapi.yaml --upstream http://127.0.0.1:3000
      one service, no configuration file
  portcullis serve --contract openapi.yaml
      responds with the examples of the contract
  portcullis serve --demo
      three sample services on port 8080
  PORTCULLIS_LOG__LEVEL=debug portcullis serve --config gateway.toml --listen 0.0.0.0:80

A flag overrides an environment variable (PORTCULLIS_SECTION__KEY), which overrides the file.")]
pub(crate) struct ServeArgs {
    /// The configuration [default: PORTCULLIS_CONFIG, else config.toml]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Serve the samples of the project: three services that respond with examples. Their files are
    /// written to a temporary folder
    #[arg(long, conflicts_with_all = ["config", "contract", "upstream", "ref_root"])]
    pub(super) demo: bool,
    /// Serve only this contract, for all hosts and paths, and no configured service
    #[arg(long, value_name = "FILE")]
    pub(super) contract: Option<String>,
    /// The upstream of the contract: http://host:port, https://host:port, unix:/path, or mock
    #[arg(long, value_name = "URL")]
    pub(super) upstream: Option<String>,
    /// The directory below which the contract may refer to files [default: the git repository of the
    /// contract, else its directory]
    #[arg(long, value_name = "DIR")]
    pub(super) ref_root: Option<String>,
    /// The address for clients, such as 0.0.0.0:8080 or unix:/run/portcullis.sock
    #[arg(long, value_name = "ADDRESS")]
    pub(super) listen: Option<String>,
    /// The address of the admin port, for probes, metrics and operators
    #[arg(long, value_name = "ADDRESS")]
    pub(super) admin: Option<String>,
    /// The format of the log: text or json
    #[arg(long, value_name = "FORMAT")]
    pub(super) log_format: Option<String>,
    /// The level of the log: error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL")]
    pub(super) log_level: Option<String>,
}
