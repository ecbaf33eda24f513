//! A request as it arrived, and its sender.

use std::rc::Rc;

use http::{HeaderValue, Method, Uri};

use portcullis_telemetry::RequestTrace;

use crate::connection_state::ConnectionState;
use crate::headers::Peer;

/// The request itself, and its sender.
#[derive(Debug)]
pub(super) struct RequestMeta {
    pub(super) id: HeaderValue,
    pub(super) method: Method,
    pub(super) target: Uri,
    pub(super) peer: Rc<Peer>,
    pub(super) connection: Rc<ConnectionState>,
    /// The trace, where requests are traced.
    pub(super) trace: Option<RequestTrace>,
}
