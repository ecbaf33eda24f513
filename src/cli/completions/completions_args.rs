//! The arguments of `portcullis completions`.

use clap::Args as Flags;
use clap_complete::Shell;

/// `portcullis completions`.
#[derive(Clone, Copy, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis completions bash > /etc/bash_completion.d/portcullis
  portcullis completions zsh > \"${fpath[1]}/_portcullis\"")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(super) shell: Shell,
}
