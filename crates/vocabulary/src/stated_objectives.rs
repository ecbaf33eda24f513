//! What the catalog and a contract say about the objectives of a service, and which of it counts.
//!
//! Each part of a level is decided on its own: what the catalog sets for the service, else what its
//! contract says, else what its tier promises. An operation has its own level by the same order,
//! in addition to that of the service. A tier is that of the catalog, else that of the contract.

use std::collections::BTreeMap;
use std::time::Duration;

use super::objectives::{LatencyObjective, OperationObjective, ServiceObjectives};
use super::tier::Tier;

/// A level that one place promises, or part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PromisedLevel {
    /// The time over which an error budget is spent.
    pub window: Option<Duration>,
    /// The share of the requests that must succeed, above 0 and below 1.
    pub availability: Option<f64>,
    /// How fast responses must be.
    pub latency: Option<LatencyObjective>,
}

/// What the catalog or a contract says about the objectives of one service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatedObjectives {
    /// The tier whose level counts where none is stated.
    pub tier: Option<Tier>,
    /// The level of the service.
    pub level: PromisedLevel,
    /// The operations with their own levels.
    pub operations: Vec<OperationObjective>,
    /// The operations with another tier than the service.
    pub operation_tiers: Vec<(String, Tier)>,
}

/// What a catalog says about objectives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CatalogObjectives {
    /// The level of each tier that has one.
    pub tiers: BTreeMap<Tier, PromisedLevel>,
    /// What is said of each service.
    pub services: BTreeMap<String, StatedObjectives>,
}

impl CatalogObjectives {
    /// The objectives of a service with this contract. None if no place promises anything.
    pub fn of(&self, service: &str, contract: &StatedObjectives) -> Option<ServiceObjectives> {
        let nothing = StatedObjectives::default();
        let own = self.services.get(service).unwrap_or(&nothing);
        let tier = own.tier.or(contract.tier);
        let level = own.level.or(contract.level).or(self.tier_level(tier));
        let objectives = ServiceObjectives {
            service: service.to_owned(),
            window: level.window.unwrap_or(ServiceObjectives::DEFAULT_WINDOW),
            availability: level.availability,
            latency: level.latency,
            operations: self.operations(own, contract, tier),
        };
        let has_any = objectives.iter().next().is_some();
        has_any.then_some(objectives)
    }

    fn tier_level(&self, tier: Option<Tier>) -> PromisedLevel {
        let level = tier.and_then(|tier| self.tiers.get(&tier));
        level.copied().unwrap_or_default()
    }

    /// The operations with a level: those of the catalog first, then those of the contract.
    fn operations(
        &self,
        own: &StatedObjectives,
        contract: &StatedObjectives,
        tier: Option<Tier>,
    ) -> Vec<OperationObjective> {
        let tiers = contract.operation_tiers.iter();
        let tiers = tiers
            .filter(|(_, own)| Some(*own) != tier)
            .map(|(name, own)| self.tier_level(Some(*own)).of_operation(name));
        let stated = own.operations.iter().chain(&contract.operations).cloned();
        let mut operations: Vec<OperationObjective> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for next in stated.chain(tiers) {
            if next.availability.is_none() && next.latency.is_none() {
                continue;
            }
            let place = places.entry(next.operation.clone());
            let place = *place.or_insert(operations.len());
            match operations.get_mut(place) {
                Some(known) => {
                    known.availability = known.availability.or(next.availability);
                    known.latency = known.latency.or(next.latency);
                }
                None => operations.push(next),
            }
        }
        operations
    }
}

impl PromisedLevel {
    /// This level, with the parts of another one where it has none.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            window: self.window.or(other.window),
            availability: self.availability.or(other.availability),
            latency: self.latency.or(other.latency),
        }
    }

    /// This level as that of an operation.
    pub fn of_operation(&self, operation: &str) -> OperationObjective {
        OperationObjective {
            operation: operation.to_owned(),
            availability: self.availability,
            latency: self.latency,
        }
    }

    /// Whether it promises nothing.
    pub const fn is_empty(&self) -> bool {
        self.window.is_none() && self.availability.is_none() && self.latency.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn available(availability: f64) -> PromisedLevel {
        PromisedLevel {
            availability: Some(availability),
            ..PromisedLevel::default()
        }
    }

    fn operation(name: &str, availability: Option<f64>, share: Option<f64>) -> OperationObjective {
        OperationObjective {
            operation: name.to_owned(),
            availability,
            latency: share.map(fast),
        }
    }

    fn fast(share: f64) -> LatencyObjective {
        LatencyObjective {
            bound: Duration::from_millis(300),
            share,
        }
    }

    /// The tiers gold (0.999, fast) and bronze (0.9, 7 days).
    fn catalog(own: StatedObjectives) -> CatalogObjectives {
        let gold = PromisedLevel {
            latency: Some(fast(0.99)),
            ..available(0.999)
        };
        let bronze = PromisedLevel {
            window: Some(Duration::from_secs(7 * 86_400)),
            ..available(0.9)
        };
        CatalogObjectives {
            tiers: BTreeMap::from([(Tier::Gold, gold), (Tier::Bronze, bronze)]),
            services: BTreeMap::from([("orders".to_owned(), own)]),
        }
    }

    /// Targets in the order of [`ServiceObjectives::iter`], with `*` for the service.
    fn targets(own: StatedObjectives, contract: &StatedObjectives) -> Vec<(String, f64)> {
        let objectives = catalog(own).of("orders", contract);
        let row = |objective: &super::super::ServiceObjective<'_>| {
            (objective.operation_label().to_owned(), objective.target)
        };
        let objectives = objectives.iter().flat_map(ServiceObjectives::iter);
        objectives.map(|objective| row(&objective)).collect()
    }

    fn rows(expected: &[(&str, f64)]) -> Vec<(String, f64)> {
        let rows = expected.iter();
        rows.map(|(name, target)| ((*name).to_owned(), *target))
            .collect()
    }

    #[test]
    fn a_service_wins_over_its_contract_and_both_over_the_tier() {
        let nothing = StatedObjectives::default();
        assert_eq!(targets(nothing.clone(), &nothing), []);
        let gold = StatedObjectives {
            tier: Some(Tier::Gold),
            ..StatedObjectives::default()
        };
        assert_eq!(
            targets(gold.clone(), &nothing),
            rows(&[("*", 0.999), ("*", 0.99)])
        );
        let contract = StatedObjectives {
            tier: Some(Tier::Bronze),
            level: available(0.95),
            ..StatedObjectives::default()
        };
        assert_eq!(targets(nothing.clone(), &contract), rows(&[("*", 0.95)]));
        assert_eq!(
            targets(gold.clone(), &contract),
            rows(&[("*", 0.95), ("*", 0.99)])
        );
        let own = StatedObjectives {
            level: available(0.5),
            ..gold
        };
        assert_eq!(targets(own, &contract), rows(&[("*", 0.5), ("*", 0.99)]));
        let window = catalog(nothing).of("orders", &contract).unwrap().window;
        assert_eq!(window, Duration::from_secs(7 * 86_400));
    }

    #[test]
    fn an_operation_has_the_level_of_the_catalog_then_its_own_then_that_of_its_tier() {
        let own = StatedObjectives {
            operations: vec![operation("b", Some(0.8), None)],
            ..StatedObjectives::default()
        };
        let contract = StatedObjectives {
            tier: Some(Tier::Bronze),
            operations: vec![
                operation("a", None, Some(0.6)),
                operation("b", Some(0.7), Some(0.6)),
            ],
            operation_tiers: vec![
                ("a".to_owned(), Tier::Gold),
                ("c".to_owned(), Tier::Gold),
                ("d".to_owned(), Tier::Silver),
            ],
            ..StatedObjectives::default()
        };
        assert_eq!(
            targets(own, &contract),
            rows(&[
                ("*", 0.9),
                ("b", 0.8),
                ("b", 0.6),
                ("a", 0.999),
                ("a", 0.6),
                ("c", 0.999),
                ("c", 0.99),
            ])
        );
        let same = StatedObjectives {
            tier: Some(Tier::Gold),
            ..StatedObjectives::default()
        };
        let of_service = targets(same, &contract);
        assert!(
            !of_service.iter().any(|(name, _)| name == "c"),
            "{of_service:?}"
        );
    }
}
