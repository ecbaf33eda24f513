//! Identification of callers: from a request to a squad and a tier.
//!
//! Header fields are claims and count only from trusted peers. JSON Web Tokens and certificates are
//! proofs and count from any peer. Verification is pure: the token, the keys and the time are arguments. Each data
//! core has an [`IdentityResolver`], whose [`TokenAuthenticator`] caches verified tokens. The cores
//! share only the [`IssuerKeys`], which the control thread writes; `app` fetches the keys.
//!
//! `ring` checks signatures. Claims are checked here, because JWT libraries read the clock
//! themselves and report faults with less detail than an operator needs.

mod identity_headers;

mod signature_algorithm;
mod verifying_key;
mod key_set;
mod token_fault;
mod token_verifier;
mod token_placement;
mod token_cache;
mod issuer_keys;
mod token_authenticator;
mod certificate_identity;
mod forwarded_certificate;
mod identity_resolver;

pub use certificate_identity::{CertificateFault, CertificateIdentities};
pub use identity_headers::{
    CallerIdentity, HeaderFault, SQUAD_HEADERS, X_SERVICE_VERSION, X_SLA_TIER, X_SQUAD_OWNER,
    identity_from_headers,
};
pub use identity_resolver::{IdentityFault, IdentityResolver, RequestSender, remove_squad_headers};
pub use issuer_keys::IssuerKeys;
pub use key_set::{IgnoredKey, KeySet, KeySetError};
pub use token_authenticator::TokenAuthenticator;
pub use token_fault::TokenFault;
pub use token_verifier::{TokenClaims, TokenVerifier};
pub use verifying_key::KeyFault;

#[cfg(test)]
mod signing;
#[cfg(test)]
mod tests;
