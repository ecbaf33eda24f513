//! A part of the configuration with TLS, and where its settings are published.

use std::path::PathBuf;
use std::sync::Arc;

use portcullis_config::{PortTlsConfig, UpstreamTlsConfig};
use portcullis_tls::{ActiveTls, CertificateDetails, ServerTls, UpstreamTls};

use crate::source::FileSignature;

use super::tls_files::{TlsFileReader, TlsLoadError};
use super::tls_status::LoadedCertificate;

/// A port or an upstream.
#[derive(Clone, Debug)]
pub(super) struct TlsPlace {
    /// The name of the section, such as `listen.tls`.
    pub(super) section: String,
    kind: TlsPlaceKind,
}

#[derive(Clone, Debug)]
enum TlsPlaceKind {
    Port {
        config: PortTlsConfig,
        active: Arc<ActiveTls<ServerTls>>,
    },
    Upstream {
        config: UpstreamTlsConfig,
        host: String,
        active: Arc<ActiveTls<UpstreamTls>>,
    },
}

/// A place whose files were loaded for the first time.
#[derive(Debug)]
pub(super) struct LoadedPlace<T> {
    pub(super) place: TlsPlace,
    pub(super) certificates: Vec<LoadedCertificate>,
    /// The state of the files before they were read.
    pub(super) signature: FileSignature,
    pub(super) active: Arc<ActiveTls<T>>,
}

impl TlsPlace {
    /// Loads the files of a port.
    pub(super) fn port(
        section: &str,
        config: &PortTlsConfig,
    ) -> Result<LoadedPlace<ServerTls>, TlsLoadError> {
        let signature = FileSignature::of(&port_files(config));
        let tls = TlsFileReader { section }.port(config)?;
        let certificates = port_certificates(config, &tls);
        let active = ActiveTls::new(tls);
        Ok(LoadedPlace {
            place: Self {
                section: section.to_owned(),
                kind: TlsPlaceKind::Port {
                    config: config.clone(),
                    active: Arc::clone(&active),
                },
            },
            certificates,
            signature,
            active,
        })
    }

    /// Loads the files of an upstream.
    pub(super) fn upstream(
        section: &str,
        config: &UpstreamTlsConfig,
        host: &str,
    ) -> Result<LoadedPlace<UpstreamTls>, TlsLoadError> {
        let signature = FileSignature::of(&upstream_files(config));
        let tls = TlsFileReader { section }.upstream(config, host)?;
        let certificates = upstream_certificates(config, &tls);
        let active = ActiveTls::new(tls);
        Ok(LoadedPlace {
            place: Self {
                section: section.to_owned(),
                kind: TlsPlaceKind::Upstream {
                    config: config.clone(),
                    host: host.to_owned(),
                    active: Arc::clone(&active),
                },
            },
            certificates,
            signature,
            active,
        })
    }

    /// The files, which are watched.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        match &self.kind {
            TlsPlaceKind::Port { config, .. } => port_files(config),
            TlsPlaceKind::Upstream { config, .. } => upstream_files(config),
        }
    }

    /// Loads the files again and activates them.
    pub(super) fn reload(&self) -> Result<Vec<LoadedCertificate>, TlsLoadError> {
        let reader = TlsFileReader {
            section: &self.section,
        };
        match &self.kind {
            TlsPlaceKind::Port { config, active } => {
                let tls = reader.port(config)?;
                let certificates = port_certificates(config, &tls);
                active.replace(tls);
                Ok(certificates)
            }
            TlsPlaceKind::Upstream {
                config,
                host,
                active,
            } => {
                let tls = reader.upstream(config, host)?;
                let certificates = upstream_certificates(config, &tls);
                active.replace(tls);
                Ok(certificates)
            }
        }
    }
}

fn port_files(config: &PortTlsConfig) -> Vec<PathBuf> {
    let pairs = config.certificates.iter();
    let pairs = pairs.flat_map(|pair| [&pair.cert, &pair.key]);
    let others = config.client_ca.iter().chain(&config.client_crl);
    pairs.chain(others).cloned().collect()
}

fn upstream_files(config: &UpstreamTlsConfig) -> Vec<PathBuf> {
    let pairs = config.client.iter();
    let pairs = pairs.flat_map(|pair| [&pair.cert, &pair.key]);
    pairs.chain(&config.ca).cloned().collect()
}

fn port_certificates(config: &PortTlsConfig, tls: &ServerTls) -> Vec<LoadedCertificate> {
    let files = config.certificates.iter().map(|pair| &pair.cert);
    files.zip(tls.details()).map(loaded).collect()
}

fn upstream_certificates(config: &UpstreamTlsConfig, tls: &UpstreamTls) -> Vec<LoadedCertificate> {
    let files = config.client.iter().map(|pair| &pair.cert);
    files.zip(tls.client_details()).map(loaded).collect()
}

fn loaded((file, details): (&PathBuf, &CertificateDetails)) -> LoadedCertificate {
    LoadedCertificate {
        file: file.clone(),
        details: details.clone(),
    }
}
