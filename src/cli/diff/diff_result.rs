//! The result of `portcullis diff` over all contracts.

use std::collections::BTreeMap;

use portcullis_compat::{
    ChangeLevel, ChangeSubject, CompatCounts, CompatFinding, CompatReport, ContractNames,
    RevisionBrokenPart,
};
use portcullis_contract::{BrokenPart, ContractIdentity};
use portcullis_control::ownership::SquadBoundaries;

/// One contract in two revisions.
#[derive(Debug)]
pub(super) struct ComparedContract {
    /// The path of the newer revision.
    pub(super) path: String,
    /// What approvals identify the contract by.
    pub(super) names: ContractNames,
    pub(super) report: CompatReport,
    /// The squads that provide operations, by the names of the operations.
    pub(super) providers: BTreeMap<String, String>,
}

/// A broken part as one line.
pub(super) fn broken_part_note(found: &RevisionBrokenPart) -> String {
    let side = if found.is_newer { "newer" } else { "older" };
    let BrokenPart { at, message, .. } = &found.part;
    format!(
        "broken part of the {side} contract: {}:{}: {message}",
        at.file, at.line
    )
}

/// The result of a run.
#[derive(Debug, Default)]
pub(super) struct DiffResult {
    pub(super) contracts: Vec<ComparedContract>,
    /// How many contracts are equal byte for byte.
    pub(super) unchanged: usize,
    /// Contracts that exist on the older side only, by their paths.
    pub(super) removed: Vec<(String, ContractIdentity)>,
    /// Contracts that exist on the newer side only, by their paths.
    pub(super) added: Vec<(String, ContractIdentity)>,
    /// The providers of contracts that do not name one.
    pub(super) catalog: ContractProviders,
    /// Notes about the run, such as moved contracts.
    pub(super) notes: Vec<String>,
    /// The errors of files that could not be read or compiled.
    pub(super) unreadable: Vec<String>,
    /// The approvals file.
    pub(super) approvals_path: Option<String>,
    /// Approvals past their expiry date.
    pub(super) expired: Vec<String>,
    /// Approvals that match no change.
    pub(super) stale: Vec<String>,
    /// Approvals that fit changes of several contracts.
    pub(super) ambiguous: Vec<String>,
}

/// The changes to the operations of one squad, by level.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SquadTotals {
    pub(super) breaking: usize,
    pub(super) unknown: usize,
    pub(super) warning: usize,
    pub(super) info: usize,
}

impl ComparedContract {
    /// The squad that provides the subject of a finding: that of the operation, else that of the
    /// contract, else the owner of the contract's path.
    pub(super) fn provider<'a>(
        &'a self,
        finding: &CompatFinding,
        catalog: &'a ContractProviders,
    ) -> Option<&'a str> {
        let own = match &*finding.first().subject {
            subject @ (ChangeSubject::Operation { .. } | ChangeSubject::Event { .. }) => {
                self.providers.get(&subject.to_string())
            }
            _ => None,
        };
        let CompatReport { old, new, .. } = &self.report;
        own.map(String::as_str)
            .or_else(|| provider(&self.path, [new, old], catalog))
    }
}

/// The owners of paths, for contracts that do not name their provider.
#[derive(Debug, Default)]
pub(super) struct ContractProviders {
    pub(super) boundaries: Option<SquadBoundaries>,
    /// The directory of the contracts, relative to the root of the repository.
    pub(super) directory: String,
}

impl ContractProviders {
    fn of(&self, path: &str) -> Option<&str> {
        // A path of a Git revision is prefixed with the revision.
        let path = path.split_once(':').map_or(path, |(_, path)| path);
        let full_path = match self.directory.as_str() {
            "" => path.to_owned(),
            directory => format!("{directory}/{path}"),
        };
        let owner = self.boundaries.as_ref()?.owner_of(&full_path)?;
        Some(owner.squad.name.as_str())
    }
}

/// The squad that provides a contract.
fn provider<'a>(
    path: &str,
    revisions: [&'a ContractIdentity; 2],
    catalog: &'a ContractProviders,
) -> Option<&'a str> {
    let declared = revisions
        .into_iter()
        .find_map(|identity| identity.provider.as_deref());
    declared.or_else(|| catalog.of(path))
}

impl DiffResult {
    /// All findings with their contracts.
    pub(super) fn findings(&self) -> impl Iterator<Item = (&ComparedContract, &CompatFinding)> {
        let contracts = self.contracts.iter();
        contracts.flat_map(|compared| {
            compared
                .report
                .findings
                .iter()
                .map(move |finding| (compared, finding))
        })
    }

    /// The highest level among changes without approval. A removed contract is breaking.
    pub(super) fn level(&self) -> Option<ChangeLevel> {
        let removed = (!self.removed.is_empty()).then_some(ChangeLevel::Breaking);
        let levels = self
            .contracts
            .iter()
            .filter_map(|compared| compared.report.level());
        levels.chain(removed).max()
    }

    /// Whether each semantic version is raised as much as its changes require.
    pub(super) fn respects_semver(&self) -> bool {
        let mut contracts = self.contracts.iter();
        contracts.all(|compared| compared.report.semver.is_sufficient != Some(false))
    }

    /// The changes by level.
    pub(super) fn counts(&self) -> CompatCounts {
        let mut all = CompatCounts {
            breaking: self.removed.len(),
            info: self.added.len(),
            ..CompatCounts::default()
        };
        for compared in &self.contracts {
            let counts = compared.report.counts();
            all.breaking += counts.breaking;
            all.warning += counts.warning;
            all.info += counts.info;
            all.unknown += counts.unknown;
            all.approved += counts.approved;
            all.disabled += counts.disabled;
            all.places += counts.places;
        }
        all
    }

    /// The changes without approval by squad. Those without a provider are under `-`.
    pub(super) fn by_squad(&self) -> BTreeMap<String, SquadTotals> {
        let mut totals: BTreeMap<String, SquadTotals> = BTreeMap::new();
        for (compared, finding) in self
            .findings()
            .filter(|(_, finding)| finding.approval.is_none())
        {
            let squad = compared
                .provider(finding, &self.catalog)
                .unwrap_or("-")
                .to_owned();
            let squad_totals = totals.entry(squad).or_default();
            match finding.level {
                ChangeLevel::Breaking => squad_totals.breaking += 1,
                ChangeLevel::Unknown => squad_totals.unknown += 1,
                ChangeLevel::Warning => squad_totals.warning += 1,
                ChangeLevel::Info => squad_totals.info += 1,
            }
        }
        for (path, identity) in &self.removed {
            let squad = provider(path, [identity, identity], &self.catalog)
                .unwrap_or("-")
                .to_owned();
            totals.entry(squad).or_default().breaking += 1;
        }
        totals
    }
}
