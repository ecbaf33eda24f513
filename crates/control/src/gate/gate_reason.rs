//! Why the gate says what it says: one reason for each rule that has something to say.

use serde::Serialize;

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GateReason {
    /// The rule: a stable name.
    pub rule: GateRule,
    /// What it means for the deployment.
    pub weight: ReasonWeight,
    /// What is the case.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// Where in the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<ReasonLocation>,
    /// The breaking change that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<BreakingChange>,
}

/// A file and a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReasonLocation {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// A breaking change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BreakingChange {
    /// What approvals are keyed by.
    pub fingerprint: String,
    /// The rule of `portcullis diff`.
    pub rule: &'static str,
    /// The operation, or the contract.
    pub subject: String,
    /// A message that was right and is wrong now, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<String>,
    /// That message as a request, for a shell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curl: Option<String>,
    /// The squads that have to approve and have not.
    pub approvals_missing: Vec<String>,
}

/// The rules of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateRule {
    /// The service belongs to another squad.
    Ownership,
    /// The revision runs already.
    AlreadyDeployed,
    /// The revision was replaced by another one.
    ReplacedRevision,
    /// Nothing was deployed before.
    FirstDeployment,
    /// The version is not raised as the changes demand.
    Version,
    /// Somebody who was right before is wrong after.
    BreakingChange,
    /// Two versions run at once.
    KeptVersion,
    /// What runs departs from its contract.
    Drift,
    /// The service was deployed a short while ago.
    Cooldown,
    /// The risk score is above the squad's bound.
    Risk,
    /// What was measured, and what was not.
    Measurement,
    /// Somebody else was recorded meanwhile.
    Conflict,
}

/// What a reason means for a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReasonWeight {
    /// It keeps the deployment back.
    Blocks,
    /// It would keep it back, and was overruled.
    Overridden,
    /// It is to be looked at.
    Warns,
    /// It is good to know.
    Tells,
}

impl GateRule {
    /// Every rule.
    pub const ALL: [Self; 12] = [
        Self::Ownership,
        Self::AlreadyDeployed,
        Self::ReplacedRevision,
        Self::FirstDeployment,
        Self::Version,
        Self::BreakingChange,
        Self::KeptVersion,
        Self::Drift,
        Self::Cooldown,
        Self::Risk,
        Self::Measurement,
        Self::Conflict,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ownership => "ownership",
            Self::AlreadyDeployed => "already-deployed",
            Self::ReplacedRevision => "replaced-revision",
            Self::FirstDeployment => "first-deployment",
            Self::Version => "version",
            Self::BreakingChange => "breaking-change",
            Self::KeptVersion => "kept-version",
            Self::Drift => "drift",
            Self::Cooldown => "cooldown",
            Self::Risk => "risk",
            Self::Measurement => "measurement",
            Self::Conflict => "conflict",
        }
    }

    /// Whether a name and a reason can overrule it: what others would have to bear cannot be.
    pub const fn can_be_overridden(self) -> bool {
        matches!(self, Self::Drift | Self::Cooldown | Self::Risk)
    }

    /// What to do where it keeps a deployment back, as one word.
    pub const fn action(self) -> &'static str {
        match self {
            Self::Ownership => "ask-the-owner",
            Self::ReplacedRevision => "roll-back-instead",
            Self::Version => "raise-the-version",
            Self::BreakingChange => "get-approvals",
            Self::Drift => "fix-the-drift",
            Self::Cooldown => "wait",
            Self::Risk => "lower-the-risk",
            Self::Conflict => "run-again",
            Self::AlreadyDeployed
            | Self::FirstDeployment
            | Self::KeptVersion
            | Self::Measurement => "deploy",
        }
    }
}

impl ReasonWeight {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Overridden => "overridden",
            Self::Warns => "warns",
            Self::Tells => "tells",
        }
    }
}

impl GateReason {
    /// A reason without anything beside its message.
    pub fn new(rule: GateRule, weight: ReasonWeight, message: impl Into<String>) -> Self {
        Self {
            rule,
            weight,
            message: message.into(),
            advice: None,
            place: None,
            change: None,
        }
    }

    /// The same with what to do.
    #[must_use]
    pub fn with_advice(self, advice: impl Into<String>) -> Self {
        Self {
            advice: Some(advice.into()),
            ..self
        }
    }
}
