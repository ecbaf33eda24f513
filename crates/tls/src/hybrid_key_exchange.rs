//! The key exchange X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem): its secret stays safe as long as one
//! of the two algorithms is, so traffic that is recorded today cannot be read with a quantum
//! computer later.
//!
//! The client's share is the encapsulation key of ML-KEM-768 (FIPS 203) and an X25519 key, the
//! server's share is the ciphertext and an X25519 key, and the secret is that of ML-KEM followed by
//! that of X25519. `ring` does the half of X25519 and gives the random bytes.

use rustls::crypto::ring::kx_group::X25519;
use rustls::crypto::{
    ActiveKeyExchange, CompletedKeyExchange, GetRandomFailed, SecureRandom, SharedSecret,
    SupportedKxGroup,
};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, PeerMisbehaved, ProtocolVersion};

use ml_kem::kem::{Decapsulate, KeyExport};
use ml_kem::{B32, DecapsulationKey, EncapsulationKey, MlKem768, Seed};

/// The size of the ML-KEM part of the client's share.
const ENCAPSULATION_KEY_BYTES: usize = 1184;

/// The size of the ML-KEM part of the server's share.
const CIPHERTEXT_BYTES: usize = 1088;

/// The key exchange, with the source of its random bytes.
#[derive(Debug)]
pub(super) struct HybridKeyExchange {
    pub(super) random: &'static dyn SecureRandom,
}

/// The client's side of an exchange that has begun.
struct StartedExchange {
    decapsulation: DecapsulationKey<MlKem768>,
    classical: Box<dyn ActiveKeyExchange>,
    share: Vec<u8>,
}

impl SupportedKxGroup for HybridKeyExchange {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let mut seed = Seed::default();
        self.fill(&mut seed)?;
        let decapsulation = DecapsulationKey::<MlKem768>::from_seed(seed);
        let classical = X25519.start()?;
        let key = decapsulation.encapsulation_key().to_bytes();
        Ok(Box::new(StartedExchange {
            share: [&key[..], classical.pub_key()].concat(),
            decapsulation,
            classical,
        }))
    }

    fn start_and_complete(&self, client_share: &[u8]) -> Result<CompletedKeyExchange, Error> {
        let (key, classical) = client_share
            .split_at_checked(ENCAPSULATION_KEY_BYTES)
            .ok_or(INVALID_SHARE)?;
        let key = key.try_into().map_err(|_| INVALID_SHARE)?;
        let key = EncapsulationKey::<MlKem768>::new(key).map_err(|_| INVALID_SHARE)?;
        let classical = X25519.start_and_complete(classical)?;
        let mut message = B32::default();
        self.fill(&mut message)?;
        let (ciphertext, secret) = key.encapsulate_deterministic(&message);
        Ok(CompletedKeyExchange {
            group: self.name(),
            pub_key: [&ciphertext[..], &classical.pub_key].concat(),
            secret: joined(&secret, &classical.secret),
        })
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3
    }
}

impl HybridKeyExchange {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Error> {
        let filled = self.random.fill(bytes);
        filled.map_err(|GetRandomFailed| Error::FailedToGetRandomBytes)
    }
}

impl ActiveKeyExchange for StartedExchange {
    fn complete(self: Box<Self>, server_share: &[u8]) -> Result<SharedSecret, Error> {
        let (ciphertext, classical) = server_share
            .split_at_checked(CIPHERTEXT_BYTES)
            .ok_or(INVALID_SHARE)?;
        let ciphertext = ciphertext.try_into().map_err(|_| INVALID_SHARE)?;
        let secret = self.decapsulation.decapsulate(ciphertext);
        let classical = self.classical.complete(classical)?;
        Ok(joined(&secret, &classical))
    }

    /// A server without ML-KEM uses the half of X25519, without another round trip.
    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        Some((self.classical.group(), self.classical.pub_key()))
    }

    fn complete_hybrid_component(
        self: Box<Self>,
        server_share: &[u8],
    ) -> Result<SharedSecret, Error> {
        self.classical.complete(server_share)
    }

    fn pub_key(&self) -> &[u8] {
        &self.share
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }
}

const INVALID_SHARE: Error = Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare);

fn joined(post_quantum: &[u8], classical: &SharedSecret) -> SharedSecret {
    SharedSecret::from([post_quantum, classical.secret_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls_provider::provider;

    fn exchange() -> HybridKeyExchange {
        HybridKeyExchange {
            random: provider().secure_random,
        }
    }

    #[test]
    fn both_sides_get_one_secret() {
        let exchange = exchange();
        let client = exchange.start().unwrap();
        assert_eq!(client.pub_key().len(), ENCAPSULATION_KEY_BYTES + 32);
        let server = exchange.start_and_complete(client.pub_key()).unwrap();
        assert_eq!(server.pub_key.len(), CIPHERTEXT_BYTES + 32);
        let secret = client.complete(&server.pub_key).unwrap();
        assert_eq!(secret.secret_bytes(), server.secret.secret_bytes());
        assert_eq!(secret.secret_bytes().len(), 64);
    }

    #[test]
    fn shares_of_other_sizes_are_refused() {
        let exchange = exchange();
        for bytes in [0, 32, ENCAPSULATION_KEY_BYTES, ENCAPSULATION_KEY_BYTES + 33] {
            assert!(
                exchange.start_and_complete(&vec![0; bytes]).is_err(),
                "{bytes}"
            );
        }
        for bytes in [0, 32, CIPHERTEXT_BYTES, CIPHERTEXT_BYTES + 33] {
            let client = exchange.start().unwrap();
            assert!(client.complete(&vec![0; bytes]).is_err(), "{bytes}");
        }
        // An encapsulation key whose coefficients are not reduced (FIPS 203 section 7.2).
        let share = [0xff; ENCAPSULATION_KEY_BYTES + 32];
        assert!(exchange.start_and_complete(&share).is_err());
    }
}
