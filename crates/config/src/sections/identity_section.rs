//! `[identity]`: how the caller of a request is identified.
//!
//! A header is a claim and counts only from a trusted peer. A JSON Web Token and the certificate of
//! the connection are proofs and count from any peer. `[identity.jwt]` and `[identity.certificate]`
//! can be configured while `source` is `headers`, so switching changes one key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderName, Uri};
use ipnet::IpNet;
use portcullis_vocabulary::limits::{DURATION_MAX, KEY_REFRESH_MIN, LEEWAY_MAX};
use portcullis_vocabulary::{Catalog, ClientAuth, SpiffeId, SquadName, TrustDomain, TrustedPeers};

use super::port_tls_section::PortTlsConfig;
use crate::tree::config_value::{
    ConfigValueResult, boolean, duration, header, network, parsed, text, texts, word,
};
use crate::tree::{ConfigNode, ConfigSection, ConfigValueError};

/// How callers are identified, section `[identity]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityConfig {
    /// What identifies the caller.
    pub source: IdentitySource,
    /// The networks whose `x-squad-owner` is trusted.
    pub trusted_peers: TrustedPeers,
    /// How tokens are checked.
    pub jwt: JwtConfig,
    /// Which squads the certificates of clients belong to.
    pub certificate: CertificateIdentityConfig,
}

/// What identifies the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IdentitySource {
    /// Headers of trusted peers.
    #[default]
    Headers,
    /// A JSON Web Token that is signed with a key of this set.
    Jwt(KeySource),
    /// The SPIFFE ID in the certificate of the connection.
    Certificate,
    /// The SPIFFE ID that a trusted peer reports in `x-forwarded-client-cert`.
    ForwardedCertificate,
}

/// Which squads the SPIFFE IDs of clients belong to, section `[identity.certificate]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateIdentityConfig {
    /// The trust domains whose IDs count; all that the authorities sign if empty.
    pub trust_domains: Vec<TrustDomain>,
    /// The squads of single IDs. For others, the catalog says which squad has the namespace.
    pub squads: BTreeMap<SpiffeId, SquadName>,
}

/// What the section is checked against.
#[derive(Debug)]
pub(crate) struct IdentityContext<'c> {
    /// TLS of the port for clients.
    pub(crate) tls: &'c PortTlsConfig,
    /// The catalog, if there is a valid one.
    pub(crate) catalog: Option<&'c Catalog>,
    /// The directory that paths are relative to.
    pub(crate) directory: &'c Path,
}

/// Where the key set (JWKS, RFC 7517) is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In a file; the path is resolved.
    File(PathBuf),
    /// At an `http` or `https` address.
    Url(String),
}

/// How tokens are checked, section `[identity.jwt]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtConfig {
    /// The header with the token: `authorization` with the scheme Bearer, or another header whose
    /// whole value is the token.
    pub header: HeaderName,
    /// The claim that names the squad.
    pub squad_claim: String,
    /// The claim that names the tier.
    pub tier_claim: String,
    /// The required `iss`; any issuer that has a key of the set if absent.
    pub issuer: Option<String>,
    /// The accepted values of `aud`; any audience if empty.
    pub audience: Vec<String>,
    /// How much the clocks of the issuer and the proxy may differ.
    pub leeway: Duration,
    /// How often the key set is read again.
    pub refresh: Duration,
    /// Whether a request without a token is refused.
    pub required: bool,
}

/// The values of `source`. The key set has another key (`jwt.jwks`).
const SOURCES: [(&str, IdentitySourceName); 4] = [
    ("headers", IdentitySourceName::Headers),
    ("jwt", IdentitySourceName::Jwt),
    ("certificate", IdentitySourceName::Certificate),
    ("xfcc", IdentitySourceName::ForwardedCertificate),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum IdentitySourceName {
    Headers,
    Jwt,
    Certificate,
    ForwardedCertificate,
}

/// Reads `[identity]`.
pub(crate) fn read_identity(
    mut section: ConfigSection<'_>,
    context: &IdentityContext<'_>,
) -> IdentityConfig {
    let default = IdentityConfig::default();
    let location = section.location_of("source");
    let source = section.value("source", IdentitySourceName::Headers, word(&SOURCES));
    let trusted_peers = section.list("trusted_peers", trusted_peer).map(trusted);
    let (keys, jwt) = jwt(section.section("jwt"), source);
    let certificate = read_certificate(section.section("certificate"), context.catalog);
    let has_certificates = context.tls.client_auth != ClientAuth::Off;
    if source == IdentitySourceName::Certificate && !has_certificates {
        let message = "needs client certificates; set client_auth = \"required\" or \"optional\" in \
                       [listen.tls]";
        section.refuse_at(location, "source", message);
    }
    section.finish();
    let source = match (source, keys) {
        (IdentitySourceName::Jwt, Some(KeySource::File(path))) => {
            IdentitySource::Jwt(KeySource::File(context.directory.join(path)))
        }
        (IdentitySourceName::Jwt, Some(url)) => IdentitySource::Jwt(url),
        // A missing key set was reported.
        (IdentitySourceName::Headers, _) | (IdentitySourceName::Jwt, None) => {
            IdentitySource::Headers
        }
        (IdentitySourceName::Certificate, _) => IdentitySource::Certificate,
        (IdentitySourceName::ForwardedCertificate, _) => IdentitySource::ForwardedCertificate,
    };
    IdentityConfig {
        source,
        trusted_peers: trusted_peers.unwrap_or(default.trusted_peers),
        jwt,
        certificate,
    }
}

/// The word for peers at Unix sockets, or a network.
pub(super) fn trusted_peer(node: &ConfigNode) -> ConfigValueResult<Option<IpNet>> {
    if node.text() == Some("unix") {
        return Ok(None);
    }
    network(node).map(Some)
}

pub(super) fn trusted(peers: Vec<Option<IpNet>>) -> TrustedPeers {
    let has_unix = peers.contains(&None);
    TrustedPeers::new(peers.into_iter().flatten().collect()).with_unix(has_unix)
}

/// Each key of `squads` is a SPIFFE ID.
fn read_certificate(
    mut section: ConfigSection<'_>,
    catalog: Option<&Catalog>,
) -> CertificateIdentityConfig {
    let trust_domains = section.list("trust_domains", parsed);
    let mut squads = BTreeMap::new();
    let mut entries = section.section("squads");
    for (key, node) in entries.drain() {
        let id = match key.parse::<SpiffeId>() {
            Ok(id) => id,
            Err(fault) => {
                entries.refuse_at(node.location, &key, fault.to_string());
                continue;
            }
        };
        match parsed::<SquadName>(&node) {
            Ok(squad) if catalog.is_some_and(|catalog| catalog.find(squad.as_str()).is_none()) => {
                let message = format!("expected a squad of the catalog, found \"{squad}\"");
                entries.refuse_at(node.location, &key, message);
            }
            Ok(squad) => drop(squads.insert(id, squad)),
            Err(fault) => entries.refuse_entry(&key, &node, &fault),
        }
    }
    entries.finish();
    section.finish();
    CertificateIdentityConfig {
        trust_domains: trust_domains.unwrap_or_default(),
        squads,
    }
}

fn jwt(
    mut section: ConfigSection<'_>,
    source: IdentitySourceName,
) -> (Option<KeySource>, JwtConfig) {
    let default = JwtConfig::default();
    let keys = match source {
        IdentitySourceName::Jwt => section.required("jwks", key_source),
        IdentitySourceName::Headers
        | IdentitySourceName::Certificate
        | IdentitySourceName::ForwardedCertificate => section.read("jwks", key_source),
    };
    let refresh = duration(KEY_REFRESH_MIN..=DURATION_MAX);
    let jwt = JwtConfig {
        header: section.value("header", default.header, header),
        squad_claim: section.value("squad_claim", default.squad_claim, text),
        tier_claim: section.value("tier_claim", default.tier_claim, text),
        issuer: section.read("issuer", text),
        audience: section.value("audience", default.audience, texts),
        leeway: section.value(
            "leeway",
            default.leeway,
            duration(Duration::ZERO..=LEEWAY_MAX),
        ),
        refresh: section.value("refresh", default.refresh, refresh),
        required: section.value("required", default.required, boolean),
    };
    section.finish();
    (keys, jwt)
}

/// A file, or an address without credentials, since messages show it.
fn key_source(node: &ConfigNode) -> ConfigValueResult<KeySource> {
    let fault = || ConfigValueError::expected("a file path or an http or https address");
    let text = text(node).map_err(|_| fault())?;
    if text == "-" {
        // Standard input cannot be read again.
        return Err(fault());
    }
    let Some((scheme, _)) = text.split_once("://") else {
        return Ok(KeySource::File(text.into()));
    };
    let authority = text
        .parse()
        .ok()
        .and_then(|uri: Uri| uri.into_parts().authority);
    match authority {
        Some(authority) if authority.as_str().contains('@') => {
            Err(fault().with_advice("the address without credentials: public keys need none"))
        }
        Some(authority) if !authority.host().is_empty() && matches!(scheme, "http" | "https") => {
            Ok(KeySource::Url(text))
        }
        _ => Err(fault()),
    }
}

impl Default for IdentityConfig {
    /// Trusts the loopback networks, from which the workload of a sidecar calls.
    fn default() -> Self {
        let networks = [([127, 0, 0, 0], 8)]
            .map(|(address, length)| ipnet::Ipv4Net::new_assert(address.into(), length).into());
        let loopback = ipnet::Ipv6Net::new_assert(std::net::Ipv6Addr::LOCALHOST, 128).into();
        Self {
            source: IdentitySource::default(),
            trusted_peers: TrustedPeers::new(networks.into_iter().chain([loopback]).collect()),
            jwt: JwtConfig::default(),
            certificate: CertificateIdentityConfig::default(),
        }
    }
}

impl Default for JwtConfig {
    fn default() -> Self {
        Self {
            header: AUTHORIZATION,
            squad_claim: "squad_id".to_owned(),
            tier_claim: "sla_tier".to_owned(),
            issuer: None,
            audience: Vec::new(),
            leeway: Duration::from_secs(30),
            refresh: Duration::from_secs(5 * 60),
            required: false,
        }
    }
}
