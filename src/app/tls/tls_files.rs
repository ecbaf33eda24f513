//! Reads the files that a part of the configuration names.

use std::path::Path;

use portcullis_config::{CertificatePaths, PortTlsConfig, UpstreamTlsConfig};
use portcullis_tls::{
    CertificateFiles, PemFile, ServerTls, ServerTlsFiles, TlsMaterialError, UpstreamTls,
    UpstreamTlsFiles,
};
use portcullis_vocabulary::limits::TLS_FILE_BYTES_MAX;

use crate::source::{FileReadError, read};

/// Why the files of TLS cannot be used. `section` is their part of the configuration.
#[derive(Debug, thiserror::Error)]
pub enum TlsLoadError {
    /// A file cannot be read.
    #[error("{section}: {source}")]
    Read {
        /// The section.
        section: String,
        /// The cause.
        source: FileReadError,
    },
    /// A file is too large.
    #[error("{section}: {path}: larger than {TLS_FILE_BYTES_MAX} bytes, so it is not a PEM file")]
    TooLarge {
        /// The section.
        section: String,
        /// The file.
        path: String,
    },
    /// The content of a file is refused.
    #[error("{section}: {source}")]
    Material {
        /// The section.
        section: String,
        /// The cause.
        source: TlsMaterialError,
    },
}

/// Reads the files of one section.
#[derive(Clone, Copy, Debug)]
pub(super) struct TlsFileReader<'s> {
    pub(super) section: &'s str,
}

impl TlsFileReader<'_> {
    /// The settings of a port.
    pub(super) fn port(self, config: &PortTlsConfig) -> Result<ServerTls, TlsLoadError> {
        let certificates = config.certificates.iter().map(|pair| self.pair(pair));
        let files = ServerTlsFiles {
            certificates: certificates.collect::<Result<_, _>>()?,
            min_version: config.min_version,
            alpn: config.alpn.clone(),
            client_auth: config.client_auth,
            client_ca: self.optional(config.client_ca.as_deref())?,
            client_crl: self.optional(config.client_crl.as_deref())?,
        };
        ServerTls::new(&files).map_err(|source| self.refused(source))
    }

    /// The settings of an upstream at this host.
    pub(super) fn upstream(
        self,
        config: &UpstreamTlsConfig,
        host: &str,
    ) -> Result<UpstreamTls, TlsLoadError> {
        let client = config.client.as_ref().map(|pair| self.pair(pair));
        let files = UpstreamTlsFiles {
            ca: self.optional(config.ca.as_deref())?,
            client: client.transpose()?,
            server_name: config.server_name.as_deref().unwrap_or(host).to_owned(),
            spiffe: config.spiffe.clone(),
        };
        UpstreamTls::new(&files).map_err(|source| self.refused(source))
    }

    fn pair(self, pair: &CertificatePaths) -> Result<CertificateFiles, TlsLoadError> {
        Ok(CertificateFiles {
            certificate: self.file(&pair.cert)?,
            key: self.file(&pair.key)?,
        })
    }

    fn optional(self, path: Option<&Path>) -> Result<Option<PemFile>, TlsLoadError> {
        path.map(|path| self.file(path)).transpose()
    }

    fn file(self, path: &Path) -> Result<PemFile, TlsLoadError> {
        let section = || self.section.to_owned();
        let bytes = read(path, TLS_FILE_BYTES_MAX as u64).map_err(|source| match source {
            // The message of `FileReadError::TooLarge` is about contracts.
            FileReadError::TooLarge { path, .. } => TlsLoadError::TooLarge {
                section: section(),
                path: path.display().to_string(),
            },
            source => TlsLoadError::Read {
                section: section(),
                source,
            },
        })?;
        Ok(PemFile {
            path: path.to_owned(),
            bytes,
        })
    }

    fn refused(self, source: TlsMaterialError) -> TlsLoadError {
        TlsLoadError::Material {
            section: self.section.to_owned(),
            source,
        }
    }
}
