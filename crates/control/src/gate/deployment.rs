//! One deployment, as the registry remembers it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::utc_timestamp::UtcTimestamp;

/// A deployment. Entries are only added and completed, never taken back: a rollback is an entry
/// of its own.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// Counts the deployments of the service, from 1.
    pub number: u64,
    /// The contract's content: `sha256:` and 64 hexadecimal digits.
    pub revision: String,
    /// The contract's `info.version`.
    pub version: String,
    /// When it was recorded.
    pub deployed_at: UtcTimestamp,
    /// Who deployed it.
    pub by: String,
    /// What the gate said.
    pub verdict: RecordedVerdict,
    /// The breaking changes that somebody answered for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<RecordedApproval>,
    /// What would have kept it from being deployed, and who overruled that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<RecordedOverride>,
    /// The service's flags at that time, with their versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flags: BTreeMap<String, u64>,
    /// The deployment whose place it took, and which it gives that back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u64>,
    /// The deployment that was taken back by this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_of: Option<u64>,
    /// When its roll-out was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<UtcTimestamp>,
    /// Until when it runs beside the one that came after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_until: Option<UtcTimestamp>,
    /// What ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<DeploymentEnd>,
}

/// What the gate said of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedVerdict {
    /// The action that it recommended.
    pub recommended_action: String,
    /// The risk score.
    pub risk_score: u32,
    /// The share of exchanges that departed from the contract, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_score: Option<f64>,
    /// The squads reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub squads: Vec<String>,
    /// The rules that had something to say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// A breaking change that somebody answers for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedApproval {
    /// The fingerprint of the change.
    pub fingerprint: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
}

/// An override.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedOverride {
    /// Who answers for it.
    pub name: String,
    /// Why.
    pub reason: String,
    /// The rules that were overruled.
    pub rules: Vec<String>,
}

/// The end of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeploymentEnd {
    /// When.
    pub at: UtcTimestamp,
    /// How.
    pub how: DeploymentOutcome,
    /// Who ended it.
    pub by: String,
    /// Why, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a deployment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeploymentOutcome {
    /// Another one took its place.
    Replaced,
    /// It was taken back.
    RolledBack,
}

impl Deployment {
    /// Whether it serves traffic at a moment.
    pub fn is_live(&self, now: UtcTimestamp) -> bool {
        self.ended.is_none() && self.kept_until.is_none_or(|until| now < until)
    }

    /// Whether it runs without an end in sight.
    pub fn has_no_end(&self) -> bool {
        self.ended.is_none() && self.kept_until.is_none()
    }

    /// When it stopped to serve traffic, as far as that is over.
    pub fn ended_since(&self, now: UtcTimestamp) -> Option<UtcTimestamp> {
        let ended = self.ended.as_ref().map(|ended| ended.at);
        ended.or(self.kept_until.filter(|until| *until <= now))
    }

    /// What it is now, in one word.
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
