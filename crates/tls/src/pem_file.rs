//! Certificates, keys and revocation lists as files in PEM (RFC 7468).
//!
//! The files are read elsewhere: their bytes are arguments, and their paths are for messages. No
//! message contains anything of a key.

use std::path::PathBuf;

use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys, RootCertStore};

use super::certificate_details::CertificateDetails;
use super::tls_provider::provider;

/// The content of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct PemFile {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for PemFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("PemFile");
        shown.field("path", &self.path).finish_non_exhaustive()
    }
}

/// Why files cannot be used for TLS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsMaterialError {
    /// There is nothing of the kind in the file.
    #[error("{path}: expected {expected} in PEM, found none", path = path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What is missing.
        expected: &'static str,
    },
    /// The content is malformed.
    #[error("{path}: expected {expected} in PEM: {reason}", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should contain.
        expected: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The key belongs to another certificate.
    #[error(
        "{key}: the key does not belong to the first certificate of {certificate}; both files must \
         be replaced together, the certificate of the server first in its file",
        key = key.display(),
        certificate = certificate.display()
    )]
    KeyMismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The system has no roots.
    #[error("the system has no certificate authorities ({reason}); set `ca`")]
    NoSystemRoots {
        /// Why.
        reason: String,
    },
    /// The TLS library refuses the settings.
    #[error("{reason}")]
    Refused {
        /// Its reason.
        reason: String,
    },
}

const CERTIFICATES: &str = "certificates";
const KEY: &str = "a private key";
const REVOCATION_LISTS: &str = "certificate revocation lists";

/// The certificates of a file, the one of the server or client first, and its details.
pub(super) fn chain(
    file: &PemFile,
) -> Result<(Vec<CertificateDer<'static>>, CertificateDetails), TlsMaterialError> {
    let chain: Vec<CertificateDer<'static>> = objects(file, CERTIFICATES)?;
    let mut details = Vec::with_capacity(chain.len());
    for certificate in &chain {
        let read = CertificateDetails::of(certificate);
        details.push(read.ok_or_else(|| malformed(file, CERTIFICATES, "it is not an X.509 one"))?);
    }
    // The chain is valid until its first certificate ends.
    let not_after = details.iter().map(|details| details.not_after).min();
    let mut details = details.swap_remove(0);
    details.not_after = not_after.unwrap_or(details.not_after);
    Ok((chain, details))
}

/// A certificate with its key.
pub(super) fn certified_key(
    certificate: &PemFile,
    key: &PemFile,
) -> Result<(CertifiedKey, CertificateDetails), TlsMaterialError> {
    let (chain, details) = chain(certificate)?;
    let private = PrivateKeyDer::from_pem_slice(&key.bytes).map_err(|error| match error {
        PemError::NoItemsFound => TlsMaterialError::Missing {
            path: key.path.clone(),
            expected: KEY,
        },
        error => malformed(key, KEY, &pem_reason(&error)),
    })?;
    match CertifiedKey::from_der(chain, private, &provider()) {
        Ok(certified) => Ok((certified, details)),
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            Err(TlsMaterialError::KeyMismatch {
                certificate: certificate.path.clone(),
                key: key.path.clone(),
            })
        }
        Err(Error::InvalidCertificate(_)) => Err(malformed(
            certificate,
            CERTIFICATES,
            "it is not an X.509 one",
        )),
        Err(_) => {
            let reason = "it is not an RSA key of 2048 to 8192 bits, or one for P-256, P-384 or \
                          Ed25519, without a password";
            Err(malformed(key, KEY, reason))
        }
    }
}

/// The certificates of a file, as authorities.
pub(super) fn authorities(file: &PemFile) -> Result<RootCertStore, TlsMaterialError> {
    let mut roots = RootCertStore::empty();
    for certificate in objects::<CertificateDer<'static>>(file, CERTIFICATES)? {
        let added = roots.add(certificate);
        added.map_err(|error| malformed(file, CERTIFICATES, &error.to_string()))?;
    }
    Ok(roots)
}

/// The revocation lists of a file.
pub(super) fn revocation_lists(
    file: &PemFile,
) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsMaterialError> {
    objects(file, REVOCATION_LISTS)
}

fn objects<T: PemObject>(
    file: &PemFile,
    expected: &'static str,
) -> Result<Vec<T>, TlsMaterialError> {
    let read: Result<Vec<T>, PemError> = T::pem_slice_iter(&file.bytes).collect();
    let read = read.map_err(|error| malformed(file, expected, &pem_reason(&error)))?;
    if read.is_empty() {
        return Err(TlsMaterialError::Missing {
            path: file.path.clone(),
            expected,
        });
    }
    Ok(read)
}

/// What is wrong with the PEM. The text of the library may quote lines, which a key file must not
/// have in a message.
fn pem_reason(error: &PemError) -> String {
    match error {
        PemError::MissingSectionEnd { .. } => "it has a BEGIN line without its END line".to_owned(),
        PemError::Base64Decode(_) => "its text is not base64".to_owned(),
        _ => "it is not PEM".to_owned(),
    }
}

pub(super) fn malformed(file: &PemFile, expected: &'static str, reason: &str) -> TlsMaterialError {
    TlsMaterialError::Malformed {
        path: file.path.clone(),
        expected,
        reason: reason.to_owned(),
    }
}

/// The refusal of the TLS library.
pub(super) fn refused(error: &impl ToString) -> TlsMaterialError {
    TlsMaterialError::Refused {
        reason: error.to_string(),
    }
}
