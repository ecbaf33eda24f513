//! Counts of what a data core has served.

/// What a data core has done when [`serve`](super::serve) returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenerTotals {
    /// Connections accepted.
    pub connections: u64,
    /// Requests answered by the handler.
    pub requests: u64,
    /// Streams answered with a refusal.
    pub refused: u64,
    /// Connections that a panic ended.
    pub panicked: u64,
    /// Connections aborted at the deadline.
    pub aborted: u64,
}

impl ListenerTotals {
    /// The counts of two listeners of a data core.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            connections: self.connections + other.connections,
            requests: self.requests + other.requests,
            refused: self.refused + other.refused,
            panicked: self.panicked + other.panicked,
            aborted: self.aborted + other.aborted,
        }
    }
}
