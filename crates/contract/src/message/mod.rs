//! Checks requests and responses against a compiled contract.
//!
//! - `compiled_contract` and `operation` hold what the compiler found in the documents.
//! - `route` finds the operation of a request.
//! - `check` is the entry: it checks the target, the head and the body of a message and returns
//!   violations.
//! - `parameter`, `body`, `media_range`, `header_parameters`, `security_requirements` and
//!   `security_schemes` read the parts of a message.
//! - `violation` and `refusal_status` describe what is wrong and how it is answered.
//! - `explain_errors`, `closest_alternative` and `expected_value` explain invalid values. Validators
//!   first decide whether a value is valid; only invalid ones are explained.

pub(crate) mod compiled_contract;
pub(crate) mod operation;
pub(crate) mod operation_lifecycle;
pub(crate) mod left_out_operation;
pub mod route;
pub(crate) mod check;
mod check_settings;
pub(crate) mod parameter;
pub(crate) mod body;
mod header_parameters;
pub(crate) mod media_range;
pub(crate) mod security_requirements;
pub(crate) mod security_schemes;
pub(crate) mod violation;
pub(crate) mod refusal_status;
pub(crate) mod explain_errors;
pub(crate) mod unreadable_part;
pub(crate) mod unread_path;
mod closest_alternative;
mod expected_value;
