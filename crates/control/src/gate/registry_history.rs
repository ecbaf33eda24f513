//! What becomes of a registry: a deployment, the end of its roll-out, a rollback, and forgetting.
//! Pure: who asks has the clock and does the writing.

use std::time::Duration;

use super::deployment::{Deployment, DeploymentEnd, DeploymentOutcome};
use super::deployment_registry::DeploymentRegistry;
use super::utc_timestamp::UtcTimestamp;

/// How far clocks of two machines may differ before one of them is called wrong.
pub const CLOCK_SKEW_MAX: Duration = Duration::from_secs(60);

/// How long deployments that are over are remembered, where nothing else is said.
pub const RETENTION_DEFAULT: Duration = Duration::from_secs(90 * 86_400);

/// Why a registry cannot be changed so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryRefusal {
    /// The clock says less than the registry.
    #[error(
        "the registry speaks of {recorded} (deployment {number}, by {by}), and this machine's clock says {now}: one of \
         the clocks is wrong, set it right"
    )]
    ClockSkew {
        /// What the registry says.
        recorded: UtcTimestamp,
        /// Whose time it is.
        number: u64,
        /// Who recorded it.
        by: String,
        /// What the clock says.
        now: UtcTimestamp,
    },
    /// Nothing is deployed.
    #[error("{service} has no deployment to {what}")]
    NothingDeployed {
        /// The service.
        service: String,
        /// What was asked for.
        what: &'static str,
    },
    /// There is nothing to go back to.
    #[error(
        "deployment {number} of {service} took no other one's place, so there is nothing to go back to"
    )]
    NothingReplaced {
        /// The service.
        service: String,
        /// The deployment.
        number: u64,
    },
}

impl DeploymentRegistry {
    /// Says so where the registry speaks of the future.
    ///
    /// # Errors
    /// [`RegistryRefusal::ClockSkew`].
    pub fn check_clock(&self, now: UtcTimestamp) -> Result<(), RegistryRefusal> {
        match self.last_moment() {
            Some((recorded, deployment)) if recorded > now.after(CLOCK_SKEW_MAX) => {
                Err(RegistryRefusal::ClockSkew {
                    recorded,
                    number: deployment.number,
                    by: deployment.by.clone(),
                    now,
                })
            }
            _ => Ok(()),
        }
    }

    /// Now, or just after the last thing recorded where clocks differ a little.
    fn next_moment(&self, now: UtcTimestamp) -> UtcTimestamp {
        self.last_moment().map_or(now, |(last, _)| last.max(now))
    }

    /// Adds a deployment, whose number and moment are given here. It takes the place of the
    /// deployment `base`, which ends or is kept; where that is kept already, so is the new one.
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

    /// Says that the roll-out of the current deployment is finished.
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

    /// Takes the current deployment back: what it took the place of is deployed again.
    ///
    /// # Errors
    /// [`RegistryRefusal`] where there is nothing to take back, or to go back to.
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
            what: "take back",
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
                // It ran beside the one that is taken back, and goes on as the only one.
                deployment.end(
                    at,
                    DeploymentOutcome::Replaced,
                    by,
                    Some("it is the current one again"),
                );
            }
        }
        back.number = self.deployments.last().map_or(0, |last| last.number) + 1;
        back.deployed_at = at;
        by.clone_into(&mut back.by);
        back.rollback_of = Some(current);
        (back.released_at, back.kept_until, back.ended) = (None, None, None);
        self.deployments.push(back);
        Ok(self.deployments.last().expect("one was added"))
    }

    /// Forgets deployments that are over for longer than that, and returns the revisions that
    /// nothing speaks of any more. What is live, and what could be gone back to, stays.
    pub fn prune(&mut self, retention: Duration, now: UtcTimestamp) -> Vec<String> {
        let previous = self.previous().map(|previous| previous.number);
        let before: Vec<String> = self
            .deployments
            .iter()
            .map(|deployment| deployment.revision.clone())
            .collect();
        self.deployments.retain(|deployment| {
            let is_old = deployment
                .ended_since(now)
                .is_some_and(|over| over.after(retention) < now);
            !is_old || previous == Some(deployment.number)
        });
        let mut gone: Vec<String> = before
            .into_iter()
            .filter(|revision| self.last_of(revision).is_none())
            .collect();
        gone.sort();
        gone.dedup();
        gone
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
