//! Compares the contracts to deploy with those that are deployed.
//!
//! The first contract of a deployment is compared with the first one, the others with those of the
//! same name. A contract that is deployed and not named is an error, because nothing would be known
//! about its consumers. With `transitive`, contracts of events are also compared with the revisions of
//! earlier deployments that the registry keeps, because their events may still be in the topic.

use portcullis_compat::{self as compat, CompareOptions};
use portcullis_contract::CompiledContract;
use portcullis_control::gate::{
    Deployment, DeploymentComparison, DeploymentRegistry, UtcTimestamp,
};
use portcullis_vocabulary::ContractReading;

use super::candidate_contract::CandidateContracts;
use super::gate_error::GateError;
use super::gate_registry::GateRegistry;
use crate::cli::inputs::LevelArgs;
use crate::cli::run_error::RunError;

/// The comparisons of the contracts to deploy.
pub(super) struct CandidateComparison<'g> {
    pub(super) registry: &'g GateRegistry,
    pub(super) candidates: &'g CandidateContracts,
    pub(super) levels: &'g LevelArgs,
    pub(super) reading: ContractReading,
    pub(super) now: UtcTimestamp,
}

impl CandidateComparison<'_> {
    /// Compares with each deployed revision, except the same ones.
    pub(super) fn with_live(
        &self,
        record: &DeploymentRegistry,
    ) -> Result<Vec<DeploymentComparison>, RunError> {
        let events = self.levels.events()?;
        let options = CompareOptions {
            levels: self.levels.settings()?,
            events: events.compatibility,
            ..CompareOptions::for_day(self.now.date())
        };
        let mut all = Vec::new();
        for live in record.live(self.now) {
            let mut compared = None;
            for (contract, revision) in self.pairs(live)? {
                self.add(&mut compared, live, (live, contract, revision), &options)?;
            }
            let earlier = record.deployments.iter().filter(|_| events.is_transitive);
            for earlier in earlier.filter(|earlier| earlier.number < live.number) {
                let pairs = self.pairs(earlier).unwrap_or_default().into_iter();
                for (contract, revision) in pairs.filter(|(one, _)| one.events().is_some()) {
                    self.add(&mut compared, live, (earlier, contract, revision), &options)?;
                }
            }
            all.extend(compared);
        }
        Ok(all)
    }

    /// Adds the comparison of a contract with the revision of a deployment.
    fn add(
        &self,
        compared: &mut Option<DeploymentComparison>,
        live: &Deployment,
        (deployment, contract, revision): (&Deployment, &CompiledContract, &str),
        options: &CompareOptions,
    ) -> Result<(), RunError> {
        if *revision == *contract.revision {
            return Ok(());
        }
        let deployed = self
            .registry
            .contract_of(deployment, revision, self.reading)?;
        let report = compat::compare(&deployed, contract, options);
        match compared {
            Some(compared) => compared.add(&deployed, report),
            None => {
                let mut first = DeploymentComparison::new(live.number, &deployed, report);
                first.version.clone_from(&live.version);
                *compared = Some(first);
            }
        }
        Ok(())
    }

    /// The successor of the first contract of a deployment. A deployment that had only contracts of
    /// events has one of them as its first.
    fn successor(&self, deployment: &Deployment) -> Result<&CompiledContract, RunError> {
        let first = &self.candidates.first.compiled;
        let mut further = self.candidates.further.iter();
        if let Some(events) = further.next().filter(|_| first.events().is_none()) {
            let revision = &deployment.revision;
            let deployed = self
                .registry
                .contract_of(deployment, revision, self.reading)?;
            if deployed.events().is_some() && further.next().is_none() {
                return Ok(&events.compiled);
            }
        }
        Ok(first)
    }

    /// Each contract of a deployment that has a successor, with the deployed revision.
    fn pairs<'d>(
        &'d self,
        deployment: &'d Deployment,
    ) -> Result<Vec<(&'d CompiledContract, &'d str)>, RunError> {
        let mut pairs = vec![(self.successor(deployment)?, deployment.revision.as_str())];
        for further in &deployment.further {
            let mut candidates = self.candidates.further.iter();
            let found = candidates.find(|candidate| candidate.name == further.name);
            let found = found.ok_or_else(|| GateError::ContractMissing {
                version: deployment.version.clone(),
                name: further.name.clone(),
            })?;
            pairs.push((&found.compiled, further.revision.as_str()));
        }
        Ok(pairs)
    }
}
