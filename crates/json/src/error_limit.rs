//! A limit on the number of errors that a validator makes.
//!
//! A validator decides in polynomial time, because it remembers results. It lists errors by trying
//! every alternative in every alternative: a schema with recursive alternatives and sixty nested
//! objects lead to 2^60 errors. The validator cannot be stopped, but for each error it asks a node
//! for its value. So the errors are counted there, and work over the limit is unwound. Deciding
//! whether a value is valid makes no errors and is not limited.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const UNBOUNDED: u32 = u32::MAX;

thread_local! {
    static ERRORS_LEFT: Cell<u32> = const { Cell::new(UNBOUNDED) };
}

/// The payload that work over the limit is unwound with.
struct ErrorLimitReached;

/// Returns the result of `work`, or nothing if it makes more than `errors_max` errors.
pub fn with_errors_at_most<T>(errors_max: u32, work: impl FnOnce() -> T) -> Option<T> {
    let before = ERRORS_LEFT.replace(errors_max);
    let result = catch_unwind(AssertUnwindSafe(work));
    ERRORS_LEFT.set(before);
    match result {
        Ok(result) => Some(result),
        Err(payload) if payload.is::<ErrorLimitReached>() => None,
        Err(payload) => resume_unwind(payload),
    }
}

/// Counts an error; unwinds if the limit is reached.
pub(super) fn count_error() {
    match ERRORS_LEFT.get() {
        UNBOUNDED => {}
        // This runs no panic hook, and `with_errors_at_most` catches it.
        0 => resume_unwind(Box::new(ErrorLimitReached)),
        left => ERRORS_LEFT.set(left - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_over_the_limit_ends() {
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
