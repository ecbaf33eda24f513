//! The catalog: which squads there are, and what belongs to them.
//!
//! Squads are numbered in the order of their names, so that a metric or a table can hold one
//! small integer instead of a name, and two processes that read one catalog number alike.
//!
//! Invariant: squads are sorted by name and names are unique.

use std::time::Duration;

use super::{Caller, Consumer, PathPattern, SquadName, Tier};

/// The place of a squad in its catalog; meaningless in any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SquadId(u16);

/// One squad: how it ranks, how it is reached, and what it owns.
#[derive(Clone, Debug, PartialEq)]
pub struct Squad {
    /// The name that `x-squad-owner` carries.
    pub name: SquadName,
    /// The highest tier that its traffic may claim.
    pub tier: Tier,
    /// Its share, relative to the others' weights, when an upstream is short; at least 1. Without
    /// it, that of its tier.
    pub weight: Option<u32>,
    /// Where to write.
    pub email: Option<String>,
    /// Where to talk.
    pub chat: Option<String>,
    /// Whom to wake.
    pub oncall: Option<String>,
    /// Who pays.
    pub cost_center: Option<String>,
    /// Its business domains.
    pub domains: Vec<String>,
    /// Its Kubernetes namespaces.
    pub namespaces: Vec<String>,
    /// The services that it provides.
    pub services: Vec<String>,
    /// The paths of the repository that it owns.
    pub paths: Vec<PathPattern>,
    /// Who answers for it in a CODEOWNERS file, such as `@org/payments`; nobody means `@` and its
    /// name.
    pub codeowners: Vec<String>,
    /// What its deployments must keep to.
    pub deploy: DeployPolicy,
}

/// What a squad's deployments must keep to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DeployPolicy {
    /// The least time between two deployments of one service.
    pub cooldown: Option<Duration>,
    /// The risk score above which a deployment is blocked.
    pub risk_max: Option<u32>,
    /// The share of live exchanges that may depart from the contract, above which a deployment is
    /// blocked, 0 to 1.
    pub drift_max: Option<f64>,
    /// How long an older major version has to stay beside its successor, so that the squads
    /// reached need not approve of what breaks.
    pub notice: Option<Duration>,
}

/// Something that several services share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedResource {
    /// Its name, unique among resources.
    pub name: String,
    /// What it is.
    pub kind: ResourceKind,
    /// The squad that it belongs to.
    pub owner: SquadName,
    /// The services that use it.
    pub used_by: Vec<String>,
}

/// What a shared resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// A database or a schema in one.
    Database,
    /// A topic or queue of messages.
    Topic,
    /// A shared cache.
    Cache,
    /// A bucket of objects or files.
    Bucket,
}

/// A feature flag that changes what a service does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureFlag {
    /// Its name, unique among flags.
    pub name: String,
    /// The service that reads it.
    pub service: String,
    /// Whether switching it changes behaviour that another squad sees.
    pub cross_squad: bool,
    /// The other squad.
    pub target: Option<SquadName>,
    /// Counts the flag's changes.
    pub version: u64,
    /// Whether going back to a deployment that knew another version of it needs the approval of
    /// the other squad.
    pub rollback_approval: bool,
}

/// A service that needs the contracts of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceDependency {
    /// The service that calls.
    pub service: String,
    /// The services that it calls.
    pub uses: Vec<String>,
}

/// What the risk of a deployment is made of, in points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RiskWeights {
    /// For each squad that may be reached, and for each that is: a bronze one.
    pub squad: u32,
    /// For each silver squad that was seen to call what breaks.
    pub silver: u32,
    /// For each gold squad that was seen to call what breaks.
    pub gold: u32,
    /// For each squad that was seen to call nothing that breaks.
    pub untouched: u32,
    /// For each database that other squads use, too.
    pub database: u32,
    /// For each flag that changes what another squad sees.
    pub flag: u32,
}

impl Default for RiskWeights {
    fn default() -> Self {
        Self {
            squad: 30,
            silver: 45,
            gold: 60,
            untouched: 10,
            database: 20,
            flag: 10,
        }
    }
}

/// What a change of paths that no squad owns means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnownedPolicy {
    /// Everybody may change them.
    Allow,
    /// Everybody may, and is told that nobody owns them.
    #[default]
    Warn,
    /// Nobody may, until a squad owns them.
    Block,
}

/// All squads and what they share; empty where no catalog is configured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    squads: Vec<Squad>,
    resources: Vec<SharedResource>,
    flags: Vec<FeatureFlag>,
    dependencies: Vec<ServiceDependency>,
    unowned: UnownedPolicy,
    risk: RiskWeights,
}

impl UnownedPolicy {
    /// Each with its name in the catalog.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("allow", Self::Allow),
        ("warn", Self::Warn),
        ("block", Self::Block),
    ];
}

impl SquadId {
    /// The squad's number, counted from 0 without gaps.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Squad {
    /// Whether CODEOWNERS can name an owner so: `@user`, `@org/team`, or an address.
    pub fn is_code_owner(text: &str) -> bool {
        let host = text.split_once('@').map(|(_, host)| host);
        host.is_some_and(|host| !host.is_empty())
            && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#')
    }
}

impl ResourceKind {
    /// Each kind with its name in the catalog.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("database", Self::Database),
        ("topic", Self::Topic),
        ("cache", Self::Cache),
        ("bucket", Self::Bucket),
    ];
}

impl Catalog {
    /// The most squads that one catalog may hold: each is a row of labels and tables.
    pub const SQUADS_MAX: usize = 4096;

    /// Builds the catalog of these squads, whose names are unique and whose number is at most
    /// [`SQUADS_MAX`](Self::SQUADS_MAX); what is beyond is dropped.
    pub fn new(
        mut squads: Vec<Squad>,
        resources: Vec<SharedResource>,
        flags: Vec<FeatureFlag>,
    ) -> Self {
        squads.sort_by(|a, b| a.name.cmp(&b.name));
        squads.dedup_by(|a, b| a.name == b.name);
        squads.truncate(Self::SQUADS_MAX);
        Self {
            squads,
            resources,
            flags,
            dependencies: Vec::new(),
            unowned: UnownedPolicy::default(),
            risk: RiskWeights::default(),
        }
    }

    /// The same with what its services call.
    #[must_use]
    pub fn with_dependencies(self, dependencies: Vec<ServiceDependency>) -> Self {
        Self {
            dependencies,
            ..self
        }
    }

    /// The same with what a change of unowned paths means.
    #[must_use]
    pub fn with_unowned(self, unowned: UnownedPolicy) -> Self {
        Self { unowned, ..self }
    }

    /// The same with what the risk of a deployment is made of.
    #[must_use]
    pub fn with_risk(self, risk: RiskWeights) -> Self {
        Self { risk, ..self }
    }

    /// All squads in the order of their ids.
    pub fn squads(&self) -> &[Squad] {
        &self.squads
    }

    /// What several services share.
    pub fn resources(&self) -> &[SharedResource] {
        &self.resources
    }

    /// The feature flags.
    pub fn flags(&self) -> &[FeatureFlag] {
        &self.flags
    }

    /// What services call each other.
    pub fn dependencies(&self) -> &[ServiceDependency] {
        &self.dependencies
    }

    /// What a change of paths that no squad owns means.
    pub const fn unowned(&self) -> UnownedPolicy {
        self.unowned
    }

    /// What the risk of a deployment is made of.
    pub const fn risk(&self) -> RiskWeights {
        self.risk
    }

    /// The squad of this name.
    pub fn find(&self, name: &str) -> Option<SquadId> {
        let place = self
            .squads
            .binary_search_by(|squad| squad.name.as_str().cmp(name))
            .ok()?;
        u16::try_from(place).ok().map(SquadId)
    }

    /// The squad of this id; none when the id is another catalog's.
    pub fn squad(&self, id: SquadId) -> Option<&Squad> {
        self.squads.get(id.index())
    }

    /// The squad that provides this service.
    pub fn provider_of(&self, service: &str) -> Option<&Squad> {
        self.squads
            .iter()
            .find(|squad| squad.services.iter().any(|own| own == service))
    }

    /// The consumer of this name, as a request gives it.
    pub fn consumer(&self, name: &[u8]) -> Consumer {
        let name = std::str::from_utf8(name).ok();
        name.and_then(|name| self.find(name))
            .map_or(Consumer::Unknown, Consumer::Squad)
    }

    /// A consumer that claims a tier: it has the lower of that and what its squad is granted,
    /// and the unknown are granted nothing.
    pub fn caller(&self, consumer: Consumer, claimed: Tier) -> Caller {
        let granted = consumer.squad().and_then(|id| self.squad(id));
        let granted = granted.map_or(Tier::default(), |squad| squad.tier);
        Caller {
            consumer,
            tier: claimed.min(granted),
        }
    }

    /// Every consumer that can be told apart, the unknown first.
    pub fn consumers(&self) -> impl Iterator<Item = Consumer> + use<> {
        let squads = (0..self.squads.len()).filter_map(|place| u16::try_from(place).ok());
        std::iter::once(Consumer::Unknown).chain(squads.map(|id| Consumer::Squad(SquadId(id))))
    }

    /// The name of a consumer for labels and answers: its squad's, else `unknown`.
    pub fn consumer_name(&self, consumer: Consumer) -> &str {
        let squad = consumer.squad().and_then(|id| self.squad(id));
        squad.map_or(Consumer::UNKNOWN_NAME, |squad| squad.name.as_str())
    }
}

impl Squad {
    /// A squad that has nothing but a name: bronze, no contacts, owner of nothing.
    pub fn named(name: SquadName) -> Self {
        Self {
            name,
            tier: Tier::Bronze,
            weight: None,
            email: None,
            chat: None,
            oncall: None,
            cost_center: None,
            domains: Vec::new(),
            namespaces: Vec::new(),
            services: Vec::new(),
            paths: Vec::new(),
            codeowners: Vec::new(),
            deploy: DeployPolicy::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squads_are_numbered_by_name() {
        let catalog = Catalog::new(
            vec![
                Squad::named("search".parse().unwrap()),
                Squad::named("checkout".parse().unwrap()),
            ],
            vec![],
            vec![],
        );
        let index = |name| catalog.find(name).map(SquadId::index);
        assert_eq!(index("checkout"), Some(0));
        assert_eq!(index("search"), Some(1));
        assert_eq!(index("payments"), None);
        for (index, squad) in catalog.squads().iter().enumerate() {
            let id = catalog.find(squad.name.as_str()).unwrap();
            assert_eq!((id.index(), catalog.squad(id)), (index, Some(squad)));
        }
    }

    #[test]
    fn the_provider_is_the_squad_that_lists_the_service() {
        let payments = Squad {
            services: vec!["orders".into()],
            ..Squad::named("payments".parse().unwrap())
        };
        let catalog = Catalog::new(
            vec![payments, Squad::named("search".parse().unwrap())],
            vec![],
            vec![],
        );
        assert_eq!(
            catalog.provider_of("orders").unwrap().name.as_str(),
            "payments"
        );
        assert_eq!(catalog.provider_of("ledger"), None);
    }
}
