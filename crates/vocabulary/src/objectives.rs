//! Service level objectives: what the provider of a service promises its consumers.
//!
//! The error budget is what an objective leaves: of 1,000 requests with an availability of 0.999, one may
//! fail. Google's SRE Workbook, chapter 5, explains alerts on the rate at which a budget burns.

use std::ops::RangeInclusive;
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
    /// Operations with their own objectives.
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

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl LatencyObjective {
    /// The shortest and the longest time that a response may be promised in.
    pub const BOUNDS: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(60);
}

impl ServiceObjectives {
    /// The window if none is set, 30 days.
    pub const DEFAULT_WINDOW: Duration = Duration::from_secs(30 * DAY.as_secs());

    /// What a window must be.
    pub const WINDOW_RULE: &'static str = "whole hours or days from 7d to 366d";

    /// Whether error budgets can have this window: alerts look at up to three days, and whole hours
    /// are what all tools can write.
    pub fn is_window(window: Duration) -> bool {
        let days =
            Duration::from_secs(7 * DAY.as_secs())..=Duration::from_secs(366 * DAY.as_secs());
        days.contains(&window)
            && window.as_secs().is_multiple_of(60 * 60)
            && window.subsec_nanos() == 0
    }

    /// What a target must be.
    pub const TARGET_RULE: &'static str = "a share above 0.0 and below 1.0 (at most nine nines)";

    /// Whether a share is a target: it leaves a budget, which has nine digits in rules, and is one.
    pub fn is_target(share: f64) -> bool {
        share > 0.0 && 1.0 - share > 0.9e-9
    }

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

    /// The share of the requests that may be bad, without the error of a subtraction.
    pub fn budget(&self) -> f64 {
        rounded(1.0 - self.target)
    }

    /// Of the error budget, the share that is left if this share of the requests was bad: 1 if none
    /// was, below 0 if too many were.
    pub fn budget_left(&self, bad_ratio: f64) -> f64 {
        rounded(1.0 - bad_ratio / self.budget())
    }

    /// What it is about, in words.
    pub fn subject(&self) -> String {
        match self.operation {
            Some(operation) => format!("{} of {operation}", self.kind.as_str()),
            None => self.kind.as_str().to_owned(),
        }
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

/// A share with the digits that people wrote, so that a budget that is exactly used up is 0.
fn rounded(share: f64) -> f64 {
    (share * 1e12).round() / 1e12
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
        assert_eq!(objective.budget_left(0.0), 1.0);
        assert_eq!(objective.budget_left(1.0 / 200.0), 0.5);
        assert_eq!(objective.budget_left(0.008), 0.2);
        assert_eq!(objective.budget_left(3.0 / 100.0), -2.0);
    }

    #[test]
    fn a_target_leaves_a_budget() {
        for (share, expected) in [
            (0.0, false),
            (1e-9, true),
            (0.999_999_999, true),
            (0.999_999_999_9, false),
            (1.0, false),
            (f64::NAN, false),
        ] {
            assert_eq!(ServiceObjectives::is_target(share), expected, "{share}");
        }
    }

    #[test]
    fn windows_are_whole_hours_from_a_week_to_a_year() {
        let hours = |hours: u64| Duration::from_secs(hours * 60 * 60);
        for (window, expected) in [
            (hours(7 * 24), true),
            (hours(7 * 24 + 1), true),
            (hours(366 * 24), true),
            (hours(7 * 24 - 1), false),
            (hours(366 * 24 + 1), false),
            (hours(720) + Duration::from_secs(60), false),
        ] {
            assert_eq!(ServiceObjectives::is_window(window), expected, "{window:?}");
        }
    }
}
