//! TLS of a command to a port of the program.

use std::io;

use portcullis_config::UpstreamTlsConfig;
use portcullis_tls::{TlsFault, UpstreamAlpn, UpstreamTls, UpstreamTlsStream};
use tokio::net::TcpStream;

use super::tls_files::{TlsFileReader, TlsLoadError};

/// TLS to a port.
#[derive(Debug)]
pub struct ClientTls(UpstreamTls);

impl ClientTls {
    /// Reads the files of a command line. `section` names what is wrong in messages.
    ///
    /// # Errors
    /// [`TlsLoadError`].
    pub fn load(
        section: &str,
        config: &UpstreamTlsConfig,
        host: &str,
    ) -> Result<Self, TlsLoadError> {
        TlsFileReader { section }.upstream(config, host).map(Self)
    }

    /// Performs the handshake.
    ///
    /// # Errors
    /// See [`tls_reason`].
    pub async fn connect(&self, stream: TcpStream) -> io::Result<Box<UpstreamTlsStream>> {
        self.0.connect(stream, UpstreamAlpn::Http1).await
    }
}

/// What failed, if an error is one of TLS.
pub fn tls_reason(error: &io::Error) -> Option<String> {
    TlsFault::of(error).map(|fault| fault.reason().to_owned())
}
