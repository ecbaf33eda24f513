//! A limit on the work of validators for one message.
//!
//! A contract decides what a validator does with a value, and a sender chooses the value that takes
//! the most of it: nested alternatives, repeated references, patterns that look ahead from every
//! character. A validator cannot be stopped, but it asks nodes for everything that it looks at. So
//! the steps are counted there, and work over the limit is unwound. That ends the whole validation,
//! so a `not` around the work cannot turn it into a match.
//!
//! The limit belongs to a message ([`with_message_steps`]), not to one of its values: what one value
//! takes is missing for the next one. The depth of the stack is limited at the same places.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;

/// The stack that a validation may use. Threads have 2 MiB unless they ask for another size.
const STACK_BYTES_MAX: usize = 1 << 20;

/// From this length on, in bytes, a name takes steps by its length.
pub(super) const LONG_NAME_BYTES: usize = 32;

/// The steps of one error: it copies locations, and often values.
const ERROR_STEPS: u64 = 256;

/// The limits of one piece of work.
#[derive(Clone, Copy, Debug)]
pub struct WorkLimit {
    /// The most steps. Fewer are left if the message has taken the others.
    pub steps_max: u64,
    /// Whether names of members are matched by a backtracking engine, which takes time with the
    /// square of their length.
    pub backtracks_names: bool,
}

struct WorkMeter {
    steps_left: Cell<u64>,
    /// The lowest address of the stack that may be used; 0 outside of limited work.
    stack_floor: Cell<usize>,
    backtracks_names: Cell<bool>,
}

thread_local! {
    static METER: WorkMeter = const {
        WorkMeter {
            steps_left: Cell::new(u64::MAX),
            stack_floor: Cell::new(0),
            backtracks_names: Cell::new(false),
        }
    };
}

/// The payload that work over the limit is unwound with.
struct WorkLimitReached;

/// Sets the meter back when work ends, also by a panic.
struct MeterGuard {
    steps_left: u64,
    stack_floor: usize,
    backtracks_names: bool,
}

impl MeterGuard {
    fn new() -> Self {
        METER.with(|meter| Self {
            steps_left: meter.steps_left.get(),
            stack_floor: meter.stack_floor.get(),
            backtracks_names: meter.backtracks_names.get(),
        })
    }
}

impl Drop for MeterGuard {
    fn drop(&mut self) {
        METER.with(|meter| {
            meter.steps_left.set(self.steps_left);
            meter.stack_floor.set(self.stack_floor);
            meter.backtracks_names.set(self.backtracks_names);
        });
    }
}

/// Runs the checks of one message, which share this number of steps.
pub fn with_message_steps<T>(steps: u64, work: impl FnOnce() -> T) -> T {
    let _guard = MeterGuard::new();
    METER.with(|meter| meter.steps_left.set(steps));
    work()
}

/// Adds steps to those of the message, for a part of it whose size was not known before.
pub fn add_message_steps(steps: u64) {
    METER.with(|meter| {
        let left = meter.steps_left.get();
        meter.steps_left.set(left.saturating_add(steps));
    });
}

/// Returns the result of `work`, or nothing if it takes more than its limit or than what is left of
/// the message's.
pub fn within_limit<T>(limit: WorkLimit, work: impl FnOnce() -> T) -> Option<T> {
    let mut guard = MeterGuard::new();
    let granted = limit.steps_max.min(guard.steps_left);
    METER.with(|meter| {
        meter.steps_left.set(granted);
        let floor = ptr::from_ref(&guard).addr().saturating_sub(STACK_BYTES_MAX);
        meter.stack_floor.set(floor.max(1));
        meter.backtracks_names.set(limit.backtracks_names);
    });
    let result = catch_unwind(AssertUnwindSafe(work));
    let taken = granted - METER.with(|meter| meter.steps_left.get()).min(granted);
    if guard.steps_left != u64::MAX {
        guard.steps_left -= taken;
    }
    drop(guard);
    match result {
        Ok(result) => Some(result),
        Err(payload) if payload.is::<WorkLimitReached>() => None,
        Err(payload) => resume_unwind(payload),
    }
}

/// Takes steps of the limit; unwinds if there are not so many left. Does nothing outside of
/// [`within_limit`].
#[inline]
pub fn take_steps(steps: u64) {
    METER.with(|meter| {
        let floor = meter.stack_floor.get();
        if floor == 0 {
            return;
        }
        let left = meter.steps_left.get();
        if left < steps || ptr::from_ref(&left).addr() < floor {
            stop(meter);
        }
        meter.steps_left.set(left - steps);
    });
}

#[cold]
fn stop(meter: &WorkMeter) {
    meter.steps_left.set(0);
    // This runs no panic hook, and `within_limit` catches it.
    resume_unwind(Box::new(WorkLimitReached));
}

/// Takes the steps of an error about a value with this number of entries.
pub(super) fn take_error_steps(entries: u32) {
    take_steps(ERROR_STEPS + u64::from(entries));
}

/// Whether the current work matches names of members with a backtracking engine.
#[inline]
pub(super) fn backtracks_names() -> bool {
    METER.with(|meter| meter.backtracks_names.get())
}

/// Takes the steps of a name by its length, in addition to the step of its member.
#[cold]
pub(super) fn take_name_steps(name: &str, backtracks: bool) {
    let length = name.len() as u64;
    if backtracks {
        take_steps(length * (length + 16) / 2);
    } else {
        take_steps(length / LONG_NAME_BYTES as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn limit(steps_max: u64) -> WorkLimit {
        WorkLimit {
            steps_max,
            backtracks_names: false,
        }
    }

    fn steps(count: u32) -> impl Fn() {
        move || (0..count).for_each(|_| take_steps(1))
    }

    #[test]
    fn work_over_the_limit_ends() {
        assert_eq!(within_limit(limit(3), steps(3)), Some(()));
        assert_eq!(within_limit(limit(3), steps(4)), None);
        steps(9)();
    }

    #[test]
    fn the_values_of_a_message_share_its_steps() {
        with_message_steps(10, || {
            assert_eq!(within_limit(limit(6), steps(6)), Some(()));
            assert_eq!(within_limit(limit(6), steps(5)), None);
            assert_eq!(within_limit(limit(6), steps(1)), None);
            add_message_steps(2);
            assert_eq!(within_limit(limit(6), steps(2)), Some(()));
        });
        assert_eq!(within_limit(limit(6), steps(6)), Some(()));
    }

    #[test]
    fn work_over_the_limit_takes_all_that_is_left_of_its_share() {
        with_message_steps(10, || {
            assert_eq!(within_limit(limit(4), steps(5)), None);
            assert_eq!(within_limit(limit(9), steps(6)), Some(()));
        });
    }

    #[test]
    fn deep_recursion_ends() {
        fn descend(depth: u32) -> u32 {
            take_steps(1);
            if depth == 0 {
                0
            } else {
                1 + descend(depth - 1)
            }
        }
        assert_eq!(within_limit(limit(u64::MAX), || descend(100)), Some(100));
        assert_eq!(within_limit(limit(u64::MAX), || descend(u32::MAX)), None);
    }

    #[test]
    fn a_panic_restores_the_limit() {
        let panicked = catch_unwind(|| {
            with_message_steps(1, || {
                within_limit(limit(1), || resume_unwind(Box::new("other")))
            })
        });
        assert!(panicked.is_err());
        assert_eq!(within_limit(limit(6), steps(6)), Some(()));
    }
}
