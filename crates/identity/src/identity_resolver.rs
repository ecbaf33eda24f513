//! Identification of callers on one data core: by headers, a token or a certificate.
//!
//! This is the only place that identifies a caller; the contract, the circuit breakers and the
//! upstream rely on its result. Untrusted fields are removed. With tokens and certificates, the
//! fields are set to what they prove, so a sidecar that trusts this gateway needs neither.

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue};

use portcullis_vocabulary::{Caller, Catalog, SquadName, folds_to_header};

use super::certificate_identity::{CertificateFault, CertificateIdentities};
use super::forwarded_certificate::{X_FORWARDED_CLIENT_CERT, forwarded_uris};
use super::identity_headers::{
    CallerIdentity, HeaderFault, SQUAD_HEADERS, X_SLA_TIER, X_SQUAD_OWNER, identity_from_headers,
};
use super::token_authenticator::TokenAuthenticator;
use super::token_fault::TokenFault;

/// What identifies the caller.
#[derive(Debug)]
pub enum IdentityResolver {
    /// Headers of trusted peers.
    Headers,
    /// Tokens of any peer.
    Tokens(Box<TokenAuthenticator>),
    /// The certificate of the connection, of any peer.
    Certificates(CertificateIdentities),
    /// The certificate that a trusted peer reports.
    ForwardedCertificates(CertificateIdentities),
}

/// The sender of a request, as far as its connection shows.
#[derive(Clone, Copy, Debug)]
pub struct RequestSender<'s> {
    /// Whether it is a trusted peer.
    pub is_trusted: bool,
    /// The URI names of its certificate, which was verified; `None` if it has none.
    pub certificate_uris: Option<&'s [String]>,
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
    /// The identity of a certificate is refused.
    #[error(transparent)]
    Certificate(#[from] CertificateFault),
}

impl IdentityFault {
    /// The stable name, used as a metric label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header(fault) => fault.name(),
            Self::Token(fault) => fault.name(),
            Self::Certificate(fault) => fault.name(),
        }
    }
}

impl IdentityResolver {
    /// The header that holds the token, if tokens identify callers.
    pub fn token_header(&self) -> Option<&HeaderName> {
        match self {
            Self::Headers | Self::Certificates(_) | Self::ForwardedCertificates(_) => None,
            Self::Tokens(tokens) => Some(tokens.header()),
        }
    }

    /// Whether squad headers never identify a caller, not even those of trusted peers.
    pub const fn needs_proof(&self) -> bool {
        !matches!(self, Self::Headers)
    }

    /// Identifies the caller of a request, and removes or rewrites the squad headers.
    ///
    /// # Errors
    /// [`IdentityFault`]. Unless headers identify callers, they are removed in this case too.
    pub fn identify(
        &self,
        headers: &mut HeaderMap,
        sender: RequestSender<'_>,
        catalog: &Catalog,
    ) -> Result<CallerIdentity, IdentityFault> {
        if let Self::Headers = self
            && sender.is_trusted
        {
            return Ok(identity_from_headers(headers, catalog)?);
        }
        let anonymous = CallerIdentity {
            has_untrusted_claim: remove_squad_headers(headers),
            ..CallerIdentity::default()
        };
        match self {
            Self::Headers => Ok(anonymous),
            Self::Tokens(tokens) => {
                remove_other_spellings(headers, tokens.header());
                let values = headers.get_all(tokens.header()).iter();
                let values = values.map(HeaderValue::as_bytes);
                let claims = tokens.identify(values, SystemTime::now())?;
                Ok(claims.map_or(anonymous, |claims| {
                    let consumer = catalog.consumer(claims.squad.as_str().as_bytes());
                    let caller = catalog.caller(consumer, claims.tier.unwrap_or_default());
                    write_identity_headers(headers, &claims.squad, caller)
                }))
            }
            Self::Certificates(identities) => match sender.certificate_uris {
                Some(uris) => by_certificate(identities, uris, headers, catalog, anonymous),
                None => Ok(anonymous),
            },
            Self::ForwardedCertificates(identities) => {
                if !sender.is_trusted {
                    headers.remove(&X_FORWARDED_CLIENT_CERT);
                    return Ok(anonymous);
                }
                match forwarded_uris(headers)? {
                    Some(uris) => by_certificate(identities, &uris, headers, catalog, anonymous),
                    None => Ok(anonymous),
                }
            }
        }
    }
}

/// The caller with a certificate. One without a squad is as unknown as one without a certificate.
fn by_certificate(
    identities: &CertificateIdentities,
    uris: &[String],
    headers: &mut HeaderMap,
    catalog: &Catalog,
    anonymous: CallerIdentity,
) -> Result<CallerIdentity, IdentityFault> {
    let identified = identities.identify(uris, catalog)?;
    Ok(identified.map_or(anonymous, |(squad, caller)| {
        write_identity_headers(headers, &squad.name, caller)
    }))
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

/// Sets the fields to what is proved: the squad and the effective tier.
fn write_identity_headers(
    headers: &mut HeaderMap,
    squad: &SquadName,
    caller: Caller,
) -> CallerIdentity {
    if let Ok(squad) = HeaderValue::from_str(squad.as_str()) {
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
