//! Why a request is refused now: the rule, its figures, and when to retry.

use std::fmt;
use std::time::Duration;

use portcullis_vocabulary::Tier;

use super::circuit::breaker_permit::BreakerRejection;
use super::circuit::sliding_window::CallTally;
use super::sharing::shed_details::ShedDetails;

/// The refusal of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdmissionRefusal {
    /// The rule that refused it.
    pub rule: AdmissionRule,
    /// How long to wait before a retry.
    pub retry_after: Duration,
}

/// The rules that refuse requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AdmissionRule {
    /// The breaker of the squad's traffic of this tier.
    Squad(Tier, BreakerRejection),
    /// The breaker of the service, which cuts off every caller.
    Service(BreakerRejection),
    /// The concurrency limit.
    Share(ShedDetails),
    /// The budget for requests of other squads.
    Budget {
        /// All requests are `calls`, those of other squads are `failures`.
        tally: CallTally,
        /// The highest allowed share.
        max: f64,
    },
}

/// When to retry while a breaker is probed: a probe takes about as long.
const PROBING: Duration = Duration::from_secs(1);

/// When to retry while an operator holds a breaker open.
const FORCED: Duration = Duration::from_secs(30);

/// When to retry for a slot.
const SOON: Duration = Duration::from_secs(1);

impl AdmissionRefusal {
    /// The refusal by a rule, which decides when to retry.
    pub fn from_rule(rule: AdmissionRule) -> Self {
        let retry_after = match rule {
            AdmissionRule::Squad(_, rejection) | AdmissionRule::Service(rejection) => {
                match rejection {
                    BreakerRejection::Open { retry_after, .. } => retry_after,
                    BreakerRejection::Probing => PROBING,
                    BreakerRejection::Forced => FORCED,
                }
            }
            AdmissionRule::Share(_) | AdmissionRule::Budget { .. } => SOON,
        };
        Self { rule, retry_after }
    }

    /// The value of `Retry-After` (RFC 9110 section 10.2.3): whole seconds, at least one.
    pub fn retry_after_seconds(&self) -> u32 {
        let seconds = self.retry_after.as_millis().div_ceil(1000);
        u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
    }
}

impl AdmissionRule {
    /// The stable name, a label.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Squad(_, BreakerRejection::Open { .. }) => "squad-circuit-open",
            Self::Squad(_, BreakerRejection::Probing) => "squad-circuit-probing",
            Self::Squad(_, BreakerRejection::Forced) => "squad-circuit-forced-open",
            Self::Service(BreakerRejection::Open { .. }) => "service-circuit-open",
            Self::Service(BreakerRejection::Probing) => "service-circuit-probing",
            Self::Service(BreakerRejection::Forced) => "service-circuit-forced-open",
            Self::Share(shed) => shed.reason.as_str(),
            Self::Budget { .. } => "cross-squad-budget",
        }
    }

    /// Whether a circuit breaker refused the request because the service failed or was slow, not because
    /// an operator asked for it.
    pub const fn is_failing_circuit(&self) -> bool {
        matches!(
            self,
            Self::Squad(_, BreakerRejection::Open { .. } | BreakerRejection::Probing)
                | Self::Service(BreakerRejection::Open { .. } | BreakerRejection::Probing)
        )
    }

    /// The sentence for the client that sent the request.
    pub fn sentence<'a>(&'a self, squad: &'a str) -> impl fmt::Display + 'a {
        RuleSentence { rule: self, squad }
    }
}

struct RuleSentence<'a> {
    rule: &'a AdmissionRule,
    squad: &'a str,
}

impl fmt::Display for RuleSentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let squad = self.squad;
        match *self.rule {
            AdmissionRule::Squad(tier, rejection) => {
                write!(f, "{tier} traffic of squad {squad} is cut off: ")?;
                write_rejection(f, rejection)
            }
            AdmissionRule::Service(rejection) => {
                f.write_str("the service is cut off from all callers: ")?;
                write_rejection(f, rejection)
            }
            AdmissionRule::Share(shed) => {
                let ShedDetails {
                    in_flight,
                    guaranteed,
                    limit,
                    reason: _,
                } = shed;
                write!(
                    f,
                    "the service has no capacity left for squad {squad}: {in_flight} of its requests \
                     are in flight and its share is {guaranteed} of {limit} (`shares.in_flight_max`)"
                )
            }
            AdmissionRule::Budget { tally, max } => write!(
                f,
                "squad {squad} has used its part of the budget: {} of the last {} requests to this \
                 service came from other squads than its provider, and they may be {} % at most (`budget.cross_squad_max`)",
                tally.failures,
                tally.calls,
                (max * 100.0).round()
            ),
        }
    }
}

fn write_rejection(f: &mut fmt::Formatter<'_>, rejection: BreakerRejection) -> fmt::Result {
    match rejection {
        BreakerRejection::Open { reason, .. } => write!(f, "{reason}"),
        BreakerRejection::Probing => f.write_str("probes test whether the upstream has recovered"),
        BreakerRejection::Forced => f.write_str("an operator opened the circuit breaker"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::circuit::breaker_state::TransitionReason;
    use super::super::sharing::shed_details::ShedReason;
    use super::*;

    #[test]
    fn a_sentence_names_the_squad_and_the_cause() {
        let check = |rule: AdmissionRule, sentence: &str| {
            assert_eq!(rule.sentence("checkout").to_string(), sentence);
        };
        let tally = CallTally {
            calls: 20,
            failures: 12,
            slow: 0,
        };
        let reason = TransitionReason::FailureRate {
            tally,
            rate_max: 0.5,
        };
        let open = BreakerRejection::Open {
            retry_after: Duration::from_millis(1200),
            reason,
        };
        check(
            AdmissionRule::Squad(Tier::Bronze, open),
            "bronze traffic of squad checkout is cut off: 12 of 20 calls failed within 10 s, more than 50 %",
        );
        check(
            AdmissionRule::Service(BreakerRejection::Forced),
            "the service is cut off from all callers: an operator opened the circuit breaker",
        );
        let shed = ShedDetails {
            reason: ShedReason::Waited,
            in_flight: 7,
            guaranteed: 5,
            limit: 20,
        };
        check(
            AdmissionRule::Share(shed),
            "the service has no capacity left for squad checkout: 7 of its requests are in flight and its share is 5 of 20 (`shares.in_flight_max`)",
        );
        check(
            AdmissionRule::Budget { tally, max: 0.15 },
            "squad checkout has used its part of the budget: 12 of the last 20 requests to this service came from other squads than its provider, and they may be 15 % at most (`budget.cross_squad_max`)",
        );
        assert_eq!(
            AdmissionRefusal::from_rule(AdmissionRule::Squad(Tier::Bronze, open))
                .retry_after_seconds(),
            2
        );
    }
}
