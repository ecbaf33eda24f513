//! The `Date` of answers, which is written once for each second.

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// The length of a date (RFC 9110 section 5.6.7).
const DATE_BYTES: usize = b"Sun, 06 Nov 1994 08:49:37 GMT".len();

/// The date of one data core.
#[derive(Debug, Default)]
pub(super) struct DateField {
    text: Cell<[u8; DATE_BYTES]>,
    /// When the next second begins.
    until: Cell<Option<Instant>>,
}

impl DateField {
    /// The date at this instant, which is not earlier than the one before.
    pub(super) fn at(&self, now: Instant) -> [u8; DATE_BYTES] {
        if self.until.get().is_none_or(|until| until <= now) {
            self.write(now, SystemTime::now());
        }
        self.text.get()
    }

    fn write(&self, now: Instant, time: SystemTime) {
        let of_second = time
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.subsec_nanos());
        let left = Duration::from_secs(1) - Duration::from_nanos(of_second.into());
        self.until.set(Some(now + left));
        if let Ok(text) = httpdate::fmt_http_date(time).as_bytes().try_into() {
            self.text.set(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_written_again_when_its_second_has_passed() {
        let field = DateField::default();
        let now = Instant::now();
        field.write(now, UNIX_EPOCH + Duration::from_millis(784_111_777_250));
        let date = b"Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(&field.at(now), date);
        assert_eq!(&field.at(now + Duration::from_millis(749)), date);
        assert_ne!(&field.at(now + Duration::from_millis(750)), date);
    }
}
