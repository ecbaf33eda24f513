//! Service level objectives: what the provider of a service promises its consumers.
//!
//! The error budget is what an objective leaves: of 1,000 requests with an availability of 0.999, one may
//! fail. Google's SRE Workbook, chapter 5, explains alerts on the rate at which a budget burns.

use std::time::Duration;

/// The objectives of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceObjectives {
    /// The service.
    pub service: String,
    /// The time over which an error budget is spent.
    pub window: Duration,
    /// The share of all requests that must succeed, above 0 and below 1.
    pub availability: Option<f64>,
    /// How fast responses must be.
    pub latency: Option<LatencyObjective>,
    /// Operations with objectives of their own.
    pub operations: Vec<OperationObjective>,
}

/// How fast responses must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatencyObjective {
    /// The longest time from the head of a request to the head of its response.
    pub bound: Duration,
    /// The share of the responses that must be as fast, above 0 and below 1.
    pub share: f64,
}

/// The objectives of one operation, at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationObjective {
    /// The operation, as metrics name it.
    pub operation: String,
    /// The share of its requests that must succeed, above 0 and below 1.
    pub availability: Option<f64>,
    /// How fast its responses must be.
    pub latency: Option<LatencyObjective>,
}

/// What an objective is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectiveKind {
    /// Requests succeed.
    Availability,
    /// Responses are fast.
    Latency,
}

/// One objective of a service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServiceObjective<'o> {
    /// What it is about.
    pub kind: ObjectiveKind,
    /// The operation; none for all of the service.
    pub operation: Option<&'o str>,
    /// The share of the requests that must be good, above 0 and below 1.
    pub target: f64,
    /// The longest time of a good response, for [`ObjectiveKind::Latency`].
    pub bound: Option<Duration>,
}

impl ServiceObjectives {
    /// The window if none is set, 30 days.
    pub const DEFAULT_WINDOW: Duration = Duration::from_secs(30 * 24 * 60 * 60);

    /// Every objective: those of the service first, then those of its operations.
    pub fn iter(&self) -> impl Iterator<Item = ServiceObjective<'_>> {
        let operations = self.operations.iter().flat_map(|own| {
            let OperationObjective {
                operation,
                availability,
                latency,
            } = own;
            ServiceObjective::both(Some(operation), *availability, *latency)
        });
        ServiceObjective::both(None, self.availability, self.latency).chain(operations)
    }
}

impl<'o> ServiceObjective<'o> {
    /// The objectives of an operation, or of all of a service.
    fn both(
        operation: Option<&'o str>,
        availability: Option<f64>,
        latency: Option<LatencyObjective>,
    ) -> impl Iterator<Item = Self> {
        let availability = availability.map(|target| Self {
            kind: ObjectiveKind::Availability,
            operation,
            target,
            bound: None,
        });
        let latency = latency.map(|latency| Self {
            kind: ObjectiveKind::Latency,
            operation,
            target: latency.share,
            bound: Some(latency.bound),
        });
        availability.into_iter().chain(latency)
    }
}

impl ServiceObjective<'_> {
    /// The operation label of an objective that is about all operations.
    pub const ALL_OPERATIONS: &'static str = "*";

    /// The value of the label `operation`.
    pub fn operation_label(&self) -> &str {
        self.operation.unwrap_or(Self::ALL_OPERATIONS)
    }

    /// The share of the requests that may be bad.
    pub const fn budget(&self) -> f64 {
        1.0 - self.target
    }

    /// Of the error budget of this many requests, the share that is left: 1 if none was bad, below 0
    /// if too many were. None without requests.
    pub fn budget_left(&self, bad: u64, total: u64) -> Option<f64> {
        (total > 0).then(|| 1.0 - bad as f64 / total as f64 / self.budget())
    }
}

impl ObjectiveKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Availability, Self::Latency];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::Latency => "latency",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_by_bad_requests() {
        let objective = ServiceObjective {
            kind: ObjectiveKind::Availability,
            operation: None,
            target: 0.99,
            bound: None,
        };
        let left = |bad, total| {
            objective
                .budget_left(bad, total)
                .map(|left| (left * 1e6).round() / 1e6)
        };
        assert_eq!(left(0, 0), None);
        assert_eq!(left(0, 100), Some(1.0));
        assert_eq!(left(1, 200), Some(0.5));
        assert_eq!(left(3, 100), Some(-2.0));
    }
}
