//! One exchange: from a request's head to the end of its response.
//!
//! The stages run in the order of `pipeline`; each passes on what it learned as a value, so a later
//! stage cannot run without the earlier one.

pub(crate) mod answer_body;
pub(crate) mod answer_table;
pub(crate) mod data_core;
pub(crate) mod stages;
pub(crate) mod request_record;
pub(crate) mod service_access_log;
pub(crate) mod owner_endpoint;
pub(crate) mod active_config;
pub(crate) mod service_core;
pub(crate) mod shadow;
pub(crate) mod mock_upstream;
pub(crate) mod in_flight;
pub(crate) mod pipeline;
pub(crate) mod problem_details;
pub(crate) mod retry;
