//! Verifying one token (RFC 7519): form, algorithm, key, signature, time, issuer, audience, squad.
//!
//! Nothing that a token says is believed before its signature is: claims are read after it, and
//! of the header only what chooses the key. The order is that of RFC 8725: the algorithm is taken
//! from a closed list and has to agree with the key, never the other way round.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::config::JwtConfig;
use portcullis_vocabulary::limits::TOKEN_BYTES_MAX;
use portcullis_vocabulary::{SquadName, Tier};

use super::key_set::KeySet;
use super::signature_algorithm::SignatureAlgorithm;
use super::token_fault::TokenFault;

/// The last second of the year 9999, in seconds since 1970: what expires later never does.
const LAST_SECOND: u64 = 253_402_300_799;

/// What a token proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenClaims {
    /// The squad that calls.
    pub squad: SquadName,
    /// The tier that it claims, bronze where that is no tier's name; none where it claims none.
    pub tier: Option<Tier>,
    /// From then on the token is refused: its `exp` and the leeway.
    pub expires: SystemTime,
}

/// What a token must be, as configured.
#[derive(Clone, Debug)]
pub struct TokenVerifier {
    issuer: Option<String>,
    audience: Vec<String>,
    squad_claim: String,
    tier_claim: String,
    leeway: Duration,
}

/// The header's members that matter; others are ignored (RFC 7515 section 4).
#[derive(Deserialize)]
struct TokenHeader<'t> {
    #[serde(borrow)]
    alg: Cow<'t, str>,
    #[serde(borrow)]
    kid: Option<Cow<'t, str>>,
    crit: Option<IgnoredAny>,
}

/// The text of a token in its parts.
struct TokenParts<'t> {
    header: Vec<u8>,
    /// What is signed: header and claims as they came.
    message: &'t str,
    claims: &'t str,
    signature: &'t str,
}

impl TokenVerifier {
    /// Verifies as configured.
    pub fn new(config: &JwtConfig) -> Self {
        Self {
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            squad_claim: config.squad_claim.clone(),
            tier_claim: config.tier_claim.clone(),
            leeway: config.leeway,
        }
    }

    /// What the token proves at this time, given these keys.
    ///
    /// # Errors
    /// The first [`TokenFault`], in the order of the module's head.
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
            // What cannot be decoded was never a signature.
            return Err(decode(parts.signature)
                .err()
                .unwrap_or(TokenFault::Signature));
        }
        let claims: Map<String, Value> =
            serde_json::from_slice(&decode(parts.claims)?).map_err(|_| TokenFault::Malformed)?;
        self.judge(&claims, now)
    }

    fn judge(
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
        if !self.audience.is_empty() && !claims.get("aud").is_some_and(|aud| self.is_meant(aud)) {
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

    /// Whether an `aud` holds one of ours: it is one text or a list (RFC 7519 section 4.1.3).
    fn is_meant(&self, audience: &Value) -> bool {
        let is_ours = |one: &Value| {
            let one = one.as_str();
            one.is_some_and(|one| self.audience.iter().any(|own| own == one))
        };
        match audience {
            Value::Array(several) => several.iter().any(is_ours),
            one => is_ours(one),
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

/// A moment in seconds since 1970, whole or not (RFC 7519 section 2).
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<SystemTime>, TokenFault> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let seconds = value.as_f64().ok_or(TokenFault::Malformed)?;
    // A float is exact to the second for the next millions of years.
    let seconds = seconds.clamp(0.0, LAST_SECOND as f64);
    Ok(Some(UNIX_EPOCH + Duration::from_secs_f64(seconds)))
}
