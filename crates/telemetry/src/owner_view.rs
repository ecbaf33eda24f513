//! The owner of a service, as shown to operators and service catalogs.

use std::sync::Arc;

use serde::Serialize;

use portcullis_config::ServiceConfig;
use portcullis_vocabulary::{Catalog, Squad, Tier};

use super::build_info;

/// The owner of a service. JSON properties are added, never removed or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnerView {
    /// The service.
    pub service: String,
    /// The squad that provides it, if it is known.
    pub squad: Option<String>,
    /// The squad's e-mail address.
    pub email: Option<String>,
    /// The squad's chat channel.
    pub chat: Option<String>,
    /// The squad's on-call contact.
    pub oncall: Option<String>,
    /// Whom to ask after it, in this order; absent without an escalation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub escalation: Vec<EscalationView>,
    /// The squad's domains.
    pub domains: Vec<String>,
    /// The squad's cost center.
    pub cost_center: Option<String>,
    /// The highest tier that the squad's own traffic may claim.
    pub tier: Option<&'static str>,
    /// The active contract, if one has been loaded.
    pub contract: Option<OwnedContract>,
    /// The commit that the service was built from, as configured.
    pub commit: Option<String>,
    /// The Portcullis build that serves it.
    pub portcullis: BuildInfo,
}

/// A squad to ask, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EscalationView {
    /// The squad.
    pub squad: String,
    /// How to reach it.
    pub contact: String,
}

/// The contract of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnedContract {
    /// `info.title`.
    pub title: Arc<str>,
    /// `info.version`.
    pub version: Arc<str>,
    /// The hash of its documents.
    pub revision: Arc<str>,
}

/// Version and commit of Portcullis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BuildInfo {
    version: &'static str,
    commit: Option<&'static str>,
}

impl OwnerView {
    /// The owner of a service from its configuration, its provider and its active contract.
    pub fn new(
        service: &ServiceConfig,
        provider: Option<&Squad>,
        contract: Option<OwnedContract>,
        catalog: &Catalog,
    ) -> Self {
        let of =
            |text: fn(&Squad) -> &Option<String>| provider.and_then(|squad| text(squad).clone());
        Self {
            service: service.name.clone(),
            squad: provider.map(|squad| squad.name.to_string()),
            email: of(|squad| &squad.email),
            chat: of(|squad| &squad.chat),
            oncall: of(|squad| &squad.oncall),
            escalation: provider.map_or_else(Vec::new, |squad| EscalationView::of(squad, catalog)),
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

impl EscalationView {
    /// The steps of a squad's escalation.
    pub fn of(squad: &Squad, catalog: &Catalog) -> Vec<Self> {
        let steps = catalog.escalation_of(squad);
        let view = |(squad, contact): (&str, &str)| Self {
            squad: squad.to_owned(),
            contact: contact.to_owned(),
        };
        steps.map(view).collect()
    }
}
