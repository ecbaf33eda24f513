//! How commands are given a configuration.

/// How a command is given a configuration, for messages about a missing one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfigArgument {
    /// As its argument.
    Positional,
    /// With `--config`.
    Flag,
    /// With `--config`, and it can run without one.
    Serve,
}

impl ConfigArgument {
    /// How to name one.
    pub(crate) const fn advice(self) -> &'static str {
        match self {
            Self::Positional => "name one as the argument or in PORTCULLIS_CONFIG",
            Self::Flag => "name one with --config or PORTCULLIS_CONFIG",
            Self::Serve => {
                "put one there (portcullis init writes the first one; in a container: mount it), \
                 name another one with --config or PORTCULLIS_CONFIG, serve one contract with \
                 portcullis serve --contract openapi.yaml --upstream http://127.0.0.1:3000, or the \
                 samples with portcullis serve --demo; docs/install.md has more"
            }
        }
    }
}
