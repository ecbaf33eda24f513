//! Verification of one token (RFC 7519): form, algorithm, key, signature, time, issuer, audience,
//! squad.
//!
//! Claims are read only after the signature was verified; before that, the header only selects the
//! key. As RFC 8725 demands, the algorithm comes from a closed list and must match the key.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use portcullis_config::JwtConfig;
use portcullis_vocabulary::limits::TOKEN_BYTES_MAX;
use portcullis_vocabulary::{SquadName, Tier};

use super::key_set::KeySet;
use super::signature_algorithm::SignatureAlgorithm;
use super::token_fault::TokenFault;

/// The last second of the year 9999, in seconds since 1970. Later times are clamped to it.
const LAST_SECOND: u64 = 253_402_300_799;

/// The verified claims of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenClaims {
    /// The calling squad.
    pub squad: SquadName,
    /// The claimed tier, bronze if the claim is not a tier name; absent without a claim.
    pub tier: Option<Tier>,
    /// The time from which the token is refused: its `exp` plus the leeway.
    pub expires: SystemTime,
}

/// Verifies tokens as configured.
#[derive(Clone, Debug)]
pub struct TokenVerifier {
    issuer: Option<String>,
    audience: Vec<String>,
    squad_claim: String,
    tier_claim: String,
    leeway: Duration,
}

/// The header parameters that are read; others are ignored (RFC 7515 section 4).
#[derive(Deserialize)]
struct TokenHeader<'t> {
    #[serde(borrow)]
    alg: Cow<'t, str>,
    #[serde(borrow)]
    kid: Option<Cow<'t, str>>,
    crit: Option<IgnoredAny>,
}

/// A token split into its parts.
struct TokenParts<'t> {
    header: Vec<u8>,
    /// The signed text: header and claims as received.
    message: &'t str,
    claims: &'t str,
    signature: &'t str,
}

impl TokenVerifier {
    /// A verifier for this configuration.
    pub fn new(config: &JwtConfig) -> Self {
        Self {
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            squad_claim: config.squad_claim.clone(),
            tier_claim: config.tier_claim.clone(),
            leeway: config.leeway,
        }
    }

    /// Verifies the token at this time with these keys.
    ///
    /// # Errors
    /// The first [`TokenFault`], in the order of the module documentation.
    pub fn verify(
        &self,
        token: &[u8],
        keys: &KeySet,
        now: SystemTime,
    ) -> Result<TokenClaims, TokenFault> {
        let parts = TokenParts::of(token)?;
        let header: TokenHeader<'_> =
            serde_json::from_slice(&parts.header).map_err(|_| TokenFault::Malformed)?;
        if header.crit.is_some() {
            return Err(TokenFault::Extension);
        }
        let algorithm = SignatureAlgorithm::named(&header.alg).ok_or(TokenFault::Algorithm)?;
        let key = keys.key(header.kid.as_deref(), algorithm)?;
        if !key.verifies(algorithm, parts.message.as_bytes(), parts.signature) {
            // Text that is not base64url is malformed, not a wrong signature.
            return Err(decode(parts.signature)
                .err()
                .unwrap_or(TokenFault::Signature));
        }
        let claims: Map<String, Value> =
            serde_json::from_slice(&decode(parts.claims)?).map_err(|_| TokenFault::Malformed)?;
        self.check_claims(&claims, now)
    }

    fn check_claims(
        &self,
        claims: &Map<String, Value>,
        now: SystemTime,
    ) -> Result<TokenClaims, TokenFault> {
        let expires = time(claims, "exp")?.ok_or(TokenFault::NoExpiry)? + self.leeway;
        if now >= expires {
            return Err(TokenFault::Expired);
        }
        if time(claims, "nbf")?.is_some_and(|start| start > now + self.leeway) {
            return Err(TokenFault::NotYetValid);
        }
        let issuer = claims.get("iss").and_then(Value::as_str);
        if self.issuer.is_some() && issuer != self.issuer.as_deref() {
            return Err(TokenFault::Issuer);
        }
        if !self.audience.is_empty()
            && !claims
                .get("aud")
                .is_some_and(|aud| self.accepts_audience(aud))
        {
            return Err(TokenFault::Audience);
        }
        let squad = claims.get(&self.squad_claim).ok_or(TokenFault::NoSquad)?;
        let squad = squad.as_str().and_then(|name| name.parse().ok());
        let tier = claims.get(&self.tier_claim);
        Ok(TokenClaims {
            squad: squad.ok_or(TokenFault::NotSquadName)?,
            tier: tier.map(|tier| Tier::from_claim(tier.as_str().map(str::as_bytes))),
            expires,
        })
    }

    /// Whether an `aud`, a string or a list (RFC 7519 section 4.1.3), holds an accepted value.
    fn accepts_audience(&self, audience: &Value) -> bool {
        let is_accepted = |one: &Value| {
            let one = one.as_str();
            one.is_some_and(|one| self.audience.iter().any(|accepted| accepted == one))
        };
        match audience {
            Value::Array(several) => several.iter().any(is_accepted),
            one => is_accepted(one),
        }
    }
}

impl<'t> TokenParts<'t> {
    fn of(token: &'t [u8]) -> Result<Self, TokenFault> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenFault::TooLarge);
        }
        let token = std::str::from_utf8(token).map_err(|_| TokenFault::Malformed)?;
        let parts = token.rsplit_once('.').and_then(|(message, signature)| {
            let (header, claims) = message.split_once('.')?;
            (!claims.contains('.')).then_some((message, header, claims, signature))
        });
        let (message, header, claims, signature) = parts.ok_or(TokenFault::Malformed)?;
        Ok(Self {
            header: decode(header)?,
            message,
            claims,
            signature,
        })
    }
}

fn decode(part: &str) -> Result<Vec<u8>, TokenFault> {
    let bytes = URL_SAFE_NO_PAD.decode(part);
    bytes.map_err(|_| TokenFault::Malformed)
}

/// A `NumericDate`: seconds since 1970, possibly with a fraction (RFC 7519 section 2).
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<SystemTime>, TokenFault> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let seconds = value.as_f64().ok_or(TokenFault::Malformed)?;
    // A float is exact to the second within the clamped range.
    let seconds = seconds.clamp(0.0, LAST_SECOND as f64);
    Ok(Some(UNIX_EPOCH + Duration::from_secs_f64(seconds)))
}
