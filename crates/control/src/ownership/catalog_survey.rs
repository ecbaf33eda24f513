//! What is questionable in a catalog: not how it is written, which its reader judges, but what it
//! leaves open.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::dependency_cycle::{DependencyCycle, cycles};
use super::pattern_overlap::common_path;
use super::squad_boundaries::{PathOwner, SquadBoundaries};
use portcullis_vocabulary::ConfigLocation;
use portcullis_vocabulary::Squad;

/// One thing that a catalog leaves open.
#[derive(Clone, Debug)]
pub struct CatalogConcern {
    /// What it is.
    pub kind: ConcernKind,
    /// Where.
    pub place: ConfigLocation,
    /// What is so, and what to do.
    pub message: String,
}

/// What a catalog leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConcernKind {
    /// Two squads own the same files, and nothing says who decides.
    AmbiguousPaths,
    /// A service whose squad nobody can call.
    NoOncall,
    /// A service without a contract.
    NoContract,
    /// A contract of a service that no squad lists.
    UnownedContract,
    /// A contract that lies with another squad than the one that provides the service.
    MisplacedContract,
    /// A namespace of two squads.
    SharedNamespace,
    /// Services that need each other's contracts in a circle.
    DependencyCycle,
}

/// A contract that was found beside a catalog, at `<squad>/<service>/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogContract {
    /// The squad that its place names.
    pub squad: String,
    /// The service that its place names.
    pub service: String,
    /// The file.
    pub path: PathBuf,
}

impl ConcernKind {
    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AmbiguousPaths => "ambiguous-paths",
            Self::NoOncall => "no-oncall",
            Self::NoContract => "no-contract",
            Self::UnownedContract => "unowned-contract",
            Self::MisplacedContract => "misplaced-contract",
            Self::SharedNamespace => "shared-namespace",
            Self::DependencyCycle => "dependency-cycle",
        }
    }

    /// Whether it is only to be known, and nothing is missing or contradictory.
    pub const fn is_warning(self) -> bool {
        matches!(self, Self::DependencyCycle | Self::MisplacedContract)
    }
}

/// Looks through a catalog. `contracts` are those found beside it; `configured` are services that
/// have a contract elsewhere.
pub fn survey(
    boundaries: &SquadBoundaries,
    contracts: &[CatalogContract],
    configured: &[String],
) -> Vec<CatalogConcern> {
    let mut concerns = ambiguous(boundaries);
    for squad in boundaries.catalog().squads() {
        concerns.extend(unreachable(boundaries, squad));
    }
    concerns.extend(without_contract(boundaries, contracts, configured));
    let found = contracts.iter();
    concerns.extend(found.filter_map(|contract| misplaced(boundaries, contract)));
    concerns.extend(shared_namespaces(boundaries));
    let dependencies = boundaries.catalog().dependencies().iter();
    let dependencies = dependencies.map(|each| (each.service.as_str(), each.uses.as_slice()));
    let cycles = cycles(dependencies).into_iter();
    concerns.extend(cycles.filter_map(|cycle| cycle_concern(boundaries, &cycle)));
    concerns.sort_by(|a, b| (&a.place, a.kind).cmp(&(&b.place, b.kind)));
    concerns
}

/// Patterns of different squads and equal rank that have files in common.
fn ambiguous(boundaries: &SquadBoundaries) -> Vec<CatalogConcern> {
    let owners: Vec<PathOwner<'_>> = boundaries.owners().collect();
    let mut concerns = Vec::new();
    for equals in owners.chunk_by(|a, b| a.pattern.rank() == b.pattern.rank()) {
        for (index, winner) in equals.iter().enumerate() {
            for loser in &equals[index + 1..] {
                let is_plain = winner.pattern.is_literal() && loser.pattern.is_literal();
                if !is_plain && winner.squad.name != loser.squad.name {
                    concerns.extend(ambiguity(winner, loser));
                }
            }
        }
    }
    concerns
}

fn ambiguity(winner: &PathOwner<'_>, loser: &PathOwner<'_>) -> Option<CatalogConcern> {
    let path = common_path(winner.pattern, loser.pattern)?;
    let (place, other) = (loser.place?, winner.place?);
    Some(CatalogConcern {
        kind: ConcernKind::AmbiguousPaths,
        place: place.clone(),
        message: format!(
            "`{}` of {} and `{}` of {}, {other}, both match `{path}`, and neither is more \
             specific; give one of the squads a more specific pattern",
            loser.pattern, loser.squad.name, winner.pattern, winner.squad.name
        ),
    })
}

fn unreachable(boundaries: &SquadBoundaries, squad: &Squad) -> Option<CatalogConcern> {
    let place = boundaries.places().squads.get(&squad.name)?;
    let is_missing = squad.oncall.is_none() && !squad.services.is_empty();
    is_missing.then(|| CatalogConcern {
        kind: ConcernKind::NoOncall,
        place: place.clone(),
        message: format!(
            "{} provides {} and names nobody to wake; add `oncall`",
            squad.name,
            squad.services.join(", ")
        ),
    })
}

fn without_contract(
    boundaries: &SquadBoundaries,
    contracts: &[CatalogContract],
    configured: &[String],
) -> Vec<CatalogConcern> {
    let has_contract = |service: &str| {
        configured.iter().any(|name| name == service)
            || contracts.iter().any(|contract| contract.service == service)
    };
    let services = boundaries.places().services.iter();
    let missing = services.filter(|(service, _)| !has_contract(service));
    let concern = |(service, place): (&String, &ConfigLocation)| {
        let squad = boundaries.catalog().provider_of(service)?;
        Some(CatalogConcern {
            kind: ConcernKind::NoContract,
            place: place.clone(),
            message: format!(
                "{service} has no contract; put one at {}/{service}/openapi.yaml beside the \
                 catalog, or name a configuration that says where it is",
                squad.name
            ),
        })
    };
    missing.filter_map(concern).collect()
}

fn misplaced(boundaries: &SquadBoundaries, contract: &CatalogContract) -> Option<CatalogConcern> {
    let CatalogContract {
        squad,
        service,
        path,
    } = contract;
    let place = ConfigLocation::File(path.as_path().into());
    let Some(provider) = boundaries.catalog().provider_of(service) else {
        return Some(CatalogConcern {
            kind: ConcernKind::UnownedContract,
            place,
            message: format!(
                "no squad lists the service {service}; add it to `services` below \
                 [squads.{squad}], or remove the contract"
            ),
        });
    };
    (provider.name.as_str() != squad).then(|| CatalogConcern {
        kind: ConcernKind::MisplacedContract,
        place,
        message: format!(
            "{service} is a service of {}, and its contract lies with {squad}; move it to \
             {}/{service}/",
            provider.name, provider.name
        ),
    })
}

fn shared_namespaces(boundaries: &SquadBoundaries) -> Vec<CatalogConcern> {
    let mut firsts = BTreeMap::new();
    let mut concerns = Vec::new();
    for ((namespace, squad), place) in &boundaries.places().namespaces {
        let (first, earlier) = *firsts.entry(namespace).or_insert((squad, place));
        if first != squad {
            concerns.push(CatalogConcern {
                kind: ConcernKind::SharedNamespace,
                place: place.clone(),
                message: format!(
                    "the namespace {namespace} of {squad} is one of {first} too, {earlier}; a \
                     namespace has one owner"
                ),
            });
        }
    }
    concerns
}

fn cycle_concern(
    boundaries: &SquadBoundaries,
    cycle: &DependencyCycle<'_>,
) -> Option<CatalogConcern> {
    let uses = &boundaries.places().uses;
    let place = |(table, item): (usize, usize)| uses.get(table)?.get(item);
    let at = place(cycle.first()?.1)?;
    let mut way = String::new();
    for (index, &(service, edge)) in cycle.iter().enumerate() {
        let (next, _) = cycle[(index + 1) % cycle.len()];
        let place = place(edge)?;
        let join = if index == 0 { "" } else { ", " };
        way.push_str(&format!("{join}{service} uses {next} ({place})"));
    }
    Some(CatalogConcern {
        kind: ConcernKind::DependencyCycle,
        place: at.clone(),
        message: format!(
            "a circle of contracts: {way}; none of them can take a breaking change of the next \
             one first, so release such changes in two compatible steps"
        ),
    })
}
