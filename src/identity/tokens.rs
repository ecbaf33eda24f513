//! Who calls, by the token of a request: what a data core asks.

use std::cell::RefCell;
use std::time::SystemTime;

use http::HeaderName;

use crate::config::JwtConfig;

use super::bearer::Holder;
use super::cache::Cache;
use super::fault::TokenFault;
use super::keys::Keys;
use super::token::{Claims, Verifier};

/// One data core's reading of tokens.
#[derive(Debug)]
pub struct Tokens {
    header: HeaderName,
    holder: Holder,
    is_required: bool,
    verifier: Verifier,
    keys: Keys,
    cache: RefCell<Cache>,
}

impl Tokens {
    /// Reads tokens as configured, by the keys in force.
    pub fn new(config: &JwtConfig, keys: Keys) -> Self {
        Self {
            holder: Holder::of(&config.header),
            header: config.header.clone(),
            is_required: config.required,
            verifier: Verifier::new(config),
            keys,
            cache: RefCell::default(),
        }
    }

    /// The header whose values [`identify`](Self::identify) takes.
    pub const fn header(&self) -> &HeaderName {
        &self.header
    }

    /// What the token among these values proves, one value for each header line; nothing where
    /// there is no token and none is required.
    ///
    /// # Errors
    /// [`TokenFault`]: a token that proves nothing is not the same as none.
    pub fn identify<'h>(
        &self,
        values: impl Iterator<Item = &'h [u8]>,
        now: SystemTime,
    ) -> Result<Option<Claims>, TokenFault> {
        match self.holder.token(values)? {
            Some(token) => self.prove(token, now).map(Some),
            None if self.is_required => Err(TokenFault::Missing),
            None => Ok(None),
        }
    }

    fn prove(&self, token: &[u8], now: SystemTime) -> Result<Claims, TokenFault> {
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
                    self.keys.want();
                }
                Err(fault)
            }
        }
    }
}
