//! The opening handshake of WebSocket (RFC 6455 section 4), as a gateway checks it on both sides.
//!
//! After the handshake, bytes pass without being read. So it is checked strictly: if one side took
//! it for a handshake and the other did not, the bytes after it would be requests that were not
//! judged.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, TE, UPGRADE,
};
use http::{Method, Request, StatusCode};
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};

/// The length of the decoded key.
const KEY_BYTES: usize = 16;

/// What the key is followed by in the hash that proves that the server has read it.
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The only version of the protocol.
const VERSION: &str = "13";

/// The name of the protocol in `Upgrade`.
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// Why a request to continue with WebSocket is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UpgradeRefusal {
    /// The service does not accept it.
    #[error(
        "the service does not accept WebSocket; it needs `upgrade = [\"websocket\"]` in its \
         section [[services]]"
    )]
    Off,
    /// The service has no server that could speak it.
    #[error(
        "the service does not accept WebSocket, because it has no upstream server; set `upstream` to \
         the address of one and `upgrade = [\"websocket\"]`"
    )]
    NoServer,
    /// The server cannot speak it, because it speaks HTTP/2.
    #[error(
        "the service does not accept WebSocket, because it needs HTTP/1.1 to the upstream; set `upstream` to \
         an http:// or https:// address, not `upstream_http.version = \"2\"`, and \
         `upgrade = [\"websocket\"]`"
    )]
    Http2Server,
    /// The method is not GET.
    #[error("a WebSocket handshake is a GET (RFC 6455 section 4.1); send one, or remove Upgrade")]
    Method,
    /// The key is missing, repeated or malformed.
    #[error("Sec-WebSocket-Key is not one base64 value of 16 bytes (RFC 6455 section 4.1)")]
    Key,
    /// The version is missing, repeated or another one.
    #[error("Sec-WebSocket-Version is not 13, the only version supported (RFC 6455 section 4.1)")]
    Version,
}

impl UpgradeRefusal {
    /// The stable name, for the log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Off | Self::NoServer | Self::Http2Server => "upgrade-off",
            Self::Method => "handshake-method",
            Self::Key => "handshake-key",
            Self::Version => "handshake-version",
        }
    }

    /// The status of the answer.
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Off | Self::NoServer | Self::Http2Server => StatusCode::NOT_IMPLEMENTED,
            Self::Method | Self::Key => StatusCode::BAD_REQUEST,
            Self::Version => StatusCode::UPGRADE_REQUIRED,
        }
    }

    /// The fields that the answer must have (RFC 6455 section 4.4, RFC 9110 section 15.5.22).
    pub(crate) fn headers(self) -> &'static [(HeaderName, HeaderValue)] {
        static SUPPORTED: [(HeaderName, HeaderValue); 2] = [
            (SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION)),
            (UPGRADE, WEBSOCKET),
        ];
        if self == Self::Version {
            &SUPPORTED
        } else {
            &[]
        }
    }
}

/// Checks a handshake. The reader of heads has seen that it asks for WebSocket and has no body.
///
/// # Errors
/// Why it is invalid.
pub(crate) fn check_handshake<B>(request: &Request<B>) -> Result<(), UpgradeRefusal> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(UpgradeRefusal::Method);
    }
    let version = only_value(headers, &SEC_WEBSOCKET_VERSION);
    if version.is_none_or(|version| version != VERSION) {
        return Err(UpgradeRefusal::Version);
    }
    let key = only_value(headers, &SEC_WEBSOCKET_KEY).map(|key| STANDARD.decode(key));
    match key {
        Some(Ok(key)) if key.len() == KEY_BYTES => Ok(()),
        _ => Err(UpgradeRefusal::Key),
    }
}

/// Gives a handshake over HTTP/2, which has no key (RFC 8441 section 5), one for HTTP/1.1.
pub(crate) fn add_handshake_key(headers: &mut HeaderMap) {
    let mut key = [0; KEY_BYTES];
    fastrand::fill(&mut key);
    // What base64 writes is a valid value.
    if let Ok(key) = HeaderValue::from_str(&STANDARD.encode(key)) {
        headers.insert(SEC_WEBSOCKET_KEY, key);
    }
}

/// Adds the fields of the hop to a handshake, or to the answer that accepts it.
pub(crate) fn add_upgrade(headers: &mut HeaderMap) {
    headers.remove(TE);
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, WEBSOCKET);
}

/// Why an answer with status 101 does not accept a handshake (RFC 6455 section 4.1). Extensions and
/// subprotocols are checked by the client, which has to know them.
pub(crate) fn handshake_fault(request: &HeaderMap, answer: &HeaderMap) -> Option<&'static str> {
    let Some(key) = request
        .get(SEC_WEBSOCKET_KEY)
        .filter(|_| request.contains_key(UPGRADE))
    else {
        return Some("it switches protocols, which the request did not ask for");
    };
    let protocol = only_value(answer, &UPGRADE);
    if !protocol.is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket")) {
        return Some("it switches to another protocol than WebSocket");
    }
    let mut connection = answer.get_all(CONNECTION).iter();
    let has_option = connection.any(|value| {
        let mut options = value.as_bytes().split(|byte| *byte == b',');
        options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
    });
    if !has_option {
        return Some("it switches protocols without the connection option `upgrade`");
    }
    let accept = only_value(answer, &SEC_WEBSOCKET_ACCEPT);
    let is_accepted = accept.is_some_and(|accept| accept == accept_of(key));
    (!is_accepted).then_some("its Sec-WebSocket-Accept does not belong to the key of the request")
}

/// The value of `Sec-WebSocket-Accept` for a key.
fn accept_of(key: &HeaderValue) -> String {
    let mut hash = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    hash.update(key.as_bytes());
    hash.update(ACCEPT_SUFFIX);
    STANDARD.encode(hash.finish())
}

/// The value of a field that occurs once.
fn only_value<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 6455 section 1.3, and what belongs to it.
    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    fn fields(fields: &[(&'static str, &str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), value.parse().unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in fields.iter().map(field) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn a_handshake_has_one_key_and_one_version() {
        let check = |method: Method, given: &[(&'static str, &str)], expected| {
            let mut request = Request::new(());
            *request.method_mut() = method;
            *request.headers_mut() = fields(given);
            assert_eq!(check_handshake(&request), expected, "{given:?}");
        };
        let key = ("sec-websocket-key", KEY);
        let version = ("sec-websocket-version", "13");
        let no_key = Err(UpgradeRefusal::Key);
        let no_version = Err(UpgradeRefusal::Version);
        let get = || Method::GET;
        check(get(), &[key, version], Ok(()));
        check(Method::POST, &[key, version], Err(UpgradeRefusal::Method));
        check(get(), &[key], no_version);
        check(get(), &[key, version, version], no_version);
        for other in ["8", "13, 8", "013", " ", "1.3"] {
            check(get(), &[key, ("sec-websocket-version", other)], no_version);
        }
        check(get(), &[version], no_key);
        check(get(), &[version, key, key], no_key);
        for other in [
            "",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBsZSBub25jZR==",
            "dGhlIHNhbXBsZSBub25jZQ== ,",
            "dGhlIHNhbXBsZSBub25jZTE=",
            "dGhlIHNhbXBsZSBub25j",
        ] {
            check(get(), &[version, ("sec-websocket-key", other)], no_key);
        }
    }

    #[test]
    fn an_answer_must_accept_the_key_of_the_request() {
        let mut request = fields(&[("sec-websocket-key", KEY)]);
        let fault = |request: &HeaderMap, given: &[(&'static str, &str)]| {
            handshake_fault(request, &fields(given))
        };
        let upgrade = ("upgrade", "WebSocket");
        let connection = ("connection", "keep-alive, Upgrade");
        let accept = ("sec-websocket-accept", ACCEPT);
        let not_asked = fault(&request, &[upgrade, connection, accept]);
        assert!(not_asked.unwrap().contains("did not ask"));
        add_upgrade(&mut request);
        assert_eq!(fault(&request, &[upgrade, connection, accept]), None);
        let check = |given: &[(&'static str, &str)], part: &str| {
            let found = fault(&request, given).unwrap();
            assert!(found.contains(part), "{given:?}: {found}");
        };
        check(&[connection, accept], "another protocol");
        check(
            &[("upgrade", "h2c"), connection, accept],
            "another protocol",
        );
        check(&[upgrade, upgrade, connection, accept], "another protocol");
        check(&[upgrade, accept], "connection option");
        check(
            &[upgrade, ("connection", "close"), accept],
            "connection option",
        );
        check(&[upgrade, connection], "Sec-WebSocket-Accept");
        check(
            &[upgrade, connection, accept, accept],
            "Sec-WebSocket-Accept",
        );
        let other = ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOO=");
        check(&[upgrade, connection, other], "Sec-WebSocket-Accept");
    }
}
