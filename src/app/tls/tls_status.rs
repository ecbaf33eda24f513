//! What is known about the files of TLS: for metrics, the log and the admin port.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use portcullis_telemetry::Metrics;
use portcullis_tls::CertificateDetails;

use crate::admin::{TlsCertificateView, TlsSectionView, TlsSource};

use super::tls_files::TlsLoadError;

/// The state of all sections with TLS. Clones share it.
#[derive(Clone, Debug)]
pub(in crate::app) struct TlsStatusBoard {
    sections: Arc<Mutex<BTreeMap<String, TlsSectionView>>>,
    metrics: Metrics,
}

/// A certificate that was loaded from a file.
#[derive(Clone, Debug)]
pub(super) struct LoadedCertificate {
    pub(super) file: PathBuf,
    pub(super) details: CertificateDetails,
}

impl TlsStatusBoard {
    pub(super) fn new(metrics: &Metrics) -> Self {
        Self {
            sections: Arc::default(),
            metrics: metrics.clone(),
        }
    }

    /// Notes that the files of a section were loaded.
    pub(super) fn note_loaded(&self, section: &str, certificates: &[LoadedCertificate]) {
        let now = SystemTime::now();
        for LoadedCertificate { file, details } in certificates {
            let file = file.display().to_string();
            let not_after = details.not_after as f64;
            self.metrics
                .certificate_not_after(section, &file, not_after);
            warn_if_unusable(section, &file, details, seconds_since_1970(now));
        }
        self.metrics.tls_stale(section, false);
        let view = |certificate: &LoadedCertificate| {
            TlsCertificateView::new(certificate.file.display().to_string(), &certificate.details)
        };
        let certificates: Vec<_> = certificates.iter().map(view).collect();
        tracing::info!(
            section,
            certificates = certificates.len(),
            "TLS files loaded"
        );
        let view = TlsSectionView {
            section: section.to_owned(),
            certificates,
            loaded_at: now,
            problem: None,
        };
        self.lock().insert(section.to_owned(), view);
    }

    /// Notes that the files of a section cannot be used. What was loaded before stays active.
    pub(super) fn note_refused(&self, section: &str, error: &TlsLoadError) {
        tracing::warn!("{error}; the files that were loaded before stay active");
        self.metrics.tls_stale(section, true);
        if let Some(view) = self.lock().get_mut(section) {
            view.problem = Some(error.to_string());
        }
    }

    /// Forgets a section that the configuration does not have any more.
    pub(super) fn remove(&self, section: &str) {
        self.metrics.tls_stale(section, false);
        let Some(view) = self.lock().remove(section) else {
            return;
        };
        for certificate in view.certificates {
            self.metrics
                .certificate_not_after(section, &certificate.file, 0.0);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, TlsSectionView>> {
        self.sections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TlsSource for TlsStatusBoard {
    fn sections(&self) -> Vec<TlsSectionView> {
        self.lock().values().cloned().collect()
    }
}

fn warn_if_unusable(section: &str, file: &str, details: &CertificateDetails, now: i64) {
    if details.not_after < now {
        tracing::warn!(section, file, "the certificate has expired; replace it");
    } else if details.not_before > now {
        tracing::warn!(
            section,
            file,
            "the certificate is not valid yet; check the clock"
        );
    }
}

fn seconds_since_1970(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
