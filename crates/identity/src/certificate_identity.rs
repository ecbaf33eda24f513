//! Identification by the SPIFFE ID of a client's certificate.
//!
//! A certificate has exactly one URI name, which is the ID (X.509-SVID, section 2). The squad is the
//! one that the configuration lists for the ID, or else the one whose namespace the ID has. An ID
//! without a squad is an unknown caller, as a token with a squad that the catalog does not have.

use std::collections::HashMap;

use portcullis_config::CertificateIdentityConfig;
use portcullis_vocabulary::{Caller, Catalog, SpiffeId, Squad, SquadName, Tier};

/// Why the identity of a certificate is refused. Messages quote nothing of the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CertificateFault {
    /// The certificate has no URI name.
    #[error("the client's certificate has no URI name; use one with a SPIFFE ID")]
    NoUri,
    /// The certificate has several URI names.
    #[error(
        "the client's certificate has more than one URI name, so it names no single workload; use \
         one with exactly one SPIFFE ID"
    )]
    SeveralUris,
    /// The URI name is not a SPIFFE ID.
    #[error(
        "the URI name of the client's certificate is not a SPIFFE ID; expected \
         spiffe://<trust domain>/<path>"
    )]
    NotSpiffe,
    /// The trust domain is not accepted.
    #[error(
        "the trust domain of the client's SPIFFE ID is not in \
         `identity.certificate.trust_domains`; correct the key, or use another certificate"
    )]
    TrustDomain,
    /// The field of a trusted peer is malformed.
    #[error(
        "the header x-forwarded-client-cert is malformed; expected elements of Key=Value pairs, as \
         Envoy writes them"
    )]
    MalformedField,
}

impl CertificateFault {
    /// Every fault.
    pub const ALL: [Self; 5] = [
        Self::NoUri,
        Self::SeveralUris,
        Self::NotSpiffe,
        Self::TrustDomain,
        Self::MalformedField,
    ];

    /// The stable name, for metric labels and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoUri => "no-uri",
            Self::SeveralUris => "several-uris",
            Self::NotSpiffe => "not-a-spiffe-id",
            Self::TrustDomain => "wrong-trust-domain",
            Self::MalformedField => "malformed-xfcc",
        }
    }
}

/// Maps SPIFFE IDs to squads.
#[derive(Debug)]
pub struct CertificateIdentities {
    config: CertificateIdentityConfig,
    squads: HashMap<SpiffeId, SquadName>,
}

impl CertificateIdentities {
    /// Maps as configured.
    pub fn new(config: &CertificateIdentityConfig) -> Self {
        Self {
            squads: config.squads.clone().into_iter().collect(),
            config: config.clone(),
        }
    }

    /// The caller with these URI names, and the squad if the catalog knows it.
    ///
    /// # Errors
    /// [`CertificateFault`].
    pub(super) fn identify<'c>(
        &self,
        uris: &[impl AsRef<str>],
        catalog: &'c Catalog,
    ) -> Result<Option<(&'c Squad, Caller)>, CertificateFault> {
        let id = match uris {
            [] => return Err(CertificateFault::NoUri),
            [uri] => uri.as_ref().parse::<SpiffeId>(),
            _ => return Err(CertificateFault::SeveralUris),
        };
        let id = id.map_err(|_| CertificateFault::NotSpiffe)?;
        let domains = &self.config.trust_domains;
        let is_accepted = domains.is_empty()
            || domains
                .iter()
                .any(|domain| domain.as_str() == id.trust_domain());
        if !is_accepted {
            return Err(CertificateFault::TrustDomain);
        }
        Ok(self.squad(&id, catalog).map(|squad| {
            let consumer = catalog.consumer(squad.name.as_str().as_bytes());
            // A certificate claims no tier, so the one that the catalog grants applies.
            (squad, catalog.caller(consumer, Tier::Gold))
        }))
    }

    fn squad<'c>(&self, id: &SpiffeId, catalog: &'c Catalog) -> Option<&'c Squad> {
        if let Some(listed) = self.squads.get(id) {
            let found = catalog.find(listed.as_str())?;
            return catalog.squad(found);
        }
        catalog.squad_of_namespace(id.namespace()?)
    }
}
