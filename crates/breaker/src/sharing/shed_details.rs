//! Why a request was shed, with the figures that explain it.

/// Why a request was shed, with the figures that explain it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShedDetails {
    /// The reason.
    pub reason: ShedReason,
    /// How many requests of the consumer are in flight.
    pub in_flight: u32,
    /// How many it is guaranteed to have in flight.
    pub guaranteed: u32,
    /// How many requests may be in flight in total.
    pub limit: u32,
}

/// Why a request was shed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShedReason {
    /// The queue is full, and each waiting request has a stronger claim.
    QueueFull,
    /// It waited, and a request with a stronger claim took its place in the queue.
    Displaced,
    /// It waited as long as it may.
    Waited,
}

impl ShedReason {
    /// The stable name, a label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "line-full",
            Self::Displaced => "displaced",
            Self::Waited => "waited",
        }
    }
}
