//! `[services.upstream_http]`: which version of HTTP an upstream gets, and the bounds of a connection
//! of HTTP/2.

use std::time::Duration;

use portcullis_vocabulary::limits::{DURATION_MAX, KIB, MIB};

use super::upstream_target::UpstreamTarget;
use crate::tree::config_value::{count, duration, size, word};
use crate::tree::{ConfigNode, ConfigSection};

/// The version of HTTP on connections to an upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpstreamVersion {
    /// What the upstream chooses in the handshake of TLS; HTTP/1.1 without TLS.
    #[default]
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

impl UpstreamVersion {
    /// Each version with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("auto", Self::Auto),
        ("1.1", Self::Http1),
        ("2", Self::Http2),
    ];
}

/// HTTP to an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamHttpConfig {
    /// The version.
    pub version: UpstreamVersion,
    /// Most requests at the same time on one connection of HTTP/2.
    pub streams_max: u32,
    /// How many bytes of one response wait in memory until they are read.
    pub stream_window: u32,
    /// The silence of an upstream during a request after which a PING asks whether it is there.
    pub ping_interval: Duration,
    /// The age at which a connection of HTTP/2 gets no further requests, about; zero for any age.
    pub age_max: Duration,
}

impl Default for UpstreamHttpConfig {
    fn default() -> Self {
        Self {
            version: UpstreamVersion::Auto,
            streams_max: 100,
            stream_window: 256 * 1024,
            ping_interval: Duration::from_secs(300),
            age_max: Duration::from_secs(3600),
        }
    }
}

/// Reads `[services.upstream_http]`; `upstream` is nothing if it is invalid.
pub(crate) fn read_upstream_http(
    mut section: ConfigSection<'_>,
    upstream: Option<&UpstreamTarget>,
) -> UpstreamHttpConfig {
    let s = &mut section;
    let d = UpstreamHttpConfig::default();
    let window = size(WINDOW_MIN..=WINDOW_MAX);
    let window = |node: &ConfigNode| Ok(u32::try_from(window(node)?).unwrap_or(u32::MAX));
    let version = s.read("version", word(&UpstreamVersion::NAMES));
    let http = UpstreamHttpConfig {
        version: version.unwrap_or(default_version(upstream)),
        streams_max: s.value("streams_max", d.streams_max, count(1..=10_000)),
        stream_window: s.value("stream_window", d.stream_window, window),
        ping_interval: s.value(
            "ping_interval",
            d.ping_interval,
            duration(Duration::from_secs(1)..=DURATION_MAX),
        ),
        age_max: s.value(
            "age_max",
            d.age_max,
            duration(Duration::ZERO..=DURATION_MAX),
        ),
    };
    if u64::from(http.streams_max) * u64::from(http.stream_window) > CONNECTION_WINDOW_MAX {
        let message = "is too large for streams_max: HTTP/2 allows 2 GiB for all streams of a \
                       connection";
        section.refuse("stream_window", message);
    }
    match (upstream, http.version) {
        (Some(UpstreamTarget::Http(address)), UpstreamVersion::Http2) => {
            let message = format!("needs another upstream; try upstream = \"h2c://{address}\"");
            section.refuse("version", message);
        }
        (Some(UpstreamTarget::Unix(_)), UpstreamVersion::Http2) => {
            section.refuse("version", "has no effect at a Unix socket; remove it");
        }
        (Some(UpstreamTarget::H2c(address)), UpstreamVersion::Http1) => {
            let message = format!("needs another upstream; try upstream = \"http://{address}\"");
            section.refuse("version", message);
        }
        _ => {}
    }
    section.finish();
    http
}

/// The version that follows from the scheme.
const fn default_version(upstream: Option<&UpstreamTarget>) -> UpstreamVersion {
    match upstream {
        Some(UpstreamTarget::H2c(_)) => UpstreamVersion::Http2,
        _ => UpstreamVersion::Auto,
    }
}

/// The window that an upstream has before it reads the settings; smaller ones would not hold (RFC
/// 9113 section 6.9.2).
const WINDOW_MIN: usize = 64 * KIB;
const WINDOW_MAX: usize = 64 * MIB;

/// RFC 9113 section 6.9.1. Each stream can use its whole window, so none stops another one.
const CONNECTION_WINDOW_MAX: u64 = (1 << 31) - 1;
