//! The time of the current poll of a connection.
//!
//! A request asks for the time ten times between two waits, and the answers differ by microseconds. So
//! one answer serves a poll. It is taken when it is first needed, and again after work that takes long:
//! at each request, and after each validation. Outside such a poll, each answer is a new one.

use std::cell::Cell;
use std::time::Instant;

/// What is known of the time.
#[derive(Clone, Copy, Debug)]
enum PollTime {
    /// No connection is polled.
    Outside,
    /// Nothing has asked since the poll began.
    Unread,
    At(Instant),
}

thread_local! {
    static TIME: Cell<PollTime> = const { Cell::new(PollTime::Outside) };
}

/// The end of a poll, however it ends.
struct PollEnd;

impl Drop for PollEnd {
    fn drop(&mut self) {
        TIME.set(PollTime::Outside);
    }
}

/// Polls a connection, during which the time stands still.
pub(crate) fn during_poll<T>(poll: impl FnOnce() -> T) -> T {
    TIME.set(PollTime::Unread);
    let _end = PollEnd;
    poll()
}

/// The time.
pub(crate) fn now() -> Instant {
    match TIME.get() {
        PollTime::At(time) => time,
        PollTime::Outside => Instant::now(),
        PollTime::Unread => {
            let time = Instant::now();
            TIME.set(PollTime::At(time));
            time
        }
    }
}

/// Forgets the time, because what happened since took long.
pub(crate) fn advance() {
    if let PollTime::At(_) = TIME.get() {
        TIME.set(PollTime::Unread);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Waits until the clock has advanced since an instant.
    fn pass(since: Instant) {
        while since.elapsed() < Duration::from_micros(1) {}
    }

    #[test]
    fn the_time_stands_still_during_a_poll_only() {
        let first = during_poll(|| {
            let first = now();
            pass(first);
            assert_eq!(now(), first);
            advance();
            let second = now();
            assert!(second > first);
            pass(second);
            assert_eq!(now(), second);
            first
        });
        assert!(during_poll(now) > first);
        let outside = now();
        pass(outside);
        assert!(now() > outside);
    }

    #[test]
    fn a_poll_that_panics_has_ended() {
        let polled = std::panic::catch_unwind(|| during_poll(|| std::panic::panic_any(now())));
        let time = *polled.unwrap_err().downcast::<Instant>().unwrap();
        pass(time);
        assert!(now() > time);
    }
}
