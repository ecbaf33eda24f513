//! Who may look, and who may change something.
//!
//! Two strangers are kept out. A page in a browser on the operator's machine reaches loopback
//! addresses: it always sends `Origin` when it posts to another site, cannot send JSON there
//! without a preflight, which is never granted, and under a name that it has pointed at this
//! machine it shows that name in `Host`. Somebody else on the network reaches every other
//! address: there the token decides, and without one nothing can be changed.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};

use crate::config::{ADMIN_TOKEN_VARIABLE, AdminToken};

use super::admin_response::AdminRefusal;

/// What a change is sent as.
///
/// Every media type here is one that a page can send to another site only after a preflight, and
/// no change may come without one: a page may post an empty body without a type to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChangeMediaType {
    /// A JSON object, or nothing at all under the name of one.
    Object,
    /// A contract.
    Contract,
}

/// The rule by which changes are let in.
#[derive(Clone)]
pub struct AdminAccess {
    is_loopback: bool,
    /// Hashes are compared, so that the time it takes tells nothing about the token.
    token: Option<[u8; 32]>,
}

impl AdminAccess {
    /// The rule for a listener that is bound to this address.
    pub fn new(bound: SocketAddr, token: Option<&AdminToken>) -> Self {
        Self {
            is_loopback: bound.ip().to_canonical().is_loopback(),
            token: token.map(|token| hash(token.reveal().as_bytes())),
        }
    }

    /// Whether a request may look at what is no probe: on a loopback address not under a name that
    /// a page in a browser may have pointed there.
    pub(super) fn check_view(&self, head: &Parts) -> Result<(), AdminRefusal> {
        match self.is_loopback {
            true => check_host(head),
            false => Ok(()),
        }
    }

    /// Whether a request may change something.
    pub(super) fn check(&self, head: &Parts, media: ChangeMediaType) -> Result<(), AdminRefusal> {
        if head.headers.contains_key(ORIGIN) {
            return Err(AdminRefusal::new(
                StatusCode::FORBIDDEN,
                "the request has an `Origin` header, so it comes from a page in a browser; changes \
                 are taken from commands only",
            ));
        }
        if self.is_loopback {
            check_host(head)?;
        }
        self.check_token(&head.headers)?;
        check_content_type(&head.headers, media)
    }

    fn check_token(&self, headers: &HeaderMap) -> Result<(), AdminRefusal> {
        let Some(token) = &self.token else {
            if self.is_loopback {
                return Ok(());
            }
            return Err(AdminRefusal::new(
                StatusCode::FORBIDDEN,
                format!(
                    "the admin port is not bound to a loopback address, where changes need a \
                     token, and none is configured; set `admin.token` or {ADMIN_TOKEN_VARIABLE}"
                ),
            ));
        };
        match bearer(headers).map(hash) {
            Some(shown) if shown == *token => Ok(()),
            Some(_) => Err(AdminRefusal::unauthorized(
                "the token is not the one that is configured as `admin.token`",
            )),
            None => Err(AdminRefusal::unauthorized(
                "changes need the token that is configured as `admin.token`; send \
                 `authorization: Bearer <token>`",
            )),
        }
    }
}

impl fmt::Debug for AdminAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("is_loopback", &self.is_loopback)
            .field("has_token", &self.token.is_some())
            .finish()
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The credentials of the one `Authorization` field, where its scheme is `Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return None;
    };
    let (scheme, token) = field.as_bytes().split_at_checked("Bearer ".len())?;
    scheme
        .eq_ignore_ascii_case(b"Bearer ")
        .then(|| token.trim_ascii())
}

/// The host that the client meant, which a name under somebody else's control must not be.
fn check_host(head: &Parts) -> Result<(), AdminRefusal> {
    let fields = head.headers.get_all(HOST).iter();
    let hosts = fields.map(|field| field.to_str().unwrap_or_default());
    let target = head.uri.authority().map(|authority| authority.as_str());
    let mut hosts = hosts.chain(target).peekable();
    if hosts.peek().is_some() && hosts.all(is_local_host) {
        return Ok(());
    }
    Err(AdminRefusal::new(
        StatusCode::FORBIDDEN,
        "the admin port is bound to a loopback address and wants a `Host` header of `localhost` or \
         an IP address; names can be pointed here by anybody",
    ))
}

/// Whether a host, with or without a port, is `localhost` or an IP address.
fn is_local_host(host: &str) -> bool {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rest) = host.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else {
            return false;
        };
        let has_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return has_port
            && address
                .parse()
                .is_ok_and(|address: IpAddr| address.is_ipv6());
    }
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    let is_address = || name.parse().is_ok_and(|address: IpAddr| address.is_ipv4());
    is_port(port) && (name.eq_ignore_ascii_case("localhost") || is_address())
}

fn check_content_type(headers: &HeaderMap, media: ChangeMediaType) -> Result<(), AdminRefusal> {
    let mut fields = headers.get_all(CONTENT_TYPE).iter();
    let field = fields.next().and_then(|field| field.to_str().ok());
    let essence = field.and_then(|field| field.split(';').next());
    let is_right = essence.is_some_and(|essence| media.accepts(essence.trim()));
    if is_right && fields.next().is_none() {
        return Ok(());
    }
    Err(AdminRefusal::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        media.expected(),
    ))
}

impl ChangeMediaType {
    fn accepts(self, essence: &str) -> bool {
        let names: &[&str] = match self {
            Self::Object => &["application/json"],
            Self::Contract => &[
                "application/yaml",
                "application/json",
                "application/vnd.oai.openapi",
                "application/vnd.oai.openapi+json",
                "text/yaml",
            ],
        };
        names.iter().any(|name| essence.eq_ignore_ascii_case(name))
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Object => "expected JSON; send `content-type: application/json`",
            Self::Contract => {
                "expected a contract; send `content-type: application/yaml` or `application/json`"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn status(bound: &str, token: Option<&str>, fields: &[(&str, &str)]) -> u16 {
        status_of(bound, token, fields, ChangeMediaType::Object)
    }

    fn status_of(
        bound: &str,
        token: Option<&str>,
        fields: &[(&str, &str)],
        media: ChangeMediaType,
    ) -> u16 {
        let token = token.map(|token| token.parse().unwrap());
        let access = AdminAccess::new(bound.parse().unwrap(), token.as_ref());
        assert!(
            !format!("{access:?}").contains("48"),
            "no digest: {access:?}"
        );
        let mut request = Request::post("/");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        match access.check(&head, media) {
            Ok(()) => 200,
            Err(refusal) => refusal.status().as_u16(),
        }
    }

    #[test]
    fn own_hosts_are_told_from_names() {
        for host in [
            "localhost",
            "LocalHost:9901",
            "127.0.0.1",
            "10.1.2.3:80",
            "[::1]",
            "[::1]:9901",
        ] {
            assert!(is_local_host(host), "{host}");
        }
        for host in [
            "",
            ":9901",
            "evil.example",
            "evil.example:9901",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1:x",
            "127.0.0.1:1:2",
            "::1",
            "[::1",
            "[::1]x",
            "[127.0.0.1]",
            "[localhost]",
            "user@localhost",
            "localhost ",
        ] {
            assert!(!is_local_host(host), "{host}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_host_panics(host in "[\\[\\]:.0-9a-z%é]{0,12}|.{0,40}") {
            is_local_host(&host);
        }
    }

    #[test]
    #[rustfmt::skip]
    fn changes_are_let_in_by_where_the_port_is_bound() {
        let json = ("content-type", "application/json");
        let (here, name) = (("host", "localhost"), ("host", "admin.example"));
        let bearer = ("authorization", "Bearer 0123456789abcdef");
        let wrong = ("authorization", "Bearer 0123456789abcdeg");
        let (loopback, mapped, open) = ("127.0.0.1:1", "[::ffff:127.0.0.1]:1", "0.0.0.0:1");
        assert_eq!(status(loopback, None, &[here, json]), 200);
        assert_eq!(status(mapped, None, &[here, json]), 200);
        assert_eq!(status("[::1]:1", None, &[here, json]), 200);
        assert_eq!(status(loopback, None, &[json]), 403);
        assert_eq!(status(loopback, None, &[name, json]), 403);
        assert_eq!(status(loopback, None, &[here, name, json]), 403);
        assert_eq!(status(loopback, None, &[here, json, ("origin", "null")]), 403);
        assert_eq!(status(loopback, None, &[here]), 415);
        assert_eq!(status(loopback, None, &[here, json, json]), 415);
        assert_eq!(status(loopback, None, &[here, ("content-type", "text/plain")]), 415);
        assert_eq!(status(loopback, None, &[here, ("content-type", "Application/JSON; charset=utf-8")]), 200);
        assert_eq!(status(loopback, Some(TOKEN), &[here, json]), 401);
        assert_eq!(status(loopback, Some(TOKEN), &[here, json, bearer]), 200);
        assert_eq!(status(open, None, &[here, json, bearer]), 403);
        assert_eq!(status(open, Some(TOKEN), &[name, json]), 401);
        assert_eq!(status(open, Some(TOKEN), &[name, json, wrong]), 401);
        assert_eq!(status(open, Some(TOKEN), &[name, json, bearer, bearer]), 401);
        assert_eq!(status(open, Some(TOKEN), &[name, json, ("authorization", "Basic 0123456789abcdef")]), 401);
        assert_eq!(status(open, Some(TOKEN), &[name, json, ("authorization", "Bearer")]), 401);
        assert_eq!(status(open, Some(TOKEN), &[name, json, ("authorization", "bearer 0123456789abcdef")]), 200);
        assert_eq!(status(open, Some(TOKEN), &[name, json, bearer, ("origin", "http://a")]), 403);
    }

    #[test]
    fn contracts_are_taken_as_what_no_page_sends_elsewhere() {
        let status = |media_type| {
            let fields = [("host", "localhost"), ("content-type", media_type)];
            status_of("127.0.0.1:1", None, &fields, ChangeMediaType::Contract)
        };
        for media_type in [
            "application/yaml",
            "Application/YAML; charset=utf-8",
            "text/yaml",
            "application/json",
            "application/vnd.oai.openapi",
            "application/vnd.oai.openapi+json;version=3.1",
        ] {
            assert_eq!(status(media_type), 200, "{media_type}");
        }
        for media_type in [
            "",
            "text/plain",
            "text/plain; application/yaml",
            "text/plain, application/yaml",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=application/json",
            "application/yaml2",
            "application/octet-stream",
        ] {
            assert_eq!(status(media_type), 415, "{media_type}");
        }
        let here = [("host", "localhost")];
        assert_eq!(
            status_of("127.0.0.1:1", None, &here, ChangeMediaType::Contract),
            415
        );
    }
}
