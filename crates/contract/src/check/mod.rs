//! Judging a request by its contract: the target, the head, then the body.
//!
//! The head decides whether the body is wanted at all, so `Expect: 100-continue` can be refused
//! before a byte of the body was sent. Nothing is allocated for a request without violations
//! except where text must be decoded; all explaining happens after a value was found invalid.

mod body;
mod head;
mod parameters;
mod plan;
mod policies;
mod response;
mod rules;
mod target;
mod unknown;

pub use body::{body_too_large, check_body, check_form_data};
pub use head::{RequestHead, check_head};
pub use plan::{BodyLength, BodyPlan};
pub use policies::OperationPolicies;
pub use response::{ResponseHead, ResponsePlan, check_response_body, check_response_head};
pub use rules::{CheckScratch, CheckSettings};
pub use target::{UnmatchedTarget, find_operation};
