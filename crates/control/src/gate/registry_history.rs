//! The changes of a registry: a deployment, the end of a roll-out, a rollback, and pruning. The
//! caller provides the time and writes the result.

use std::time::Duration;

use super::deployment::{Deployment, DeploymentEnd, DeploymentOutcome};
use super::deployment_registry::DeploymentRegistry;
use super::utc_timestamp::UtcTimestamp;

/// How far the clocks of two machines may differ before one of them counts as wrong.
const CLOCK_SKEW_MAX: Duration = Duration::from_secs(60);

/// Why a registry cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryRefusal {
    /// The clock is behind the registry.
    #[error(
        "the registry has an entry from {recorded} (deployment {number}, by {by}), but this \
         machine's clock says {now}: one of the two clocks is wrong, correct it"
    )]
    ClockSkew {
        /// The latest time in the registry.
        recorded: UtcTimestamp,
        /// The deployment with this time.
        number: u64,
        /// Who recorded it.
        by: String,
        /// The time of this machine's clock.
        now: UtcTimestamp,
    },
    /// Nothing is deployed.
    #[error("{service} has no deployment to {what}")]
    NothingDeployed {
        /// The service.
        service: String,
        /// The requested operation.
        what: &'static str,
    },
    /// The current deployment replaced no other one.
    #[error(
        "deployment {number} of {service} replaced no other deployment, so it cannot be rolled back"
    )]
    NothingReplaced {
        /// The service.
        service: String,
        /// The deployment.
        number: u64,
    },
}

impl DeploymentRegistry {
    /// Checks that the registry has no time in the future.
    ///
    /// # Errors
    /// [`RegistryRefusal::ClockSkew`].
    pub fn check_clock(&self, now: UtcTimestamp) -> Result<(), RegistryRefusal> {
        match self.last_moment() {
            Some(recorded) if recorded.at > now.after(CLOCK_SKEW_MAX) => {
                Err(RegistryRefusal::ClockSkew {
                    recorded: recorded.at,
                    number: recorded.deployment.number,
                    by: recorded.deployment.by.clone(),
                    now,
                })
            }
            _ => Ok(()),
        }
    }

    /// The current time, or the latest time in the registry if the clocks differ a little.
    fn next_moment(&self, now: UtcTimestamp) -> UtcTimestamp {
        self.last_moment().map_or(now, |last| last.at.max(now))
    }

    /// Adds a deployment and sets its number and time. It replaces the deployment `base`, which
    /// ends, or stays until `keep`. If `base` was itself kept until a date, so is the new one.
    pub fn deploy(
        &mut self,
        mut deployment: Deployment,
        base: Option<u64>,
        keep: Option<UtcTimestamp>,
        now: UtcTimestamp,
    ) {
        let at = self.next_moment(now);
        deployment.number = self.deployments.last().map_or(0, |last| last.number) + 1;
        deployment.deployed_at = at;
        deployment.replaces = base;
        let replaced = self
            .deployments
            .iter_mut()
            .find(|earlier| Some(earlier.number) == base);
        if let Some(replaced) = replaced {
            match keep {
                Some(until) => replaced.kept_until = Some(until),
                None => {
                    deployment.kept_until = replaced.kept_until;
                    replaced.end(at, DeploymentOutcome::Replaced, &deployment.by, None);
                }
            }
        }
        self.deployments.push(deployment);
    }

    /// Records that the roll-out of the current deployment is complete.
    ///
    /// # Errors
    /// [`RegistryRefusal::NothingDeployed`].
    pub fn release(&mut self, now: UtcTimestamp) -> Result<&Deployment, RegistryRefusal> {
        let at = self.next_moment(now);
        let nothing = RegistryRefusal::NothingDeployed {
            service: self.service.clone(),
            what: "release",
        };
        let number = self.current().ok_or(nothing)?.number;
        let released = self
            .deployments
            .iter_mut()
            .find(|deployment| deployment.number == number);
        let released = released.expect("the current deployment is one of them");
        released.released_at.get_or_insert(at);
        Ok(released)
    }

    /// Rolls the current deployment back: the deployment that it replaced is deployed again.
    ///
    /// # Errors
    /// [`RegistryRefusal`] if nothing is deployed, or nothing was replaced.
    pub fn roll_back(
        &mut self,
        by: &str,
        reason: &str,
        now: UtcTimestamp,
    ) -> Result<&Deployment, RegistryRefusal> {
        let at = self.next_moment(now);
        let service = self.service.clone();
        let nothing = RegistryRefusal::NothingDeployed {
            service: service.clone(),
            what: "roll back",
        };
        let current = self.current().ok_or(nothing)?.number;
        let mut back = self
            .previous()
            .ok_or(RegistryRefusal::NothingReplaced {
                service,
                number: current,
            })?
            .clone();
        for deployment in &mut self.deployments {
            if deployment.number == current {
                deployment.end(at, DeploymentOutcome::RolledBack, by, Some(reason));
            } else if deployment.number == back.number && deployment.ended.is_none() {
                // It stayed deployed next to the current one; the new entry continues it.
                deployment.end(
                    at,
                    DeploymentOutcome::Replaced,
                    by,
                    Some("it became the current deployment again"),
                );
            }
        }
        back.number = self.deployments.last().map_or(0, |last| last.number) + 1;
        back.deployed_at = at;
        by.clone_into(&mut back.by);
        back.rollback_of = Some(current);
        back.tables.clear();
        (back.released_at, back.kept_until, back.ended) = (None, None, None);
        self.deployments.push(back);
        Ok(self.deployments.last().expect("one was added"))
    }

    /// Removes deployments that ended longer ago than `retention`, and returns the revisions that
    /// no remaining deployment has. Live deployments and the rollback target stay.
    pub fn prune(&mut self, retention: Duration, now: UtcTimestamp) -> Vec<String> {
        let previous = self.previous().map(|previous| previous.number);
        let before: Vec<String> = self
            .deployments
            .iter()
            .flat_map(|deployment| deployment.revisions().map(str::to_owned))
            .collect();
        self.deployments.retain(|deployment| {
            let is_old = deployment
                .ended_since(now)
                .is_some_and(|over| over.after(retention) < now);
            !is_old || previous == Some(deployment.number)
        });
        let mut removed: Vec<String> = before
            .into_iter()
            .filter(|revision| !self.has_revision(revision))
            .collect();
        removed.sort();
        removed.dedup();
        removed
    }
}

impl Deployment {
    fn end(&mut self, at: UtcTimestamp, how: DeploymentOutcome, by: &str, reason: Option<&str>) {
        self.ended = Some(DeploymentEnd {
            at,
            how,
            by: by.to_owned(),
            reason: reason.map(str::to_owned),
        });
    }
}
