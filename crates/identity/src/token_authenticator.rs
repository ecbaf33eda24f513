//! Identification by the token of a request, on one data core.

use std::cell::RefCell;
use std::time::SystemTime;

use http::HeaderName;

use portcullis_config::JwtConfig;

use super::issuer_keys::IssuerKeys;
use super::token_cache::TokenCache;
use super::token_fault::TokenFault;
use super::token_placement::TokenPlacement;
use super::token_verifier::{TokenClaims, TokenVerifier};

/// Verifies tokens on one data core.
#[derive(Debug)]
pub struct TokenAuthenticator {
    header: HeaderName,
    placement: TokenPlacement,
    is_required: bool,
    verifier: TokenVerifier,
    keys: IssuerKeys,
    cache: RefCell<TokenCache>,
}

impl TokenAuthenticator {
    /// Verifies tokens as configured, with the current keys.
    pub fn new(config: &JwtConfig, keys: IssuerKeys) -> Self {
        Self {
            placement: TokenPlacement::of(&config.header),
            header: config.header.clone(),
            is_required: config.required,
            verifier: TokenVerifier::new(config),
            keys,
            cache: RefCell::default(),
        }
    }

    /// The header whose values [`identify`](Self::identify) takes.
    pub const fn header(&self) -> &HeaderName {
        &self.header
    }

    /// The claims of the token in these values, one for each header line. `None` if there is no
    /// token and none is required.
    ///
    /// # Errors
    /// [`TokenFault`]. An invalid token is rejected, not treated as anonymous.
    pub fn identify<'h>(
        &self,
        values: impl Iterator<Item = &'h [u8]>,
        now: SystemTime,
    ) -> Result<Option<TokenClaims>, TokenFault> {
        match self.placement.token(values)? {
            Some(token) => self.verify_cached(token, now).map(Some),
            None if self.is_required => Err(TokenFault::Missing),
            None => Ok(None),
        }
    }

    fn verify_cached(&self, token: &[u8], now: SystemTime) -> Result<TokenClaims, TokenFault> {
        let keys = self.keys.current();
        let keys = keys.as_ref().ok_or(TokenFault::KeysUnavailable)?;
        let mut cache = self.cache.borrow_mut();
        if let Some(claims) = cache.find(token, keys.generation, now) {
            return Ok(claims.clone());
        }
        match self.verifier.verify(token, &keys.set, now) {
            Ok(claims) => {
                cache.insert(token, claims.clone(), now);
                Ok(claims)
            }
            Err(fault) => {
                if fault == TokenFault::UnknownKey {
                    self.keys.request_refresh();
                }
                Err(fault)
            }
        }
    }
}
