//! One check of a scorecard.

use portcullis_vocabulary::ConfigLocation;

/// The checks of a scorecard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScoreKind {
    /// A squad provides the service and can be reached.
    Owner,
    /// A person is called when it fails.
    OnCall,
    /// It has a contract.
    Contract,
    /// It promises a level.
    Slo,
    /// There is a runbook.
    Runbook,
    /// There is a dashboard.
    Dashboard,
    /// Deprecated operations have an end that is not over.
    Deprecations,
    /// Catalog, contract and folders name the same owner.
    OwnershipDrift,
    /// It works while others do not.
    Autonomy,
}

/// One check of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreCheck {
    /// What is checked.
    pub kind: ScoreKind,
    /// Whether nothing is missing.
    pub is_passed: bool,
    /// What was found.
    pub detail: String,
    /// How to close the gap.
    pub advice: Option<String>,
    /// Where.
    pub place: Option<ConfigLocation>,
}

impl ScoreKind {
    /// Every check, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::Owner,
        Self::OnCall,
        Self::Contract,
        Self::Slo,
        Self::Runbook,
        Self::Dashboard,
        Self::Deprecations,
        Self::OwnershipDrift,
        Self::Autonomy,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::OnCall => "on-call",
            Self::Contract => "contract",
            Self::Slo => "slo",
            Self::Runbook => "runbook",
            Self::Dashboard => "dashboard",
            Self::Deprecations => "deprecations",
            Self::OwnershipDrift => "ownership-drift",
            Self::Autonomy => "autonomy",
        }
    }
}

impl ScoreCheck {
    pub(super) fn pass(kind: ScoreKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            is_passed: true,
            detail: detail.into(),
            advice: None,
            place: None,
        }
    }

    pub(super) fn gap(
        kind: ScoreKind,
        detail: impl Into<String>,
        advice: impl Into<String>,
        place: Option<&ConfigLocation>,
    ) -> Self {
        Self {
            is_passed: false,
            advice: Some(advice.into()),
            place: place.cloned(),
            ..Self::pass(kind, detail)
        }
    }
}
