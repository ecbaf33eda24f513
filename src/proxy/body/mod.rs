//! Message bodies: read into memory, streamed, judged while they pass, or copied.

pub(crate) mod request_body;
pub(crate) mod forward_body;
pub(crate) mod buffered_body;
pub(crate) mod body_tee;
