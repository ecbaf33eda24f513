//! The layers of the pipeline, in the order in which a request meets them.

mod staged_request;
mod owned_body_plan;
mod answer_request;
mod select_service;
mod match_operation;
mod admit;
mod judge_head;
mod judge_body;
mod upload_checker;
mod acquire_slot;
mod judge_response;
mod forward;

pub(super) use acquire_slot::acquire_slot;
pub(super) use admit::admit;
pub(super) use answer_request::{answer_request, refuse_stream};
pub(super) use forward::forward;
pub(super) use judge_body::judge_body;
pub(super) use judge_head::judge_head;
pub(super) use judge_response::judge_response;
pub(super) use match_operation::match_operation;
pub(super) use select_service::select_service;
pub(super) use staged_request::{ExchangeProblem, JudgedRequest, ServiceAnswer};
