//! Why a request may not pass now: the rule, its figures, and when to come back.

use std::fmt;
use std::time::Duration;

use portcullis_vocabulary::Tier;

use super::circuit::breaker_permit::BreakerRejection;
use super::circuit::sliding_window::CallTally;
use super::sharing::slot_wait::ShedDetails;

/// A request that may not pass now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdmissionRefusal {
    /// What refused it.
    pub rule: AdmissionRule,
    /// After how long it may pass.
    pub retry_after: Duration,
}

/// What refuses requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AdmissionRule {
    /// The breaker of the squad's traffic of this tier.
    Squad(Tier, BreakerRejection),
    /// The breaker of the service, which cuts everybody.
    Service(BreakerRejection),
    /// The shares of requests in flight.
    Share(ShedDetails),
    /// The budget of traffic between squads.
    Budget {
        /// All requests as `calls`, those of other squads as `failures`.
        tally: CallTally,
        /// The greatest allowed share.
        max: f64,
    },
}

/// When to come back to a cell that is probed: a probe takes about as long.
const PROBING: Duration = Duration::from_secs(1);

/// When to come back to a cell that an operator opened.
const FORCED: Duration = Duration::from_secs(30);

/// When to come back for a slot or into a budget: when the oldest bucket of a window has gone.
const SOON: Duration = Duration::from_secs(1);

impl AdmissionRefusal {
    /// By a rule; how long it holds follows from it.
    pub fn from_rule(rule: AdmissionRule) -> Self {
        let retry_after = match rule {
            AdmissionRule::Squad(_, shut) | AdmissionRule::Service(shut) => match shut {
                BreakerRejection::Open { retry_after, .. } => retry_after,
                BreakerRejection::Probing => PROBING,
                BreakerRejection::Forced => FORCED,
            },
            AdmissionRule::Share(_) | AdmissionRule::Budget { .. } => SOON,
        };
        Self { rule, retry_after }
    }

    /// The whole seconds of a `Retry-After` (RFC 9110 section 10.2.3), at least one.
    pub fn retry_after_seconds(&self) -> u32 {
        let seconds = self.retry_after.as_millis().div_ceil(1000);
        u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
    }
}

impl AdmissionRule {
    /// Its stable name, a label.
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

    /// The sentence for whoever sent the request.
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
            AdmissionRule::Squad(tier, shut) => {
                write!(f, "{tier} traffic of squad {squad} is cut off: ")?;
                write_rejection(f, shut)
            }
            AdmissionRule::Service(shut) => {
                f.write_str("the service is cut off from everybody: ")?;
                write_rejection(f, shut)
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
                     are in flight and its share is {guaranteed} of {limit}"
                )
            }
            AdmissionRule::Budget { tally, max } => write!(
                f,
                "{} of the last {} requests to this service came from other squads than its \
                 provider, and they may be {} % at most",
                tally.failures,
                tally.calls,
                (max * 100.0).round()
            ),
        }
    }
}

fn write_rejection(f: &mut fmt::Formatter<'_>, shut: BreakerRejection) -> fmt::Result {
    match shut {
        BreakerRejection::Open { reason, .. } => write!(f, "{reason}"),
        BreakerRejection::Probing => f.write_str("it is being tried whether the trouble is over"),
        BreakerRejection::Forced => f.write_str("an operator decided so"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::circuit::breaker_state::TransitionReason;
    use super::super::sharing::slot_wait::ShedReason;
    use super::*;

    #[test]
    fn a_sentence_says_whose_and_why() {
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
            "the service is cut off from everybody: an operator decided so",
        );
        let shed = ShedDetails {
            reason: ShedReason::Waited,
            in_flight: 7,
            guaranteed: 5,
            limit: 20,
        };
        check(
            AdmissionRule::Share(shed),
            "the service has no capacity left for squad checkout: 7 of its requests are in flight and its share is 5 of 20",
        );
        check(
            AdmissionRule::Budget { tally, max: 0.15 },
            "12 of the last 20 requests to this service came from other squads than its provider, and they may be 15 % at most",
        );
        assert_eq!(
            AdmissionRefusal::from_rule(AdmissionRule::Squad(Tier::Bronze, open))
                .retry_after_seconds(),
            2
        );
    }
}
