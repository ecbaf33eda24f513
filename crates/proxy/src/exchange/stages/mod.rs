//! The stages of an exchange, in the order in which a request meets them.

mod staged_request;
mod enforce;

mod select_service;
mod match_operation;
mod screen_headers;
mod check_upgrade;
mod check_traffic;
mod judge_head;
mod owned_body_plan;
mod judge_body;
mod upload_checker;
mod acquire_slot;
mod attempt_terms;
mod forward;
mod judge_response;
mod finish;

pub(super) use acquire_slot::acquire_slot;
pub(super) use check_traffic::check_traffic;
pub(super) use check_upgrade::check_upgrade;
pub(super) use finish::finish;
pub(super) use forward::forward;
pub(super) use judge_body::judge_body;
pub(super) use judge_head::judge_head;
pub(super) use judge_response::judge_response;
pub(super) use match_operation::match_operation;
pub(super) use screen_headers::screen_headers;
pub(super) use select_service::select_service;
pub(super) use staged_request::{ExchangeProblem, IdentifiedRequest};
