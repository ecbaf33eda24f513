//! The cache of tokens that one data core has verified.
//!
//! Checking a signature costs tens of microseconds, more than the rest of a request, and a caller
//! sends the same token for minutes. Only successes are cached: failures must not evict valid
//! tokens, and a new key set can turn a failure into a success.
//!
//! The key is the whole token, so a hash collision cannot return the claims of another token. If
//! the cache is full, expired tokens are evicted, or else the least recently used one.

use std::num::NonZeroUsize;
use std::time::SystemTime;

use lru::LruCache;

use portcullis_vocabulary::limits::TOKENS_CACHED_MAX;

use super::token_verifier::TokenClaims;

const CAPACITY: NonZeroUsize =
    NonZeroUsize::new(TOKENS_CACHED_MAX).expect("the cache holds at least one token");

/// A bounded cache of verified tokens, for one key set at a time.
pub(super) struct TokenCache {
    tokens: LruCache<Box<[u8]>, TokenClaims>,
    generation: u64,
    /// No token expires before this, so a full cache is searched only if one has expired.
    first_expiry: Option<SystemTime>,
}

impl TokenCache {
    /// The claims of the token, if it was verified by the key set of this generation and has not
    /// expired. A new generation clears the cache.
    pub(super) fn find(
        &mut self,
        token: &[u8],
        generation: u64,
        now: SystemTime,
    ) -> Option<&TokenClaims> {
        if self.generation != generation {
            self.tokens.clear();
            self.first_expiry = None;
            self.generation = generation;
        }
        let claims = self.tokens.get(token)?;
        (now < claims.expires).then_some(claims)
    }

    /// Adds a token that was verified by the key set of the generation of the last
    /// [`find`](Self::find).
    pub(super) fn insert(&mut self, token: &[u8], claims: TokenClaims, now: SystemTime) {
        let has_expired = self.first_expiry.is_some_and(|first| first <= now);
        if has_expired && self.tokens.len() == CAPACITY.get() {
            self.evict_expired(now);
        }
        let first = self
            .first_expiry
            .map_or(claims.expires, |first| first.min(claims.expires));
        self.first_expiry = Some(first);
        self.tokens.put(token.into(), claims);
    }

    fn evict_expired(&mut self, now: SystemTime) {
        let tokens = self.tokens.iter();
        let expired = tokens.filter(|(_, claims)| claims.expires <= now);
        let expired: Vec<_> = expired.map(|(token, _)| token.clone()).collect();
        for token in &expired {
            self.tokens.pop(token);
        }
        self.first_expiry = self.tokens.iter().map(|(_, claims)| claims.expires).min();
    }
}

impl Default for TokenCache {
    fn default() -> Self {
        Self {
            tokens: LruCache::new(CAPACITY),
            generation: 0,
            first_expiry: None,
        }
    }
}

impl std::fmt::Debug for TokenCache {
    /// Without the tokens, which are credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let claims = self.tokens.iter().map(|(_, claims)| claims);
        f.debug_list().entries(claims).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn claims(squad: &str, expires: u64) -> TokenClaims {
        TokenClaims {
            squad: squad.parse().unwrap(),
            tier: None,
            expires: at(expires),
        }
    }

    impl TokenCache {
        fn has(&mut self, token: &str, generation: u64, now: u64) -> bool {
            let found = self.find(token.as_bytes(), generation, at(now)).is_some();
            self.check_invariants();
            found
        }

        fn add(&mut self, token: &str, expires: u64, now: u64) {
            self.insert(token.as_bytes(), claims("payments", expires), at(now));
            self.check_invariants();
        }

        fn check_invariants(&self) {
            assert!(self.tokens.len() <= TOKENS_CACHED_MAX);
            assert_eq!(self.tokens.iter().count(), self.tokens.len());
            for (token, claims) in self.tokens.iter() {
                assert_eq!(self.tokens.peek(token), Some(claims));
            }
        }
    }

    #[test]
    fn keeps_a_token_until_it_expires() {
        let mut cache = TokenCache::default();
        assert!(!cache.has("a", 1, 0));
        cache.add("a", 10, 0);
        assert!(cache.has("a", 1, 9) && !cache.has("b", 1, 9));
        assert!(!cache.has("a", 1, 10));
        cache.add("a", 20, 10);
        assert!(cache.has("a", 1, 10));
    }

    #[test]
    fn a_new_key_set_clears_the_cache() {
        let mut cache = TokenCache::default();
        cache.add("a", 10, 0);
        assert!(cache.has("a", 0, 0));
        assert!(!cache.has("a", 1, 0) && !cache.has("a", 0, 0));
        cache.add("a", 10, 0);
        assert!(cache.has("a", 0, 0));
    }

    #[test]
    fn evicts_the_least_recently_used_tokens() {
        let mut cache = TokenCache::default();
        for index in 0..TOKENS_CACHED_MAX {
            cache.insert(index.to_string().as_bytes(), claims("payments", 10), at(0));
        }
        cache.check_invariants();
        assert!(cache.has("0", 0, 0) && cache.has("7", 0, 0));
        for index in 0..TOKENS_CACHED_MAX - 3 {
            cache.insert(
                format!("new {index}").as_bytes(),
                claims("payments", 10),
                at(0),
            );
        }
        cache.check_invariants();
        assert!(cache.has("0", 0, 0) && cache.has("7", 0, 0) && !cache.has("8", 0, 0));
    }

    #[test]
    fn evicts_an_expired_token_first() {
        let mut cache = TokenCache::default();
        cache.insert(b"old", claims("payments", 5), at(0));
        for index in 1..TOKENS_CACHED_MAX {
            cache.insert(index.to_string().as_bytes(), claims("payments", 10), at(0));
        }
        assert!(cache.has("old", 0, 0) && cache.has("1", 0, 0));
        cache.add("new", 10, 5);
        assert!(!cache.has("old", 0, 0) && cache.has("1", 0, 5) && cache.has("new", 0, 5));
    }

    /// Compares the cache with a map that evicts nothing, for thousands of steps. `SIM_SEED=`
    /// repeats one run.
    #[test]
    fn a_simulation_finds_only_inserted_tokens() {
        let seed = std::env::var("SIM_SEED").ok();
        let seeds = seed.map_or(0..20, |seed| {
            let seed = seed.parse().unwrap();
            seed..seed + 1
        });
        for seed in seeds {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut cache = TokenCache::default();
            let mut truth = std::collections::HashMap::new();
            let (mut now, mut generation) = (0, 0);
            for _ in 0..4000 {
                let token = random.u32(..2000).to_string();
                match random.u32(..100) {
                    0 => now += 1,
                    1 if random.u32(..20) == 0 => {
                        generation += 1;
                        truth.clear();
                    }
                    _ => {}
                }
                let found = cache.find(token.as_bytes(), generation, at(now)).cloned();
                if let Some(found) = found {
                    assert_eq!(truth.get(&token), Some(&found), "SIM_SEED={seed}");
                    assert!(now_is_before(now, &found), "SIM_SEED={seed}");
                } else {
                    let claims = claims("payments", now + random.u64(1..20));
                    cache.insert(token.as_bytes(), claims.clone(), at(now));
                    truth.insert(token, claims);
                }
            }
            cache.check_invariants();
        }
    }

    fn now_is_before(now: u64, claims: &TokenClaims) -> bool {
        at(now) < claims.expires
    }
}
