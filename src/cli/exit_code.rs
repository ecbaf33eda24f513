//! The exit codes, the same for every command: 0 fine, 1 a finding, 2 could not run.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CommandOutcome {
    /// The command did its work and found nothing.
    Success,
    /// The command did its work and found something.
    Finding,
    /// The command could not do all of its work and has explained why on standard error.
    CouldNotRun,
}

impl CommandOutcome {
    /// A finding, unless all is well.
    pub(crate) const fn finding_unless(is_well: bool) -> Self {
        if is_well {
            Self::Success
        } else {
            Self::Finding
        }
    }
}

impl From<CommandOutcome> for ExitCode {
    fn from(outcome: CommandOutcome) -> Self {
        Self::from(match outcome {
            CommandOutcome::Success => 0,
            CommandOutcome::Finding => 1,
            CommandOutcome::CouldNotRun => 2,
        })
    }
}
