//! What the fuzz targets share: contracts compiled once, a policy that looks for everything, and
//! the way of a request through the public functions, as the proxy takes it.

use std::sync::LazyLock;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use portcullis_vocabulary::enforcement::Ceilings;
use portcullis_vocabulary::enforcement::Enforcement;
use portcullis_vocabulary::enforcement::EnforcementPolicy;
use portcullis_vocabulary::Limits;
use portcullis_vocabulary::enforcement::ViolationClass;
use portcullis_contract::route::Captures;
use portcullis_contract::{
    BodyLength, BodyPlan, CompileOptions, CompiledContract, FormData, Head, Rules, Scratch,
    Violation, check_body, check_form_data, check_head, compile, from_bytes, judge_target,
};

/// Every style of every part, every notation of bodies.
pub static CONTRACT: LazyLock<CompiledContract> = LazyLock::new(|| {
    let text = include_bytes!("rich.yaml").to_vec();
    let documents = from_bytes("rich.yaml", text, &Limits::default()).expect("is YAML");
    compile(documents, &CompileOptions::default()).expect("is a contract")
});

/// Rejects every class, so that none goes unlooked for.
pub static EVERYTHING: LazyLock<EnforcementPolicy> = LazyLock::new(|| {
    let ceilings = Ceilings {
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

/// How all targets judge.
pub fn rules() -> Rules<'static> {
    Rules::new(&EVERYTHING, &Limits::default())
}

/// One request, as bytes that a client may choose.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    pub method: Method,
    pub target: &'a str,
    pub headers: HeaderMap,
    pub body: &'a [u8],
}

/// Adds a field, if it may stand in a head at all.
pub fn field(headers: &mut HeaderMap, name: &'static str, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.append(HeaderName::from_static(name), value);
    }
}

/// Judges a request whole; twice, so that what an earlier request left in the storage is seen.
pub fn judge(request: &Request<'_>, scratch: &mut Scratch) -> Vec<Violation> {
    let found = judge_once(request, scratch);
    assert_eq!(found, judge_once(request, &mut Scratch::default()));
    found
}

fn judge_once(request: &Request<'_>, scratch: &mut Scratch) -> Vec<Violation> {
    let (path, query) = match request.target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (request.target, None),
    };
    let contract = &*CONTRACT;
    let mut violations = Vec::new();
    let mut captures = Captures::default();
    let operation = match judge_target(contract, &request.method, path, &mut captures) {
        Ok(operation) => contract.operation(operation),
        Err(stray) => return vec![stray.violation(contract, &request.method, path)],
    };
    let head = Head {
        path,
        query,
        headers: &request.headers,
        captures: &captures,
        body: match request.body {
            [] => BodyLength::Absent,
            _ => BodyLength::Known,
        },
    };
    let plan = check_head(contract, operation, head, rules(), scratch, &mut violations);
    check_body(
        contract,
        plan,
        &request.headers,
        request.body,
        rules(),
        scratch,
        &mut violations,
    );
    violations
}

/// Judges a body of `multipart/form-data` that arrives in these pieces, of which this much is kept.
pub fn judge_parts<'p>(
    headers: &HeaderMap,
    pieces: impl Iterator<Item = &'p [u8]>,
    kept_max: usize,
) -> Vec<Violation> {
    let contract = &*CONTRACT;
    let (mut captures, mut scratch) = (Captures::default(), Scratch::default());
    let mut violations = Vec::new();
    let path = "/parts";
    let operation = judge_target(contract, &Method::POST, path, &mut captures).expect("declared");
    let head = Head {
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
        rules(),
        &mut scratch,
        &mut violations,
    );
    let (BodyPlan::Judge(media) | BodyPlan::JudgeIfPresent(media, _)) = plan else {
        return violations;
    };
    let Some(mut form) = FormData::of(media, headers, kept_max) else {
        return violations;
    };
    pieces.for_each(|piece| form.feed(media, piece));
    check_form_data(
        contract,
        media,
        &form,
        rules(),
        &mut scratch,
        &mut violations,
    );
    violations
}

/// Cuts bytes into pieces, whose sizes are chosen by `cuts` in turn.
pub fn pieces<'b>(mut bytes: &'b [u8], cuts: &[u8]) -> impl Iterator<Item = &'b [u8]> {
    let mut sizes = cuts.to_vec().into_iter().cycle();
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

/// The first line, and what follows it.
pub fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}
