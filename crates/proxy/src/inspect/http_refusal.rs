//! Why a request stream is refused: one variant for each cause, with its status and sentence.

use http::StatusCode;

macro_rules! refusals {
    ($($(#[$doc:meta])* $variant:ident = $status:literal, $name:literal, $sentence:literal;)+) => {
        /// A defect that makes a request unsafe to read and to forward.
        ///
        /// The connection cannot be used afterwards, because it is uncertain where the next
        /// request begins.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        #[non_exhaustive]
        pub enum HttpRefusal {
            $($(#[$doc])* #[error($sentence)] $variant,)+
        }

        impl HttpRefusal {
            /// Every variant, for tables and documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The status of the answer.
            pub fn status(self) -> StatusCode {
                let code = match self { $(Self::$variant => $status,)+ };
                StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
            }

            /// The stable name, for metric labels and logs.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What is wrong and what to send instead, in one sentence.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)+ }
            }
        }
    };
}

refusals! {
    /// RFC 9112 section 2.2 allows a bare LF, and implementations differ.
    BareLineFeed = 400, "bare-line-feed",
        "A line ends in LF alone; end every line of the message with CRLF.";
    /// RFC 9112 section 2.2.
    BareCarriageReturn = 400, "bare-carriage-return",
        "A CR is not followed by LF; remove it, or end the line with CRLF.";
    /// RFC 9110 section 5.5.
    ControlCharacter = 400, "control-character",
        "The head contains a control character; send visible characters, spaces and tabs only.";
    /// RFC 9112 section 3.
    MalformedRequestLine = 400, "malformed-request-line",
        "The request line is not `METHOD target HTTP/1.1` with single spaces.";
    /// RFC 9112 section 3.2.
    MalformedTarget = 400, "malformed-target",
        "The request target is not a path that starts with `/`, nor an http URI; percent-encode every other character.";
    /// RFC 9112 section 3: the target is longer than the configured limit.
    TargetTooLong = 414, "target-too-long",
        "The request target is longer than this server reads (`limits.request_target_bytes_max`); send a shorter path or query.";
    /// RFC 9110 section 15.6.6.
    UnsupportedVersion = 505, "unsupported-version",
        "This port supports HTTP/1.1 and HTTP/1.0; send the request in one of them.";
    /// RFC 9110 section 9.3.6. A gateway opens no tunnels.
    TunnelNotSupported = 501, "tunnel-not-supported",
        "CONNECT is not supported; send the request itself to this address.";
    /// RFC 9112 section 3.2.3: the target of CONNECT has no default port.
    TunnelTarget = 400, "tunnel-target",
        "The target of CONNECT is not a host and a port; send `CONNECT host:port HTTP/1.1`, such as `example.com:443`.";
    /// RFC 9110 section 9.3.6: a CONNECT request has no content.
    TunnelBody = 400, "tunnel-body",
        "The request asks for a tunnel and has a body; send the bytes after the tunnel is open.";
    /// A forward proxy does not encrypt for its clients.
    HttpsTarget = 400, "https-target",
        "The request target is an https URI, and this proxy does not speak TLS for its clients; open a tunnel with CONNECT.";
    /// RFC 9110 section 5.1.
    MalformedFieldName = 400, "malformed-field-name",
        "A header line has no valid field name; send `Name: value` with letters, digits and hyphens in the name.";
    /// RFC 9112 section 5.1.
    SpaceBeforeColon = 400, "space-before-colon",
        "A header name is followed by whitespace; put the colon directly after the name.";
    /// RFC 9112 section 5.2, and section 2.2 for the first line.
    FoldedField = 400, "folded-field",
        "A header line begins with whitespace; send each field on one line.";
    /// RFC 9112 section 3.2.
    MissingHost = 400, "missing-host",
        "The request has no Host field; send exactly one.";
    /// RFC 9112 section 3.2.
    RepeatedHost = 400, "repeated-host",
        "The request has more than one Host field; send exactly one.";
    /// RFC 9112 section 3.2.
    InvalidHost = 400, "invalid-host",
        "The Host field is not a host name or address with an optional port.";
    /// RFC 9110 section 8.6.
    MalformedContentLength = 400, "malformed-content-length",
        "Content-Length is not one decimal number; send the number of body bytes in digits only.";
    /// RFC 9112 section 6.3.
    ConflictingContentLength = 400, "conflicting-content-length",
        "Content-Length is given more than once with different values; send it once.";
    /// RFC 9112 section 6.1.
    LengthWithTransferEncoding = 400, "length-with-transfer-encoding",
        "Content-Length and Transfer-Encoding are both present; send one of them.";
    /// RFC 9112 section 6.1.
    TransferEncodingInHttp10 = 400, "transfer-encoding-in-http-1-0",
        "Transfer-Encoding does not exist in HTTP/1.0; send Content-Length, or HTTP/1.1.";
    /// RFC 9112 section 6.3.
    TransferEncodingNotChunked = 400, "transfer-encoding-not-chunked",
        "The last transfer coding is not `chunked`, so the body has no end; send `Transfer-Encoding: chunked`.";
    /// RFC 9112 section 7.1.
    RepeatedChunked = 400, "repeated-chunked",
        "The transfer coding `chunked` is given more than once; send it once.";
    /// RFC 9112 section 6.1.
    UnknownTransferCoding = 501, "unknown-transfer-coding",
        "A transfer coding other than `chunked` is not supported; use Content-Encoding for compression.";
    /// RFC 9110 section 10.1.1.
    UnknownExpectation = 417, "unknown-expectation",
        "The only expectation supported is `100-continue`; remove the Expect field.";
    /// RFC 9110 section 7.8: the upgrade follows the whole request, so a body would come before it.
    HandshakeBody = 400, "handshake-body",
        "The request asks for WebSocket and has a body; send a GET without one.";
    /// RFC 6585 section 5.
    TooManyFields = 431, "too-many-fields",
        "The request has more header fields than this server reads (`limits.header_count_max`); send fewer.";
    /// RFC 6585 section 5.
    HeadTooLarge = 431, "head-too-large",
        "The header section is larger than this server reads (`limits.header_bytes_max`); send fewer or shorter fields.";
    /// RFC 9112 section 7.1.
    MalformedChunk = 400, "malformed-chunk",
        "A chunk does not begin with its size in hexadecimal digits followed by CRLF.";
    /// RFC 9112 section 7.1.1.
    MalformedChunkExtension = 400, "malformed-chunk-extension",
        "A chunk extension is not `;name` or `;name=value`, or is too long; leave extensions out.";
    /// RFC 9112 section 7.1.
    MalformedChunkEnd = 400, "malformed-chunk-end",
        "The data of a chunk is not followed by CRLF; its size does not match its data.";
    /// RFC 9110 section 15.5.9.
    HeadTimeout = 408, "head-timeout",
        "The header section did not arrive in time (`limits.request_head_timeout`); send it in one piece.";
    /// There are more connections than the configured cap.
    TooManyConnections = 503, "too-many-connections",
        "This server has reached its limit of connections (`limits.connections_max`); try again later.";
    /// A client speaks TLS to a port without it. The answer is an alert of TLS.
    TlsOnPlainPort = 400, "tls-on-plain-port",
        "The client speaks TLS, and this port is plain HTTP; use http, or configure `listen.tls`.";
    /// A client speaks HTTP to a port with TLS.
    PlainHttpOnTlsPort = 400, "plain-http-on-tls-port",
        "This port speaks TLS, and the request is plain HTTP; use https.";
    /// A connection that must begin with a header of the PROXY protocol begins otherwise. It gets no
    /// answer.
    ProxyHeaderMissing = 400, "proxy-header-missing",
        "The connection does not begin with a header of the PROXY protocol, which this port requires (`listen.proxy_protocol`).";
    /// A header of the PROXY protocol is malformed. It gets no answer.
    ProxyHeaderMalformed = 400, "proxy-header-malformed",
        "The header of the PROXY protocol is malformed.";
    /// A connection from a peer that may not send headers of the PROXY protocol. It gets no answer.
    ProxyNotTrusted = 400, "proxy-not-trusted",
        "The connection does not come from a load balancer of this port (`listen.proxy_peers`).";
    /// RFC 9113 section 8.3.1.
    AuthorityMismatch = 400, "authority-mismatch",
        "The Host field is not equal to `:authority`; send one of them.";
    /// RFC 9113 section 8.2.1.
    PaddedValue = 400, "padded-value",
        "A field value begins or ends with a space or a tab; remove it.";
    /// RFC 9113 section 5.4.1. The answer is GOAWAY.
    Http2Malformed = 400, "http2-malformed",
        "The connection violates HTTP/2, so it ends with GOAWAY; the error code says how.";
    /// RFC 9113 section 10.5. The answer is GOAWAY.
    Http2ControlFrames = 429, "http2-control-frames",
        "The connection has more frames without content than this server reads (`listen.http2.control_frames_max`).";
    /// RFC 9113 section 10.5. The answer is GOAWAY.
    Http2Resets = 429, "http2-resets",
        "The client cancels more requests than this server accepts (`listen.http2.resets_max`); wait for answers.";
    /// RFC 9113 section 10.5. The answer is GOAWAY.
    Http2Excess = 429, "http2-excess",
        "The connection has more malformed or cancelled requests, or more pieces of heads and bodies, than this server reads (`listen.http2.error_resets_max`; for many small pieces, `listen.http2.connection_window`).";
    /// A client speaks HTTP/2 to a port where it is off. The answer is GOAWAY.
    Http2Off = 505, "http2-off",
        "The client speaks HTTP/2, which is off on this port; use HTTP/1.1, or set `listen.http2.enabled`.";
    /// The target is valid, but no URI can represent it.
    Unreadable = 400, "unreadable",
        "The request could not be read as HTTP/1.1.";
}
