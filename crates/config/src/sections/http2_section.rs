//! `[listen.http2]`: HTTP/2 for clients, and the bounds of one connection.

use std::time::Duration;

use portcullis_vocabulary::limits::{DURATION_MAX, KIB, MIB};

use crate::tree::config_value::{count, duration, size, word};
use crate::tree::{ConfigNode, ConfigSection};

/// When clients may speak HTTP/2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http2Mode {
    /// If they negotiate it in the handshake of TLS, or begin a plain connection with its preface.
    #[default]
    Auto,
    /// Never.
    Off,
}

impl Http2Mode {
    /// Each mode with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("auto", Self::Auto), ("off", Self::Off)];
}

/// HTTP/2 on the port for clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http2Config {
    /// When clients may speak it.
    pub enabled: Http2Mode,
    /// Most requests at the same time on one connection.
    pub streams_max: u32,
    /// Most requests that a client may cancel before their answers begin, in excess of answered ones.
    pub resets_max: u32,
    /// Most requests of one connection that violate the protocol or exceed `streams_max`.
    pub error_resets_max: usize,
    /// Most frames without content at once.
    pub control_frames_max: u32,
    /// The requests after which a connection ends; 0 for any number.
    pub requests_max: u64,
    /// The age at which a connection ends, about; zero for any age.
    pub age_max: Duration,
    /// How many bytes of a request body wait in memory until they are read.
    pub stream_window: u32,
    /// The same for all request bodies of a connection.
    pub connection_window: u32,
}

impl Http2Config {
    /// Whether clients may speak HTTP/2.
    pub fn is_enabled(&self) -> bool {
        self.enabled == Http2Mode::Auto
    }
}

impl Default for Http2Config {
    fn default() -> Self {
        Self {
            enabled: Http2Mode::Auto,
            streams_max: 100,
            resets_max: 20,
            error_resets_max: 100,
            control_frames_max: 1000,
            requests_max: 100_000,
            age_max: Duration::from_secs(3600),
            stream_window: 64 * 1024,
            connection_window: 1024 * 1024,
        }
    }
}

/// Reads `[listen.http2]`.
pub(crate) fn read_http2(mut section: ConfigSection<'_>) -> Http2Config {
    let s = &mut section;
    let d = Http2Config::default();
    let window = size(WINDOW_MIN..=WINDOW_MAX);
    let window = |node: &ConfigNode| Ok(u32::try_from(window(node)?).unwrap_or(u32::MAX));
    let http2 = Http2Config {
        enabled: s.value("enabled", d.enabled, word(&Http2Mode::NAMES)),
        streams_max: s.value("streams_max", d.streams_max, count(1..=10_000)),
        resets_max: s.value("resets_max", d.resets_max, count(1..=100_000)),
        error_resets_max: s.value("error_resets_max", d.error_resets_max, count(1..=100_000)),
        control_frames_max: s.value(
            "control_frames_max",
            d.control_frames_max,
            count(100..=1_000_000),
        ),
        requests_max: s.value("requests_max", d.requests_max, count(0..=1_000_000_000)),
        age_max: s.value(
            "age_max",
            d.age_max,
            duration(Duration::ZERO..=DURATION_MAX),
        ),
        stream_window: s.value("stream_window", d.stream_window, window),
        connection_window: s.value("connection_window", d.connection_window, window),
    };
    if http2.connection_window < http2.stream_window {
        let message = "is smaller than stream_window, so one request body could stop all others";
        section.refuse("connection_window", message);
    }
    section.finish();
    http2
}

/// The window that a client has before it reads the settings; smaller ones would not hold (RFC 9113
/// section 6.9.2).
const WINDOW_MIN: usize = 64 * KIB;
const WINDOW_MAX: usize = 64 * MIB;
