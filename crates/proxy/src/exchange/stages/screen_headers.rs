//! Removes or refuses header fields that the application may read differently than the proxy,
//! before anything is checked. The operation is known, because names that it declares pass.

use portcullis_contract::Operation;
use portcullis_vocabulary::{HeaderPolicy, is_irregular_header};

use super::staged_request::{ExchangeProblem, MatchedRequest};
use crate::exchange::answer_table::ProblemCause;
use crate::exchange::data_core::DataCore;
use crate::exchange::grpc_refusal::grpc_media_type;
use crate::exchange::service_core::ServiceCore;
use crate::headers::{HeaderConcern, HeaderScreen, NameTraits, grpc_timeout};

pub(in crate::exchange) fn screen_headers(
    core: &DataCore,
    mut matched: MatchedRequest,
) -> Result<MatchedRequest, ExchangeProblem> {
    if may_concern(core, &matched) {
        screen(core, &mut matched)?;
    }
    let (record, request) = (&matched.routed.record, &matched.routed.request);
    let is_grpc = grpc_media_type(request.version(), request.headers()).is_some();
    if is_grpc && grpc_timeout(request.headers()).is_err() {
        return Err(ExchangeProblem::new(ProblemCause::GrpcTimeout, record));
    }
    Ok(matched)
}

/// Whether a field may be removed or refused. Nearly every request has regular names, which only fold
/// to irregular ones that the contract or the configuration declares.
fn may_concern(core: &DataCore, matched: &MatchedRequest) -> bool {
    let routed = &matched.routed;
    let token_header = core.identification.token_header();
    routed.traits.has(NameTraits::IRREGULAR)
        || routed.traits.has(NameTraits::OVERRIDE)
        || routed.record.service.declares_irregular_headers
        || token_header.is_some_and(|name| is_irregular_header(name.as_str()))
}

fn screen(core: &DataCore, matched: &mut MatchedRequest) -> Result<(), ExchangeProblem> {
    let record = &matched.routed.record;
    let service = &record.service;
    let limits = &service.active.limits;
    let screen = HeaderScreen {
        underscores: unless_legacy(service, limits.header_underscores, HeaderPolicy::Drop),
        overrides: unless_legacy(service, limits.override_headers, HeaderPolicy::Pass),
    };
    let operation = matched.operation.as_ref();
    let operation = operation.map(|(id, _)| service.contract.operation(*id));
    let declared = operation.into_iter().flat_map(Operation::declared_headers);
    let token_header = core.identification.token_header();
    let irregular: Vec<&str> = declared
        .chain(token_header.map(|name| name.as_str()))
        .filter(|name| is_irregular_header(name))
        .collect();
    let headers = matched.routed.request.headers_mut();
    let dropped = |concern: HeaderConcern| core.recorder.dropped_header(concern.name());
    screen
        .apply(headers, &irregular, dropped)
        .map_err(|refusal| {
            core.recorder.http_refusal(refusal.concern().name());
            ExchangeProblem::new(ProblemCause::Header(refusal), record)
        })
}

/// The policy, or the milder one if it would refuse a request of a legacy service.
fn unless_legacy(
    service: &ServiceCore,
    policy: HeaderPolicy,
    milder: HeaderPolicy,
) -> HeaderPolicy {
    match policy {
        HeaderPolicy::Refuse if service.config().legacy => milder,
        HeaderPolicy::Refuse | HeaderPolicy::Drop | HeaderPolicy::Pass => policy,
    }
}
