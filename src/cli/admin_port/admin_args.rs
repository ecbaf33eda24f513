//! The arguments that name the admin port of a proxy.

use std::path::PathBuf;

use clap::Args as Flags;

/// The proxy to query.
#[derive(Clone, Debug, Default, Flags)]
pub(crate) struct AdminArgs {
    /// The admin port of the proxy [default: PORTCULLIS_ADMIN_URL, else http://127.0.0.1:9901]
    #[arg(long, value_name = "URL")]
    pub(crate) admin: Option<String>,
}

/// The proxy to change, and the credentials for it.
#[derive(Clone, Debug, Default, Flags)]
pub(crate) struct AdminChangeArgs {
    /// The proxy
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
    /// A file that contains admin.token, if the proxy requires it [default: the value of
    /// PORTCULLIS_ADMIN__TOKEN]
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
}
