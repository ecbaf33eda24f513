//! Tokens that one data core has verified already.
//!
//! Checking a signature costs tens of microseconds, more than all else that is done for a
//! request, and a caller sends one token for minutes. Only successes are kept: what fails must
//! not push out what works, and keys may come that change the verdict.
//!
//! When there is no room, the clock gives up a token that was not used since its hand came by
//! last: one bit for each instead of a list that every hit reorders.
//!
//! Invariant: the table holds exactly the places of `slots`, each once, by its token's hash.

use std::hash::BuildHasher;
use std::time::SystemTime;

use hashbrown::{DefaultHashBuilder, HashTable};

use portcullis_vocabulary::limits::TOKENS_CACHED_MAX;

use super::token_verifier::TokenClaims;

/// A bounded memory of verified tokens, for one set of keys at a time.
#[derive(Debug, Default)]
pub(super) struct TokenCache {
    hasher: DefaultHashBuilder,
    table: HashTable<usize>,
    slots: Vec<CachedToken>,
    hand: usize,
    generation: u64,
}

struct CachedToken {
    hash: u64,
    token: Box<[u8]>,
    claims: TokenClaims,
    is_used: bool,
}

impl TokenCache {
    /// What the token proved when it was verified by the keys of this generation.
    pub(super) fn find(
        &mut self,
        token: &[u8],
        generation: u64,
        now: SystemTime,
    ) -> Option<&TokenClaims> {
        if self.generation != generation {
            self.forget(generation);
        }
        let place = self.place_of(token)?;
        let slot = &mut self.slots[place];
        slot.is_used = true;
        (now < slot.claims.expires).then_some(&slot.claims)
    }

    /// Remembers a token that was verified by the keys of the generation last asked for.
    pub(super) fn insert(&mut self, token: &[u8], claims: TokenClaims, now: SystemTime) {
        let hash = self.hasher.hash_one(token);
        let slot = CachedToken {
            hash,
            token: token.into(),
            claims,
            is_used: false,
        };
        let place = match self.place_of(token) {
            Some(place) => {
                self.slots[place] = slot;
                return;
            }
            None if self.slots.len() < TOKENS_CACHED_MAX => {
                self.slots.push(slot);
                self.slots.len() - 1
            }
            None => {
                let place = self.vacate(now);
                self.slots[place] = slot;
                place
            }
        };
        let slots = &self.slots;
        self.table
            .insert_unique(hash, place, |place| slots[*place].hash);
    }

    fn place_of(&self, token: &[u8]) -> Option<usize> {
        let hash = self.hasher.hash_one(token);
        let is_same = |place: &usize| *self.slots[*place].token == *token;
        self.table.find(hash, is_same).copied()
    }

    fn forget(&mut self, generation: u64) {
        self.table.clear();
        self.slots.clear();
        self.hand = 0;
        self.generation = generation;
    }

    /// Takes a token out of the table and returns its place, after two rounds at most.
    fn vacate(&mut self, now: SystemTime) -> usize {
        loop {
            let place = self.hand;
            self.hand = (self.hand + 1) % self.slots.len();
            let slot = &mut self.slots[place];
            if slot.is_used && now < slot.claims.expires {
                slot.is_used = false;
                continue;
            }
            if let Ok(entry) = self.table.find_entry(slot.hash, |at| *at == place) {
                entry.remove();
            }
            return place;
        }
    }
}

impl std::fmt::Debug for CachedToken {
    /// Without the token, which is a credential.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot")
            .field("claims", &self.claims)
            .finish_non_exhaustive()
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
            assert!(self.slots.len() <= TOKENS_CACHED_MAX);
            assert_eq!(self.table.len(), self.slots.len());
            for (place, slot) in self.slots.iter().enumerate() {
                assert_eq!(self.place_of(&slot.token), Some(place));
            }
        }
    }

    #[test]
    fn a_token_is_remembered_until_it_expires() {
        let mut cache = TokenCache::default();
        assert!(!cache.has("a", 1, 0));
        cache.add("a", 10, 0);
        assert!(cache.has("a", 1, 9) && !cache.has("b", 1, 9));
        assert!(!cache.has("a", 1, 10));
        cache.add("a", 20, 10);
        assert!(cache.has("a", 1, 10));
    }

    #[test]
    fn new_keys_forget_everything() {
        let mut cache = TokenCache::default();
        cache.add("a", 10, 0);
        assert!(cache.has("a", 0, 0));
        assert!(!cache.has("a", 1, 0) && !cache.has("a", 0, 0));
        cache.add("a", 10, 0);
        assert!(cache.has("a", 0, 0));
    }

    #[test]
    fn the_tokens_in_use_stay_when_there_is_no_room() {
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
    fn an_expired_token_makes_room_although_it_was_used() {
        let mut cache = TokenCache::default();
        cache.insert(b"old", claims("payments", 5), at(0));
        for index in 1..TOKENS_CACHED_MAX {
            cache.insert(index.to_string().as_bytes(), claims("payments", 10), at(0));
        }
        assert!(cache.has("old", 0, 0) && cache.has("1", 0, 0));
        cache.add("new", 10, 5);
        assert!(!cache.has("old", 0, 0) && cache.has("1", 0, 5) && cache.has("new", 0, 5));
    }

    /// Against a map that forgets nothing: what is found is what was put in, for thousands of
    /// steps; `SIM_SEED=` repeats one run.
    #[test]
    fn a_simulation_never_finds_what_was_not_put_in() {
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
