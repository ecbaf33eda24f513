//! The arguments that name the admin port of a proxy.

use std::path::PathBuf;

use clap::Args as Flags;

/// The proxy to query.
#[derive(Clone, Debug, Default, Flags)]
pub(crate) struct AdminArgs {
    /// The admin port of the proxy: http://host:port, https://host:port or unix:/path [default:
    /// PORTCULLIS_ADMIN_URL, else http://127.0.0.1:9901]
    #[arg(long, value_name = "URL")]
    pub(crate) admin: Option<String>,
    /// The authorities of the certificate of an https admin port, in PEM [default:
    /// PORTCULLIS_ADMIN_CA, else those of the system]
    #[arg(long, value_name = "FILE")]
    pub(super) admin_ca: Option<PathBuf>,
    /// A certificate that is shown to an https admin port, in PEM [default: PORTCULLIS_ADMIN_CERT]
    #[arg(long, value_name = "FILE", requires = "admin_key")]
    pub(super) admin_cert: Option<PathBuf>,
    /// The key of that certificate, in PEM [default: PORTCULLIS_ADMIN_KEY]
    #[arg(long, value_name = "FILE", requires = "admin_cert")]
    pub(super) admin_key: Option<PathBuf>,
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
