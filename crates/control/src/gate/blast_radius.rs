//! The blast radius of a deployment: the squads that it can affect, and the risk score.
//!
//! Declared reach follows from the catalog: services that use this one, databases and other
//! resources that several squads share, flags that another squad sees. Measured reach follows from
//! traffic: which squad calls which operation. A squad that calls what breaks weighs by its tier,
//! one that calls nothing that breaks weighs little. Without a measurement, every declared squad
//! counts as affected.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::judged_table::JudgedTable;
use super::vendor_use::VendorUse;
use portcullis_schema::TableFinding;
use portcullis_vocabulary::{
    Catalog, Consumer, FeatureFlag, ResourceKind, SharedResource, Squad, Tier,
};

/// The operations that a change breaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrokenOperations {
    /// Their names, as in metrics.
    pub operations: BTreeSet<String>,
    /// Whether it breaks the contract as a whole.
    pub whole_contract: bool,
}

/// The calls that each squad made within a window of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeasuredUsage {
    /// The number of requests by squad and operation.
    calls: BTreeMap<String, BTreeMap<String, f64>>,
}

/// The squads and shared things that a deployment can affect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BlastRadius {
    /// Whether traffic was measured.
    pub measured: bool,
    /// The squads, by name.
    pub squads: Vec<ReachedSquad>,
    /// The tiers of these squads, the highest first.
    pub tiers: Vec<&'static str>,
    /// The databases that other squads also use.
    pub databases: Vec<String>,
    /// Topics, caches and buckets that other squads also use; they add no points.
    pub resources: Vec<String>,
    /// The flags that another squad sees.
    pub flags: Vec<SharedFlag>,
}

/// A squad that a deployment can affect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReachedSquad {
    /// Its name, or `unknown` for callers that the catalog does not know.
    pub squad: String,
    /// The highest tier of its traffic.
    pub tier: &'static str,
    /// How it is reached: `uses <service>`, `database <name>`, `table <name>`, `flag <name>`,
    /// `calls`.
    pub why: Vec<String>,
    /// Whether it was measured to call something that breaks.
    pub broken: bool,
    /// The operations that it was measured to call, with the number of requests.
    pub calls: BTreeMap<String, u64>,
    /// What it adds to the risk score.
    pub points: u32,
}

/// A feature flag that another squad sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SharedFlag {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// The other squad.
    pub target: Option<String>,
}

impl BrokenOperations {
    /// Whether nothing breaks.
    pub fn is_empty(&self) -> bool {
        !self.whole_contract && self.operations.is_empty()
    }

    fn has(&self, operation: &str) -> bool {
        self.whole_contract || self.operations.contains(operation)
    }
}

impl MeasuredUsage {
    /// Adds calls of an operation. Of several numbers for the same operation, the greatest counts.
    pub fn add(&mut self, operation: &str, squad: &str, requests: f64) {
        if requests > 0.0 {
            let calls = self.calls.entry(squad.to_owned()).or_default();
            let calls = calls.entry(operation.to_owned()).or_default();
            *calls = calls.max(requests);
        }
    }

    fn of_squad(&self, squad: &str) -> BTreeMap<String, u64> {
        let calls = self.calls.get(squad).into_iter().flatten();
        // Rates over a window are not whole numbers, and a measured call is at least one.
        calls
            .map(|(operation, requests)| (operation.clone(), requests.round().max(1.0) as u64))
            .collect()
    }

    fn squads(&self) -> impl Iterator<Item = &str> {
        self.calls.keys().map(String::as_str)
    }
}

impl BlastRadius {
    /// The blast radius of a deployment of a service, without the squad that provides it. No squad provides
    /// a vendor.
    pub fn of(
        catalog: &Catalog,
        provider: &str,
        (service, vendor): (&str, Option<&VendorUse>),
        (broken, tables): (&BrokenOperations, &[JudgedTable]),
        usage: Option<&MeasuredUsage>,
    ) -> Self {
        let mut reach = ReachCollector {
            provider,
            is_consumer: vendor.is_some(),
            why: BTreeMap::new(),
        };
        reach.by_dependencies(catalog, service);
        for (squad, why) in vendor
            .iter()
            .flat_map(|vendor| vendor.squads(catalog, service))
        {
            reach.add_once(squad, why);
        }
        let mut radius = Self {
            measured: usage.is_some(),
            ..Self::default()
        };
        reach.by_resources(catalog, service, &mut radius);
        reach.by_flags(catalog, service, &mut radius);
        reach.by_tables(tables);
        for squad in usage.iter().flat_map(|usage| usage.squads()) {
            reach.add(squad, "calls".to_owned());
        }
        let squads = reach.why.into_iter();
        radius.squads = squads
            .map(|(squad, why)| ReachedSquad::of(catalog, squad, why, broken, usage))
            .collect();
        let tiers = radius
            .squads
            .iter()
            .map(|reached| tier_of(catalog, &reached.squad));
        let tiers: BTreeSet<Tier> = tiers.collect();
        radius.tiers = tiers.into_iter().rev().map(Tier::as_str).collect();
        radius
    }

    /// The risk score, in points.
    pub fn risk_score(&self, catalog: &Catalog) -> u32 {
        let weights = catalog.risk();
        let times = |count: usize, weight: u32| {
            u32::try_from(count)
                .unwrap_or(u32::MAX)
                .saturating_mul(weight)
        };
        let squads = self
            .squads
            .iter()
            .fold(0, |sum: u32, reached| sum.saturating_add(reached.points));
        squads
            .saturating_add(times(self.databases.len(), weights.database))
            .saturating_add(times(self.flags.len(), weights.flag))
    }

    /// The squads that a break of an operation affects; without an operation, of the whole
    /// contract. These are the squads that were measured to call it, or without a measurement
    /// those that the catalog declares to use the service.
    pub(super) fn affected_squads(&self, operation: Option<&str>) -> BTreeSet<&str> {
        let is_hit = |reached: &&ReachedSquad| match (self.measured, operation) {
            (true, Some(operation)) => reached.calls.contains_key(operation),
            (true, None) => !reached.calls.is_empty(),
            (false, _) => reached.why.iter().any(|why| why.starts_with("uses ")),
        };
        self.squads
            .iter()
            .filter(is_hit)
            .map(|reached| reached.squad.as_str())
            .collect()
    }

    /// The squads that a break of a channel's events affects: those that use the topic of its name,
    /// or else any topic of the service or the service itself. Traffic of HTTP says nothing about it.
    pub(super) fn affected_readers(&self, channel: &str) -> BTreeSet<&str> {
        let named = format!("topic {channel}");
        let reached = |is_hit: &dyn Fn(&str) -> bool| -> BTreeSet<&str> {
            let squads = self.squads.iter();
            let squads = squads.filter(|reached| reached.why.iter().any(|why| is_hit(why)));
            squads.map(|reached| reached.squad.as_str()).collect()
        };
        let readers = reached(&|why| why == named);
        if readers.is_empty() {
            reached(&|why| why.starts_with("topic ") || why.starts_with("uses "))
        } else {
            readers
        }
    }
}

/// Collects the squads that are reached, and how.
struct ReachCollector<'p> {
    provider: &'p str,
    /// Whether the provider calls the service itself, because it is a vendor.
    is_consumer: bool,
    why: BTreeMap<String, Vec<String>>,
}

impl ReachCollector<'_> {
    fn add(&mut self, squad: &str, why: String) {
        if self.is_consumer || squad != self.provider {
            self.why.entry(squad.to_owned()).or_default().push(why);
        }
    }

    fn add_once(&mut self, squad: &str, why: String) {
        let known = self.why.get(squad);
        if !known.is_some_and(|known| known.contains(&why)) {
            self.add(squad, why);
        }
    }

    fn by_dependencies(&mut self, catalog: &Catalog, service: &str) {
        for dependency in catalog.dependencies() {
            if dependency.uses.iter().any(|used| used == service)
                && let Some(squad) = catalog.provider_of(&dependency.service)
            {
                self.add(
                    squad.name.as_str(),
                    format!("uses {service} by {}", dependency.service),
                );
            }
        }
    }

    fn by_resources(&mut self, catalog: &Catalog, service: &str, radius: &mut BlastRadius) {
        let is_used =
            |resource: &&SharedResource| resource.used_by.iter().any(|user| user == service);
        for resource in catalog.resources().iter().filter(is_used) {
            let users = resource
                .used_by
                .iter()
                .filter_map(|user| catalog.provider_of(user));
            let mut others: BTreeSet<&str> = users.map(|squad| squad.name.as_str()).collect();
            others.insert(resource.owner.as_str());
            others.remove(self.provider);
            if others.is_empty() {
                continue;
            }
            let kind = kind_of(resource.kind);
            match resource.kind {
                ResourceKind::Database => radius.databases.push(resource.name.clone()),
                ResourceKind::Topic | ResourceKind::Cache | ResourceKind::Bucket => {
                    radius.resources.push(format!("{kind} {}", resource.name));
                }
            }
            for squad in others {
                self.add(squad, format!("{kind} {}", resource.name));
            }
        }
    }

    /// What migrations do to tables reaches the squads that use them.
    fn by_tables(&mut self, tables: &[JudgedTable]) {
        for TableFinding {
            table, affected, ..
        } in tables.iter().map(|judged| &judged.finding)
        {
            let Some(table) = table else { continue };
            let why = format!("table {table}");
            for squad in affected {
                self.add_once(squad.as_str(), why.clone());
            }
        }
    }

    fn by_flags(&mut self, catalog: &Catalog, service: &str, radius: &mut BlastRadius) {
        let is_shared = |flag: &&FeatureFlag| flag.service == service && flag.cross_squad;
        for flag in catalog.flags().iter().filter(is_shared) {
            let target = flag.target.as_ref().map(ToString::to_string);
            if let Some(target) = &target {
                self.add(target, format!("flag {}", flag.name));
            }
            radius.flags.push(SharedFlag {
                name: flag.name.clone(),
                version: flag.version,
                target,
            });
        }
    }
}

impl ReachedSquad {
    fn of(
        catalog: &Catalog,
        squad: String,
        why: Vec<String>,
        broken: &BrokenOperations,
        usage: Option<&MeasuredUsage>,
    ) -> Self {
        let calls = usage
            .map(|usage| usage.of_squad(&squad))
            .unwrap_or_default();
        let is_hit = calls.keys().any(|operation| broken.has(operation));
        let weights = catalog.risk();
        let tier = tier_of(catalog, &squad);
        let points = match (usage, is_hit, tier) {
            (None, _, _) | (Some(_), true, Tier::Bronze) => weights.squad,
            (Some(_), true, Tier::Silver) => weights.silver,
            (Some(_), true, Tier::Gold) => weights.gold,
            (Some(_), false, _) => weights.untouched,
        };
        Self {
            squad,
            tier: tier.as_str(),
            why,
            broken: is_hit,
            calls,
            points,
        }
    }

    /// Whether it is a squad of the catalog, which can be asked for approval.
    pub fn is_known(&self) -> bool {
        self.squad != Consumer::UNKNOWN_NAME
    }
}

fn tier_of(catalog: &Catalog, squad: &str) -> Tier {
    let squad: Option<&Squad> = catalog.find(squad).and_then(|id| catalog.squad(id));
    squad.map_or(Tier::Bronze, |squad| squad.tier)
}

fn kind_of(kind: ResourceKind) -> &'static str {
    let mut names = ResourceKind::NAMES.iter();
    names
        .find(|(_, named)| *named == kind)
        .map_or("resource", |(name, _)| name)
}
