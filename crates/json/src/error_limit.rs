//! A bound on the work of explaining.
//!
//! A validator decides in polynomial time because it remembers, but it lists errors by trying
//! every alternative in every alternative: a schema of recursive alternatives and sixty nested
//! objects ask for 2^60 errors. It offers no way to stop, and the one thing of ours that it calls
//! for each error is asking a node for its value. So there the count is kept, and work over the
//! bound is unwound. Judging itself never comes here.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const UNBOUNDED: u32 = u32::MAX;

thread_local! {
    static ERRORS_LEFT: Cell<u32> = const { Cell::new(UNBOUNDED) };
}

/// What work over the bound is unwound with.
struct ErrorLimitReached;

/// Gives the result of `work`, or nothing where it makes more than `most` errors.
pub fn with_errors_at_most<T>(most: u32, work: impl FnOnce() -> T) -> Option<T> {
    let before = ERRORS_LEFT.replace(most);
    let result = catch_unwind(AssertUnwindSafe(work));
    ERRORS_LEFT.set(before);
    match result {
        Ok(result) => Some(result),
        Err(payload) if payload.is::<ErrorLimitReached>() => None,
        Err(payload) => resume_unwind(payload),
    }
}

/// Counts an error.
pub(super) fn count_error() {
    match ERRORS_LEFT.get() {
        UNBOUNDED => {}
        // No hook runs: this is no panic, and the bound that was set catches it.
        0 => resume_unwind(Box::new(ErrorLimitReached)),
        left => ERRORS_LEFT.set(left - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_over_the_bound_ends() {
        let errors = |count: usize| move || (0..count).for_each(|_| count_error());
        assert_eq!(with_errors_at_most(3, errors(3)), Some(()));
        assert_eq!(with_errors_at_most(3, errors(4)), None);
        assert_eq!(
            with_errors_at_most(9, || with_errors_at_most(3, errors(4))),
            Some(None)
        );
        errors(9)();
    }
}
