//! How a port speaks TLS: versions, protocols inside, and what it asks of clients.

/// A version of TLS. Older ones are not supported (RFC 8996).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246), with forward secrecy and authenticated encryption only.
    #[default]
    V12,
    /// TLS 1.3 (RFC 8446).
    V13,
}

/// A protocol that a port offers inside TLS (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlpnProtocol {
    /// HTTP/2 (RFC 9113).
    Http2,
    /// HTTP/1.1 (RFC 9112).
    Http11,
}

/// Whether clients present a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// They are not asked for one.
    #[default]
    Off,
    /// They are asked for one and may have none. An invalid one is refused.
    Optional,
    /// A connection without a valid one is refused.
    Required,
}

impl TlsVersion {
    /// Each version with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("1.2", Self::V12), ("1.3", Self::V13)];
}

impl AlpnProtocol {
    /// Each protocol with its name in the handshake and in the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("h2", Self::Http2), ("http/1.1", Self::Http11)];

    /// The name in the handshake.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http2 => "h2",
            Self::Http11 => "http/1.1",
        }
    }
}

impl ClientAuth {
    /// Each policy with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("off", Self::Off),
        ("optional", Self::Optional),
        ("required", Self::Required),
    ];
}
