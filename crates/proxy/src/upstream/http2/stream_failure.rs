//! What an error of the library means for the request of a stream.

use std::sync::Arc;

use h2::Reason;
use portcullis_tls::TlsFault;

use crate::upstream::upstream_error::UpstreamError;

/// How an exchange on a stream failed.
#[derive(Debug)]
pub(super) enum StreamFailure {
    /// The upstream has not processed the request (RFC 9113 section 8.7), so any request can be sent
    /// again.
    Unprocessed(UpstreamError),
    /// The connection ended. An idempotent request can be sent again.
    Lost(UpstreamError),
    /// Any other failure.
    Final(UpstreamError),
}

impl StreamFailure {
    pub(super) fn into_error(self) -> UpstreamError {
        match self {
            Self::Unprocessed(error) | Self::Lost(error) | Self::Final(error) => error,
        }
    }

    /// The failure of an error of the library.
    pub(super) fn of(error: &h2::Error, authority: &Arc<str>) -> Self {
        let authority = Arc::clone(authority);
        let malformed = |reason: String| UpstreamError::Malformed {
            authority: Arc::clone(&authority),
            reason: reason.into(),
        };
        if let Some(io) = error.get_io() {
            return Self::Lost(match TlsFault::of(io) {
                Some(fault) => UpstreamError::Tls { authority, fault },
                None => UpstreamError::Closed { authority },
            });
        }
        match error.reason() {
            // The streams that the upstream processes are not ended by its GOAWAY.
            Some(_) if error.is_go_away() && error.is_remote() => {
                Self::Unprocessed(UpstreamError::Refused { authority })
            }
            Some(Reason::REFUSED_STREAM) if error.is_remote() => {
                Self::Unprocessed(UpstreamError::Refused { authority })
            }
            Some(code) if error.is_remote() => {
                Self::Final(UpstreamError::Reset { authority, code })
            }
            // The library has ended the connection, because of any of its streams. Those that had done
            // nothing wrong have lost it.
            Some(code) if error.is_go_away() => Self::Lost(malformed(connection_fault(code))),
            Some(Reason::REFUSED_STREAM) => Self::Final(malformed(
                "its head is too large (`limits.response_header_bytes_max`)".to_owned(),
            )),
            Some(code) => Self::Final(malformed(format!("it violates HTTP/2 ({code:?})"))),
            None => Self::Final(malformed(error.to_string())),
        }
    }
}

/// What an upstream has done that ended the connection with this code.
fn connection_fault(code: Reason) -> String {
    if code == Reason::ENHANCE_YOUR_CALM {
        return "the connection was ended for too many small or empty frames on its streams"
            .to_owned();
    }
    format!("the connection was ended, because it violates HTTP/2 ({code:?})")
}
