//! `/__owner`: shows every client which squad owns the service.
//!
//! The endpoint applies only if the contract has no such path, so it never hides an operation and
//! costs declared requests nothing.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode, Uri};

use portcullis_telemetry::{OwnedContract, OwnerView};

use super::answer_body::AnswerBody;
use super::answer_table::X_PORTCULLIS;
use super::service_core::ServiceCore;

/// The answer, if the request asks for the owner.
pub(super) fn answer(
    service: &ServiceCore,
    method: &Method,
    target: &Uri,
) -> Option<Response<AnswerBody>> {
    let is_read = method == Method::GET || method == Method::HEAD;
    if !is_read || !service.is_owner_path(target.path()) {
        return None;
    }
    let contract = &service.contract;
    let owner = OwnerView::new(
        service.config(),
        service.provider(),
        Some(OwnedContract {
            title: contract.title.clone(),
            version: contract.version.clone(),
            revision: contract.revision.clone(),
        }),
        &service.catalog,
    );
    let body = serde_json::to_vec(&owner).expect("an owner view has text keys only");
    let mut response = Response::new(AnswerBody::from(Bytes::from(body)));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_PORTCULLIS, HeaderValue::from_static("OWNER"));
    Some(response)
}
