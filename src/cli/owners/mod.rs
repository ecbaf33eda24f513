//! `portcullis owners`: checks that a change stays within the paths of its squad.
//!
//! `owners_command` runs a check. `owners_input` finds the catalog and the changed paths, and
//! `changed_manifests` reads the manifests among them. `portcullis_control::ownership` decides.
//! `owners_report` is the result and `verdict_report` builds it; `owners_text` prints it, and
//! `owners_findings` translates it for the formats that all commands share. The subcommands are
//! `check`, which reviews a catalog, `codeowners` and `import`, which write and read CODEOWNERS,
//! `boundaries`, which writes the configuration of tools that check imports, `services`, which lists
//! the owners of services, `channels`, which lists who sends and receives events, `dependencies`, which compares what services call with what they declare,
//! `deprecations`, which writes to squads that call deprecated operations, `transfer`, which moves a
//! service to another squad, `costs`, which divides a bill between the consumers of a
//! service, and `scorecard`, which shows what the squads of services have arranged.
//!
//! Reviewing a catalog is not part of `portcullis check`, which takes contracts: the exit code of
//! one command for both could not distinguish a contract's problem from the catalog's.

mod owners_args;
mod services_args;
mod channels_args;
mod owners_error;
mod owners_command;
mod owners_input;
mod changed_manifests;
mod owners_report;
mod verdict_report;
mod finding_messages;
mod owners_text;
mod owners_findings;
mod catalog_check;
mod catalog_report;
mod codeowners_command;
mod boundaries_args;
mod code_files;
mod boundaries_command;
mod owned_service;
mod services_command;
mod channels_command;
mod called_host_set;
mod measured_dependencies;
mod dependencies_command;
mod deprecations_command;
mod transfer;
mod costs;
mod scorecard;
mod backstage;

pub(super) use owners_args::OwnersArgs;
pub(super) use owners_command::owners;
pub(super) use owners_error::OwnersError;
