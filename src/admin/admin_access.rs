//! Decides who may read the admin port and who may change something.
//!
//! Two kinds of attackers are kept out. The first is a web page in a browser on the operator's
//! machine, which can reach loopback addresses. It always sends `Origin` when it posts to another
//! site, and it cannot send JSON there without a preflight, which is never granted. If it has
//! pointed its own host name at this machine (DNS rebinding), that name is in `Host`. The second is
//! another machine on the network, which can reach every other address. There a token is required
//! for changes; if no token is configured, changes are refused.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};

use portcullis_config::{ADMIN_TOKEN_VARIABLE, AdminToken};
use portcullis_contract::BUNDLE_MEDIA_TYPE;

use super::admin_response::AdminRefusal;

/// The kind of body of a change.
///
/// A web page can send these media types to another site only after a preflight. Every change needs
/// one of them, because a page may send an empty body without a media type to any site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChangeMediaType {
    /// A JSON object, or an empty body with the media type of one.
    Object,
    /// A contract.
    Contract,
}

/// The rules for access to the admin port.
#[derive(Clone)]
pub struct AdminAccess {
    /// Whether only processes of this machine can connect.
    is_local: bool,
    /// Whether web pages can connect, under their own name.
    is_loopback: bool,
    /// The hash of the token. Comparing hashes keeps the timing from leaking the token.
    token: Option<[u8; 32]>,
}

impl AdminAccess {
    /// The rules for a listener that is bound to this address.
    pub fn new(bound: SocketAddr, token: Option<&AdminToken>) -> Self {
        let is_loopback = bound.ip().to_canonical().is_loopback();
        Self {
            is_local: is_loopback,
            is_loopback,
            token: token.map(|token| hash(token.reveal().as_bytes())),
        }
    }

    /// The rules for a Unix socket: the permissions of its file say who may connect, and web pages
    /// cannot.
    pub fn at_socket(token: Option<&AdminToken>) -> Self {
        Self {
            is_local: true,
            is_loopback: false,
            token: token.map(|token| hash(token.reveal().as_bytes())),
        }
    }

    /// Checks a request that reads something other than a probe. On a loopback address the host
    /// name must be one that a web page cannot forge.
    pub(super) fn check_view(&self, head: &Parts) -> Result<(), AdminRefusal> {
        if self.is_loopback {
            check_host(head)?;
        }
        Ok(())
    }

    /// Checks a request that changes something.
    pub(super) fn check(&self, head: &Parts, media: ChangeMediaType) -> Result<(), AdminRefusal> {
        if head.headers.contains_key(ORIGIN) {
            return Err(AdminRefusal::new(
                StatusCode::FORBIDDEN,
                "the request has an `Origin` header field, so it comes from a web page; changes are \
                 accepted from other clients only",
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
            if self.is_local {
                return Ok(());
            }
            return Err(AdminRefusal::new(
                StatusCode::FORBIDDEN,
                format!(
                    "changes need a token because the admin port is not bound to a loopback \
                     address; set `admin.token` or {ADMIN_TOKEN_VARIABLE}"
                ),
            ));
        };
        match bearer(headers).map(hash) {
            Some(shown) if shown == *token => Ok(()),
            Some(_) => Err(AdminRefusal::unauthorized(
                "the token is not the configured `admin.token`",
            )),
            None => Err(AdminRefusal::unauthorized(
                "changes need the configured `admin.token`; send \
                 `authorization: Bearer <token>`",
            )),
        }
    }
}

impl fmt::Debug for AdminAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminAccess")
            .field("is_local", &self.is_local)
            .field("is_loopback", &self.is_loopback)
            .field("has_token", &self.token.is_some())
            .finish()
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The token of a single `Authorization` field with the scheme `Bearer`.
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

/// Refuses host names, because anyone can point a name at a loopback address.
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
        "the admin port is bound to a loopback address and accepts only `localhost` or an IP \
         address as `Host`, because any host name can be pointed here",
    ))
}

/// Whether a host is `localhost` or an IP address, with or without a port.
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

/// Whether the body is a bundle of the files of a contract.
pub(super) fn is_bundle(headers: &HeaderMap) -> bool {
    essence(headers).is_some_and(|essence| essence.eq_ignore_ascii_case(BUNDLE_MEDIA_TYPE))
}

/// The media type without its parameters, if there is one field with it.
fn essence(headers: &HeaderMap) -> Option<&str> {
    let mut fields = headers.get_all(CONTENT_TYPE).iter();
    let field = fields.next()?.to_str().ok()?;
    let essence = field.split(';').next()?;
    fields.next().is_none().then_some(essence.trim())
}

fn check_content_type(headers: &HeaderMap, media: ChangeMediaType) -> Result<(), AdminRefusal> {
    if essence(headers).is_some_and(|essence| media.accepts(essence)) {
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
                BUNDLE_MEDIA_TYPE,
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
                "expected a contract; send `content-type: application/yaml` or `application/json`, or \
                 `application/vnd.portcullis.contract-bundle+json` for a bundle of several files"
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
    fn local_hosts_are_distinguished_from_names() {
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
    fn changes_are_allowed_depending_on_the_bound_address() {
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
    fn contracts_need_a_media_type_that_requires_a_preflight() {
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
