//! Every bound of the program, with its default, its unit and the reason for both.
//!
//! Nothing that a stranger sends may grow without a bound, and no bound is hidden in the
//! code that keeps it: what can be set stands in [`Limits`], what is fixed stands as a
//! constant below. Sizes are bytes, counts are counts, times are [`Duration`]s.

use std::time::Duration;

/// The largest `config.toml` or catalog that is read, in bytes. Both are written by hand;
/// something larger is the wrong file.
pub const FILE_BYTES_MAX: usize = 4 * MIB;

/// The most services of one configuration: each has its own contract in memory.
pub const SERVICES_MAX: usize = 1024;

/// The greatest risk score of a deployment; real ones are a few hundred.
pub const RISK_SCORE_MAX: u32 = 1_000_000;

/// The most data cores, each of which is a thread with a listener and pools of its own.
pub const DATA_CORES_MAX: usize = 1024;

/// The longest duration that a key may hold: a day. Anything longer is a slip of the unit.
pub const DURATION_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest cooldown of a squad's deployments, 30 days: anything longer is a slip of the unit.
pub const COOLDOWN_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The longest time that an older major version may have to stay, ten years: more is a slip of the
/// unit.
pub const NOTICE_MAX: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

/// The longest line of recorded traffic that is read, in bytes: an exchange whose bodies are far
/// above what is judged by default still fits.
pub const TRAFFIC_LINE_BYTES_MAX: usize = 64 * MIB;

/// The largest HTTP Archive that is read, in bytes. An archive is one JSON value and is held in
/// memory as a whole; more than that is better recorded as JSON Lines.
pub const TRAFFIC_ARCHIVE_BYTES_MAX: usize = GIB;

/// The longest list of changed paths that is read, in bytes: a million paths of ordinary length.
pub const CHANGED_PATHS_BYTES_MAX: usize = 128 * MIB;

/// The largest file that is looked through for Kubernetes manifests, in bytes. A cluster takes no
/// object above 1.5 MiB; beside manifests, there are lock files and recordings in YAML.
pub const MANIFEST_BYTES_MAX: usize = 32 * MIB;

/// The most members of different names that a form may have. Repeated names are items of one.
pub const FORM_FIELDS_MAX: usize = 10_000;

/// The most parts of a multipart body. A form in a browser has dozens.
pub const PARTS_MAX: usize = 1000;

/// The most header fields of one part. Forms send three.
pub const PART_HEADERS_MAX: usize = 32;

/// The largest header of one part, in bytes: room for long names of files.
pub const PART_HEADER_BYTES_MAX: usize = 8 * KIB;

/// The most requests in flight to one upstream, where nothing else is configured. Few services
/// answer more at a time, and what waits beside them in memory is bounded then.
pub const IN_FLIGHT_DEFAULT: u32 = 1000;

/// The largest JSON Web Token that is read, in bytes. Common ones have one; a larger one is a
/// mistake of its issuer, and copying it on every request would be a cost for everybody.
pub const TOKEN_BYTES_MAX: usize = 8 * KIB;

/// The most verified tokens that one data core remembers, at most 8 MiB of them.
pub const TOKENS_CACHED_MAX: usize = 1024;

/// The largest set of keys that is read, in bytes. A key has less than two thousand.
pub const KEY_SET_BYTES_MAX: usize = MIB;

/// The most keys of one set. An issuer publishes two or three at a time.
pub const KEYS_MAX: usize = 100;

/// The most that the clocks of issuer and proxy may be said to differ. Beyond it, a clock is
/// wrong and has to be repaired.
pub const LEEWAY_MAX: Duration = Duration::from_secs(10 * 60);

/// The shortest time between two readings of one set of keys: what strangers send may ask for
/// a reading, and an issuer's server is not ours to load.
pub const KEY_REFRESH_MIN: Duration = Duration::from_secs(10);

/// The shortest time between two requests for one contract, whatever its server says of
/// freshness; it is the first pause after a failure too.
pub const CONTRACT_PAUSE_MIN: Duration = Duration::from_secs(1);

/// The longest pause before a contract that could not be had is asked for again.
pub const CONTRACT_RETRY_MAX: Duration = Duration::from_secs(60);

/// The longest pause that a server may ask for. One that says a year has made a mistake.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(60 * 60);

/// How long files have to stay as they are before a change of them counts as finished.
pub const FILES_DEBOUNCE: Duration = Duration::from_millis(100);

/// The longest time to wait for that: who writes without end must not keep a change back.
pub const FILES_DEBOUNCE_MAX: Duration = Duration::from_secs(2);

/// The most symbolic links that are followed from a path to its file, as Linux has it.
pub const SYMLINKS_MAX: usize = 40;

/// The most spans that may be configured to wait for their export; each is about a kilobyte, so
/// these are a gigabyte.
pub const SPANS_QUEUED_MAX: usize = 1_000_000;

/// The most spans of one export, as the SDK of OpenTelemetry has it.
pub const SPANS_EXPORTED_MAX: usize = 512;

/// How long the first span of an export waits for others. People look at traces while they try
/// something, so it is a fifth of what the SDK has.
pub const SPAN_EXPORT_DELAY: Duration = Duration::from_secs(1);

/// How long an end waits for the last spans to be exported. With the drain before it, it ends
/// before the 30 s after which Kubernetes kills.
pub const SPAN_FLUSH_MAX: Duration = Duration::from_secs(3);

/// The most events of one span. A span with more violations is one of a client that has not
/// read the contract, and says so as well without them; what is left out is counted in it.
pub const SPAN_EVENTS_MAX: usize = 32;

/// The longest field of a request that is kept in its span, in bytes. As much of a `tracestate` has to
/// be passed on (W3C Trace Context section 3.3.1.5); a longer one reaches the upstream and no span.
pub const SPAN_FIELD_BYTES_MAX: usize = 512;

/// The most members of a `baggage` field that is sent, and its most bytes: what everybody on the
/// way has to pass on (W3C Baggage section 3.3.2).
pub const BAGGAGE_MEMBERS_MAX: usize = 64;
/// See [`BAGGAGE_MEMBERS_MAX`].
pub const BAGGAGE_BYTES_MAX: usize = 8 * KIB;

/// Bytes of a kibibyte.
pub const KIB: usize = 1024;
/// Bytes of a mebibyte.
pub const MIB: usize = 1024 * KIB;
/// Bytes of a gibibyte.
pub const GIB: usize = 1024 * MIB;

/// The bounds that the operator may set, section `[limits]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest request body, in bytes: a body is held in memory until it is judged.
    /// 1 MiB is far above an ordinary API call and far below an upload.
    pub body_bytes_max: usize,
    /// The largest body that decoding a compressed one may make, in bytes. Only judging needs it;
    /// what is forwarded stays compressed.
    pub decoded_bytes_max: usize,
    /// How many times as large as its compressed form a body may become. JSON seldom exceeds 20;
    /// data made to exhaust memory reaches 1000.
    pub decoded_ratio_max: usize,
    /// The largest response body that is judged, in bytes: it is held in memory until then. A
    /// larger one passes unjudged, which is counted.
    pub response_body_bytes_max: usize,
    /// How deeply a JSON body may nest. 128 is what common parsers take.
    pub json_depth_max: usize,
    /// The most header fields of a request. 100 is what common servers take.
    pub header_count_max: usize,
    /// The largest head of a request, in bytes: request line and header fields together.
    /// 64 KiB leaves room for large tokens and cookies.
    pub header_bytes_max: usize,
    /// The longest request target, path and query together, in bytes. RFC 9112 section 3 asks
    /// for at least 8000.
    pub request_target_bytes_max: usize,
    /// The most client connections of the process at one time. Each may hold one head and one
    /// body in memory.
    pub connections_max: usize,
    /// How long a client may take to send a request's head, from its first byte or the
    /// connection's start. 10 s stops slow senders, not slow networks.
    pub request_head_timeout: Duration,
    /// How long a client may take to send a request's body.
    pub request_body_timeout: Duration,
    /// How long a client's connection may stay open without a request. 75 s is longer than
    /// the 60 s after which common load balancers close first, so that no request meets a
    /// closing connection.
    pub idle_timeout: Duration,
    /// How long the upstream may take from the request's last byte to its answer's head.
    pub upstream_timeout: Duration,
    /// How long connecting to the upstream may take. One retransmission of a lost SYN fits.
    pub upstream_connect_timeout: Duration,
    /// How long an idle connection to the upstream is kept. 4 s is below the 5 s after which
    /// widespread servers close idle connections: reusing one that is just being closed fails.
    pub upstream_idle_timeout: Duration,
    /// The most idle connections kept to one upstream, for each data core.
    pub upstream_connections_idle_max: usize,
    /// How long the process goes on accepting after it was told to stop and readiness already
    /// fails, so that load balancers can turn away. None by default; 5 s suits Kubernetes.
    pub drain_delay: Duration,
    /// How long requests in flight may take to finish after the drain delay. 25 s ends before
    /// the 30 s after which Kubernetes kills.
    pub drain_timeout: Duration,
    /// The most violations listed in one refusal. Nobody reads more, and each costs work.
    pub violations_max: usize,
    /// The largest contract, in bytes, all its files together. The largest public documents
    /// are a third of it.
    pub contract_bytes_max: usize,
    /// How deeply a contract's document may nest.
    pub contract_depth_max: usize,
    /// The most files of one contract.
    pub contract_files_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: MIB,
            decoded_bytes_max: 8 * MIB,
            decoded_ratio_max: 100,
            response_body_bytes_max: MIB,
            json_depth_max: 128,
            header_count_max: 100,
            header_bytes_max: 64 * KIB,
            request_target_bytes_max: 8 * KIB,
            connections_max: 10_000,
            request_head_timeout: Duration::from_secs(10),
            request_body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            upstream_timeout: Duration::from_secs(30),
            upstream_connect_timeout: Duration::from_secs(3),
            upstream_idle_timeout: Duration::from_secs(4),
            upstream_connections_idle_max: 64,
            drain_delay: Duration::ZERO,
            drain_timeout: Duration::from_secs(25),
            violations_max: 20,
            contract_bytes_max: 32 * MIB,
            contract_depth_max: 128,
            contract_files_max: 1000,
        }
    }
}
