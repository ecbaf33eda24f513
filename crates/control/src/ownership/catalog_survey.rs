//! Surveys a catalog for gaps and contradictions. Its syntax is already checked when it is read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::dependency_cycle::{CycleStep, DependencyEdge, cycles};
use super::pattern_overlap::common_path;
use super::squad_boundaries::{PathOwner, SquadBoundaries};
use portcullis_vocabulary::ConfigLocation;
use portcullis_vocabulary::{PathPattern, Squad};

/// A gap or contradiction in a catalog.
#[derive(Clone, Debug)]
pub struct CatalogConcern {
    /// Its kind.
    pub kind: ConcernKind,
    /// Where it is.
    pub place: ConfigLocation,
    /// What is wrong, and what to do.
    pub message: String,
}

/// The kinds of gaps and contradictions in a catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConcernKind {
    /// Two squads own the same files by patterns of equal rank.
    AmbiguousPaths,
    /// A squad provides services and has no on-call contact.
    NoOncall,
    /// A service has no contract.
    NoContract,
    /// A contract belongs to a service that no squad lists.
    UnownedContract,
    /// A contract is in the folder of another squad than the one that provides the service.
    MisplacedContract,
    /// Two squads list the same namespace.
    SharedNamespace,
    /// Services depend on each other's contracts in a cycle.
    DependencyCycle,
    /// A squad offers paths for import that it does not own.
    ForeignPublicPath,
}

/// A contract that was found next to a catalog, at `<squad>/<service>/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogContract {
    /// The squad in its path.
    pub squad: String,
    /// The service in its path.
    pub service: String,
    /// The file.
    pub path: PathBuf,
}

impl ConcernKind {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AmbiguousPaths => "ambiguous-paths",
            Self::NoOncall => "no-oncall",
            Self::NoContract => "no-contract",
            Self::UnownedContract => "unowned-contract",
            Self::MisplacedContract => "misplaced-contract",
            Self::SharedNamespace => "shared-namespace",
            Self::DependencyCycle => "dependency-cycle",
            Self::ForeignPublicPath => "foreign-public-path",
        }
    }

    /// Whether it is a warning: nothing is missing or contradictory.
    pub const fn is_warning(self) -> bool {
        matches!(self, Self::DependencyCycle | Self::MisplacedContract)
    }
}

/// Surveys a catalog. `contracts` are those found next to it; `configured` are the services whose
/// configuration names a contract elsewhere.
pub fn survey(
    boundaries: &SquadBoundaries,
    contracts: &[CatalogContract],
    configured: &[String],
) -> Vec<CatalogConcern> {
    let mut concerns = ambiguous_paths(boundaries);
    for squad in boundaries.catalog().squads() {
        concerns.extend(missing_oncall(boundaries, squad));
        concerns.extend(foreign_public_paths(boundaries, squad));
    }
    concerns.extend(missing_contracts(boundaries, contracts, configured));
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

/// Patterns of different squads with equal rank and common files.
fn ambiguous_paths(boundaries: &SquadBoundaries) -> Vec<CatalogConcern> {
    let owners: Vec<PathOwner<'_>> = boundaries.owners().collect();
    let mut concerns = Vec::new();
    for equals in owners.chunk_by(|a, b| a.pattern.rank() == b.pattern.rank()) {
        for (index, winner) in equals.iter().enumerate() {
            for loser in &equals[index + 1..] {
                let are_literal = winner.pattern.is_literal() && loser.pattern.is_literal();
                if !are_literal && winner.squad.name != loser.squad.name {
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

fn missing_oncall(boundaries: &SquadBoundaries, squad: &Squad) -> Option<CatalogConcern> {
    let place = boundaries.places().squads.get(&squad.name)?;
    let is_missing = squad.oncall.is_none() && !squad.services.is_empty();
    is_missing.then(|| CatalogConcern {
        kind: ConcernKind::NoOncall,
        place: place.clone(),
        message: format!(
            "{} provides {} and has no on-call contact; add `oncall`",
            squad.name,
            squad.services.join(", ")
        ),
    })
}

/// What a squad offers for import without owning any of it.
fn foreign_public_paths(
    boundaries: &SquadBoundaries,
    squad: &Squad,
) -> impl Iterator<Item = CatalogConcern> {
    let place = boundaries.places().squads.get(&squad.name);
    let owns_some = |public: &PathPattern| {
        let mut own = squad.paths.iter();
        own.any(|pattern| common_path(pattern, public).is_some())
    };
    let foreign = squad.public.iter().filter(move |public| !owns_some(public));
    foreign.filter_map(move |public| {
        Some(CatalogConcern {
            kind: ConcernKind::ForeignPublicPath,
            place: place?.clone(),
            message: format!(
                "`public` of {} has `{public}`, and no pattern of its `paths` matches any of it; \
                 name a path that the squad owns",
                squad.name
            ),
        })
    })
}

fn missing_contracts(
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
                "{service} has no contract; put one at {}/{service}/openapi.yaml next to the \
                 catalog, or name a configuration that has its location",
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
            "{service} is a service of {}, but its contract is in the folder of {squad}; move it \
             to {}/{service}/",
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
                    "the namespace {namespace} of {squad} also belongs to {first}, {earlier}; a \
                     namespace must have one owner"
                ),
            });
        }
    }
    concerns
}

fn cycle_concern(boundaries: &SquadBoundaries, cycle: &[CycleStep<'_>]) -> Option<CatalogConcern> {
    let uses = &boundaries.places().uses;
    let place = |edge: DependencyEdge| uses.get(edge.table)?.get(edge.item);
    let at = place(cycle.first()?.edge)?;
    let mut path = String::new();
    for (index, step) in cycle.iter().enumerate() {
        let next = cycle[(index + 1) % cycle.len()].service;
        let place = place(step.edge)?;
        let separator = if index == 0 { "" } else { ", " };
        path.push_str(&format!(
            "{separator}{} uses {next} ({place})",
            step.service
        ));
    }
    Some(CatalogConcern {
        kind: ConcernKind::DependencyCycle,
        place: at.clone(),
        message: format!(
            "a dependency cycle: {path}; no order of deployments is safe for a breaking change \
             among them, so release such changes in two compatible steps"
        ),
    })
}
