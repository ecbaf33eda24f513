//! How a request ended.

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestOutcome {
    /// The upstream responded with a status below 500.
    Answered,
    /// The upstream responded with a status of 500 or above.
    Failed,
    /// The request was refused, for example for a contract violation.
    Refused,
    /// The request was refused to protect the service.
    Shed,
    /// The upstream did not respond.
    Unanswered,
    /// The request was not sent, because this machine lacked a resource: descriptors, ports,
    /// memory or the resolver.
    Unsent,
    /// The client disconnected before the response.
    Abandoned,
    /// The client disconnected during the response, or did not read it in time.
    Disconnected,
    /// The upstream interrupted its response.
    Truncated,
    /// Portcullis ended a response of unknown length, because the upstream was silent for too long.
    Idle,
    /// Portcullis ended the request at the drain deadline, because the process stops.
    Drained,
}

impl RequestOutcome {
    /// Every outcome.
    pub const ALL: [Self; 11] = [
        Self::Answered,
        Self::Failed,
        Self::Refused,
        Self::Shed,
        Self::Unanswered,
        Self::Unsent,
        Self::Abandoned,
        Self::Disconnected,
        Self::Truncated,
        Self::Idle,
        Self::Drained,
    ];

    /// Whether the duration says how long the upstream took. The others ended without it: they were
    /// refused, could not be sent, or were cut off by the end of the process.
    pub const fn is_timed_by_upstream(self) -> bool {
        match self {
            Self::Answered
            | Self::Failed
            | Self::Unanswered
            | Self::Abandoned
            | Self::Disconnected
            | Self::Truncated
            | Self::Idle => true,
            Self::Refused | Self::Shed | Self::Unsent | Self::Drained => false,
        }
    }

    /// The label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Shed => "shed",
            Self::Unanswered => "unanswered",
            Self::Unsent => "unsent",
            Self::Abandoned => "abandoned",
            Self::Disconnected => "disconnected",
            Self::Truncated => "truncated",
            Self::Idle => "idle",
            Self::Drained => "drained",
        }
    }
}
