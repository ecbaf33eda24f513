//! The TLS cryptography of the process, for every client that speaks TLS.

mod tls_provider;

pub use tls_provider::install_provider;
