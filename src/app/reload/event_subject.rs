//! What an event of a contract was about, and how the log says what happened.

use crate::admin::RevisionResult;

/// What an event was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventSubject {
    /// The first contract of a service.
    FirstContract,
    /// A contract that would replace the active one.
    NextContract,
    /// A candidate.
    Candidate,
}

impl EventSubject {
    /// The subject of a read for the active contract, of a service that may have one already.
    pub(super) const fn of_read(has_contract: bool) -> Self {
        if has_contract {
            Self::NextContract
        } else {
            Self::FirstContract
        }
    }

    /// What happened, for the log.
    pub(super) const fn message(self, result: RevisionResult) -> &'static str {
        match (self, result) {
            (_, RevisionResult::Unchanged) => "contract unchanged",
            (_, RevisionResult::Candidate) => "candidate loaded: it checks copies of the traffic",
            (_, RevisionResult::Promoted) => "candidate promoted: it is the active contract",
            (_, RevisionResult::Dropped) => "candidate dropped",
            (Self::FirstContract, RevisionResult::Active) => "contract loaded",
            (_, RevisionResult::Active) => "contract changed",
            (Self::FirstContract, RevisionResult::Refused) => {
                "contract refused: the service has no contract yet, so its requests are refused"
            }
            (Self::NextContract, RevisionResult::Refused) => {
                "contract refused: the active one stays"
            }
            (Self::Candidate, RevisionResult::Refused) => "candidate refused",
            (Self::FirstContract, RevisionResult::Unavailable) => {
                "contract unavailable: the service has no contract yet, so its requests are refused"
            }
            (Self::NextContract, RevisionResult::Unavailable) => {
                "contract unavailable: the active one stays"
            }
            (Self::Candidate, RevisionResult::Unavailable) => "candidate unavailable",
        }
    }
}
