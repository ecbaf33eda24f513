//! Signs tokens in tests, as an issuer does.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};

/// A key that signs: DER of a private key, or a shared secret.
pub(super) struct Secret(Vec<u8>);

/// A signature algorithm (RFC 7518 section 3.1).
#[derive(Clone, Copy, Debug)]
pub(super) enum SigningAlgorithm {
    HS256,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

impl Secret {
    pub(super) fn from_pem(pem: &str) -> Self {
        let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        Self(STANDARD.decode(text).unwrap())
    }

    pub(super) fn shared(secret: &[u8]) -> Self {
        Self(secret.to_vec())
    }

    pub(super) fn sign(&self, message: &[u8], algorithm: SigningAlgorithm) -> Vec<u8> {
        use SigningAlgorithm::*;
        match algorithm {
            HS256 => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), message)
                .as_ref()
                .to_vec(),
            RS256 => self.rsa(&signature::RSA_PKCS1_SHA256, message),
            RS384 => self.rsa(&signature::RSA_PKCS1_SHA384, message),
            RS512 => self.rsa(&signature::RSA_PKCS1_SHA512, message),
            PS256 => self.rsa(&signature::RSA_PSS_SHA256, message),
            PS384 => self.rsa(&signature::RSA_PSS_SHA384, message),
            PS512 => self.rsa(&signature::RSA_PSS_SHA512, message),
            ES256 => self.ecdsa(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, message),
            ES384 => self.ecdsa(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, message),
            EdDSA => {
                let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&self.0).unwrap();
                key.sign(message).as_ref().to_vec()
            }
        }
    }

    fn rsa(&self, encoding: &'static dyn signature::RsaEncoding, message: &[u8]) -> Vec<u8> {
        let key = RsaKeyPair::from_der(&self.0).unwrap();
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(encoding, &SystemRandom::new(), message, &mut signature)
            .unwrap();
        signature
    }

    fn ecdsa(
        &self,
        algorithm: &'static signature::EcdsaSigningAlgorithm,
        message: &[u8],
    ) -> Vec<u8> {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, &self.0, &random).unwrap();
        key.sign(&random, message).unwrap().as_ref().to_vec()
    }
}
