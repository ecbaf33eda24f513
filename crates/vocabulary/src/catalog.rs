//! The catalog: the squads, what they own and what their services share.
//!
//! Squads are numbered in the order of their names, so a metric or a table can hold a small
//! integer instead of a name, and two processes that read the same catalog use the same numbers.
//!
//! Invariant: squads are sorted by name, and names are unique.

use std::collections::BTreeMap;

use super::consumer::{Caller, Consumer};
use super::objectives::ServiceObjectives;
use super::service_transfer::ServiceTransfer;
use super::squad::{Squad, SquadId};
use super::squad_name::SquadName;
use super::stated_objectives::{CatalogObjectives, StatedObjectives};
use super::table_name::TableName;
use super::tier::Tier;

/// A resource that several services share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedResource {
    /// Its name, unique among resources.
    pub name: String,
    /// Its kind.
    pub kind: ResourceKind,
    /// The squad that owns it.
    pub owner: SquadName,
    /// The services that use it.
    pub used_by: Vec<String>,
    /// The tables of a database that the services share; empty for other kinds.
    pub tables: Vec<TableName>,
}

/// The kind of a shared resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// A database, or a schema in one.
    Database,
    /// A message topic or queue.
    Topic,
    /// A shared cache.
    Cache,
    /// A bucket of objects or files.
    Bucket,
}

/// A feature flag of a service.
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
    /// The number of the flag's changes.
    pub version: u64,
    /// Whether a rollback to a deployment with another version of the flag needs the approval of
    /// the other squad.
    pub rollback_approval: bool,
}

/// The services whose contracts a service needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceDependency {
    /// The calling service.
    pub service: String,
    /// The services that it calls.
    pub uses: Vec<String>,
    /// Those of them without which it still serves something.
    pub fallbacks: Vec<String>,
}

/// Where people find what they need to run a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceLinks {
    /// The address of its runbook.
    pub runbook: Option<String>,
    /// The address of its dashboard.
    pub dashboard: Option<String>,
}

/// The points that make up the risk score of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RiskWeights {
    /// For each squad that may be reached, and for each bronze squad that calls what breaks.
    pub squad: u32,
    /// For each silver squad that calls what breaks.
    pub silver: u32,
    /// For each gold squad that calls what breaks.
    pub gold: u32,
    /// For each squad that calls the service but nothing that breaks.
    pub untouched: u32,
    /// For each database that other squads also use.
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

/// How changes to paths without an owner are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnownedPolicy {
    /// They are allowed.
    Allow,
    /// They are allowed with a warning.
    #[default]
    Warn,
    /// They are blocked until a squad owns the paths.
    Block,
}

/// All squads and what they share; empty if no catalog is configured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    squads: Vec<Squad>,
    /// The squad of each Kubernetes namespace; `None` for one that several squads list.
    namespaces: BTreeMap<String, Option<SquadId>>,
    resources: Vec<SharedResource>,
    flags: Vec<FeatureFlag>,
    dependencies: Vec<ServiceDependency>,
    objectives: CatalogObjectives,
    transfers: Vec<ServiceTransfer>,
    links: BTreeMap<String, ServiceLinks>,
    allowed_hosts: BTreeMap<String, Vec<String>>,
    unowned: UnownedPolicy,
    risk: RiskWeights,
}

impl UnownedPolicy {
    /// Every policy, with its name in the catalog.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("allow", Self::Allow),
        ("warn", Self::Warn),
        ("block", Self::Block),
    ];
}

impl ResourceKind {
    /// Every kind, with its name in the catalog.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("database", Self::Database),
        ("topic", Self::Topic),
        ("cache", Self::Cache),
        ("bucket", Self::Bucket),
    ];
}

impl Catalog {
    /// The highest number of squads in one catalog: each costs a row of labels and tables.
    pub const SQUADS_MAX: usize = 4096;

    /// Builds the catalog of these squads. Their names must be unique and their number at most
    /// [`SQUADS_MAX`](Self::SQUADS_MAX); the catalog drops duplicates and what exceeds the limit.
    pub fn new(
        mut squads: Vec<Squad>,
        resources: Vec<SharedResource>,
        flags: Vec<FeatureFlag>,
    ) -> Self {
        squads.sort_by(|a, b| a.name.cmp(&b.name));
        squads.dedup_by(|a, b| a.name == b.name);
        squads.truncate(Self::SQUADS_MAX);
        Self {
            namespaces: namespaces(&squads),
            squads,
            resources,
            flags,
            dependencies: Vec::new(),
            objectives: CatalogObjectives::default(),
            transfers: Vec::new(),
            links: BTreeMap::new(),
            allowed_hosts: BTreeMap::new(),
            unowned: UnownedPolicy::default(),
            risk: RiskWeights::default(),
        }
    }

    /// Sets the services that each service calls.
    #[must_use]
    pub fn with_dependencies(self, dependencies: Vec<ServiceDependency>) -> Self {
        Self {
            dependencies,
            ..self
        }
    }

    /// Sets what it says about objectives.
    #[must_use]
    pub fn with_objectives(self, objectives: CatalogObjectives) -> Self {
        Self { objectives, ..self }
    }

    /// Sets the services that move from one squad to another.
    #[must_use]
    pub fn with_transfers(self, transfers: Vec<ServiceTransfer>) -> Self {
        Self { transfers, ..self }
    }

    /// Sets where people find what they need to run services.
    #[must_use]
    pub fn with_links(self, links: BTreeMap<String, ServiceLinks>) -> Self {
        Self { links, ..self }
    }

    /// Sets the hosts that each service may call, as patterns.
    #[must_use]
    pub fn with_allowed_hosts(self, allowed_hosts: BTreeMap<String, Vec<String>>) -> Self {
        Self {
            allowed_hosts,
            ..self
        }
    }

    /// Sets how changes to paths without an owner are treated.
    #[must_use]
    pub fn with_unowned(self, unowned: UnownedPolicy) -> Self {
        Self { unowned, ..self }
    }

    /// Sets the points of the risk score.
    #[must_use]
    pub fn with_risk(self, risk: RiskWeights) -> Self {
        Self { risk, ..self }
    }

    /// All squads, in the order of their ids.
    pub fn squads(&self) -> &[Squad] {
        &self.squads
    }

    /// The resources that several services share.
    pub fn resources(&self) -> &[SharedResource] {
        &self.resources
    }

    /// The feature flags.
    pub fn flags(&self) -> &[FeatureFlag] {
        &self.flags
    }

    /// The services that each service calls.
    pub fn dependencies(&self) -> &[ServiceDependency] {
        &self.dependencies
    }

    /// What it says about objectives.
    pub const fn objectives(&self) -> &CatalogObjectives {
        &self.objectives
    }

    /// The objectives of a service whose contract says this about them.
    pub fn objectives_of(
        &self,
        service: &str,
        contract: &StatedObjectives,
    ) -> Option<ServiceObjectives> {
        self.objectives.of(service, contract)
    }

    /// The services that move from one squad to another, one entry for each.
    pub fn transfers(&self) -> &[ServiceTransfer] {
        &self.transfers
    }

    /// Where people find what they need to run each service that has links.
    pub const fn links(&self) -> &BTreeMap<String, ServiceLinks> {
        &self.links
    }

    /// Where people find what they need to run a service.
    pub fn links_of(&self, service: &str) -> Option<&ServiceLinks> {
        self.links.get(service)
    }

    /// The transfer of a service, over or not.
    pub fn transfer_of(&self, service: &str) -> Option<&ServiceTransfer> {
        let mut transfers = self.transfers.iter();
        transfers.find(|transfer| transfer.service == service)
    }

    /// The hosts that each service may call, as patterns.
    pub const fn allowed_hosts(&self) -> &BTreeMap<String, Vec<String>> {
        &self.allowed_hosts
    }

    /// How changes to paths without an owner are treated.
    pub const fn unowned(&self) -> UnownedPolicy {
        self.unowned
    }

    /// The points of the risk score.
    pub const fn risk(&self) -> RiskWeights {
        self.risk
    }

    /// The squad with this name.
    pub fn find(&self, name: &str) -> Option<SquadId> {
        let index = self
            .squads
            .binary_search_by(|squad| squad.name.as_str().cmp(name))
            .ok()?;
        SquadId::from_index(index)
    }

    /// The squad with this id; none if the id is another catalog's.
    pub fn squad(&self, id: SquadId) -> Option<&Squad> {
        self.squads.get(id.index())
    }

    /// The squad that provides this service.
    pub fn provider_of(&self, service: &str) -> Option<&Squad> {
        self.squads
            .iter()
            .find(|squad| squad.services.iter().any(|own| own == service))
    }

    /// Whom to ask after a squad's own contacts: names of squads with a contact of each.
    pub fn escalation_of<'c>(
        &'c self,
        squad: &'c Squad,
    ) -> impl Iterator<Item = (&'c str, &'c str)> {
        squad.escalation.iter().filter_map(|step| {
            let next = self
                .find(step.squad.as_str())
                .and_then(|id| self.squad(id))?;
            Some((next.name.as_str(), next.contact(step.contact)?))
        })
    }

    /// The squad that alone lists this Kubernetes namespace.
    pub fn squad_of_namespace(&self, namespace: &str) -> Option<&Squad> {
        let id = (*self.namespaces.get(namespace)?)?;
        self.squad(id)
    }

    /// The consumer with this name, as a request gives it.
    pub fn consumer(&self, name: &[u8]) -> Consumer {
        let name = std::str::from_utf8(name).ok();
        name.and_then(|name| self.find(name))
            .map_or(Consumer::Unknown, Consumer::Squad)
    }

    /// A consumer that claims a tier. It gets the lower of that tier and the one that its squad is
    /// granted; unknown callers are granted bronze.
    pub fn caller(&self, consumer: Consumer, claimed: Tier) -> Caller {
        let granted = consumer.squad().and_then(|id| self.squad(id));
        let granted = granted.map_or(Tier::default(), |squad| squad.tier);
        Caller {
            consumer,
            tier: claimed.min(granted),
        }
    }

    /// Every consumer, the unknown one first.
    pub fn consumers(&self) -> impl Iterator<Item = Consumer> + use<> {
        let squads = (0..self.squads.len()).filter_map(SquadId::from_index);
        std::iter::once(Consumer::Unknown).chain(squads.map(Consumer::Squad))
    }

    /// The name of a consumer for labels and answers: its squad's name, or `unknown`.
    pub fn consumer_name(&self, consumer: Consumer) -> &str {
        let squad = consumer.squad().and_then(|id| self.squad(id));
        squad.map_or(Consumer::UNKNOWN_NAME, |squad| squad.name.as_str())
    }
}

fn namespaces(squads: &[Squad]) -> BTreeMap<String, Option<SquadId>> {
    let mut namespaces: BTreeMap<String, Option<SquadId>> = BTreeMap::new();
    for (index, squad) in squads.iter().enumerate() {
        let id = SquadId::from_index(index);
        for namespace in &squad.namespaces {
            let entry = namespaces.entry(namespace.clone()).or_insert(id);
            if *entry != id {
                *entry = None;
            }
        }
    }
    namespaces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_of_one_squad_names_it() {
        let squad = |name: &str, namespaces: &[&str]| Squad {
            namespaces: namespaces.iter().map(|name| (*name).to_owned()).collect(),
            ..Squad::named(name.parse().unwrap())
        };
        let squads = vec![
            squad("search", &["find", "shared"]),
            squad("payments", &["pay", "shared", "pay"]),
        ];
        let catalog = Catalog::new(squads, vec![], vec![]);
        let owner = |namespace| {
            let squad = catalog.squad_of_namespace(namespace)?;
            Some(squad.name.as_str())
        };
        assert_eq!(owner("pay"), Some("payments"));
        assert_eq!(owner("find"), Some("search"));
        assert_eq!((owner("shared"), owner("other")), (None, None));
    }

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
