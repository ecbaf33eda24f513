//! The verdict of the gate.

use serde::Serialize;

use super::blast_radius::BlastRadius;
use super::deployment::{RecordedApproval, RecordedOverride};
use super::gate_reason::GateReason;

/// The verdict of the gate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GateVerdict {
    /// Whether the revision may be deployed.
    pub decision: GateDecision,
    /// What to do, as one word.
    pub recommended_action: &'static str,
    /// The reasons, blocking ones first.
    pub reasons: Vec<GateReason>,
    /// The squads that the deployment can affect.
    pub blast_radius: BlastRadius,
    /// The risk score, in points.
    pub risk_score: u32,
    /// The squad's limit for the risk score.
    pub risk_max: Option<u32>,
    /// The share of live exchanges that violate the deployed contract, 0 to 1.
    pub drift_score: Option<f64>,
    /// The deployment that it replaces.
    #[serde(skip)]
    pub base: Option<u64>,
    /// The approvals that apply.
    pub approvals: Vec<RecordedApproval>,
    /// The override, if one was needed.
    pub overridden: Option<RecordedOverride>,
}

/// Whether a revision may be deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateDecision {
    /// It may be deployed.
    Allowed,
    /// It may be deployed, because the blocking rules were overridden.
    Overridden,
    /// It is already deployed.
    Unchanged,
    /// It may not be deployed.
    Blocked,
}

impl GateDecision {
    /// Whether the revision may be deployed now.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed | Self::Overridden)
    }

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Overridden => "overridden",
            Self::Unchanged => "unchanged",
            Self::Blocked => "blocked",
        }
    }
}
