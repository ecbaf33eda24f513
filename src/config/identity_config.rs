//! How it is known who calls, section `[identity]`.
//!
//! A header is a claim that counts when a trusted peer sends it; a JSON Web Token is a proof that
//! counts wherever it comes from. What a token must be is set whether or not tokens are read, so
//! that switching between the two is one word.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::HeaderName;
use http::header::AUTHORIZATION;

use super::config_section::ConfigSection;
use super::config_value::{boolean, duration, header, key_source, network, text, texts, word};
use portcullis_vocabulary::TrustedPeers;
use portcullis_vocabulary::limits::{DURATION_MAX, KEY_REFRESH_MIN, LEEWAY_MAX};

/// How it is known who calls, section `[identity]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityConfig {
    /// What says who calls.
    pub source: IdentitySource,
    /// The networks whose `x-squad-owner` counts.
    pub trusted_peers: TrustedPeers,
    /// What a token must be.
    pub jwt: JwtConfig,
}

/// What says who calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IdentitySource {
    /// The headers of trusted peers.
    #[default]
    Headers,
    /// A JSON Web Token, signed by a key of this set.
    Jwt(KeySource),
}

/// Where a set of keys (RFC 7517) is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In a file, ready to be opened.
    File(PathBuf),
    /// At an `http` or `https` address.
    Url(String),
}

/// What a token must be, section `[identity.jwt]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtConfig {
    /// The header that holds it: `authorization` with the scheme Bearer, or another one whose
    /// value is the token.
    pub header: HeaderName,
    /// The claim that names the squad.
    pub squad_claim: String,
    /// The claim that names the tier.
    pub tier_claim: String,
    /// Who must have issued it; anybody who holds a key of the set where this is absent.
    pub issuer: Option<String>,
    /// Whom it must be meant for, one of these; anybody where this is empty.
    pub audience: Vec<String>,
    /// How far the clocks of issuer and proxy may differ.
    pub leeway: Duration,
    /// How often the set of keys is read again.
    pub refresh: Duration,
    /// Whether a request without a token is refused.
    pub required: bool,
}

/// The words for the source; which keys it needs is another key's matter.
const SOURCES: [(&str, IdentitySourceName); 2] = [
    ("headers", IdentitySourceName::Headers),
    ("jwt", IdentitySourceName::Jwt),
];

#[derive(Clone, Copy)]
enum IdentitySourceName {
    Headers,
    Jwt,
}

/// Reads the section; paths are relative to the directory.
pub(super) fn resolve(mut section: ConfigSection<'_>, directory: &Path) -> IdentityConfig {
    let default = IdentityConfig::default();
    let source = section.value("source", IdentitySourceName::Headers, word(&SOURCES));
    let trusted_peers = section.list("trusted_peers", network);
    let (keys, jwt) = jwt(section.section("jwt"), source);
    section.finish();
    let source = match (source, keys) {
        (IdentitySourceName::Jwt, Some(KeySource::File(path))) => {
            IdentitySource::Jwt(KeySource::File(directory.join(path)))
        }
        (IdentitySourceName::Jwt, Some(url)) => IdentitySource::Jwt(url),
        // A missing set of keys was reported.
        (IdentitySourceName::Headers, _) | (IdentitySourceName::Jwt, None) => {
            IdentitySource::Headers
        }
    };
    IdentityConfig {
        source,
        trusted_peers: trusted_peers.map_or(default.trusted_peers, TrustedPeers::new),
        jwt,
    }
}

fn jwt(
    mut section: ConfigSection<'_>,
    source: IdentitySourceName,
) -> (Option<KeySource>, JwtConfig) {
    let default = JwtConfig::default();
    let keys = match source {
        IdentitySourceName::Jwt => section.required("jwks", key_source),
        IdentitySourceName::Headers => section.read("jwks", key_source),
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

impl Default for IdentityConfig {
    /// Trusts the loopback networks, where a sidecar's own workload calls from.
    fn default() -> Self {
        let networks = [([127, 0, 0, 0], 8)]
            .map(|(address, length)| ipnet::Ipv4Net::new_assert(address.into(), length).into());
        let loopback = ipnet::Ipv6Net::new_assert(std::net::Ipv6Addr::LOCALHOST, 128).into();
        Self {
            source: IdentitySource::default(),
            trusted_peers: TrustedPeers::new(networks.into_iter().chain([loopback]).collect()),
            jwt: JwtConfig::default(),
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
