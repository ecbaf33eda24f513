//! The objectives that a deployment is judged by.
//!
//! Those of the deployed contract count, so a contract cannot lower the level that holds it back.

use portcullis_contract::CompiledContract;
use portcullis_control::gate::{
    self, DeploymentRegistry, JudgedObjectives, ReasonLocation, UtcTimestamp,
};
use portcullis_vocabulary::{Catalog, Squad};

use super::gate_args::VerdictArgs;
use super::gate_registry::GateRegistry;
use crate::cli::run_error::RunError;

/// What the deployment of a contract is about.
pub(super) struct JudgedDeployment<'g> {
    pub(super) catalog: &'g Catalog,
    pub(super) squad: &'g Squad,
    pub(super) service: &'g str,
    pub(super) contract: &'g CompiledContract,
    pub(super) registry: &'g GateRegistry,
    pub(super) record: &'g DeploymentRegistry,
    pub(super) now: UtcTimestamp,
}

impl JudgedDeployment<'_> {
    /// The objectives that count; none are read unless error budgets can hold the deployment.
    pub(super) fn objectives(&self, args: &VerdictArgs) -> Result<JudgedObjectives, RunError> {
        if self.squad.deploy.budget_min.is_none() {
            return Ok(JudgedObjectives::default());
        }
        let deployed = gate::replaced_deployment(self.record, &self.contract.version, self.now);
        let changed = deployed.filter(|deployed| *deployed.revision != *self.contract.revision);
        let deployed = match changed {
            Some(deployed) => Some(self.registry.contract(deployed, args.reading.reading())?),
            None => None,
        };
        let judged = deployed.as_ref().unwrap_or(self.contract);
        let unread = self.contract.unread_objectives().map(|warning| {
            let place = ReasonLocation {
                file: warning.at.file.to_string(),
                line: warning.at.line,
            };
            (warning.message.clone(), place)
        });
        Ok(JudgedObjectives {
            promised: self.catalog.objectives_of(self.service, &judged.objectives),
            unread: unread.collect(),
        })
    }
}
