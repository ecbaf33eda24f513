//! The plan for a body, made from the head.

use crate::message::operation::{DeclaredBody, MediaType};

/// What the head states about the length of the body (RFC 9112 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// No body: neither `Content-Length` nor a transfer coding, or a length of 0.
    Absent,
    /// `Content-Length` is above 0.
    Known,
    /// Not known in advance (`chunked`). The body may be empty.
    Unknown,
}

/// How to handle the body of a request after the check of its head.
#[derive(Clone, Copy, Debug)]
pub enum BodyPlan<'c> {
    /// Forward the body as it arrives; it is not checked.
    Stream,
    /// Collect the body and check it as this media type.
    Judge(&'c MediaType),
    /// Collect the body, whose length is unknown. Check it if it is not empty.
    JudgeIfPresent(&'c MediaType, &'c DeclaredBody),
}
