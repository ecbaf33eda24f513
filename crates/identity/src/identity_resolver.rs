//! Identification of callers on one data core, by headers or by a token.
//!
//! This is the only place that identifies a caller; the contract, the circuit breakers and the
//! upstream rely on its result. Untrusted fields are removed. With tokens, the fields are set to
//! what the token proves, so a sidecar that trusts this gateway needs no keys.

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue};

use portcullis_vocabulary::{Catalog, folds_to_header};

use super::identity_headers::{
    CallerIdentity, HeaderFault, SQUAD_HEADERS, X_SLA_TIER, X_SQUAD_OWNER, identity_from_headers,
};
use super::token_authenticator::TokenAuthenticator;
use super::token_fault::TokenFault;
use super::token_verifier::TokenClaims;

/// What identifies the caller.
#[derive(Debug)]
pub enum IdentityResolver {
    /// Headers of trusted peers.
    Headers,
    /// Tokens of any peer.
    Tokens(Box<TokenAuthenticator>),
}

/// Why a caller cannot be identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityFault {
    /// A header is invalid.
    #[error(transparent)]
    Header(#[from] HeaderFault),
    /// The token is missing or invalid.
    #[error(transparent)]
    Token(#[from] TokenFault),
}

impl IdentityFault {
    /// The stable name, used as a metric label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header(fault) => fault.name(),
            Self::Token(fault) => fault.name(),
        }
    }
}

impl IdentityResolver {
    /// The header that holds the token, if tokens identify callers.
    pub fn token_header(&self) -> Option<&HeaderName> {
        match self {
            Self::Headers => None,
            Self::Tokens(tokens) => Some(tokens.header()),
        }
    }

    /// Identifies the caller of a request, and removes or rewrites the squad headers.
    ///
    /// # Errors
    /// [`IdentityFault`]. With tokens, the squad headers are removed in this case too.
    pub fn identify(
        &self,
        headers: &mut HeaderMap,
        is_trusted: bool,
        catalog: &Catalog,
    ) -> Result<CallerIdentity, IdentityFault> {
        let tokens = match self {
            Self::Headers if is_trusted => return Ok(identity_from_headers(headers, catalog)?),
            Self::Headers => {
                return Ok(CallerIdentity {
                    has_untrusted_claim: remove_squad_headers(headers),
                    ..CallerIdentity::default()
                });
            }
            Self::Tokens(tokens) => tokens,
        };
        let has_untrusted_claim = remove_squad_headers(headers);
        remove_other_spellings(headers, tokens.header());
        let values = headers.get_all(tokens.header()).iter();
        let claims = tokens.identify(values.map(HeaderValue::as_bytes), SystemTime::now())?;
        Ok(match claims {
            Some(claims) => write_identity_headers(headers, &claims, catalog),
            None => CallerIdentity {
                has_untrusted_claim,
                ..CallerIdentity::default()
            },
        })
    }
}

/// Removes fields that servers may read as the one that holds the token (see
/// [`folds_to_header`]), so that the upstream reads the token that was verified.
fn remove_other_spellings(headers: &mut HeaderMap, kept: &HeaderName) {
    let is_other =
        |name: &&HeaderName| *name != kept && folds_to_header(name.as_str(), kept.as_str());
    let others: Vec<HeaderName> = headers.keys().filter(is_other).cloned().collect();
    for name in others {
        headers.remove(name);
    }
}

/// Removes the fields that identify the caller. Returns whether there were any.
pub fn remove_squad_headers(headers: &mut HeaderMap) -> bool {
    let mut removed = false;
    for name in &SQUAD_HEADERS {
        removed |= headers.remove(name).is_some();
    }
    removed
}

/// Sets the fields to what the token proves: the squad and the effective tier.
fn write_identity_headers(
    headers: &mut HeaderMap,
    claims: &TokenClaims,
    catalog: &Catalog,
) -> CallerIdentity {
    let consumer = catalog.consumer(claims.squad.as_str().as_bytes());
    let caller = catalog.caller(consumer, claims.tier.unwrap_or_default());
    if let Ok(squad) = HeaderValue::from_str(claims.squad.as_str()) {
        headers.insert(X_SQUAD_OWNER, squad);
        let tier = HeaderValue::from_static(caller.tier.as_str());
        headers.insert(X_SLA_TIER, tier);
    }
    CallerIdentity {
        caller,
        version: None,
        has_untrusted_claim: false,
    }
}
