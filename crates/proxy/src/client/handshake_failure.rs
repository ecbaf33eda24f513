//! Why TLS handshakes of clients fail, for metrics.

/// Why a connection did not get through its handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeFailure {
    /// The client's certificate is missing or not accepted.
    Certificate,
    /// Anything else about TLS: no common version, cipher or protocol, or an alert of the client.
    Protocol,
    /// The handshake took too long.
    Timeout,
    /// The client went away.
    Closed,
    /// The client does not speak TLS.
    NotTls,
    /// The process stopped.
    Stopped,
}

impl HandshakeFailure {
    /// Every failure.
    pub const ALL: [Self; 6] = [
        Self::Certificate,
        Self::Protocol,
        Self::Timeout,
        Self::Closed,
        Self::NotTls,
        Self::Stopped,
    ];

    /// The stable name, for metric labels and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Protocol => "protocol",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::NotTls => "not-tls",
            Self::Stopped => "stopped",
        }
    }
}
