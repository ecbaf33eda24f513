//! The arguments that name the admin port of a proxy.

use std::env;
use std::path::PathBuf;

use clap::Args as Flags;
use portcullis_config::{
    ADMIN_CA_VARIABLE, ADMIN_CERT_VARIABLE, ADMIN_KEY_VARIABLE, CertificatePaths, UpstreamTlsConfig,
};

use super::admin_error::AdminError;

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

impl AdminArgs {
    /// The files for TLS with the port: those of the flags, else those of the variables.
    pub(super) fn tls_config(&self) -> Result<UpstreamTlsConfig, AdminError> {
        let of_variable = |name| variable(name).map(PathBuf::from);
        // The certificate and its key come from one place.
        let client = match self.admin_cert.clone().zip(self.admin_key.clone()) {
            Some(client) => Some(client),
            None => match (
                of_variable(ADMIN_CERT_VARIABLE),
                of_variable(ADMIN_KEY_VARIABLE),
            ) {
                (Some(cert), Some(key)) => Some((cert, key)),
                (None, None) => None,
                _ => return Err(AdminError::HalfCertificate),
            },
        };
        Ok(UpstreamTlsConfig {
            ca: self
                .admin_ca
                .clone()
                .or_else(|| of_variable(ADMIN_CA_VARIABLE)),
            client: client.map(|(cert, key)| CertificatePaths { cert, key }),
            ..UpstreamTlsConfig::default()
        })
    }
}

/// The value of a variable that is set and not empty.
pub(super) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
