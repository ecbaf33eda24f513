//! Every bound of the program, with its default, its unit and the reason for it.
//!
//! Nothing that a client sends may grow without a bound, and no bound is hidden in the code that
//! enforces it. Configurable bounds are fields of [`Limits`], fixed bounds are constants below.
//! Sizes are bytes, counts are counts, times are [`Duration`]s.

use std::time::Duration;

use crate::header_names::HeaderPolicy;

/// The largest `config.toml` or catalog that is read, in bytes. Both are written by hand; a larger
/// file is the wrong file.
pub const FILE_BYTES_MAX: usize = 4 * MIB;

/// The highest number of services in a configuration: each has its own contract in memory.
pub const SERVICES_MAX: usize = 1024;

/// The highest risk score of a deployment; real ones are a few hundred.
pub const RISK_SCORE_MAX: u32 = 1_000_000;

/// The highest number of data cores; each is a thread with its own listener and pools.
pub const DATA_CORES_MAX: usize = 1024;

/// The longest duration that a configuration key may have: a day. A longer one has the wrong unit.
pub const DURATION_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest cooldown of a squad's deployments, 30 days; a longer one has the wrong unit.
pub const COOLDOWN_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The longest time that an older major version may have to stay deployed, ten years; a longer one
/// has the wrong unit.
pub const NOTICE_MAX: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

/// The longest line of recorded traffic that is read, in bytes. An exchange whose bodies are far
/// larger than the default limits still fits.
pub const TRAFFIC_LINE_BYTES_MAX: usize = 64 * MIB;

/// The largest HTTP Archive that is read, in bytes. An archive is one JSON value and is held in
/// memory whole; more traffic is better recorded as JSON Lines.
pub const TRAFFIC_ARCHIVE_BYTES_MAX: usize = GIB;

/// The highest ratio of recorded traffic to its compressed form, beyond the length of one line.
/// DEFLATE reaches 1032 for zeros, and about 600 for a line that is repeated.
pub const TRAFFIC_RATIO_MAX: u64 = 800;

/// The longest list of changed paths that is read, in bytes: a million paths of ordinary length.
pub const CHANGED_PATHS_BYTES_MAX: usize = 128 * MIB;

/// The largest file that is searched for Kubernetes manifests, in bytes. A cluster takes no object
/// above 1.5 MiB, but repositories also hold lock files and recordings in YAML.
pub const MANIFEST_BYTES_MAX: usize = 32 * MIB;

/// The work of checking one message, in steps: what a validator looks at in a value, or one state
/// of a pattern that looks around for one byte of a text. It takes a few tenths of a second; an
/// ordinary message takes some thousands.
pub const CHECK_STEPS_MAX: u64 = 10_000_000;

/// The additional steps for each value and property name of a message, so that large messages have
/// the same share as small ones.
pub const CHECK_STEPS_PER_VALUE: u64 = 64;

/// The steps of listing the errors of one value, in addition to its share. Nested alternatives can
/// have any number of errors, and a refusal shows a few.
pub const EXPLAIN_STEPS_MAX: u64 = 256_000;

/// The highest number of names in a form. Repeated names are items of one.
pub const FORM_FIELDS_MAX: usize = 10_000;

/// The stack of a thread that checks messages. Alternatives inside alternatives and values inside
/// values are nested up to their limits at the same time. Only what is used takes memory.
pub const CHECK_STACK_BYTES: usize = 8 * MIB;

/// The highest number of parts in a multipart body. A form in a browser has dozens.
pub const PARTS_MAX: usize = 1000;

/// The highest number of header fields in a part. Forms send three.
pub const PART_HEADERS_MAX: usize = 32;

/// The largest header of a part, in bytes: room for long file names.
pub const PART_HEADER_BYTES_MAX: usize = 8 * KIB;

/// The highest number of requests in flight to an upstream, by default. Few services handle
/// more at a time, and it bounds the memory of the requests that wait.
pub const IN_FLIGHT_DEFAULT: u32 = 1000;

/// The largest JSON Web Token that is read, in bytes. Common tokens have one kilobyte. A larger
/// token is a mistake of its issuer, and copying it on every request would slow down all callers.
pub const TOKEN_BYTES_MAX: usize = 8 * KIB;

/// The highest number of verified tokens that a data core remembers, at most 8 MiB of them.
pub const TOKENS_CACHED_MAX: usize = 1024;

/// The largest key set that is read, in bytes. A key has less than two thousand bytes.
pub const KEY_SET_BYTES_MAX: usize = MIB;

/// The highest number of keys in a set. An issuer publishes two or three at a time.
pub const KEYS_MAX: usize = 100;

/// The largest configurable difference between the clocks of issuer and proxy. A clock that differs
/// by more is wrong and must be corrected.
pub const LEEWAY_MAX: Duration = Duration::from_secs(10 * 60);

/// The shortest time between two readings of a key set. Requests of unknown clients can cause a
/// reading, and they must not put load on the issuer's server.
pub const KEY_REFRESH_MIN: Duration = Duration::from_secs(10);

/// The most certificates of one port.
pub const CERTIFICATES_MAX: usize = 1000;

/// The largest configurable time of a TLS handshake. Until it ends, a client holds a connection
/// without having sent a request.
pub const TLS_HANDSHAKE_MAX: Duration = Duration::from_secs(60);

/// The largest file with certificates, keys or revocation lists in bytes.
pub const TLS_FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How often the files of TLS are checked, in addition to change notifications.
pub const TLS_FILES_POLL: Duration = Duration::from_secs(10);

/// The shortest time between two requests for a contract, whatever freshness its server declares.
/// It is also the first pause after a failure.
pub const CONTRACT_PAUSE_MIN: Duration = Duration::from_secs(1);

/// The longest pause before the next request for a contract that could not be fetched.
pub const CONTRACT_RETRY_MAX: Duration = Duration::from_secs(60);

/// The longest pause that a server may ask for. A server that asks for a year has made a mistake.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(60 * 60);

/// How long files must stay unchanged before a change counts as finished.
pub const FILES_DEBOUNCE: Duration = Duration::from_millis(100);

/// The longest wait for that, so a process that writes without end cannot delay a change forever.
pub const FILES_DEBOUNCE_MAX: Duration = Duration::from_secs(2);

/// The highest number of symbolic links that are followed from a path to its file, as in Linux.
pub const SYMLINKS_MAX: usize = 40;

/// The highest configurable number of spans that wait for export. Each takes about a kilobyte, so
/// these take a gigabyte.
pub const SPANS_QUEUED_MAX: usize = 1_000_000;

/// The highest number of spans in one export, as in the OpenTelemetry SDK.
pub const SPANS_EXPORTED_MAX: usize = 512;

/// How long the first span of an export waits for others. People look at traces while they try
/// something out, so it is a fifth of the SDK's default.
pub const SPAN_EXPORT_DELAY: Duration = Duration::from_secs(1);

/// How long a shutdown waits for the last spans to be exported. Together with the drain it ends
/// before the 30 s after which Kubernetes kills the process.
pub const SPAN_FLUSH_MAX: Duration = Duration::from_secs(3);

/// The highest number of events in a span. A span with more violations comes from a client that
/// ignores the contract, and the first ones show that. The span counts the omitted events.
pub const SPAN_EVENTS_MAX: usize = 32;

/// The longest field of a request that is kept in its span, in bytes. This much of a `tracestate`
/// must be propagated (W3C Trace Context section 3.3.1.5); a longer one reaches the upstream, and
/// the span does not keep it.
pub const SPAN_FIELD_BYTES_MAX: usize = 512;

/// The highest number of members in a `baggage` field that is sent. It and the size below are what
/// every participant must propagate (W3C Baggage section 3.3.2).
pub const BAGGAGE_MEMBERS_MAX: usize = 64;
/// The largest `baggage` field that is sent, in bytes.
pub const BAGGAGE_BYTES_MAX: usize = 8 * KIB;

/// The highest number of header fields of a message that can be configured. Below a fifth of 32,768, a
/// map of fields has room for them whatever their names are, and for those that a gateway adds: more of
/// them could have names that collide so that the map cannot grow.
pub const HEADER_COUNT_MAX: usize = 5_000;

/// Bytes of a kibibyte.
pub const KIB: usize = 1024;
/// Bytes of a mebibyte.
pub const MIB: usize = 1024 * KIB;
/// Bytes of a gibibyte.
pub const GIB: usize = 1024 * MIB;

/// The bounds that operators can configure, section `[limits]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest request body, in bytes. A body is held in memory until it is checked. 1 MiB is
    /// far above an ordinary API call and far below an upload.
    pub body_bytes_max: usize,
    /// The largest decoded form of a compressed body, in bytes. Only the check needs it; a body is
    /// forwarded in its compressed form.
    pub decoded_bytes_max: usize,
    /// The highest ratio of a body's decoded size to its compressed size. JSON seldom exceeds 20;
    /// data that is made to exhaust memory reaches 1000.
    pub decoded_ratio_max: usize,
    /// The largest response body that is checked, in bytes. It is held in memory until it is
    /// checked. A larger one passes unchecked, and that is counted.
    pub response_body_bytes_max: usize,
    /// The largest record of a streamed response that is checked, in bytes: an event, or a JSON text
    /// of a sequence. One record of a response is in memory at a time. A larger one passes unchecked,
    /// and that is counted.
    pub record_bytes_max: usize,
    /// The memory of all bodies of the process, in bytes: request bodies until they are forwarded,
    /// and response bodies while they are checked. Half of it is split between the squads. 512 MiB
    /// hold five hundred of the largest bodies, and fit most containers.
    pub body_memory_max: usize,
    /// The deepest nesting of a JSON body. Common parsers accept 128 levels.
    pub json_depth_max: usize,
    /// The highest number of header fields in a request. Common servers accept 100.
    pub header_count_max: usize,
    /// The largest request head, in bytes: request line and header fields together. 64 KiB leaves
    /// room for large tokens and cookies.
    pub header_bytes_max: usize,
    /// What is done with header fields whose names have other characters than letters, digits and
    /// hyphens, unless the operation declares them. `drop`, as in nginx: many servers read `_` as
    /// `-`, so the field could replace one that was checked.
    pub header_underscores: HeaderPolicy,
    /// What is done with header fields that replace the method or the URL of a request. `refuse`: a
    /// service that honours them performs another operation than the one that was checked.
    pub override_headers: HeaderPolicy,
    /// The longest request target, path and query together, in bytes. RFC 9112 section 3 asks for
    /// at least 8000.
    pub request_target_bytes_max: usize,
    /// The highest number of header fields in a response. Common clients accept 100.
    pub response_header_count_max: usize,
    /// The largest response head, in bytes: status line and header fields together.
    pub response_header_bytes_max: usize,
    /// The highest number of client connections of the process at a time. Each may hold one head
    /// and one body in memory.
    pub connections_max: usize,
    /// How long a client may take to send a request's head, counted from its first byte or from the
    /// start of the connection. 10 s stops slow senders, not slow networks.
    pub request_head_timeout: Duration,
    /// How long a client may be silent while it sends a request's body. Time that a client does not
    /// use is not saved up.
    pub request_body_timeout: Duration,
    /// The lowest rate, in bytes per second, at which a request's body must arrive in the long run.
    /// 1 KiB/s is slower than any modem.
    pub request_body_rate_min: usize,
    /// The lowest rate at which a client must accept its answer, in bytes per second, while nothing
    /// else delays it. It is measured over half a minute; 1 KiB is far below any network in use.
    pub response_rate_min: usize,
    /// How many bytes of one response are read from the upstream ahead of a client that does not
    /// read. The request gives its slot back when the upstream has finished.
    pub response_buffer_max: usize,
    /// How long a client's connection may stay open without a request. Common load balancers close
    /// theirs after 60 s; 75 s lets them close first, so no request meets a closing connection.
    pub idle_timeout: Duration,
    /// How long the upstream may take from the request's last byte to the response's head.
    pub upstream_timeout: Duration,
    /// How long the upstream may be silent inside a response body. A minute, as in nginx: load
    /// balancers close connections that are silent for longer, so streams that work behind them
    /// send something more often.
    pub body_idle_timeout: Duration,
    /// How long a connection may be silent in both directions after its upgrade to WebSocket. Most
    /// clients and servers ping each other once a minute or more often; five minutes is how long
    /// common address translators remember a silent connection.
    pub upgrade_idle_timeout: Duration,
    /// How long connecting to the upstream may take, over all addresses of its name. One
    /// retransmission of a lost SYN fits.
    pub upstream_connect_timeout: Duration,
    /// How long an idle connection to the upstream is kept. Widespread servers close idle
    /// connections after 5 s, and reusing a connection that is being closed fails, so it is 4 s.
    pub upstream_idle_timeout: Duration,
    /// The highest number of idle connections to one upstream, for each data core.
    pub upstream_connections_idle_max: usize,
    /// How long the process keeps accepting connections after a signal to stop, while readiness
    /// already fails, so that load balancers can react. 0 by default; 5 s suits Kubernetes.
    pub drain_delay: Duration,
    /// How long requests in flight may take to finish after the drain delay. 25 s ends before the
    /// 30 s after which Kubernetes kills the process.
    pub drain_timeout: Duration,
    /// The highest number of violations in one refusal. No client reads more, and each costs work.
    pub violations_max: usize,
    /// The largest contract, in bytes, all its files together. The largest public documents are a
    /// third of it.
    pub contract_bytes_max: usize,
    /// The deepest nesting of a contract's document.
    pub contract_depth_max: usize,
    /// The highest number of files in a contract.
    pub contract_files_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: MIB,
            decoded_bytes_max: 8 * MIB,
            decoded_ratio_max: 100,
            response_body_bytes_max: MIB,
            record_bytes_max: 256 * KIB,
            body_memory_max: 512 * MIB,
            json_depth_max: 128,
            header_count_max: 100,
            header_bytes_max: 64 * KIB,
            header_underscores: HeaderPolicy::Drop,
            override_headers: HeaderPolicy::Refuse,
            request_target_bytes_max: 8 * KIB,
            response_header_count_max: 100,
            response_header_bytes_max: 64 * KIB,
            connections_max: 10_000,
            request_head_timeout: Duration::from_secs(10),
            request_body_timeout: Duration::from_secs(30),
            request_body_rate_min: KIB,
            response_rate_min: KIB,
            response_buffer_max: 256 * KIB,
            idle_timeout: Duration::from_secs(75),
            upstream_timeout: Duration::from_secs(30),
            body_idle_timeout: Duration::from_secs(60),
            upgrade_idle_timeout: Duration::from_secs(300),
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
