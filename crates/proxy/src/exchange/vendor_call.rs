//! A call of a vendor: a request whose service and caller the forward proxy knows.

use std::rc::Rc;
use std::time::Duration;

use http::{Response, StatusCode};

use portcullis_vocabulary::Consumer;

use super::data_core::CoreSnapshot;
use super::in_flight::retry_after;

/// What the forward proxy knows of a request.
#[derive(Debug)]
pub(crate) struct VendorCall {
    /// The configuration by which the call was prepared. The request has the credentials that it names, so
    /// it goes to the upstream of the same configuration, although another one may be active by now.
    pub(crate) snapshot: Rc<CoreSnapshot>,
    /// The vendor, as a service of the configuration.
    pub(crate) service: String,
    /// The calling squad.
    pub(crate) consumer: Consumer,
}

/// A pause that a vendor asks for, as an extension of the answer to its call: the answer may be another
/// one than the vendor's, or have other header fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AskedPause {
    /// The status of the vendor's answer.
    pub(crate) status: StatusCode,
    /// How long it asks to wait.
    pub(crate) length: Duration,
}

impl AskedPause {
    /// The pause that was noted on an answer.
    pub(crate) fn noted<B>(response: &Response<B>) -> Option<Self> {
        response.extensions().get().copied()
    }

    /// The pause that an answer of a vendor asks for.
    pub(super) fn of<B>(response: &Response<B>) -> Option<Self> {
        let status = response.status();
        let asks = matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        let length = retry_after(response.headers()).filter(|length| asks && !length.is_zero());
        length.map(|length| Self { status, length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_requests_and_unavailable_ask_for_a_pause() {
        let check = |status: u16, fields: &[(&str, &str)], expected: Option<u64>| {
            let mut response = Response::builder().status(status);
            for (name, value) in fields {
                response = response.header(*name, *value);
            }
            let pause = AskedPause::of(&response.body(()).unwrap());
            let seconds = pause.map(|pause| pause.length.as_secs());
            assert_eq!(seconds, expected, "{status} {fields:?}");
        };
        check(429, &[("retry-after", "7")], Some(7));
        check(503, &[("retry-after", "7")], Some(7));
        check(503, &[], None);
        check(503, &[("retry-after", "0")], None);
        check(500, &[("retry-after", "7")], None);
        check(200, &[("retry-after", "7")], None);
    }
}
