//! Message bodies: read into memory, streamed, judged while they pass, or copied.

mod body_budget;
mod body_patience;
mod http1_body;
mod http2_body;
mod incoming_body;
mod request_body;
mod buffered_body;
mod forward_body;
mod body_tee;

pub use body_budget::BodyBudget;
pub(super) use body_budget::{BodyLease, CoreBodyBudget};
pub(super) use body_tee::{BodyCopy, BodyTee};
pub(super) use buffered_body::buffer_body;
pub use buffered_body::{BufferOutcome, BufferedBody};
pub(super) use forward_body::BodyChecker;
pub use forward_body::ForwardBody;
pub(super) use http1_body::Http1Body;
pub(super) use http2_body::{Http2Body, SharedResponse};
pub(super) use incoming_body::IncomingBody;
pub(super) use request_body::UploadProgress;
pub use request_body::{RequestBody, RequestBodyError};
