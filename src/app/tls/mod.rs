//! The files of TLS: read at the start, and again whenever they change.
//!
//! Each [`TlsPlace`] is a part of the configuration with TLS: a port, or an upstream. Its files are
//! one unit: a change of any of them makes new settings, which replace the old ones as a whole. Files
//! that cannot be used, for example a certificate whose key is not written yet, leave the old
//! settings active.

mod tls_files;
mod client_tls;
mod tls_status;
mod tls_place;
mod tls_watcher;
mod tls_places;
mod startup_tls;

pub use client_tls::{ClientTls, tls_reason};
pub(in crate::app) use startup_tls::StartupTls;
pub use tls_files::TlsLoadError;
pub(in crate::app) use tls_places::TlsPlaces;
