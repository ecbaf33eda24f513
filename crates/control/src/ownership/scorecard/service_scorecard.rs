//! Checks every service of a catalog.

use std::collections::BTreeMap;

use super::autonomy_check::autonomy;
use super::score_check::{ScoreCheck, ScoreKind};
use crate::ownership::catalog_survey::{CatalogConcern, ConcernKind};
use portcullis_vocabulary::{CatalogFile, ConfigLocation, Date, Squad, StatedObjectives};

/// The contract of a service, as far as a scorecard needs it.
#[derive(Clone, Debug, Default)]
pub struct ScoredContract {
    /// Where it is.
    pub path: String,
    /// Why it cannot be used, if it cannot.
    pub refused: Option<String>,
    /// The squad that it names.
    pub provider: Option<String>,
    /// Its deprecated operations.
    pub deprecated: Vec<DeprecatedPart>,
    /// What it says about objectives.
    pub objectives: StatedObjectives,
    /// The first objective that cannot be read.
    pub unread_objective: Option<String>,
}

/// A deprecated operation of a contract.
#[derive(Clone, Debug)]
pub struct DeprecatedPart {
    /// Its name.
    pub operation: String,
    /// The day on which it ends.
    pub sunset: Option<Date>,
}

/// The scorecard of a catalog.
#[derive(Clone, Debug)]
pub struct Scorecard {
    /// The services, by name.
    pub services: Vec<ServiceScore>,
}

/// The checks of one service.
#[derive(Clone, Debug)]
pub struct ServiceScore {
    /// The service.
    pub service: String,
    /// The squad that provides it.
    pub squad: String,
    /// Its checks, in the order of [`ScoreKind::ALL`].
    pub checks: Vec<ScoreCheck>,
}

impl ServiceScore {
    /// How many checks are passed.
    pub fn passed(&self) -> usize {
        self.checks.iter().filter(|check| check.is_passed).count()
    }
}

impl Scorecard {
    /// Checks the services of a catalog. `contracts` are those that were found, and `concerns` what a
    /// survey of the catalog reports.
    pub fn new(
        file: &CatalogFile,
        contracts: &BTreeMap<String, ScoredContract>,
        concerns: &[CatalogConcern],
        today: Date,
    ) -> Self {
        let mut services = Vec::new();
        for squad in file.catalog.squads() {
            for service in &squad.services {
                let scored = ScoredService {
                    file,
                    squad,
                    service,
                    contract: contracts.get(service),
                };
                services.push(ServiceScore {
                    service: service.clone(),
                    squad: squad.name.to_string(),
                    checks: scored.checks(concerns, today),
                });
            }
        }
        services.sort_by(|a, b| a.service.cmp(&b.service));
        Self { services }
    }

    /// Whether any check is not passed.
    pub fn has_gap(&self) -> bool {
        let mut services = self.services.iter();
        services.any(|service| service.passed() < service.checks.len())
    }
}

struct ScoredService<'s> {
    file: &'s CatalogFile,
    squad: &'s Squad,
    service: &'s str,
    contract: Option<&'s ScoredContract>,
}

impl ScoredService<'_> {
    fn checks(&self, concerns: &[CatalogConcern], today: Date) -> Vec<ScoreCheck> {
        vec![
            self.owner(),
            self.oncall(),
            self.contract(),
            self.slo(),
            self.link(ScoreKind::Runbook, "runbook"),
            self.link(ScoreKind::Dashboard, "dashboard"),
            self.deprecations(today),
            self.drift(concerns, today),
            autonomy(self.file, self.service, self.squad),
        ]
    }

    fn table(&self) -> Option<&ConfigLocation> {
        self.file.places.squads.get(&self.squad.name)
    }

    fn owner(&self) -> ScoreCheck {
        let contacts = [&self.squad.chat, &self.squad.email];
        let contacts: Vec<&str> = contacts.into_iter().flatten().map(String::as_str).collect();
        let name = &self.squad.name;
        if contacts.is_empty() {
            let advice = format!("add `chat` or `email` to [squads.{name}]");
            let detail = format!("{name} cannot be reached");
            return ScoreCheck::gap(ScoreKind::Owner, detail, advice, self.table());
        }
        ScoreCheck::pass(
            ScoreKind::Owner,
            format!("{name} ({})", contacts.join(", ")),
        )
    }

    fn oncall(&self) -> ScoreCheck {
        match &self.squad.oncall {
            Some(oncall) => ScoreCheck::pass(ScoreKind::OnCall, oncall),
            None => {
                let advice = format!("add `oncall` to [squads.{}]", self.squad.name);
                ScoreCheck::gap(
                    ScoreKind::OnCall,
                    "no on-call contact",
                    advice,
                    self.table(),
                )
            }
        }
    }

    fn contract(&self) -> ScoreCheck {
        let kind = ScoreKind::Contract;
        let place = self.file.places.services.get(self.service);
        match self.contract {
            None => {
                let advice = format!(
                    "put one at {}/{}/openapi.yaml next to the catalog, or name a configuration with \
                     --config",
                    self.squad.name, self.service
                );
                ScoreCheck::gap(kind, "no contract", advice, place)
            }
            Some(ScoredContract {
                path,
                refused: Some(refused),
                ..
            }) => {
                let advice = format!("correct it: portcullis check {path}");
                ScoreCheck::gap(kind, format!("{path}: {refused}"), advice, place)
            }
            Some(contract) => ScoreCheck::pass(kind, &contract.path),
        }
    }

    fn slo(&self) -> ScoreCheck {
        let place = self.file.places.services.get(self.service);
        let nothing = StatedObjectives::default();
        let stated = self
            .contract
            .map_or(&nothing, |contract| &contract.objectives);
        let unread = self
            .contract
            .and_then(|contract| contract.unread_objective.as_ref());
        if let Some(unread) = unread {
            return ScoreCheck::gap(
                ScoreKind::Slo,
                unread,
                "correct `x-slo` in the contract",
                None,
            );
        }
        if let Some(objectives) = self.file.catalog.objectives_of(self.service, stated) {
            let detail = match objectives.iter().count() {
                1 => "1 objective".to_owned(),
                count => format!("{count} objectives"),
            };
            return ScoreCheck::pass(ScoreKind::Slo, detail);
        }
        let advice = format!(
            "promise a level: availability = 0.99 in [services.{}.slo], or `x-slo` in the contract",
            self.service
        );
        ScoreCheck::gap(ScoreKind::Slo, "no objective", advice, place)
    }

    fn link(&self, kind: ScoreKind, key: &str) -> ScoreCheck {
        let links = self.file.catalog.links_of(self.service);
        let link = links.and_then(|links| match kind {
            ScoreKind::Runbook => links.runbook.as_ref(),
            _ => links.dashboard.as_ref(),
        });
        match link {
            Some(link) => ScoreCheck::pass(kind, link),
            None => {
                let advice = format!("add {key} = \"https://…\" to [services.{}]", self.service);
                let place = self.file.places.services.get(self.service);
                ScoreCheck::gap(kind, format!("no {key}"), advice, place)
            }
        }
    }

    fn deprecations(&self, today: Date) -> ScoreCheck {
        let kind = ScoreKind::Deprecations;
        let deprecated = self
            .contract
            .map_or(&[][..], |contract| &contract.deprecated);
        let names = |parts: Vec<&DeprecatedPart>| {
            let names: Vec<&str> = parts.iter().map(|part| &*part.operation).collect();
            names.join(", ")
        };
        let is_over = |part: &&DeprecatedPart| part.sunset.is_some_and(|sunset| sunset <= today);
        let over: Vec<_> = deprecated.iter().filter(is_over).collect();
        if !over.is_empty() {
            let detail = format!("{} ended and is still in the contract", names(over));
            let advice = "see who calls it with portcullis owners deprecations, and remove it";
            return ScoreCheck::gap(kind, detail, advice, None);
        }
        let endless: Vec<_> = deprecated
            .iter()
            .filter(|part| part.sunset.is_none())
            .collect();
        if !endless.is_empty() {
            let detail = format!("{} is deprecated without an end", names(endless));
            return ScoreCheck::gap(kind, detail, "add `x-sunset` to it in the contract", None);
        }
        let detail = match deprecated.len() {
            0 => "no deprecated operation".to_owned(),
            _ => "each deprecated operation has an end".to_owned(),
        };
        ScoreCheck::pass(kind, detail)
    }

    fn drift(&self, concerns: &[CatalogConcern], today: Date) -> ScoreCheck {
        let kind = ScoreKind::OwnershipDrift;
        let (squad, service) = (&self.squad.name, self.service);
        let transfer = self.file.catalog.transfer_of(service);
        let declared = self
            .contract
            .and_then(|contract| contract.provider.as_ref());
        if let Some(declared) = declared.filter(|declared| *declared != squad.as_str()) {
            let detail = format!("the contract names {declared}, and the catalog {squad}");
            let advice =
                format!("write x-squad-owner: {squad} in the contract, or correct the catalog");
            let place = self.file.places.services.get(service);
            return ScoreCheck::gap(kind, detail, advice, place);
        }
        if let Some(transfer) = transfer.filter(|transfer| !transfer.is_active(today)) {
            let detail = format!("moved from {} until {}", transfer.from, transfer.until);
            let advice = "remove its entry of [[transfers]], if it was deployed since";
            let place = self.file.places.transfers.get(service);
            return ScoreCheck::gap(kind, detail, advice, place);
        }
        let own = concerns.iter().find(|concern| self.is_concerned(concern));
        match own {
            Some(concern) => ScoreCheck::gap(
                kind,
                concern.kind.as_str(),
                &concern.message,
                Some(&concern.place),
            ),
            None => ScoreCheck::pass(kind, "catalog, contract and folders agree"),
        }
    }

    /// Whether a concern is about who owns this service.
    fn is_concerned(&self, concern: &CatalogConcern) -> bool {
        let words = || {
            let is_part = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            concern.message.split(move |c| !is_part(c))
        };
        match concern.kind {
            ConcernKind::MisplacedContract => words().next() == Some(self.service),
            ConcernKind::SharedNamespace | ConcernKind::AmbiguousPaths => {
                words().any(|word| word == self.squad.name.as_str())
            }
            ConcernKind::NoOncall
            | ConcernKind::NoContract
            | ConcernKind::UnownedContract
            | ConcernKind::DependencyCycle
            | ConcernKind::ForeignPublicPath => false,
        }
    }
}
