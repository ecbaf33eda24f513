//! What a run of `diff` found, of all contracts together.

use std::collections::BTreeMap;

use portcullis_compat::{ChangeLevel, ChangeSubject, CompatCounts, CompatFinding, CompatReport};
use portcullis_contract::ContractIdentity;
use portcullis_control::ownership::SquadBoundaries;

/// One contract in two revisions.
#[derive(Debug)]
pub(super) struct ComparedContract {
    /// The newer file.
    pub(super) path: String,
    pub(super) report: CompatReport,
    /// The squads that provide operations, by their names.
    pub(super) providers: BTreeMap<String, String>,
}

/// Everything that was compared.
#[derive(Debug, Default)]
pub(super) struct DiffResult {
    pub(super) contracts: Vec<ComparedContract>,
    /// Contracts that are equal, byte for byte.
    pub(super) unchanged: usize,
    /// Contracts on one side only, by their paths.
    pub(super) gone: Vec<(String, ContractIdentity)>,
    pub(super) added: Vec<(String, ContractIdentity)>,
    /// Who provides what does not say it itself.
    pub(super) catalog: ContractProviders,
    /// What is odd about the run.
    pub(super) notes: Vec<String>,
    /// Files that could not be read or compiled.
    pub(super) unreadable: usize,
    /// Approvals that hold no more, and those of changes that there are not.
    pub(super) expired: Vec<String>,
    pub(super) stale: Vec<String>,
}

/// What a squad's contracts come to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SquadTotals {
    pub(super) breaking: usize,
    pub(super) warning: usize,
    pub(super) info: usize,
}

impl ComparedContract {
    /// The squad that provides what a finding is about: the operation's, the contract's, or the
    /// one whose paths the contract is among.
    pub(super) fn provider<'a>(
        &'a self,
        finding: &CompatFinding,
        catalog: &'a ContractProviders,
    ) -> Option<&'a str> {
        let own = match &finding.subject {
            subject @ ChangeSubject::Operation { .. } => self.providers.get(&subject.to_string()),
            _ => None,
        };
        let CompatReport { old, new, .. } = &self.report;
        own.map(String::as_str)
            .or_else(|| provider(&self.path, [new, old], catalog))
    }
}

/// Who owns contracts by their paths.
#[derive(Debug, Default)]
pub(super) struct ContractProviders {
    pub(super) boundaries: Option<SquadBoundaries>,
    /// The directory, from the repository's root, that the paths of contracts are below.
    pub(super) directory: String,
}

impl ContractProviders {
    fn of(&self, path: &str) -> Option<&str> {
        // One of a revision is shown with it.
        let path = path.split_once(':').map_or(path, |(_, path)| path);
        let whole = match self.directory.as_str() {
            "" => path.to_owned(),
            directory => format!("{directory}/{path}"),
        };
        let owner = self.boundaries.as_ref()?.owner_of(&whole)?;
        Some(owner.squad.name.as_str())
    }
}

/// The squad that provides a contract.
fn provider<'a>(
    path: &str,
    revisions: [&'a ContractIdentity; 2],
    catalog: &'a ContractProviders,
) -> Option<&'a str> {
    let said = revisions
        .into_iter()
        .find_map(|identity| identity.provider.as_deref());
    said.or_else(|| catalog.of(path))
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

    /// The greatest level that nobody approved of. A contract that is gone breaks everybody.
    pub(super) fn level(&self) -> Option<ChangeLevel> {
        let gone = (!self.gone.is_empty()).then_some(ChangeLevel::Breaking);
        let levels = self
            .contracts
            .iter()
            .filter_map(|compared| compared.report.level());
        levels.chain(gone).max()
    }

    /// Whether each version that can be read is raised as much as its changes demand.
    pub(super) fn respects_semver(&self) -> bool {
        let mut contracts = self.contracts.iter();
        contracts.all(|compared| compared.report.semver.is_sufficient != Some(false))
    }

    /// How much there is of everything.
    pub(super) fn counts(&self) -> CompatCounts {
        let mut all = CompatCounts {
            breaking: self.gone.len(),
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
        }
        all
    }

    /// What each squad's operations come to; changes that nobody owns are under `-`.
    pub(super) fn by_squad(&self) -> BTreeMap<String, SquadTotals> {
        let mut shares: BTreeMap<String, SquadTotals> = BTreeMap::new();
        for (compared, finding) in self
            .findings()
            .filter(|(_, finding)| finding.approval.is_none())
        {
            let squad = compared
                .provider(finding, &self.catalog)
                .unwrap_or("-")
                .to_owned();
            let share = shares.entry(squad).or_default();
            match finding.level {
                ChangeLevel::Breaking => share.breaking += 1,
                ChangeLevel::Warning => share.warning += 1,
                ChangeLevel::Info => share.info += 1,
            }
        }
        for (path, identity) in &self.gone {
            let squad = provider(path, [identity, identity], &self.catalog)
                .unwrap_or("-")
                .to_owned();
            shares.entry(squad).or_default().breaking += 1;
        }
        shares
    }
}
