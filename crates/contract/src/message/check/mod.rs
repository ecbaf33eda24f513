//! Checks a message by its contract: the target, the head, then the body.
//!
//! 1. `find_operation` finds the operation of a request target.
//! 2. `check_head` checks credentials, parameters (`check_parameters`, `read_by_part`, `undeclared`) and the headers
//!    that describe the body (`plan_body`). It returns a `BodyPlan`.
//! 3. `check_body` checks the collected body by that plan.
//! 4. `check_response` does the same for the response.
//!
//! The head is checked before the body arrives, so a request with `Expect: 100-continue` can be
//! refused before its body is sent. A check of a valid request allocates only to decode text;
//! explanations are computed only for invalid values.

mod find_operation;
mod request_head;
mod check_head;
mod head_judge;
mod check_parameters;
mod read_by_part;
mod undeclared;
mod body_plan;
mod plan_body;
mod check_body;
mod check_response;
mod check_response_records;
mod operation_policies;

pub use super::check_settings::{CheckScratch, CheckSettings};
pub use body_plan::{BodyLength, BodyPlan};
pub use check_body::{body_too_large, check_body, check_form_data};
pub use check_head::check_head;
pub use check_response::{ResponseHead, ResponsePlan, check_response_body, check_response_head};
pub use check_response_records::{
    check_response_record, check_response_sequence, report_undecodable_response,
};
pub use find_operation::{UnmatchedTarget, find_operation};
pub use operation_policies::OperationPolicies;
pub use request_head::RequestHead;
