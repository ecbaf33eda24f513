//! Judging a request by its contract: the target, the head, then the body.
//!
//! The head decides whether the body is wanted at all, so `Expect: 100-continue` can be refused
//! before a byte of the body was sent. Nothing is allocated for a request without violations
//! except where text must be decoded; all explaining happens after a value was found invalid.

mod check_body;
mod request_head;
mod check_parameters;
mod body_plan;
mod operation_policies;
mod check_response;
mod find_operation;
mod undeclared;

pub use super::check_settings::{CheckScratch, CheckSettings};
pub use body_plan::{BodyLength, BodyPlan};
pub use check_body::{body_too_large, check_body, check_form_data};
pub use check_response::{ResponseHead, ResponsePlan, check_response_body, check_response_head};
pub use find_operation::{UnmatchedTarget, find_operation};
pub use operation_policies::OperationPolicies;
pub use request_head::{RequestHead, check_head};
