//! Who calls, as one data core finds out: by headers or by a token.
//!
//! What says who calls is settled here once for everybody behind: the contract, the breakers and
//! the upstream. Fields that do not count are removed; where a token counts, the fields say what
//! it proves, so that a sidecar that trusts this gateway needs no keys.

use std::time::SystemTime;

use http::{HeaderMap, HeaderValue};

use portcullis_vocabulary::Catalog;

use super::identity_headers::{
    CallerIdentity, HeaderFault, SQUAD_HEADERS, X_SLA_TIER, X_SQUAD_OWNER, identity_from_headers,
};
use super::token_authenticator::TokenAuthenticator;
use super::token_fault::TokenFault;
use super::token_verifier::TokenClaims;

/// What says who calls.
#[derive(Debug)]
pub enum IdentityResolver {
    /// The headers of trusted peers.
    Headers,
    /// Tokens, whoever sends them.
    Tokens(Box<TokenAuthenticator>),
}

/// Why it is not clear who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityFault {
    /// A header cannot be believed.
    #[error(transparent)]
    Header(#[from] HeaderFault),
    /// A token proves nothing.
    #[error(transparent)]
    Token(#[from] TokenFault),
}

impl IdentityFault {
    /// Its stable name, a label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header(fault) => fault.name(),
            Self::Token(fault) => fault.name(),
        }
    }
}

impl IdentityResolver {
    /// Finds out who sent a request, and settles the fields that say so.
    ///
    /// # Errors
    /// [`IdentityFault`]; the fields are removed then.
    pub fn identify(
        &self,
        headers: &mut HeaderMap,
        is_trusted: bool,
        catalog: &Catalog,
    ) -> Result<CallerIdentity, IdentityFault> {
        let tokens = match self {
            Self::Headers if is_trusted => return Ok(identity_from_headers(headers, catalog)?),
            Self::Headers => {
                remove_squad_headers(headers);
                return Ok(CallerIdentity::default());
            }
            Self::Tokens(tokens) => tokens,
        };
        remove_squad_headers(headers);
        let values = headers.get_all(tokens.header()).iter();
        let proved = tokens.identify(values.map(HeaderValue::as_bytes), SystemTime::now())?;
        Ok(proved.map_or_else(CallerIdentity::default, |claims| {
            write_identity_headers(headers, &claims, catalog)
        }))
    }
}

/// Removes what is said of who calls.
pub fn remove_squad_headers(headers: &mut HeaderMap) {
    for name in &SQUAD_HEADERS {
        headers.remove(name);
    }
}

/// Says what a token proves: the squad, and the tier that decides.
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
    }
}
