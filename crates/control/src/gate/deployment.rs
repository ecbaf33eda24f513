//! One deployment, as the registry records it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::utc_timestamp::UtcTimestamp;

/// A deployment. Entries are only added and completed, never removed for a rollback: a rollback is
/// another entry.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// The number of the deployment of the service, from 1.
    pub number: u64,
    /// The hash of the contract: `sha256:` and 64 hexadecimal digits.
    pub revision: String,
    /// The contract's `info.version`.
    pub version: String,
    /// The other contracts that were deployed with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<FurtherContract>,
    /// When it was recorded.
    pub deployed_at: UtcTimestamp,
    /// Who deployed it.
    pub by: String,
    /// The verdict of the gate.
    pub verdict: RecordedVerdict,
    /// The breaking changes that were approved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<RecordedApproval>,
    /// Which blocking rules were overridden, and by whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<RecordedOverride>,
    /// The versions of the service's flags at that time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flags: BTreeMap<String, u64>,
    /// The shared tables that its migrations lock or change. It holds leases on them until its
    /// roll-out is complete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<String>,
    /// The deployment that it replaced, and to which a rollback returns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u64>,
    /// The deployment that this one rolled back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_of: Option<u64>,
    /// When its roll-out was completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<UtcTimestamp>,
    /// Until when it stays deployed next to its successor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_until: Option<UtcTimestamp>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<DeploymentEnd>,
}

/// Another contract of a service, next to the first one: that of its events, for example.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FurtherContract {
    /// The name of its file, by which the next deployment finds it.
    pub name: String,
    /// The hash of the contract: `sha256:` and 64 hexadecimal digits.
    pub revision: String,
    /// The contract's `info.version`.
    pub version: String,
}

/// The gate's verdict on a deployment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedVerdict {
    /// The recommended action.
    pub recommended_action: String,
    /// The risk score.
    pub risk_score: u32,
    /// The share of exchanges that violate the contract, if it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_score: Option<f64>,
    /// The affected squads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub squads: Vec<String>,
    /// The rules that had a reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// The approval of a breaking change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedApproval {
    /// The fingerprint of the change.
    pub fingerprint: String,
    /// Who approved it.
    pub owner: String,
    /// Why.
    pub reason: String,
}

/// An override of blocking rules.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedOverride {
    /// Who takes responsibility.
    pub name: String,
    /// Why.
    pub reason: String,
    /// The rules that were overridden.
    pub rules: Vec<String>,
}

/// The end of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeploymentEnd {
    /// When it ended.
    pub at: UtcTimestamp,
    /// How it ended.
    pub how: DeploymentOutcome,
    /// Who ended it.
    pub by: String,
    /// Why, if a reason was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a deployment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeploymentOutcome {
    /// Another deployment replaced it.
    Replaced,
    /// It was rolled back.
    RolledBack,
}

impl Deployment {
    /// The revisions of all its contracts.
    pub fn revisions(&self) -> impl Iterator<Item = &str> {
        let further = self.further.iter().map(|further| &*further.revision);
        std::iter::once(&*self.revision).chain(further)
    }

    /// Whether it serves traffic at this time.
    pub(super) fn is_live(&self, now: UtcTimestamp) -> bool {
        self.ended.is_none() && self.kept_until.is_none_or(|until| now < until)
    }

    /// Whether it has neither ended nor a date on which it will.
    pub(super) fn has_no_end(&self) -> bool {
        self.ended.is_none() && self.kept_until.is_none()
    }

    /// When it stopped serving traffic, if it has.
    pub(super) fn ended_since(&self, now: UtcTimestamp) -> Option<UtcTimestamp> {
        let ended = self.ended.as_ref().map(|ended| ended.at);
        ended.or(self.kept_until.filter(|until| *until <= now))
    }

    /// Its state at this time, as one word.
    pub fn state(&self, now: UtcTimestamp) -> &'static str {
        match (&self.ended, self.kept_until) {
            (
                Some(DeploymentEnd {
                    how: DeploymentOutcome::RolledBack,
                    ..
                }),
                _,
            ) => "rolled back",
            (
                Some(DeploymentEnd {
                    how: DeploymentOutcome::Replaced,
                    ..
                }),
                _,
            ) => "replaced",
            (None, Some(until)) if until <= now => "expired",
            (None, Some(_)) => "kept",
            (None, None) if self.released_at.is_some() => "released",
            (None, None) => "deployed",
        }
    }
}
