//! A squad: its number, its tier, how to reach it, and what it owns.

use std::time::Duration;

use super::escalation::{ContactKind, EscalationStep};
use super::isolation::{ContainerLimits, NamespaceQuota};
use super::path_pattern::PathPattern;
use super::squad_name::SquadName;
use super::tier::Tier;

/// The number of a squad in its catalog; it means nothing in another catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SquadId(u16);

/// One squad: its tier, how to reach it, and what it owns.
#[derive(Clone, Debug, PartialEq)]
pub struct Squad {
    /// Its name, as `x-squad-owner` gives it.
    pub name: SquadName,
    /// The highest tier that its traffic may claim.
    pub tier: Tier,
    /// The weight of its share of a concurrency limit; at least 1. Without it, the weight of its
    /// tier applies.
    pub weight: Option<u32>,
    /// The share of its guaranteed slots that others may use while it does not need them, 0 to 1.
    /// Without it, the value of the service applies.
    pub lendable: Option<f64>,
    /// Its e-mail address.
    pub email: Option<String>,
    /// Its chat channel.
    pub chat: Option<String>,
    /// Whom to call when something fails.
    pub oncall: Option<String>,
    /// Whom to ask after its own contacts, in this order.
    pub escalation: Vec<EscalationStep>,
    /// The cost center that pays for it.
    pub cost_center: Option<String>,
    /// Its business domains.
    pub domains: Vec<String>,
    /// Its Kubernetes namespaces.
    pub namespaces: Vec<String>,
    /// The services that it provides.
    pub services: Vec<String>,
    /// The paths of the repository that it owns.
    pub paths: Vec<PathPattern>,
    /// The paths among them whose code other squads may import.
    pub public: Vec<PathPattern>,
    /// Its owners in a CODEOWNERS file, such as `@org/payments`. An empty list stands for `@`
    /// and the squad's name.
    pub codeowners: Vec<String>,
    /// The rules for its deployments.
    pub deploy: DeployPolicy,
    /// What each of its namespaces may use.
    pub quota: NamespaceQuota,
    /// What each of its containers may use.
    pub limits: ContainerLimits,
}

/// The rules for a squad's deployments.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DeployPolicy {
    /// The shortest time between two deployments of one service.
    pub cooldown: Option<Duration>,
    /// The risk score above which a deployment is blocked.
    pub risk_max: Option<u32>,
    /// The share of live exchanges that may violate the contract, 0 to 1. Above it, a deployment is
    /// blocked.
    pub drift_max: Option<f64>,
    /// The share of an error budget that must be left, at most 1. Below it, a deployment is blocked.
    pub budget_min: Option<f64>,
    /// How long an older major version must stay deployed next to its successor. If it stays that
    /// long, the affected squads need not approve breaking changes.
    pub notice: Option<Duration>,
}

impl SquadId {
    pub(crate) fn from_index(index: usize) -> Option<Self> {
        u16::try_from(index).ok().map(Self)
    }

    /// The number of the squad, counted from 0 without gaps.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Squad {
    /// Whether a text can be an owner in CODEOWNERS: `@user`, `@org/team`, or an e-mail address.
    pub fn is_code_owner(text: &str) -> bool {
        let host = text.split_once('@').map(|(_, host)| host);
        host.is_some_and(|host| !host.is_empty())
            && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#')
    }

    /// A contact of this kind, if it has one.
    pub fn contact(&self, kind: ContactKind) -> Option<&str> {
        let contact = match kind {
            ContactKind::Oncall => &self.oncall,
            ContactKind::Chat => &self.chat,
            ContactKind::Email => &self.email,
        };
        contact.as_deref()
    }

    /// A squad with nothing but a name: bronze, without contacts, owner of nothing.
    pub fn named(name: SquadName) -> Self {
        Self {
            name,
            tier: Tier::Bronze,
            weight: None,
            lendable: None,
            email: None,
            chat: None,
            oncall: None,
            escalation: Vec::new(),
            cost_center: None,
            domains: Vec::new(),
            namespaces: Vec::new(),
            services: Vec::new(),
            paths: Vec::new(),
            public: Vec::new(),
            codeowners: Vec::new(),
            deploy: DeployPolicy::default(),
            quota: NamespaceQuota::default(),
            limits: ContainerLimits::default(),
        }
    }
}
