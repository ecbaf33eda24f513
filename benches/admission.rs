//! One admission decision, with the calls that the data plane makes.

#![allow(dead_code, reason = "each benchmark uses a part")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue};
use portcullis_breaker::{
    CallOutcome, CallResult, CoreAdmission, ServicePolicy, ServiceProtection, SlotOutcome,
};
use portcullis_config::load_catalog;
use portcullis_identity::identity_from_headers;
use portcullis_vocabulary::Catalog;

/// The default limits are far above the number of requests in flight, so no request waits.
pub(crate) fn service_protection(catalog: &Catalog, cores: usize) -> ServiceProtection {
    ServiceProtection::new(
        "orders",
        ServicePolicy::default(),
        catalog,
        cores,
        Instant::now(),
    )
}

pub(crate) fn catalog() -> Catalog {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/contracts/squads.toml");
    load_catalog(path.as_ref()).expect("the shipped catalog")
}

/// The header fields of an ordinary request, including the squad headers.
pub(crate) fn headers() -> HeaderMap {
    let fields = [
        ("host", "orders.internal"),
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("user-agent", "checkout/4.2"),
        ("x-request-id", "0b9c8d5e-2f63-4f5a-8f0e-6f1f6f2b7a10"),
        ("x-squad-owner", "checkout"),
        ("x-sla-tier", "silver"),
        ("x-service-version", "4.2.0"),
    ];
    let field = |(name, value)| {
        let name = http::HeaderName::from_static(name);
        (name, HeaderValue::from_static(value))
    };
    fields.into_iter().map(field).collect()
}

#[inline]
pub(crate) fn decide(
    admission: &CoreAdmission,
    headers: &HeaderMap,
    catalog: &Catalog,
    now: Instant,
) {
    let claim = identity_from_headers(black_box(headers), catalog).expect("valid squad headers");
    let caller = claim.caller;
    let now = admission.at(now);
    assert!(admission.peek(caller, now).is_none());
    let mut events = Vec::new();
    let pass = admission
        .admit(caller, now, &mut events)
        .expect("closed circuits");
    admission.charge_budget(caller, || now).expect("no budget");
    let slot = match admission.acquire_slot(caller, now) {
        SlotOutcome::Granted(slot) => slot,
        SlotOutcome::Queued(_) | SlotOutcome::Shed(_) => unreachable!("more slots than requests"),
    };
    let outcome = CallOutcome {
        result: CallResult::Answered,
        took: Some(Duration::from_millis(1)),
        retry_after: None,
    };
    admission.record(caller, pass, now, outcome, &mut events);
    admission.release_slot(slot, || now);
    assert!(events.is_empty());
}
