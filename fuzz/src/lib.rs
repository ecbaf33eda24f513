//! Shared by the fuzz targets: a compiled contract, a policy that checks every class of violation,
//! and the validation of a request through the same public functions that the proxy calls.

use std::sync::LazyLock;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use portcullis_contract::route::PathCaptures;
use portcullis_contract::{
    BodyLength, BodyPlan, CheckScratch, CheckSettings, CompileOptions, CompiledContract, FormData,
    RequestHead, Violation, check_body, check_form_data, check_head, compile, find_operation,
    parse_single_file,
};
use portcullis_vocabulary::{
    Enforcement, EnforcementCeilings, EnforcementPolicy, Limits, ViolationClass,
};

/// A contract with every parameter style and every kind of body.
pub static CONTRACT: LazyLock<CompiledContract> = LazyLock::new(|| {
    let text = include_bytes!("rich.yaml").to_vec();
    let documents = parse_single_file("rich.yaml", text, &Limits::default()).expect("valid YAML");
    compile(documents, &CompileOptions::default()).expect("a valid contract")
});

/// A contract with one body schema for each kind of rule that JSON is judged by while it is read.
pub static JUDGED_BODIES: LazyLock<CompiledContract> = LazyLock::new(|| {
    let text = include_bytes!("judged_bodies.yaml").to_vec();
    let documents = parse_single_file("judged_bodies.yaml", text, &Limits::default());
    compile(documents.expect("valid YAML"), &CompileOptions::default()).expect("a valid contract")
});

/// Rejects every class, so every class is checked.
pub static REJECT_ALL: LazyLock<EnforcementPolicy> = LazyLock::new(|| {
    let ceilings = EnforcementCeilings {
        request: Enforcement::Reject,
        response: Enforcement::Reject,
    };
    let classes = ViolationClass::ALL.into_iter();
    EnforcementPolicy::new(
        ceilings,
        classes.map(|class| (class, Enforcement::Reject)),
        1.0,
    )
});

/// The settings that all targets check with.
pub fn settings() -> CheckSettings<'static> {
    CheckSettings::new(&REJECT_ALL, &Limits::default())
}

/// A request; a client controls every byte of it.
#[derive(Clone, Debug)]
pub struct FuzzRequest<'a> {
    pub method: Method,
    pub target: &'a str,
    pub headers: HeaderMap,
    pub body: &'a [u8],
}

/// Adds a header field if its value is allowed in HTTP.
pub fn add_field(headers: &mut HeaderMap, name: &'static str, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.append(HeaderName::from_static(name), value);
    }
}

/// Checks a request twice, with reused and with new buffers. The violations must be equal;
/// otherwise an earlier request has left something in the buffers.
pub fn check_request(request: &FuzzRequest<'_>, scratch: &mut CheckScratch) -> Vec<Violation> {
    check_twice(&CONTRACT, request, scratch)
}

/// The same for a request of another contract.
pub fn check_twice(
    contract: &CompiledContract,
    request: &FuzzRequest<'_>,
    scratch: &mut CheckScratch,
) -> Vec<Violation> {
    let violations = check_once(contract, request, scratch);
    assert_eq!(
        violations,
        check_once(contract, request, &mut CheckScratch::default())
    );
    violations
}

fn check_once(
    contract: &CompiledContract,
    request: &FuzzRequest<'_>,
    scratch: &mut CheckScratch,
) -> Vec<Violation> {
    let (path, query) = match request.target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (request.target, None),
    };
    let mut violations = Vec::new();
    let mut captures = PathCaptures::default();
    let operation = match find_operation(contract, &request.method, path, &mut captures) {
        Ok(operation) => contract.operation(operation),
        Err(unmatched) => return vec![unmatched.violation(contract, &request.method, path)],
    };
    let head = RequestHead {
        path,
        query,
        headers: &request.headers,
        captures: &captures,
        body: match request.body {
            [] => BodyLength::Absent,
            _ => BodyLength::Known,
        },
    };
    let plan = check_head(
        contract,
        operation,
        head,
        settings(),
        scratch,
        &mut violations,
    );
    check_body(
        contract,
        plan,
        &request.headers,
        request.body,
        settings(),
        scratch,
        &mut violations,
    );
    violations
}

/// Checks a `multipart/form-data` body that arrives in `pieces`; the reader keeps at most
/// `kept_bytes_max` of its parts.
pub fn check_multipart<'p>(
    headers: &HeaderMap,
    pieces: impl Iterator<Item = &'p [u8]>,
    kept_bytes_max: usize,
) -> Vec<Violation> {
    let contract = &*CONTRACT;
    let (mut captures, mut scratch) = (PathCaptures::default(), CheckScratch::default());
    let mut violations = Vec::new();
    let path = "/parts";
    let operation =
        find_operation(contract, &Method::POST, path, &mut captures).expect("a declared operation");
    let head = RequestHead {
        path,
        query: None,
        headers,
        captures: &captures,
        body: BodyLength::Known,
    };
    let operation = contract.operation(operation);
    let plan = check_head(
        contract,
        operation,
        head,
        settings(),
        &mut scratch,
        &mut violations,
    );
    let (BodyPlan::Judge(media) | BodyPlan::JudgeIfPresent(media, _)) = plan else {
        return violations;
    };
    let Some(mut form) = FormData::of(media, headers, kept_bytes_max) else {
        return violations;
    };
    pieces.for_each(|piece| form.feed(media, piece));
    check_form_data(
        contract,
        media,
        &form,
        settings(),
        &mut scratch,
        &mut violations,
    );
    violations
}

/// Splits bytes into pieces. `sizes` gives their lengths less one and repeats; without sizes there
/// is one piece.
pub fn pieces<'b>(mut bytes: &'b [u8], sizes: &[u8]) -> impl Iterator<Item = &'b [u8]> {
    let mut sizes = sizes.to_vec().into_iter().cycle();
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let size = sizes
            .next()
            .map_or(bytes.len(), |size| usize::from(size) + 1);
        let (piece, rest) = bytes.split_at(size.min(bytes.len()));
        bytes = rest;
        Some(piece)
    })
}

/// The first line without its line break, and the rest.
pub fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[]),
    }
}
