//! Who calls: from what a request says to a squad and a tier.
//!
//! Header fields are claims, which count from trusted peers; JSON Web Tokens are proofs, which
//! count from anywhere. Verifying is pure: token, keys and the time come in as arguments. A data
//! core owns one [`TokenAuthenticator`], which remembers what it has verified; [`IssuerKeys`] is the one thing that
//! is shared, and only the control thread writes it. Fetching keys is `app`'s affair.
//!
//! Signatures are checked by `ring`, everything else here: its own check of claims reads
//! the clock, and says less about what is wrong than whoever is on call needs.

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
mod identity_resolver;

pub use identity_headers::{
    CallerIdentity, HeaderFault, SQUAD_HEADERS, X_SERVICE_VERSION, X_SLA_TIER, X_SQUAD_OWNER,
    identity_from_headers,
};
pub use identity_resolver::{IdentityFault, IdentityResolver, remove_squad_headers};
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
