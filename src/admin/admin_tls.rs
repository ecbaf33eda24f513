//! The beginning of an admin connection on a port with TLS.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use portcullis_telemetry::LogThrottle;
use portcullis_tls::{ActiveTls, ServerTls, ServerTlsStream, TlsFault, accept};

/// The first byte of a TLS handshake (RFC 8446 section 5.1).
const HANDSHAKE: u8 = 0x16;

/// The answer to a request that is not encrypted.
const PLAIN_ANSWER: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\
    content-type: text/plain\r\ncontent-length: 38\r\n\r\n\
    The admin port has TLS here; use https";

/// TLS of the admin port.
#[derive(Clone, Debug)]
pub struct AdminTls {
    /// The active certificates and rules.
    pub active: Arc<ActiveTls<ServerTls>>,
    /// The time of a handshake.
    pub handshake_timeout: Duration,
}

impl AdminTls {
    /// Performs the handshake. `None` if the connection has ended.
    pub(super) async fn open(&self, stream: TcpStream) -> Option<Box<ServerTlsStream>> {
        let error = match timeout(self.handshake_timeout, self.handshake(stream)).await {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => error,
            Err(elapsed) => elapsed.into(),
        };
        static FAILURES: LogThrottle = LogThrottle::new();
        if let Some(suppressed) = FAILURES.pass(Instant::now()) {
            let fault = TlsFault::of(&error);
            let reason = fault.map_or_else(|| error.to_string(), |fault| fault.reason().to_owned());
            tracing::warn!(suppressed, "an admin connection failed: {reason}");
        }
        None
    }

    async fn handshake(&self, mut stream: TcpStream) -> io::Result<Box<ServerTlsStream>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first != [HANDSHAKE] {
            stream.write_all(PLAIN_ANSWER).await?;
            stream.shutdown().await?;
            return Err(io::Error::other(
                "it is not TLS; use https, see [admin.tls]",
            ));
        }
        let accepted = accept(&self.active.load(), stream).await;
        accepted
            .map(|(stream, _)| stream)
            .map_err(|failed| failed.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_answer_has_its_length() {
        let text = std::str::from_utf8(PLAIN_ANSWER).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())));
    }
}
