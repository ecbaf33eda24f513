//! Why a request may not pass now: the rule, its figures, and when to come back.

use std::fmt;
use std::time::Duration;

use portcullis_vocabulary::Tier;

use super::call::Shut;
use super::waiting::Shed;
use super::window::Tally;

/// A request that may not pass now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refusal {
    /// What refused it.
    pub rule: Rule,
    /// After how long it may pass.
    pub retry_after: Duration,
}

/// What refuses requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// The breaker of the squad's traffic of this tier.
    Squad(Tier, Shut),
    /// The breaker of the service, which cuts everybody.
    Service(Shut),
    /// The shares of requests in flight.
    Share(Shed),
    /// The budget of traffic between squads.
    Budget {
        /// All requests as `calls`, those of other squads as `failures`.
        tally: Tally,
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

impl Refusal {
    /// By a rule; how long it holds follows from it.
    pub fn by(rule: Rule) -> Self {
        let retry_after = match rule {
            Rule::Squad(_, shut) | Rule::Service(shut) => match shut {
                Shut::Open { retry_after, .. } => retry_after,
                Shut::Probing => PROBING,
                Shut::Forced => FORCED,
            },
            Rule::Share(_) | Rule::Budget { .. } => SOON,
        };
        Self { rule, retry_after }
    }

    /// The whole seconds of a `Retry-After` (RFC 9110 section 10.2.3), at least one.
    pub fn retry_after_seconds(&self) -> u32 {
        let seconds = self.retry_after.as_millis().div_ceil(1000);
        u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
    }
}

impl Rule {
    /// Its stable name, a label.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Squad(_, Shut::Open { .. }) => "squad-circuit-open",
            Self::Squad(_, Shut::Probing) => "squad-circuit-probing",
            Self::Squad(_, Shut::Forced) => "squad-circuit-forced-open",
            Self::Service(Shut::Open { .. }) => "service-circuit-open",
            Self::Service(Shut::Probing) => "service-circuit-probing",
            Self::Service(Shut::Forced) => "service-circuit-forced-open",
            Self::Share(shed) => shed.reason.as_str(),
            Self::Budget { .. } => "cross-squad-budget",
        }
    }

    /// The sentence for whoever sent the request.
    pub fn sentence<'a>(&'a self, squad: &'a str) -> impl fmt::Display + 'a {
        Sentence { rule: self, squad }
    }
}

struct Sentence<'a> {
    rule: &'a Rule,
    squad: &'a str,
}

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let squad = self.squad;
        match *self.rule {
            Rule::Squad(tier, shut) => {
                write!(f, "{tier} traffic of squad {squad} is cut off: ")?;
                because(f, shut)
            }
            Rule::Service(shut) => {
                f.write_str("the service is cut off from everybody: ")?;
                because(f, shut)
            }
            Rule::Share(shed) => {
                let Shed {
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
            Rule::Budget { tally, max } => write!(
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

fn because(f: &mut fmt::Formatter<'_>, shut: Shut) -> fmt::Result {
    match shut {
        Shut::Open { reason, .. } => write!(f, "{reason}"),
        Shut::Probing => f.write_str("it is being tried whether the trouble is over"),
        Shut::Forced => f.write_str("an operator decided so"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::Reason;
    use super::super::waiting::ShedReason;
    use super::*;

    #[test]
    fn a_sentence_says_whose_and_why() {
        let check = |rule: Rule, sentence: &str| {
            assert_eq!(rule.sentence("checkout").to_string(), sentence);
        };
        let tally = Tally {
            calls: 20,
            failures: 12,
            slow: 0,
        };
        let reason = Reason::FailureRate {
            tally,
            rate_max: 0.5,
        };
        let open = Shut::Open {
            retry_after: Duration::from_millis(1200),
            reason,
        };
        check(
            Rule::Squad(Tier::Bronze, open),
            "bronze traffic of squad checkout is cut off: 12 of 20 calls failed within 10 s, more than 50 %",
        );
        check(
            Rule::Service(Shut::Forced),
            "the service is cut off from everybody: an operator decided so",
        );
        let shed = Shed {
            reason: ShedReason::Waited,
            in_flight: 7,
            guaranteed: 5,
            limit: 20,
        };
        check(
            Rule::Share(shed),
            "the service has no capacity left for squad checkout: 7 of its requests are in flight and its share is 5 of 20",
        );
        check(
            Rule::Budget { tally, max: 0.15 },
            "12 of the last 20 requests to this service came from other squads than its provider, and they may be 15 % at most",
        );
        assert_eq!(
            Refusal::by(Rule::Squad(Tier::Bronze, open)).retry_after_seconds(),
            2
        );
    }
}
