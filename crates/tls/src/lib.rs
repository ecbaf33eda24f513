//! TLS of the process: its cryptography, ports with certificates, and connections to upstreams.
//!
//! The map:
//! - [`install_provider`] sets the cryptography, for every client that speaks TLS.
//! - [`ServerTls`] is a port with its certificates. [`accept`] performs the handshake of a client,
//!   and [`TlsSession`] says what it has shown.
//! - [`UpstreamTls`] connects to an upstream and verifies it.
//! - [`VerifiedTls`] connects a command to a server that it names.
//! - [`PemFile`] holds the bytes of a file: files are read elsewhere. [`CertificateDetails`] are the
//!   names and the end of a certificate.
//! - [`ActiveTls`] holds settings that a change of files replaces.
//! - [`TlsFault`] says why TLS failed.
//!
//! Only this crate names the TLS library.

mod hybrid_key_exchange;
mod tls_provider;

mod der_reader;
mod certificate_details;
mod pem_file;

mod served_certificate;
mod server_tls;
mod server_handshake;

mod tls_fault;
mod upstream_verifier;
mod upstream_tls;
mod verified_tls;

mod active_tls;

pub use active_tls::ActiveTls;
pub use certificate_details::CertificateDetails;
pub use pem_file::{PemFile, TlsMaterialError};
pub use served_certificate::ServedCertificate;
pub use server_handshake::{FailedHandshake, ServerTlsStream, TlsSession, accept};
pub use server_tls::{CertificateFiles, ServerTls, ServerTlsFiles};
pub use tls_fault::TlsFault;
pub use tls_provider::install_provider;
pub use upstream_tls::{
    UpstreamAlpn, UpstreamTls, UpstreamTlsFiles, UpstreamTlsStream, has_chosen_http2,
};
pub use verified_tls::{VerifiedTls, VerifiedTlsStream};
