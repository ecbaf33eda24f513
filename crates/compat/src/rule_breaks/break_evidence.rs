//! What the validators say about a break that a rule claims.

use serde_json::Value;

use portcullis_contract::Violation;

use super::super::change_level::{ChangeCertainty, ChangeLevel};
use super::super::compat_finding::CompatFinding;
use super::super::witness::{Witness, WitnessRequest, WitnessResponse};

/// The result of asking both contracts.
pub(super) enum BreakEvidence {
    /// A message that one contract accepts and the other refuses because of the change.
    Shown(Box<Witness>),
    /// The message that should be refused is accepted, for this reason.
    Refuted(String),
    /// No message shows the change, for this reason.
    Unshown(String),
    /// The messages that were tried are accepted, and others may not be, for this reason.
    Undecided(String),
    /// Every message that the change can affect was tried and is accepted.
    Harmless,
}

impl BreakEvidence {
    pub(super) fn of_request(
        value: Option<Value>,
        request: WitnessRequest,
        violation: &Violation,
    ) -> Self {
        Self::Shown(Box::new(Witness {
            value: value.unwrap_or_else(|| request.line().into()),
            refusal: violation.sentence(true),
            request: Some(request),
            ..Witness::default()
        }))
    }

    pub(super) fn of_response(
        value: Option<Value>,
        response: WitnessResponse,
        violation: &Violation,
    ) -> Self {
        Self::Shown(Box::new(Witness {
            value: value.unwrap_or_else(|| response.line().into()),
            refusal: violation.sentence(true),
            response: Some(response),
            ..Witness::default()
        }))
    }

    pub(super) fn unshown(reason: &str) -> Self {
        Self::Unshown(reason.to_owned())
    }

    /// Sets the level and the certainty of a finding.
    pub(super) fn apply(self, finding: &mut CompatFinding) {
        match self {
            Self::Shown(witness) => {
                finding.level = ChangeLevel::Breaking;
                finding.certainty = ChangeCertainty::Witnessed;
                finding.witness = Some(*witness);
            }
            Self::Refuted(reason) => {
                finding.level = if finding.level == ChangeLevel::Breaking {
                    ChangeLevel::Warning
                } else {
                    ChangeLevel::Info
                };
                finding.certainty = ChangeCertainty::Unshown(reason);
            }
            Self::Unshown(reason) => finding.certainty = ChangeCertainty::Unshown(reason),
            Self::Undecided(reason) => {
                finding.level = ChangeLevel::Unknown;
                finding.certainty = ChangeCertainty::Unknown(reason);
            }
            Self::Harmless => {
                finding.level = ChangeLevel::Info;
                finding.certainty = ChangeCertainty::Proved;
            }
        }
    }
}
