//! The layers of the pipeline, in the order in which a request meets them.

mod stage;
mod plan;
mod answer;
mod route;
mod find;
mod admit;
mod head;
mod body;
mod upload;
mod part;
mod response;
mod forward;

pub(super) use admit::admit;
pub(super) use answer::{answer_request, refuse_stream};
pub(super) use body::judge_body;
pub(super) use find::match_operation;
pub(super) use forward::forward;
pub(super) use head::judge_head;
pub(super) use part::acquire_slot;
pub(super) use response::judge_response;
pub(super) use route::select_service;
pub(super) use stage::{ExchangeProblem, JudgedRequest, ServiceAnswer};
