//! Messages judged by a compiled contract: route, parameters, body, credentials, response.
//!
//! `check` is the entry; it answers with violations. Validators decide first, and only a message
//! that is refused is explained.

pub(crate) mod compiled_contract;
pub(crate) mod operation;
pub(crate) mod media_range;
pub mod route;
pub(crate) mod parameter;
pub(crate) mod body;
pub(crate) mod check;
pub(crate) mod explain_errors;
pub(crate) mod security_requirements;
pub(crate) mod closest_alternative;
pub(crate) mod expected_value;
pub(crate) mod violation;
pub(crate) mod check_settings;
