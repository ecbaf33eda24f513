//! `[breaker]`, `[shares]`, `[budget]` and `[retries]`: for the program, and for a service that
//! overrides them.

use std::time::Duration;

use portcullis_vocabulary::limits::DURATION_MAX;
use portcullis_vocabulary::protection::{
    BreakerMode, BreakerPolicy, BudgetPolicy, Protection, RetryPolicy, SharePolicy,
};

use crate::tree::ConfigSection;
use crate::tree::config_value::{boolean, count, duration, share, word};

const MS: Duration = Duration::from_millis(1);

/// The values of `shares.limit`; true is an adaptive limit.
const LIMITS: [(&str, bool); 2] = [("fixed", false), ("adaptive", true)];

/// Reads the sections of the program or of a service; absent keys are as in `base`.
pub(crate) fn read_protection(root: &mut ConfigSection<'_>, base: &Protection) -> Protection {
    Protection {
        breaker: breaker(root.section("breaker"), &base.breaker),
        shares: shares(root.section("shares"), base.shares),
        budget: budget(root.section("budget"), base.budget),
        retries: retries(root.section("retries"), &base.retries),
    }
}

fn breaker(mut section: ConfigSection<'_>, base: &BreakerPolicy) -> BreakerPolicy {
    let some_time = || duration(MS..=DURATION_MAX);
    let base_location = section.location_of("open_base");
    // Inherited values were checked where they are set.
    let is_set = section.has("open_base") || section.has("open_max");
    let s = &mut section;
    let breaker = BreakerPolicy {
        mode: s.value("mode", base.mode, word(&BreakerMode::NAMES)),
        calls_min: s.value("calls_min", base.calls_min, count(1..=1_000_000)),
        slow_call: s.value("slow_call", base.slow_call, some_time()),
        slow_rate_max: s.value("slow_rate_max", base.slow_rate_max, share),
        counts_429: s.value("counts_429", base.counts_429, boolean),
        unreachable_rate_max: s.value("unreachable_rate_max", base.unreachable_rate_max, share),
        open_base: s.value("open_base", base.open_base, some_time()),
        open_max: s.value("open_max", base.open_max, some_time()),
        retry_after_max: s.value(
            "retry_after_max",
            base.retry_after_max,
            duration(Duration::ZERO..=DURATION_MAX),
        ),
        probes: s.value("probes", base.probes, count(1..=1000)),
        probe_timeout: s.value("probe_timeout", base.probe_timeout, some_time()),
    };
    if is_set && breaker.open_base > breaker.open_max {
        section.refuse_at(
            base_location,
            "open_base",
            "is longer than open_max; the first wait cannot exceed the maximum",
        );
    }
    section.finish();
    breaker
}

fn shares(mut section: ConfigSection<'_>, base: SharePolicy) -> SharePolicy {
    let any_time = duration(Duration::ZERO..=DURATION_MAX);
    let s = &mut section;
    let shares = SharePolicy {
        in_flight_max: s.value("in_flight_max", base.in_flight_max, count(1..=1_000_000)),
        adaptive: s.value("limit", base.adaptive, word(&LIMITS)),
        waiting_max: s.value("waiting_max", base.waiting_max, count(0..=1_000_000)),
        wait_max: s.value("wait_max", base.wait_max, any_time),
        lendable: s.value("lendable", base.lendable, share),
    };
    section.finish();
    shares
}

fn budget(mut section: ConfigSection<'_>, base: BudgetPolicy) -> BudgetPolicy {
    let s = &mut section;
    let cross_squad_max = s.read("cross_squad_max", share);
    let budget = BudgetPolicy {
        cross_squad_max: cross_squad_max.or(base.cross_squad_max),
        calls_min: s.value("calls_min", base.calls_min, count(1..=1_000_000)),
    };
    section.finish();
    budget
}

fn retries(mut section: ConfigSection<'_>, base: &RetryPolicy) -> RetryPolicy {
    let any_time = || duration(Duration::ZERO..=DURATION_MAX);
    let base_location = section.location_of("backoff_base");
    let is_set = section.has("backoff_base") || section.has("backoff_max");
    let s = &mut section;
    let retries = RetryPolicy {
        attempts_max: s.value("attempts_max", base.attempts_max, count(0..=10)),
        ratio_max: s.value("ratio_max", base.ratio_max, share),
        per_second_min: s.value("per_second_min", base.per_second_min, count(0..=1_000_000)),
        backoff_base: s.value("backoff_base", base.backoff_base, any_time()),
        backoff_max: s.value("backoff_max", base.backoff_max, any_time()),
        deadline: s.value("deadline", base.deadline, any_time()),
    };
    if is_set && retries.backoff_base > retries.backoff_max {
        section.refuse_at(
            base_location,
            "backoff_base",
            "is longer than backoff_max; the first wait cannot exceed the maximum",
        );
    }
    section.finish();
    retries
}
