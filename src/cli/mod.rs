//! The command line: words in, words out, an exit code at the end.
//!
//! `args` is the whole of it, as clap reads it. Each subcommand has a file of its own and
//! returns what it found; `run` turns that into the exit code. Data goes to standard output
//! through `output` alone, everything else to standard error. What `check` knows about a
//! contract is a value (`report`), printed as JSON or, by `text`, for people.

mod command_line;
mod dispatch;
mod report_writer;
mod escaping;
mod diff;
mod gate;
mod contract_files;
mod replay;
mod owners;
mod admin_port;
pub(crate) mod serve;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod breakers;
pub(crate) mod deploy_window;
pub(crate) mod contract;

pub use admin_port::{
    AdminArgs, AdminChangeArgs, BreakersAction, BreakersArgs, CandidateArgs, ChangeContractArgs,
    CloseWindowArgs, ConfigAction, ConfigArgs, ConfigReloadArgs, ContractAction, ContractArgs,
    DeployWindowAction, DeployWindowArgs, ListContractsArgs, ListWindowsArgs, OpenWindowArgs,
    SetBreakerArgs, ShowContractArgs,
};
pub use command_line::{
    CheckArgs, CliArgs, CliCommand, CompletionsArgs, EnforceScope, FailThreshold,
    OwnedServicesArgs, ReplayArgs, ReportFormat, ServeArgs, ServicesFormat,
};
pub use diff::{DiffArgs, DiffFailThreshold, DiffFormat};
pub use dispatch::run;
pub use gate::{
    GateAction, GateArgs, GateFormat, HistoryArgs, RegistryArgs, ReleaseArgs, RollbackArgs,
    VerdictArgs,
};
pub use owners::{
    CheckOwnersArgs, CodeownersArgs, ImportArgs, OwnersAction, OwnersArgs, OwnersFormat,
    UnownedChoice,
};
