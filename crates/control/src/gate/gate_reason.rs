//! The reasons of a verdict, at least one for each rule that applies.

use serde::Serialize;

/// One reason of a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GateReason {
    /// The rule.
    pub rule: GateRule,
    /// What the reason means for the deployment.
    pub weight: ReasonWeight,
    /// The facts.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// Where in the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<ReasonLocation>,
    /// The change, if the reason is one that needs an approval.
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

/// A change that needs an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BreakingChange {
    /// The fingerprint that approvals refer to.
    pub fingerprint: String,
    /// The rule of `portcullis diff`.
    pub rule: &'static str,
    /// `breaking`, or `unknown` if it could not be shown to break or not to break.
    pub level: &'static str,
    /// The first operation that it reaches, or the contract.
    pub subject: String,
    /// All operations that it reaches.
    pub operations: Vec<String>,
    /// A message that was valid before the change and is not after it, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<String>,
    /// The message as a curl command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curl: Option<String>,
    /// The squads whose approval is missing.
    pub approvals_missing: Vec<String>,
}

/// The rules of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateRule {
    /// The service belongs to another squad.
    Ownership,
    /// The service, or one that uses it, moves from one squad to another.
    Transfer,
    /// The revision is already deployed.
    AlreadyDeployed,
    /// The revision was deployed before and replaced by another.
    ReplacedRevision,
    /// The service has no earlier deployment.
    FirstDeployment,
    /// The version is not raised as the changes require.
    Version,
    /// The change breaks a client or a consumer of responses.
    BreakingChange,
    /// The change could not be shown to break a client, nor to be harmless.
    UnknownChange,
    /// A level setting lets a change pass that needs approvals otherwise.
    LevelSetting,
    /// The contract promises less than before.
    LoweredObjective,
    /// A part of the deployed contract could not be compared, because it is broken.
    BrokenPart,
    /// Two versions are deployed at the same time.
    KeptVersion,
    /// Live traffic violates the contract.
    Drift,
    /// Too little of an error budget is left.
    ErrorBudget,
    /// The last deployment of the service was too recent.
    Cooldown,
    /// The risk score exceeds the squad's limit.
    Risk,
    /// The measurement found no traffic.
    Measurement,
    /// Another deployment was recorded at the same time.
    Conflict,
    /// A migration does something to a table that other squads use.
    SharedTable,
    /// Another deployment migrates the same table.
    TableLease,
}

/// What a reason means for a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReasonWeight {
    /// It blocks the deployment.
    Blocks,
    /// It would block the deployment, and was overridden.
    Overridden,
    /// It needs attention.
    Warns,
    /// It is information only.
    Informs,
}

impl GateRule {
    /// Every rule.
    pub const ALL: [Self; 20] = [
        Self::Ownership,
        Self::Transfer,
        Self::AlreadyDeployed,
        Self::ReplacedRevision,
        Self::FirstDeployment,
        Self::Version,
        Self::BreakingChange,
        Self::UnknownChange,
        Self::LevelSetting,
        Self::LoweredObjective,
        Self::BrokenPart,
        Self::KeptVersion,
        Self::Drift,
        Self::ErrorBudget,
        Self::Cooldown,
        Self::Risk,
        Self::Measurement,
        Self::Conflict,
        Self::SharedTable,
        Self::TableLease,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ownership => "ownership",
            Self::Transfer => "transfer",
            Self::AlreadyDeployed => "already-deployed",
            Self::ReplacedRevision => "replaced-revision",
            Self::FirstDeployment => "first-deployment",
            Self::Version => "version",
            Self::BreakingChange => "breaking-change",
            Self::UnknownChange => "unknown-change",
            Self::LevelSetting => "level-setting",
            Self::LoweredObjective => "lowered-objective",
            Self::BrokenPart => "broken-part",
            Self::KeptVersion => "kept-version",
            Self::Drift => "drift",
            Self::ErrorBudget => "error-budget",
            Self::Cooldown => "cooldown",
            Self::Risk => "risk",
            Self::Measurement => "measurement",
            Self::Conflict => "conflict",
            Self::SharedTable => "shared-table",
            Self::TableLease => "table-lease",
        }
    }

    /// Whether an operator can override the rule. Rules that protect other squads cannot be
    /// overridden.
    pub const fn can_be_overridden(self) -> bool {
        matches!(
            self,
            Self::Drift | Self::ErrorBudget | Self::Cooldown | Self::Risk | Self::TableLease
        )
    }

    /// What to do if the rule blocks a deployment, as one word.
    pub const fn action(self) -> &'static str {
        match self {
            Self::Ownership => "ask-the-owner",
            Self::ReplacedRevision => "roll-back-instead",
            Self::Version => "raise-the-version",
            Self::BreakingChange | Self::UnknownChange | Self::SharedTable => "get-approvals",
            Self::Drift => "fix-the-drift",
            Self::ErrorBudget => "wait-for-the-budget",
            Self::Cooldown | Self::TableLease => "wait",
            Self::Risk => "lower-the-risk",
            Self::Conflict => "run-again",
            Self::Transfer
            | Self::AlreadyDeployed
            | Self::FirstDeployment
            | Self::LevelSetting
            | Self::LoweredObjective
            | Self::BrokenPart
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
            Self::Informs => "informs",
        }
    }
}

impl GateReason {
    /// A reason with a message only.
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

    /// Adds what to do.
    #[must_use]
    pub fn with_advice(self, advice: impl Into<String>) -> Self {
        Self {
            advice: Some(advice.into()),
            ..self
        }
    }
}
