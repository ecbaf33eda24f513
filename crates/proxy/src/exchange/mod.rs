//! One exchange: from the head of a request to the end of its answer.
//!
//! `handle` runs the stages in order. `stages` has one file for each stage. The other files hold
//! what the stages use: the state of a data core, the record of a request, and its answer.

mod handle;
mod stages;

mod data_core;
mod service_routes;
mod active_config;
mod service_core;
mod service_access_log;
mod core_services;

mod vendor_call;
mod request_meta;
mod recorded_usage;
mod request_record;
mod access_line;
mod request_wait;
mod answer_passage;
mod reportable;
mod in_flight;
mod in_flight_count;
mod retry;
mod mock_upstream;
mod verdict_fault;
mod verdict_question;
mod verdict_answer;
mod owner_endpoint;

mod answer_entry;
mod violation_answers;
mod answer_table;
mod problem_reason;
mod unrecorded_request;
mod problem_details;
mod public_problem;
mod problem_response;
mod grpc_refusal;
mod call_deadline;
mod answer_tail;
mod answer_body;
mod answer_interruption;
mod answer_record;
mod upgraded_exchange;
mod live_records;
mod record_judge;
mod unjudged_reason;
mod shadow;
mod shadow_capture;

pub use active_config::{ActiveConfig, ActiveService, PublishedConfig};
pub use answer_body::AnswerBody;
pub use answer_interruption::AnswerInterruption;
pub(crate) use answer_passage::AnswerPassage;
pub(crate) use data_core::CoreSnapshot;
pub use data_core::{DataCore, DataCoreParts};
pub use in_flight_count::InFlightCount;
pub(crate) use reportable::reportable_method;
pub(crate) use service_access_log::ServiceAccessLog;
pub use shadow::{ShadowAnswer, ShadowBody, ShadowExchange, ShadowSampler};
pub(crate) use upgraded_exchange::{UpgradeEnd, UpgradedExchange};
pub(crate) use vendor_call::{AskedPause, VendorCall};
