//! Who owns a service, as it is told to people and to catalogues of services.

use std::sync::Arc;

use serde::Serialize;

use crate::config::ServiceConfig;
use portcullis_vocabulary::{Squad, Tier};

use super::build_info;

/// Who owns a service. Members are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnerView {
    /// The service.
    pub service: String,
    /// The squad that provides it; none where nobody said so.
    pub squad: Option<String>,
    /// Where the squad reads mail.
    pub email: Option<String>,
    /// Where it talks.
    pub chat: Option<String>,
    /// Whom to wake.
    pub oncall: Option<String>,
    /// What it is about.
    pub domains: Vec<String>,
    /// Who pays.
    pub cost_center: Option<String>,
    /// The highest tier that the squad's own traffic may claim.
    pub tier: Option<&'static str>,
    /// The contract in force; none until it could be read.
    pub contract: Option<OwnedContract>,
    /// The commit that the service was built from, as configured.
    pub commit: Option<String>,
    /// What answers for it.
    pub portcullis: BuildInfo,
}

/// The contract of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnedContract {
    /// `info.title`.
    pub title: Arc<str>,
    /// `info.version`.
    pub version: Arc<str>,
    /// The hash of its content.
    pub revision: Arc<str>,
}

/// Which Portcullis this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BuildInfo {
    version: &'static str,
    commit: Option<&'static str>,
}

impl OwnerView {
    /// The owner of a service, by what is configured and in force.
    pub fn new(
        service: &ServiceConfig,
        provider: Option<&Squad>,
        contract: Option<OwnedContract>,
    ) -> Self {
        let of =
            |text: fn(&Squad) -> &Option<String>| provider.and_then(|squad| text(squad).clone());
        Self {
            service: service.name.clone(),
            squad: provider.map(|squad| squad.name.to_string()),
            email: of(|squad| &squad.email),
            chat: of(|squad| &squad.chat),
            oncall: of(|squad| &squad.oncall),
            domains: provider.map_or_else(Vec::new, |squad| squad.domains.clone()),
            cost_center: of(|squad| &squad.cost_center),
            tier: provider.map(|squad| squad.tier).map(Tier::as_str),
            contract,
            commit: service.commit.clone(),
            portcullis: BuildInfo {
                version: build_info::VERSION,
                commit: build_info::COMMIT,
            },
        }
    }
}
