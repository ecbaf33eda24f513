//! `/tls`: the certificates that are loaded, when they end, and files that cannot be used.

use std::fmt;
use std::time::SystemTime;

use serde::Serialize;

use portcullis_tls::CertificateDetails;

use super::admin_response::{AdminResponse, json};

/// A part of the configuration with TLS.
#[derive(Clone, Debug)]
pub struct TlsSectionView {
    /// Its name, such as `listen.tls`.
    pub section: String,
    /// The certificates that it shows to others.
    pub certificates: Vec<TlsCertificateView>,
    /// When its files were loaded.
    pub loaded_at: SystemTime,
    /// Why files that came later cannot be used.
    pub problem: Option<String>,
}

/// A certificate.
#[derive(Clone, Debug, Serialize)]
pub struct TlsCertificateView {
    /// Its file.
    pub file: String,
    names: Vec<String>,
    not_before: Option<String>,
    not_after: Option<String>,
}

/// Gives access to the sections with TLS.
pub trait TlsSource: Send + Sync + fmt::Debug {
    /// The sections, by name.
    fn sections(&self) -> Vec<TlsSectionView>;
}

impl TlsCertificateView {
    /// A certificate of a file.
    pub fn new(file: String, details: &CertificateDetails) -> Self {
        let names = details.dns_names.iter().cloned();
        let addresses = details.addresses.iter().map(ToString::to_string);
        Self {
            file,
            names: names
                .chain(addresses)
                .chain(details.uris.iter().cloned())
                .collect(),
            not_before: time_text(details.not_before),
            not_after: time_text(details.not_after),
        }
    }
}

#[derive(Serialize)]
struct TlsList {
    sections: Vec<TlsEntry>,
}

#[derive(Serialize)]
struct TlsEntry {
    section: String,
    certificates: Vec<TlsCertificateView>,
    loaded_at: String,
    problem: Option<String>,
}

/// All sections.
pub(super) fn all(source: &dyn TlsSource) -> AdminResponse {
    let entry = |view: TlsSectionView| TlsEntry {
        section: view.section,
        certificates: view.certificates,
        loaded_at: humantime::format_rfc3339_seconds(view.loaded_at).to_string(),
        problem: view.problem,
    };
    json(&TlsList {
        sections: source.sections().into_iter().map(entry).collect(),
    })
}

/// A time as RFC 3339 has it. Certificates may have times that it cannot express.
fn time_text(seconds: i64) -> Option<String> {
    const LAST: u64 = 253_402_300_799;
    let seconds = u64::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds <= LAST)?;
    let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    Some(humantime::format_rfc3339_seconds(time).to_string())
}
